"""The store: transactions over resources, claims, counters and due transitions.

`Store` (store.py) is the interface, `memory`, `sqlite` and `postgres` (and `group`, of several processes) are its
implementations, and `Transaction` is what the rest of the core sees. One schema (schema.py), statements written once
(statements.py), executed by the drivers themselves; in memory, each names what does the same with dictionaries.
"""

from mopenstack.core.store.base import Conflicted
from mopenstack.core.store.store import Store
from mopenstack.core.store.transaction import Taken, Transaction

__all__ = ["Conflicted", "Store", "Taken", "Transaction"]
