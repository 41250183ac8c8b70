"""Mixed writes on a real cloud while its processes, its disk and its database are taken away; what must hold then.

`python -m soak --seconds 1800 --seed 7`. The parts: `clients` and `work/` (what is written), `ledger` (what was
acknowledged), `cloud` and `postgres` (the processes), `disturbances`, `world` (what is there), `invariants`,
`memory`, `report`.
"""
