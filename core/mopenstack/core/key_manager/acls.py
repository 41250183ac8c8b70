"""Access control lists of secrets and containers (barbican.api.controllers.acls)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.key_manager.base import OfProject
from mopenstack.key_manager.v1 import acls_pb2 as pb


class Acls(OfProject):
    service = pb.DESCRIPTOR.services_by_name["Acls"]

    async def get_secret_acl(self, call: Call, request: pb.GetSecretAclRequest) -> Result:
        return _shown(call.target)

    async def get_container_acl(self, call: Call, request: pb.GetContainerAclRequest) -> Result:
        return _shown(call.target)

    async def replace_secret_acl(self, call: Call, request: pb.ChangeSecretAclRequest) -> Result:
        return pb.SecretAclReference(id=await _replace(call, request))

    async def replace_container_acl(self, call: Call, request: pb.ChangeContainerAclRequest) -> Result:
        return pb.ContainerAclReference(id=await _replace(call, request))

    async def change_secret_acl(self, call: Call, request: pb.ChangeSecretAclRequest) -> Result:
        return pb.SecretAclReference(id=await _change(call, request))

    async def change_container_acl(self, call: Call, request: pb.ChangeContainerAclRequest) -> Result:
        return pb.ContainerAclReference(id=await _change(call, request))

    async def delete_secret_acl(self, call: Call, request: pb.GetSecretAclRequest) -> Result:
        return await _remove(call)

    async def delete_container_acl(self, call: Call, request: pb.GetContainerAclRequest) -> Result:
        return await _remove(call)


def _shown(owner: Any) -> pb.AclResponse:
    if not owner.HasField("acl"):
        return pb.AclResponse(read=pb.AclResponse.Read(project_access=True))
    acl = owner.acl
    shown = pb.AclResponse.Read(project_access=acl.project_access, created_at=acl.created_at, updated_at=acl.updated_at)
    shown.users.extend(list(acl.users))
    shown.users.SetInParent()
    return pb.AclResponse(read=shown)


async def _replace(call: Call, request: Any) -> str:
    """What is not given has its default; without any operation there is no ACL."""
    new = await call.tx.edit(type(call.target), call.target.id)
    given = _given(request)
    if not given:
        new.ClearField("acl")
        new.private = False
        await call.tx.put(new)
        return str(new.id)
    access = request.read.project_access if "project_access" in given else True
    return await _save(call, new, access, list(request.read.users))


async def _change(call: Call, request: Any) -> str:
    given = _given(request)
    if not given:
        return str(call.target.id)
    new = await call.tx.edit(type(call.target), call.target.id)
    access = new.acl.project_access if new.HasField("acl") else True
    if "project_access" in given:
        access = request.read.project_access
    users = list(request.read.users) if "users" in given else list(new.acl.users)
    return await _save(call, new, access, users)


def _given(request: Any) -> set[str]:
    """The fields that the request gives for reading."""
    return set(request.mask.paths) or {field.name for field, _ in request.read.ListFields()}


async def _save(call: Call, new: Any, access: bool, users: list[str]) -> str:
    if not new.HasField("acl"):
        call.stamp(new.acl.created_at)
    call.stamp(new.acl.updated_at)
    new.acl.project_access = access
    new.private = not access
    del new.acl.users[:]
    new.acl.users.extend(dict.fromkeys(users))
    call.stamp(new.updated_at)
    await call.tx.put(new)
    return str(new.id)


async def _remove(call: Call) -> Result:
    if call.target.HasField("acl"):
        new = await call.tx.edit(type(call.target), call.target.id)
        new.ClearField("acl")
        new.private = False
        await call.tx.put(new)
    return pb.NoAcl()
