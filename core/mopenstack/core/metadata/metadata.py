"""Nova's metadata API: which server asks, and what it is told.

Source: nova.api.metadata.handler, nova.api.metadata.base.InstanceMetadata.lookup, nova.api.metadata.password.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from typing import Any

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import ByteStream
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later, Result, Servicer
from mopenstack.core.metadata import config_drive, documents, ec2
from mopenstack.core.metadata.guest import Guest, guest_of
from mopenstack.core.metadata.options import SHARED_SECRET, VENDORDATA_TARGETS, targets_of
from mopenstack.core.metadata.vendordata import ask
from mopenstack.metadata.v1 import metadata_pb2 as pb
from mopenstack.metadata.v1 import refusals

PASSWORD_BYTES_MAX = 1020
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPENSTACK, _EC2 = "openstack", "ec2"


class Metadata(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Metadata"]

    async def list_metadata_versions(self, call: Call, request: pb.ListMetadataVersionsRequest) -> Result:
        return _sent(documents.Document(ec2.printed([*ec2.VERSIONS, ec2.LATEST]), documents.TEXT))

    async def get_metadata(self, call: Call, request: pb.GetMetadataRequest) -> Result | Later:
        server, path = await _asking(call, request.path)
        guest = await guest_of(call, server)
        targets = call.cloud.option(VENDORDATA_TARGETS)
        if targets and path[:1] == [_OPENSTACK] and path[-1] == documents.VENDOR2:
            asked = targets_of(targets)

            async def made() -> Result:
                return _sent(_found(guest, path, await ask(guest, asked)))

            return Later(made)
        return _sent(_found(guest, path))

    async def get_config_drive(self, call: Call, request: pb.GetConfigDriveRequest) -> Later:
        """The image is made after the transaction: it takes a while."""
        guest = await guest_of(call, _there(await call.tx.get(Server, request.server_id)))
        targets = targets_of(call.cloud.option(VENDORDATA_TARGETS))

        async def made() -> Result:
            files = dict(documents.config_drive(guest, await ask(guest, targets) if targets else None))
            return await config_drive.stream(files, request.format or config_drive.ISO9660)

        return Later(made)

    async def set_guest_password(self, call: Call, request: pb.SetGuestPasswordRequest) -> Result:
        server, path = await _asking(call, request.path)
        match path:
            case [word, version, documents.PASSWORD] if word == _OPENSTACK and _is_version(version):
                pass
            case _:  # Nova answers a POST as a GET everywhere else
                return _sent(_found(await guest_of(call, server), path))
        if server.guest_password:
            raise refusals.PasswordIsSet()
        if len(request.password) > PASSWORD_BYTES_MAX:
            raise refusals.PasswordTooLarge()
        changed = await call.tx.edit(Server, server.id)
        changed.guest_password = request.password.decode(errors="replace")
        await call.tx.put(changed)
        return _sent(documents.Document(b"", documents.TEXT))


def _is_version(word: str) -> bool:
    return word in documents.VERSIONS[1:] or word == documents.LATEST


async def _asking(call: Call, path: str) -> tuple[Server, list[str]]:
    """The server that asks and the steps of its path; raises the refusal."""
    steps = [step for step in posixpath.normpath("/" + path).split("/") if step]
    if steps and _ID.fullmatch(steps[0]):
        server = await call.tx.get(Server, steps[0])
        steps = steps[1:]
    else:
        server = await _signed(call)
    return _there(server), steps


def _there(server: Server | None) -> Server:
    """The server; raises MetadataNotFound for one that is gone."""
    if server is None or server.vm_state == Server.VM_STATE_DELETED:
        raise refusals.MetadataNotFound()
    return server


async def _signed(call: Call) -> Server | None:
    """The server that Neutron's proxy names."""
    headers = call.context.headers
    id, project = headers.get("x-instance-id"), headers.get("x-tenant-id")
    signature = headers.get("x-instance-id-signature")
    if id is None:
        raise refusals.InstanceIdMissing()
    if signature is None:
        raise refusals.SignatureMissing()
    if project is None:
        raise refusals.TenantIdMissing()
    secret = call.cloud.option(SHARED_SECRET).encode()
    expected = hmac.new(secret, id.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise refusals.BadSignature()
    server = await call.tx.get(Server, id)
    return server if server is not None and server.project_id == project else None


def _found(guest: Guest, path: list[str], more: dict[str, Any] | None = None) -> documents.Document:
    """What is at a path; raises MetadataNotFound."""
    try:
        return _looked_up(guest, path, more)
    except KeyError:
        raise refusals.MetadataNotFound() from None


def _looked_up(guest: Guest, path: list[str], more: dict[str, Any] | None) -> documents.Document:
    if path[:1] != [_OPENSTACK]:
        steps = path[1:] if path[:1] == [_EC2] else path
        versions = [*ec2.VERSIONS, ec2.LATEST]
        found = ec2.find(ec2.tree(guest, steps[0]), steps[1:]) if steps else versions
        return documents.Document(ec2.printed(found), documents.TEXT)
    if len(path) == 1:
        return documents.Document("\n".join((*documents.VERSIONS, documents.LATEST)).encode(), documents.TEXT)
    return documents.document(guest, documents.version_of(path[1]), "/".join(path[2:]), more)


def _sent(found: documents.Document) -> ByteStream:
    return ByteStream.of(*found)
