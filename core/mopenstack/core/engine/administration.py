"""The clouds of one process: made, reset, deleted, their options changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from cryptography.fernet import Fernet

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Conflict, Fault
from mopenstack.core.engine.clouds import DEFAULT, Cloud, Profile, valid_name
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.settings import CloudNotFound, with_version
from mopenstack.core.store.base import CloudTaken, Row

Seeder = Callable[[Engine, str], Awaitable[None]]
"""Plants the seed into an engine's cloud."""


class CloudExists(Conflict):
    message = "There is a cloud named {name} already."


class BadCloudName(Fault):
    code = "INVALID_ARGUMENT"
    message = "{name!r} cannot name a cloud: use lower-case letters, digits and dashes, 63 at most."


class Administration:
    """Makes and ends the clouds of an engine; `seeder` fills the template that new ones are copied from."""

    def __init__(self, engine: Engine, seeder: Seeder | None = None) -> None:
        self.engine = engine
        self._seeder = seeder
        self._template: dict[str, list[Row]] | None = None
        engine.registry.administration = self

    async def create_cloud(
        self,
        name: str,
        profile: Profile = "instant",
        *,
        seed: int | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Cloud:
        """A fresh cloud with the seed's objects; raises CloudExists, BadCloudName and what is wrong with options."""
        engine = self.engine
        if not valid_name(name):
            raise BadCloudName(name=name)
        if name in engine.clouds:
            raise CloudExists(name=name)
        checked = engine.registry.options.checked(options or {})
        cloud = Cloud(name, profile, key=Fernet.generate_key(), options=checked)
        cloud.ids.__init__(seed)  # type: ignore[misc]
        try:
            await engine.store.create_cloud(name, cloud.dump(), with_version(await self._template_rows()))
        except CloudTaken:  # by another process
            raise CloudExists(name=name) from None
        engine.clouds[name] = cloud
        await self._apply_options(cloud, cloud.options)
        return cloud

    async def delete_cloud(self, name: str) -> None:
        """Forget a cloud and all that is in it."""
        cloud = await self.engine.find_cloud(name)
        found = await self.engine.store.delete_cloud(cloud.name)
        self.engine.blobs.delete_folder(cloud.name)
        self.engine.clouds.pop(cloud.name, None)
        if not found:  # another process was faster
            raise CloudNotFound(name=cloud.name)

    async def reset_cloud(self, name: str) -> Cloud:
        """Back to the seed in one step, with a new key: tokens from before do not work."""
        engine = self.engine
        old = await engine.find_cloud(name)
        cloud = Cloud(old.name, old.profile, key=Fernet.generate_key(), options=dict(old.options))
        cloud.ids.__init__(old.ids.seed)  # type: ignore[misc]
        await engine.store.replace_cloud(cloud.name, cloud.dump(), with_version(await self._template_rows()))
        engine.blobs.delete_folder(cloud.name)
        engine.clouds[cloud.name] = cloud
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
            await self.engine.transact(cloud, RequestContext(cloud=cloud.name), lambda call: apply(call, options))

    async def _template_rows(self) -> dict[str, list[Row]]:
        """The seed's rows, made once in a store in memory and copied into every new cloud."""
        if self._template is None:
            from mopenstack.core.store.sqlite import SqliteStore

            template = self.engine.beside(SqliteStore())
            template.blob_folder = "_seed"
            await template.store.open()
            await template.store.create_cloud(DEFAULT, b"{}", {})
            template.clouds[DEFAULT] = Cloud(DEFAULT, key=Fernet.generate_key())
            if self._seeder is not None:
                await self._seeder(template, DEFAULT)
            self._template = await template.store.export_cloud(DEFAULT)
            await template.store.close()
        return self._template
