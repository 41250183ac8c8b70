"""From which attempt on a transaction is alone: after all others of its cloud that are alone, in all processes."""

from __future__ import annotations

from mopenstack.contract.operations import Operation
from mopenstack.core.store import Store

ALONE_FROM = 1
"""Those that were refused go one after the other."""


def alone_from(store: Store, operation: Operation | None) -> int:
    """The attempt, counted from 0.

    Where the processes of a group share a database, what writes is alone from the beginning: it would have to be made
    again after each other write. Calls that give tokens write seldom.
    """
    if store.exclusive or not store.keeps or operation is None or operation.anonymous:
        return ALONE_FROM
    return ALONE_FROM if operation.reads else 0
