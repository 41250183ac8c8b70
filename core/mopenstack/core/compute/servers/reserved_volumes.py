"""Volumes that are reserved for a server and not attached yet, where attaching takes a while.

Nova reserves a volume before it answers, and attaches it on the host: while the server is built
(nova/compute/manager.py _prep_block_device), or in a transition of the volume that ends the instance action
`attach_volume` or `detach_volume` (mopenstack.core.volume.volumes.server_attachments).
"""

from __future__ import annotations

from contextlib import suppress

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Fault
from mopenstack.core.compute.servers import block_devices
from mopenstack.core.compute.servers.instance_actions import record_end_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.volume.v3.volumes.attachments_pb2 import (
    Attachment,
    CompleteAttachmentRequest,
    UpdateAttachmentRequest,
)
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

RESERVED, ATTACHED = "reserved", "attached"


# -- of a server that is built


async def connect_all(call: Call, server: Server) -> None:
    """Connect the volumes that are reserved for a server to its host; those that changed meanwhile are left alone."""
    for item in server.volumes_attached:
        with suppress(Fault):
            await _connect(call, server, item)


async def complete_all(call: Call, server: Server) -> None:
    """Attach the volumes of a server that are not attached yet."""
    for item in server.volumes_attached:
        with suppress(Fault):
            await _connect(call, server, item)
            await _complete(call, item.attachment_id)


async def _connect(call: Call, server: Server, item: Server.BlockDevice) -> None:
    found = await call.tx.get(Attachment, item.attachment_id)
    if found is not None and found.status == RESERVED:
        request = UpdateAttachmentRequest(attachment_id=found.id)
        request.attachment.connector.update(block_devices.connector(server.next_host or server.host, item.device))
        await call.invoke(f"{block_devices.ATTACHMENTS}.UpdateAttachment", request, elevated=True)


async def _complete(call: Call, attachment_id: str) -> None:
    found = await call.tx.get(Attachment, attachment_id)
    if found is not None and found.status != ATTACHED:
        request = CompleteAttachmentRequest(attachment_id=attachment_id)
        await call.invoke(f"{block_devices.ATTACHMENTS}.CompleteAttachment", request, elevated=True)


# -- of a server that runs: what the transition of the volume tells


@subscribes("attaching", "volume")
async def _attaching(call: Call, volume: Volume, attachment_id: str, request_id: str) -> None:
    found = await _held(call, attachment_id)
    if found is not None:
        with suppress(Fault):  # the end of the transition says so
            await _connect(call, *found)


@subscribes("attached", "volume")
async def _attached(call: Call, volume: Volume, attachment_id: str, request_id: str) -> None:
    found = await _held(call, attachment_id)
    if found is None:
        return
    try:
        await _connect(call, *found)
        await _complete(call, attachment_id)
    except Fault as fault:  # the volume changed meanwhile
        await _let_go(call, volume, attachment_id, request_id, fault.text)
        return
    await record_end_of(call, found[0].id, request_id)


@subscribes("attach_failed", "volume")
async def _not_attached(call: Call, volume: Volume, attachment_id: str, request_id: str, why: str) -> None:
    """The server has nothing of it."""
    await _let_go(call, volume, attachment_id, request_id, why)


@subscribes("detached", "volume")
async def _detached(call: Call, volume: Volume, attachment_id: str, request_id: str) -> None:
    await _let_go(call, volume, attachment_id, request_id, "")


@subscribes("detach_failed", "volume")
async def _not_detached(call: Call, volume: Volume, attachment_id: str, request_id: str, why: str) -> None:
    found = await _held(call, attachment_id)
    if found is not None:
        await record_end_of(call, found[0].id, request_id, why)


async def _let_go(call: Call, volume: Volume, attachment_id: str, request_id: str, why: str) -> None:
    found = await _held(call, attachment_id)
    if found is not None:
        server, item = found
        await block_devices.detach(call, server, item.id)
        await call.tx.put(server)
        await record_end_of(call, server.id, request_id, why)


async def _held(call: Call, attachment_id: str) -> tuple[Server, Server.BlockDevice] | None:
    """A private copy of the server of an attachment, and the device in it."""
    attachment = await call.tx.get(Attachment, attachment_id)
    if attachment is None or await call.tx.get(Server, attachment.instance) is None:
        return None
    server = await call.tx.edit(Server, attachment.instance)
    item = next((item for item in server.volumes_attached if item.attachment_id == attachment_id), None)
    return (server, item) if item is not None else None
