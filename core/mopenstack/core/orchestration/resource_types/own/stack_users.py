"""What stacks have in Keystone: a project of their own in the domain `heat`, and users there.

A user is what runs on a stack's servers, or signals its resources; it has no more than the role heat_stack_user in that
project. All of it is made in the name of the cloud, as Heat does with its domain's administrator.
Sources: heat/engine/clients/os/keystone/heat_keystoneclient.py, heat/engine/resources/stack_user.py.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, cast

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described

DOMAIN, ROLE = "heat", "heat_stack_user"
_IDENTITY = "mopenstack.identity.v3"
_NAME_MAX = 64
"""Letters that a user's name may have at most; a longer one loses its beginning."""
_OPTIONS = {
    "ignore_change_password_upon_first_use": True,
    "ignore_password_expiry": True,
    "ignore_lockout_failure_attempts": True,
}


class _AsCloud:
    """What `rpcs` asks, in the name of the cloud itself."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def invoke(self, operation: str, request: Message, *, microversion: int | None = None) -> Any:
        return await self._call.invoke(operation, request, elevated=True)


async def _ask(call: Call, rpc: str, path: tuple[str, ...] = (), body: Any = None) -> Any:
    return await rpcs.call(cast("Context", _AsCloud(call)), f"{_IDENTITY}.{rpc}", path, body)


async def _id_of(call: Call, rpc: str, name: str) -> str:
    """The id of the domain or role of a name; "" where there is none."""
    found = await rpcs.listed(cast("Context", _AsCloud(call)), f"{_IDENTITY}.{rpc}", {"name": name})
    return str(found[0]["id"]) if found else ""


async def make_project(call: Call, project_id: str, stack_id: str) -> str:
    """Make the project of a stack's users; its id, "" in a cloud without the domain."""
    domain = await _id_of(call, "Domains.ListDomains", DOMAIN)
    if not domain:
        return ""
    name = f"{project_id}-{stack_id}"[:_NAME_MAX]
    body = {"name": name, "domain_id": domain, "description": "Heat stack user project"}
    return str((await _ask(call, "Projects.CreateProject", (), body))["id"])


async def drop_project(call: Call, id: str) -> None:
    """Delete the project of a stack's users, if it is there."""
    try:
        await _ask(call, "Projects.DeleteProject", (id,))
    except NotFound:
        return


async def make(context: Context, resource: Resource, *, password: bool = False) -> str:
    """The id of the resource's user, which is made if there is none; with a password to sign in with, or without."""
    data, call = resource.data, context.call
    if "user_id" in data:
        return data["user_id"]
    domain = await _id_of(call, "Domains.ListDomains", DOMAIN)
    role = await _id_of(call, "Roles.ListRoles", ROLE)
    project = context.user_project_id
    if not domain or not role or not project:
        text = f"Can't create stack user, role {ROLE} not found" if domain else "Stack user domain is not configured"
        raise ResourceFailure(text)
    body: dict[str, Any] = {
        "name": context.physical_name(resource)[-_NAME_MAX:],
        "domain_id": domain,
        "default_project_id": project,
        "options": _OPTIONS,
    }
    if password:
        data["password"] = body["password"] = data.get("password") or call.ids.word(32)
    made = await _ask(call, "Users.CreateUser", (), body)
    await _ask(call, "Grants.AddGrant", (project, made["id"], role))
    data["user_id"] = str(made["id"])
    return data["user_id"]


async def make_keys(context: Context, resource: Resource) -> None:
    """Give the resource's user an access key and a secret to sign with: access_key and secret_key of its data."""
    data, ids = resource.data, context.call.ids
    if "access_key" in data:
        return
    user = await make(context, resource)
    access, secret = ids.hex(), ids.word(32)
    body = {
        "user_id": user,
        "project_id": context.user_project_id,
        "type": "ec2",
        "blob": json.dumps({"access": access, "secret": secret}),
    }
    made = await _ask(context.call, "Credentials.CreateCredential", (), body)
    data.update(access_key=access, secret_key=secret, credential_id=str(made["id"]))


async def drop_keys(context: Context, resource: Resource) -> None:
    """Take the access key of the resource's user back."""
    data = resource.data
    if "credential_id" in data:
        with contextlib.suppress(NotFound):
            await _ask(context.call, "Credentials.DeleteCredential", (data["credential_id"],))
    for key in ("access_key", "secret_key", "credential_id"):
        data.pop(key, None)


async def drop(context: Context, resource: Resource) -> None:
    """Delete the resource's user, if it has one, with its keys."""
    if "user_id" not in resource.data:
        return
    await drop_keys(context, resource)
    try:
        await _ask(context.call, "Users.DeleteUser", (resource.data.pop("user_id"),))
    except NotFound:
        return


async def enable(context: Context, resource: Resource, enabled: bool) -> None:
    """Let the resource's user sign in, or not."""
    if "user_id" in resource.data:
        await _ask(context.call, "Users.UpdateUser", (resource.data["user_id"],), {"enabled": enabled})


async def token(context: Context, resource: Resource) -> str:
    """A token of the resource's user, who has a password; "" where Keystone gives none."""
    from mopenstack.identity.v3.auth import tokens_pb2

    asked = tokens_pb2.CreateTokenRequest(nocatalog="true")
    asked.auth.identity.methods.names.append("password")
    asked.auth.identity.password.user.id = resource.data["user_id"]
    asked.auth.identity.password.user.password = resource.data["password"]
    asked.auth.scope.struct_value.update({"project": {"id": context.user_project_id}})
    try:
        answer = await context.call.invoke(f"{_IDENTITY}.Tokens.CreateToken", asked, elevated=True)
    except Fault:
        return ""
    return str(answer.subject_token)


class StackUser(Described):
    """A type whose physical id is a stack user's, who ends with the resource and is disabled while it is suspended."""

    async def delete(self, context: Context, resource: Resource) -> None:
        await drop(context, resource)

    async def suspend(self, context: Context, resource: Resource) -> None:
        await enable(context, resource, False)

    async def resume(self, context: Context, resource: Resource) -> None:
        await enable(context, resource, True)
