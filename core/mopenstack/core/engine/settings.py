"""A cloud's settings (clock, profile, options, faults) as all processes on one database see them.

They are a row of the store. On a shared store every transaction begins with a look at the row's version (one read
together with the generations), so that what one process sets holds for the next call in each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mopenstack.contract.faults import NotFound, RemoteFault, Unavailable
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.clouds import DEFAULT, Cloud, FaultRule
from mopenstack.core.store import Store, Transaction
from mopenstack.core.store.base import Row, StoreFull, Unreachable
from mopenstack.core.store.transaction import SETTINGS

Rows = dict[str, list[Row]]


class CloudNotFound(NotFound):
    message = "There is no cloud named {name}."


@dataclass(slots=True)
class FaultDue(Exception):
    """A call that a fault rule is about; its transaction ends before the rule is used up."""

    rule: FaultRule


class Settings:
    def __init__(self, store: Store, clouds: dict[str, Cloud]) -> None:
        self._store, self._clouds = store, clouds

    async def change(self, cloud: Cloud, change: Callable[[Cloud], None]) -> Cloud:
        """Change a cloud's settings here and in the store, on top of what any process has set."""
        if self._store.exclusive:
            change(cloud)
            await self._store.save_cloud(cloud.name, cloud.dump())
            return cloud

        def on_top(data: bytes) -> bytes:
            cloud.take(Cloud.load(cloud.name, data))
            change(cloud)
            return cloud.dump()

        if not await self._store.change_cloud(cloud.name, on_top):
            raise CloudNotFound(name=cloud.name)
        return cloud

    async def refresh(self, cloud: Cloud, tx: Transaction) -> None:
        """Bring a cloud to what the store says, if another process changed it; raises CloudNotFound."""
        version = await tx.settings_version()
        if version == cloud.version:
            return
        data = await tx.settings()
        if data is None:
            if self._clouds.get(cloud.name) is cloud:
                del self._clouds[cloud.name]
            raise CloudNotFound(name=cloud.name)
        cloud.take(Cloud.load(cloud.name, data))
        cloud.version = version

    async def find(self, name: str) -> Cloud:
        """A cloud of this process, or of the shared store."""
        name = name or DEFAULT
        if name not in self._clouds and not self._store.exclusive:
            try:
                known = await self._store.clouds()
            except Unreachable as away:
                raise unavailable(away) from away
            for found, data in known:
                self._clouds.setdefault(found, Cloud.load(found, data))
        try:
            return self._clouds[name]
        except KeyError:
            raise CloudNotFound(name=name) from None

    # -- faults

    async def spend(self, cloud: Cloud, rule: FaultRule) -> None:
        """Use up one of a rule's calls and raise its fault; nothing happens if others used the last one up."""
        used = False

        def less(fresh: Cloud) -> None:
            nonlocal used
            same = next((one for one in fresh.faults if one.is_same(rule)), None)
            used = same is not None
            if same is not None:
                same.count -= 1
                if same.count <= 0:
                    fresh.faults.remove(same)

        await self.change(cloud, less)
        if used:
            raise RemoteFault(rule.code, "InjectedFault", rule.text, {})


def fault_of(cloud: Cloud, operation: Operation) -> FaultRule | None:
    """The first rule that an operation is meant by."""
    names = (operation.name, operation.method, operation.service)
    return next((rule for rule in cloud.faults if rule.operation in names), None)


def with_version(rows: Rows) -> Rows:
    """A new cloud's rows with a version that no cloud of the same name had before."""
    return {**rows, "counters": [*rows.get("counters", []), (SETTINGS, time.time_ns())]}


def unavailable(error: StoreFull | Unreachable) -> Unavailable:
    """The refusal of a call whose store takes or gives nothing."""
    if isinstance(error, StoreFull):
        return Unavailable(f"There is no room for what this call writes: {error}")
    return Unavailable("The database cannot be reached; try again later.")
