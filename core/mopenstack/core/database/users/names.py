"""Names of databases and users that a request gives (trove/extensions/common/common.py, trove/common/db/models.py)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from mopenstack.core.database.datastores.choices import of_version
from mopenstack.core.database.datastores.managers import Manager
from mopenstack.core.database.instances.status import check_loaded
from mopenstack.core.engine.call import Call
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances.instances_pb2 import DatabaseCreate, Instance, UserCreate

ANYWHERE = "%"


def check_databases(manager: Manager, databases: Iterable[DatabaseCreate]) -> list[str]:
    """The names of new databases; refuses reserved ones and repetitions."""
    found: list[str] = []
    seen: set[str] = set()
    for database in databases:
        why = reserved_database(manager, database.name)
        if why:
            raise refusals.BadRequest(why=why)
        if database.name in seen:
            raise refusals.DuplicateDatabase()
        seen.add(database.name)
        found.append(database.name)
    return found


def reserved_database(manager: Manager, name: str) -> str:
    """Why the name of a database may not be used; "" if it may."""
    if name not in manager.reserved_databases:
        return ""
    return f'Database name "{name}" is on the reserved list: {list(manager.reserved_databases)}.'


def reserved_user(manager: Manager, name: str) -> str:
    """Why the name of a user may not be used; "" if it may."""
    if name not in manager.reserved_users:
        return ""
    return f'User name "{name}" is on the reserved list: {list(manager.reserved_users)}.'


def check_users(
    manager: Manager, users: Iterable[UserCreate], databases: list[str] | None = None, *, doing: str = ""
) -> None:
    """Refuse reserved names, repetitions, and access to databases that are not made with the users."""
    seen: set[tuple[str, str]] = set()
    for user in users:
        why = reserved_user(manager, user.name)
        if why:
            raise refusals.BadRequest(why=doing + why)
        identity = (user.name, user.host or ANYWHERE)
        if identity in seen:
            raise refusals.DuplicateUser()
        seen.add(identity)
        for database in user.databases:
            if databases is not None and database.name not in databases:
                raise refusals.DatabaseForUserNotInList(user=user.name, database=database.name)


def split(text: str) -> tuple[str, str]:
    """Name and host of a user as a path has it: NAME, NAME@HOST."""
    plain = unquote(text)
    name, at, host = plain.rpartition("@")
    if not at or not host:
        return plain, ANYWHERE
    return name, host


async def guest_of(call: Call, instance: Instance) -> Manager:
    """How the databases of an instance are managed; refuses one whose database does not answer."""
    await check_loaded(call, instance)
    chosen = await of_version(call, instance.datastore_version_id)
    if chosen is None or not chosen.manager.users:
        raise refusals.DatastoreWithoutUsers(manager=chosen.version.manager if chosen else "")
    if instance.service != Instance.HEALTHY:
        status = Instance.Service.Name(instance.service).lower()
        raise refusals.DatabaseNotRunning(id=instance.id, status=status)
    return chosen.manager
