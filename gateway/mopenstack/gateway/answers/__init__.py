"""Whether what the gateway answers is what the services publish as their answers' schemas (`--check-answers`).

schemas.json  the schemas, exported once by gateway/schemas/export.py; it names the releases that they come from
published.py  the schema of an operation at a microversion
declared.py   the schema of a success in our own OpenAPI document
exceptions.tsv  where a service does not keep to what it publishes, and why
deliberate-5xx.tsv  the answers of 5xx that are meant, each with its source
failures.py   whether an answer of 5xx is one of them
sent.py       what a request says that nothing reads
checker.py    checks each answer, counts, and keeps what is wrong
"""
