"""An OpenAPI 3.1 document of everything that is declared, made of the contract's descriptors and comments.

document.py    paths, tags, shared components
schemas.py     messages as JSON Schemas
parameters.py  what is in path, query and headers
bodies.py      what a request carries
answers.py     what a success and each refusal look like

What OpenAPI cannot say is said in `x-mopenstack-...`: the RPC's name, its microversions, its policy. Nothing imports
this package before the document is asked for.
"""

from mopenstack.gateway.openapi.document import document

__all__ = ["document"]
