"""Versions of datastores as administrators keep them (trove/extensions/mgmt/datastores)."""

from __future__ import annotations

from mopenstack.core.database.datastores.choices import image_of, versions_of
from mopenstack.core.database.datastores.managers import MANAGERS
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups.backups_pb2 import Backup
from mopenstack.database.v1.configurations_pb2 import Configuration
from mopenstack.database.v1.datastores import managed_versions_pb2 as pb
from mopenstack.database.v1.datastores.datastores_pb2 import Datastore, DatastoreVersion
from mopenstack.database.v1.instances.instances_pb2 import Instance


class ManagedVersions(ResourceServicer[DatastoreVersion]):
    service = pb.DESCRIPTOR.services_by_name["ManagedVersions"]
    message = DatastoreVersion
    not_found = refusals.DatastoreVersionNotFound  # type: ignore[assignment]  # answered with 400

    async def list_managed_versions(self, call: Call, request: pb.ListManagedVersionsRequest) -> Result:
        found = sorted(await call.tx.scan(DatastoreVersion), key=lambda one: (one.created_at.seconds, one.name))
        return pb.ListManagedVersionsResponse(versions=[await _view(call, one) for one in found])

    async def get_managed_version(self, call: Call, request: pb.GetManagedVersionRequest) -> Result:
        return await _view(call, call.target)

    async def create_managed_version(self, call: Call, request: pb.CreateManagedVersionRequest) -> Result:
        asked = request.version
        if not asked.image and not asked.image_tags:
            raise refusals.ImageMissing()
        await image_of(call, asked.image, list(asked.image_tags))
        number = asked.version or asked.name
        datastore = next(iter(await call.tx.query(Datastore, name=asked.datastore_name)), None)
        if datastore is None:
            datastore = Datastore(id=call.ids.uuid(), name=asked.datastore_name)
            call.stamp(datastore.created_at)
            await call.tx.put(datastore)
        known = await versions_of(call, datastore.id)
        if any((one.name, one.version) == (asked.name, number) for one in known):
            raise refusals.DatastoreVersionAlreadyExists(name=asked.name, version=number)
        version = DatastoreVersion(
            datastore_id=datastore.id,
            name=asked.name,
            version=number,
            manager=asked.datastore_manager,
            image_id=asked.image,
            image_tags=",".join(asked.image_tags),
            packages=",".join(asked.packages),
            active=asked.active,
        )
        _complete(version, asked.registry_ext, asked.repl_strategy)
        made = await self.insert(call, version)
        if asked.default_version:
            await _set_default(call, made)
        return EMPTY

    async def edit_managed_version(self, call: Call, request: pb.EditManagedVersionRequest) -> Result:
        asked, given = request.version, set(request.mask.paths)
        version = await call.tx.edit(DatastoreVersion, call.target.id)
        if asked.image or asked.image_tags:
            await image_of(call, asked.image, list(asked.image_tags))
        if asked.image:
            version.image_id = asked.image
        elif asked.image_tags:
            version.image_id = ""
        if "image_tags" in given:
            version.image_tags = ",".join(asked.image_tags)
        if not version.image_id and not version.image_tags:
            raise refusals.ImageMissing()
        if "packages" in given:
            version.packages = ",".join(asked.packages)
        if "active" in given:
            version.active = asked.active
        version.name = asked.name or version.name
        version.manager = asked.datastore_manager or version.manager
        _complete(version, asked.registry_ext or version.registry_ext, asked.repl_strategy or version.repl_strategy)
        await call.tx.put(version)
        if asked.default_version:
            await _set_default(call, version)
        elif "default_version" in given:
            datastore = await call.tx.edit(Datastore, version.datastore_id)
            if datastore.default_version_id == version.id:
                datastore.default_version_id = ""
                await call.tx.put(datastore)
        return EMPTY

    async def delete_managed_version(self, call: Call, request: pb.DeleteManagedVersionRequest) -> Result:
        version: DatastoreVersion = call.target
        for message, word in ((Instance, "instance"), (Backup, "backup"), (Configuration, "configuration")):
            if await call.tx.query(message, datastore_version_id=version.id):
                raise refusals.DatastoreVersionInUse(resource=word)
        datastore = await call.tx.edit(Datastore, version.datastore_id)
        if datastore.default_version_id == version.id:
            datastore.default_version_id = ""
            await call.tx.put(datastore)
        await self.discard(call, version)
        return EMPTY


def _complete(version: DatastoreVersion, registry_ext: str, strategy: str) -> None:
    """What a version has of its manager where the request says nothing."""
    manager = MANAGERS.get(version.manager)
    version.registry_ext = registry_ext or (manager.registry_ext if manager else "")
    version.repl_strategy = strategy or (manager.strategy if manager else "")


async def _set_default(call: Call, version: DatastoreVersion) -> None:
    if not version.active:
        raise refusals.DatastoreVersionInactive(version=version.name)
    datastore = await call.tx.edit(Datastore, version.datastore_id)
    datastore.default_version_id = version.id
    await call.tx.put(datastore)


async def _view(call: Call, version: DatastoreVersion) -> pb.ManagedVersion:
    datastore = await call.tx.get(Datastore, version.datastore_id)
    assert datastore is not None
    return pb.ManagedVersion(
        id=version.id,
        name=version.name,
        version=version.version,
        datastore_id=datastore.id,
        datastore_name=datastore.name,
        datastore_manager=version.manager,
        image=version.image_id or None,
        image_tags=version.image_tags.split(","),
        packages=version.packages.split(","),
        active=version.active,
        registry_ext=version.registry_ext,
        repl_strategy=version.repl_strategy,
        default_version=datastore.default_version_id == version.id,
    )
