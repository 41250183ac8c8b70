"""The clouds of one process: made, reset, deleted, their options changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.fernet import Fernet

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Conflict, Fault
from mopenstack.core.engine.clouds import DEFAULT, Cloud, Profile, valid_name
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.hooks import Hook
from mopenstack.core.engine.regions import checked as checked_regions
from mopenstack.core.engine.regions import further, whole
from mopenstack.core.engine.settings import CloudNotFound
from mopenstack.core.store.base import CloudTaken, Rows, Template
from mopenstack.core.store.blobs import Blobs

SEED_FOLDER = "_seed"
"""Where the bytes of the seed lie, for all clouds."""

TEMPLATES_MAX = 8
"""So many are kept, each of other regions; what more begin with is made anew for each."""

Seeder = Callable[[Engine, str], Awaitable[None]]
"""Plants the seed into an engine's cloud."""
SeederOf = Callable[[Sequence[Any]], Seeder]
"""The items of a cloud's own seed -> what plants them."""


@dataclass(slots=True)
class Made:
    """What a seed makes: the rows of a cloud, and the options that it chooses."""

    rows: Rows
    options: dict[str, str]


class KeptSeed(Protocol):
    """What the seed made in another process, of the same code."""

    async def read(self, blobs: Blobs) -> Made | None:
        """That, with its bytes stored; None where nothing is kept."""

    async def write(self, made: Made, blobs: Blobs) -> None:
        """Keep it, and its bytes."""


class CloudExists(Conflict):
    message = "There is a cloud named {name} already."


class BadCloudName(Fault):
    code = "INVALID_ARGUMENT"
    message = "{name!r} cannot name a cloud: use lower-case letters, digits and dashes, 63 at most."


class Administration:
    """Makes and ends the clouds of an engine; `seeder` fills the template that new ones are copied from.

    `seeder_of` makes one for a cloud with a seed of its own.
    """

    def __init__(
        self,
        engine: Engine,
        seeder: Seeder | None = None,
        seeder_of: SeederOf | None = None,
        kept: KeptSeed | None = None,
    ) -> None:
        self.engine = engine
        self.hooks: list[Hook] = []
        """What is run at the start and the end of this process."""
        self._seeder = seeder
        self._seeder_of = seeder_of
        self._kept = kept
        self.regions: tuple[str, ...] = ()
        """The regions of new clouds for which none are named."""
        self._templates: dict[tuple[str, ...], tuple[Template, dict[str, str]]] = {}
        """The names of regions -> what new clouds with these begin with, and the options that the seed chooses."""
        engine.registry.administration = self

    async def create_cloud(
        self,
        name: str,
        profile: Profile = "instant",
        *,
        seed: int | None = None,
        options: Mapping[str, str] | None = None,
        seed_calls: Sequence[Any] = (),
        regions: Sequence[str] = (),
    ) -> Cloud:
        """A fresh cloud with the objects of the seed, or of its own one.

        `regions`: the names of its regions; none: it has the one of the process (`regions` here), or RegionOne.
        Raises CloudExists, BadCloudName, BadRegions, what is wrong with options, and BadSeed.
        """
        engine = self.engine
        if not valid_name(name):
            raise BadCloudName(name=name)
        if name in engine.clouds:
            raise CloudExists(name=name)
        checked = engine.registry.options.checked(options or {})
        cloud = Cloud(name, profile, key=Fernet.generate_key(), options=checked, seed_calls=list(seed_calls))
        cloud.ids.__init__(seed)  # type: ignore[misc]
        cloud.regions = checked_regions(regions or self.regions)
        try:
            folder = engine.store.new_folder(name) if cloud.seed_calls else ""
            template = await self._seeded(cloud, folder)
            await engine.store.create_cloud(name, cloud.dump(), template, folder)
        except CloudTaken:  # by another process
            raise CloudExists(name=name) from None
        engine.serve(cloud)
        await self._apply_options(cloud, cloud.options)
        return cloud

    async def delete_cloud(self, name: str) -> None:
        """Forget a cloud and all that is in it."""
        cloud = whole(await self.engine.find_cloud(name))
        found = await self.engine.store.delete_cloud(cloud.name)
        self.engine.clouds.pop(cloud.name, None)
        cloud.let_go()
        if not found:  # another process was faster
            raise CloudNotFound(name=cloud.name)

    async def reset_cloud(self, name: str) -> Cloud:
        """Back to the seed in one step, with a new key: tokens from before do not work."""
        engine = self.engine
        old = whole(await engine.find_cloud(name))
        cloud = Cloud(old.name, old.profile, key=Fernet.generate_key(), options=dict(old.options), journal=old.journal)
        cloud.seed_calls, cloud.regions = old.seed_calls, old.regions
        cloud.ids.__init__(old.ids.seed)  # type: ignore[misc]
        folder = engine.store.new_folder(cloud.name) if cloud.seed_calls else ""
        await engine.replace_cloud(cloud, lambda: self._seeded(cloud, folder), folder)
        await self._apply_options(cloud, cloud.options)
        return cloud

    async def set_options(self, cloud: Cloud, options: Mapping[str, str]) -> None:
        """Change options of a cloud, the others stay; raises what is wrong with them."""
        changes = self.engine.registry.options.checked(options)
        await self._apply_options(cloud, changes)
        await self.engine.settings.change(cloud, lambda fresh: fresh.options.update(changes))

    async def _apply_options(self, cloud: Cloud, options: Mapping[str, str]) -> None:
        if options:
            apply = self.engine.registry.options.apply
            for one in (cloud, *further(cloud)):
                context = RequestContext(cloud=one.address)
                await self.engine.transact(one, context, lambda call: apply(call, options))

    async def _seeded(self, cloud: Cloud, folder: str) -> Template:
        """What a new cloud begins with: its own seed, whose bytes go to a folder, or the process's, planted once.

        The cloud gets the options that the seed chooses, where it has none of its own.
        """
        if cloud.seed_calls:
            assert self._seeder_of is not None, "there is nothing that knows seeds"
            try:
                rows, options = await self._rows_of(self._seeder_of(cloud.seed_calls), folder, cloud.regions)
            except Fault:
                if self.engine.store.exclusive or cloud.name not in self.engine.clouds:
                    self.engine.blobs.delete_folder(folder)
                raise
            cloud.options = options | cloud.options
            return rows
        regions = tuple(cloud.regions)
        found = self._templates.get(regions)
        if found is None:
            made = await self._seed_made(regions)
            if len(self._templates) == TEMPLATES_MAX:
                cloud.options = made.options | cloud.options
                return made.rows
            found = self._templates[regions] = await self.engine.store.keep_template(made.rows), made.options
        cloud.options = found[1] | cloud.options
        return found[0]

    async def _seed_made(self, regions: Sequence[str]) -> Made:
        """What the process's seed makes of a cloud with these regions: as it was kept, or planted now."""
        blobs = self.engine.blobs
        kept = None if regions else self._kept
        made = None if kept is None else await kept.read(blobs)
        if made is None:
            made = Made(*await self._rows_of(self._seeder, SEED_FOLDER, regions))
            if kept is not None:
                await kept.write(made, blobs)
        return made

    async def _rows_of(
        self, seeder: Seeder | None, blob_folder: str, regions: Sequence[str]
    ) -> tuple[Rows, dict[str, str]]:
        """What a seed makes in all regions, in a store in memory, and the options that it chooses."""
        from mopenstack.core.store.memory import MemoryStore

        template = self.engine.beside(MemoryStore())
        template.blob_folder = blob_folder
        await template.store.open()
        try:
            await template.store.create_cloud(DEFAULT, b"{}", {})
            template.clouds[DEFAULT] = Cloud(DEFAULT, key=Fernet.generate_key(), regions=list(regions))
            if seeder is not None:
                await seeder(template, DEFAULT)
            return await template.store.export_cloud(DEFAULT), template.clouds[DEFAULT].options
        finally:
            await template.store.close()
