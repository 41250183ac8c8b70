"""Who asks in a cloud in the name of this service: in one of this process a user that is made for it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Unavailable
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.engine import Engine
from mopenstack.core.tenant_replication.copying.accounts import Account, of_clouds_yaml
from mopenstack.core.tenant_replication.offerings import Offering
from mopenstack.identity.v3.assignment.grants_pb2 import GrantRequest
from mopenstack.identity.v3.assignment.roles_pb2 import ListRolesRequest
from mopenstack.identity.v3.identity.users_pb2 import CreateUserRequest, DeleteUserRequest, ListUsersRequest, User
from mopenstack.identity.v3.resource.projects_pb2 import ListProjectsRequest

PREFIX = "tenant-replication-"
"""How the names of such users begin."""
DOMAIN = "default"
_API = "mopenstack.identity.v3"


@asynccontextmanager
async def lent(
    background: Background, engine: Engine, offering: Offering, project_id: str = ""
) -> AsyncIterator[Account]:
    """The account of this service in a cloud, in a project or any; raises Unavailable where it cannot have one."""
    cloud = engine.clouds.get(offering.name)
    if cloud is None:
        yield await asyncio.to_thread(_configured, offering.name)
        return
    if not engine.address:
        raise Unavailable("This process does not know where its clouds are reached: replication needs `mopenstack up`.")
    name, password = f"{PREFIX}{secrets.token_hex(8)}", secrets.token_urlsafe(24)
    context = RequestContext(cloud=cloud.name)
    user_id, home = await background.transact(cloud, context, lambda call: _make(call, name, password, project_id))
    auth = {
        "auth_url": f"{engine.address}{_path(cloud)}/identity/v3",
        "username": name,
        "password": password,
        "project_id": home,
        "user_domain_id": DOMAIN,
    }
    try:
        yield Account(offering.name, auth, region_name=cloud.region_name, verify=engine.trust)
    finally:
        await background.transact(cloud, context, lambda call: _remove(call, user_id))


async def forget(call: Call) -> None:
    """Remove the users that a process left behind when it was killed."""
    query = common.Query()
    users = await call.invoke(f"{_API}.Users.ListUsers", ListUsersRequest(query=query), elevated=True)
    for user in users.items:
        if user.name.startswith(PREFIX):
            await _remove(call, user.id)


async def _make(call: Call, name: str, password: str, project_id: str) -> tuple[str, str]:
    """A new administrator: its id, and the project where it is one."""
    if not project_id:
        projects = await call.invoke(f"{_API}.Projects.ListProjects", ListProjectsRequest(), elevated=True)
        ids = {one.name: one.id for one in projects.items if one.enabled}
        project_id = ids.get("admin") or next(iter(ids.values()), "")
    roles = await call.invoke(f"{_API}.Roles.ListRoles", ListRolesRequest(), elevated=True)
    role = next((one.id for one in roles.items if one.name == "admin"), "")
    if not project_id or not role:
        raise Unavailable("The cloud has no project, or no role admin.")
    user = User(name=name, domain_id=DOMAIN, password=password, enabled=True)
    made: Any = await call.invoke(f"{_API}.Users.CreateUser", CreateUserRequest(user=user), elevated=True)
    id = getattr(made, "user", made).id
    grant = GrantRequest(user_id=id, project_id=project_id, role_id=role)
    await call.invoke(f"{_API}.Grants.AddGrant", grant, elevated=True)
    return id, project_id


async def _remove(call: Call, user_id: str) -> None:
    await call.invoke(f"{_API}.Users.DeleteUser", DeleteUserRequest(user_id=user_id), elevated=True)


def _path(cloud: Cloud) -> str:
    return f"/cloud/{cloud.name}"


def _configured(name: str) -> Account:
    try:
        return of_clouds_yaml(name)
    except ModuleNotFoundError:
        raise Unavailable("Real clouds need openstacksdk: pip install 'mopenstack[real]'") from None
    except ValueError as error:
        raise Unavailable(str(error)) from None
