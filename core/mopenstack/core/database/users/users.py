"""Users of the databases of an instance (trove/extensions/common/service.py, UserController, UserAccessController)."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.core.database.pages import by_marker, page
from mopenstack.core.database.users.names import ANYWHERE, check_users, guest_of, reserved_user, split
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances.instances_pb2 import DatabaseName, Instance, UserCreate
from mopenstack.database.v1.users import users_pb2 as pb
from mopenstack.database.v1.users.databases_pb2 import DatabaseView


class DatabaseUsers(ResourceServicer[pb.DatabaseUser]):
    service = pb.DESCRIPTOR.services_by_name["DatabaseUsers"]
    message = pb.DatabaseUser

    async def create_users(self, call: Call, request: pb.CreateUsersRequest) -> Result:
        manager = await guest_of(call, call.target)
        check_users(manager, request.users, doing="User create error: ")
        known = await users_of(call, call.target.id)
        for one in request.users:
            if (one.name, one.host or ANYWHERE) in known:
                raise refusals.UserAlreadyExists(name=one.name)
        await make(call, call.target.id, request.users)
        return EMPTY

    async def list_users(self, call: Call, request: pb.ListUsersRequest) -> Result:
        await guest_of(call, call.target)
        found = (await users_of(call, call.target.id)).values()
        items, marker = by_marker(found, request.query, lambda one: f"{one.name}@{one.host}")
        return page([_view(one) for one in items], marker)

    async def get_user(self, call: Call, request: pb.GetUserRequest) -> Result:
        return pb.UserResponse(user=_view(await _find(call, request.user_name, "User show error: ")))

    async def change_user(self, call: Call, request: pb.ChangeUserRequest) -> Result:
        user = await _find(call, request.user_name, "Error loading user: ")
        wanted = request.user
        manager = await guest_of(call, call.target)
        name, host = wanted.name or user.name, wanted.host or user.host
        why = reserved_user(manager, name)
        if why:
            raise refusals.BadRequest(why=f"User update error: {why}")
        if (name, host) != (user.name, user.host):
            if (name, host) in await users_of(call, call.target.id):
                raise refusals.UserAlreadyExists(name=name)
            copy = await call.tx.edit(pb.DatabaseUser, user.id)
            copy.name, copy.host = name, host
            await call.tx.put(copy)
        return EMPTY

    async def change_passwords(self, call: Call, request: pb.ChangePasswordsRequest) -> Result:
        """Passwords are not kept: nothing reads them."""
        manager = await guest_of(call, call.target)
        known = await users_of(call, call.target.id)
        for one in request.users:
            why = reserved_user(manager, one.name)
            if why:
                raise refusals.BadRequest(why=f"Error loading user: {why}")
            host = one.host or ANYWHERE
            if (one.name, host) not in known:
                raise refusals.UserNotFound(name=f"{one.name}@{host}")
        return EMPTY

    async def delete_user(self, call: Call, request: pb.DeleteUserRequest) -> Result:
        user = await _find(call, request.user_name, "User delete error: ")
        await call.tx.delete(pb.DatabaseUser, user.id)
        return EMPTY

    # -- access to databases

    async def list_user_databases(self, call: Call, request: pb.ListUserDatabasesRequest) -> Result:
        user = await _find(call, request.user_name, "Error loading user: ")
        return pb.ListUserDatabasesResponse(databases=[DatabaseView(name=name) for name in user.databases])

    async def grant_databases(self, call: Call, request: pb.GrantDatabasesRequest) -> Result:
        user = await _find(call, request.user_name, "Error loading user: ")
        copy = await call.tx.edit(pb.DatabaseUser, user.id)
        copy.databases[:] = dict.fromkeys([*copy.databases, *(one.name for one in request.databases)])
        await call.tx.put(copy)
        return EMPTY

    async def revoke_database(self, call: Call, request: pb.RevokeDatabaseRequest) -> Result:
        user = await _find(call, request.user_name, "Error loading user: ")
        if request.database not in user.databases:
            raise refusals.DatabaseNotFound(name=request.database)
        copy = await call.tx.edit(pb.DatabaseUser, user.id)
        copy.databases.remove(request.database)
        await call.tx.put(copy)
        return EMPTY


async def users_of(call: Call, instance_id: str) -> dict[tuple[str, str], pb.DatabaseUser]:
    """The users of an instance, by name and host."""
    found = await call.tx.query(pb.DatabaseUser, instance_id=instance_id)
    return {(one.name, one.host): one for one in found}


async def _find(call: Call, text: str, doing: str) -> pb.DatabaseUser:
    """The user that a path names; refuses those of the service, and those that are not there."""
    manager = await guest_of(call, call.target)
    name, host = split(text)
    why = reserved_user(manager, name)
    if why:
        raise refusals.BadRequest(why=doing + why)
    found = (await users_of(call, call.target.id)).get((name, host))
    if found is None:
        raise refusals.UserNotFound(name=text if "@" in text else f"{text}@{ANYWHERE}")
    return found


async def make(call: Call, instance_id: str, users: Iterable[UserCreate]) -> None:
    """Make users that are not there yet."""
    for one in users:
        made = pb.DatabaseUser(id=call.ids.uuid(), instance_id=instance_id, name=one.name, host=one.host or ANYWHERE)
        made.databases.extend(dict.fromkeys(database.name for database in one.databases))
        await call.tx.put(made)


async def all_users(call: Call, instance_id: str) -> list[UserCreate]:
    """What makes the users of an instance once more."""
    found = (await users_of(call, instance_id)).values()
    return [UserCreate(name=one.name, host=one.host, databases=_names(one)) for one in found]


def _names(user: pb.DatabaseUser) -> list[DatabaseName]:
    return [DatabaseName(name=name) for name in user.databases]


@subscribes("instance_built", "database_instance")
async def first_users(call: Call, instance: Instance) -> None:
    """The users of a new instance's request."""
    await make(call, instance.id, instance.users)
    del instance.users[:]


def _view(user: pb.DatabaseUser) -> pb.UserView:
    return pb.UserView(name=user.name, host=user.host, databases=[DatabaseView(name=name) for name in user.databases])
