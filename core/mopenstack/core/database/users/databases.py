"""Databases of an instance (trove/extensions/common/service.py, SchemaController)."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.core.database.datastores.choices import of_version
from mopenstack.core.database.datastores.managers import Manager
from mopenstack.core.database.pages import by_marker, page
from mopenstack.core.database.users.names import check_databases, guest_of, reserved_database
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances.instances_pb2 import DatabaseCreate, Instance
from mopenstack.database.v1.users import databases_pb2 as pb
from mopenstack.database.v1.users.users_pb2 import DatabaseUser


class Databases(ResourceServicer[pb.Database]):
    service = pb.DESCRIPTOR.services_by_name["Databases"]
    message = pb.Database

    async def create_databases(self, call: Call, request: pb.CreateDatabasesRequest) -> Result:
        names = check_databases(await _manager(call), request.databases)
        await guest_of(call, call.target)
        known = await databases_of(call, call.target.id)
        for name in names:
            if name in known:
                raise refusals.DatabaseAlreadyExists(name=name)
        await make(call, call.target.id, request.databases)
        return EMPTY

    async def list_databases(self, call: Call, request: pb.ListDatabasesRequest) -> Result:
        await guest_of(call, call.target)
        items, marker = by_marker(await databases_of(call, call.target.id), request.query, str)
        return page([pb.DatabaseView(name=name) for name in items], marker)

    async def delete_database(self, call: Call, request: pb.DeleteDatabaseRequest) -> Result:
        why = reserved_database(await _manager(call), request.database)
        if why:
            raise refusals.BadRequest(why=f"Database delete error: Cannot delete database: {why}")
        await guest_of(call, call.target)
        known = await databases_of(call, call.target.id)
        if request.database not in known:
            raise refusals.DatabaseNotFound(name=request.database)
        await call.tx.delete(pb.Database, known[request.database].id)
        for user in await call.tx.query(DatabaseUser, instance_id=call.target.id):
            if request.database in user.databases:
                copy = await call.tx.edit(DatabaseUser, user.id)
                copy.databases.remove(request.database)
                await call.tx.put(copy)
        return EMPTY


async def _manager(call: Call) -> Manager:
    chosen = await of_version(call, call.target.datastore_version_id)
    return chosen.manager if chosen is not None else Manager("", ())


async def databases_of(call: Call, instance_id: str) -> dict[str, pb.Database]:
    """The databases of an instance, by name."""
    return {one.name: one for one in await call.tx.query(pb.Database, instance_id=instance_id)}


async def make(call: Call, instance_id: str, databases: Iterable[DatabaseCreate]) -> None:
    """Make databases that are not there yet."""
    for one in databases:
        await call.tx.put(
            pb.Database(
                id=call.ids.uuid(),
                instance_id=instance_id,
                name=one.name,
                character_set=one.character_set,
                collate=one.collate,
            )
        )


async def all_databases(call: Call, instance_id: str) -> list[DatabaseCreate]:
    """What makes the databases of an instance once more."""
    found = (await databases_of(call, instance_id)).values()
    return [DatabaseCreate(name=one.name, character_set=one.character_set, collate=one.collate) for one in found]


@subscribes("instance_built", "database_instance")
async def first_databases(call: Call, instance: Instance) -> None:
    """The databases of a new instance's request, or those of the instance that it replicates or is restored from."""
    await make(call, instance.id, instance.databases)
    del instance.databases[:]
