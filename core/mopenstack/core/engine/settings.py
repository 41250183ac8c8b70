"""A cloud's settings (clock, profile, options, faults) as all processes on one database see them.

They are a row of the store. On a shared store every transaction begins with a look at the row's version (one read
together with the generations), so that what one process sets holds for the next call in each other.
"""

from __future__ import annotations

from collections.abc import Callable

from mopenstack.contract.addresses import SEPARATOR
from mopenstack.contract.faults import NotFound, Unavailable
from mopenstack.core.engine.clouds import DEFAULT, Cloud, valid_name
from mopenstack.core.engine.regions import region_of, split
from mopenstack.core.store import Store, Transaction
from mopenstack.core.store.base import StoreFull, Unreachable


class CloudNotFound(NotFound):
    message = "There is no cloud named {name}."


class RegionNotFound(NotFound):
    message = "The cloud {cloud} has no region {region}."


class Settings:
    def __init__(self, store: Store, clouds: dict[str, Cloud]) -> None:
        self._store, self._clouds = store, clouds

    async def change(self, cloud: Cloud, change: Callable[[Cloud], None]) -> Cloud:
        """Change a cloud's settings here and in the store, on top of what any process has set."""
        if self._store.exclusive:
            change(cloud)
            self._store.answers.drop_cloud(cloud.name)
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
        """A cloud of this process, or of the shared store; `CLOUD.REGION` is a region of it."""
        name = name or DEFAULT
        if SEPARATOR in name:
            home, region = split(name)
            found = region_of(await self.find(home), region)
            if found is None:
                raise RegionNotFound(cloud=home, region=region)
            return found
        if name not in self._clouds and not self._store.exclusive:
            try:
                known = await self._store.clouds()
            except Unreachable as away:
                raise unavailable(away) from away
            for one, data in known:
                if valid_name(one):
                    self._clouds.setdefault(one, Cloud.load(one, data))
        try:
            return self._clouds[name]
        except KeyError:
            raise CloudNotFound(name=name) from None


def unavailable(error: StoreFull | Unreachable) -> Unavailable:
    """The refusal of a call whose store takes or gives nothing."""
    if isinstance(error, StoreFull):
        return Unavailable(f"There is no room for what this call writes: {error}")
    return Unavailable("The database cannot be reached; try again later.")
