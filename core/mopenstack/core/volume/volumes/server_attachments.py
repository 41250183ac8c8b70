"""Volumes that come to servers and leave them, where that takes a while: reserved, attaching, in-use; detaching.

What a server does of it, Nova does: it subscribes to the events that are published here, of (volume, attachment id).
Source: nova/virt/block_device.py, compute/manager.py attach_volume, detach_volume; cinder/volume/api.py attachment_*.
"""

from __future__ import annotations

from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.volumes.attachments import Attachments
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.volumes.attachments_pb2 import Attachment
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

ATTACH, DETACH = "attach_to_server", "detach_from_server"


async def begin(call: Call, row: str, volume_id: str, attachment_id: str) -> bool:
    """Begin to attach a reserved volume, or to detach an attached one; whether that takes a while."""
    volume = await call.tx.edit(Volume, volume_id)
    volume.pending_attachment_id, volume.request_id = attachment_id, call.context.request_id
    if row == DETACH:
        return await VOLUMES.begin(call, volume, row)
    await call.service(Volumes).save(call, volume)
    return await VOLUMES.enter(call, volume, row)


@VOLUMES.on_step
async def _entered(call: Call, volume: Volume, action: Action, step: Step) -> None:
    if action.name == ATTACH:
        await _tell(call, "attaching", volume)


@VOLUMES.on(ATTACH)
async def _attached(call: Call, volume: Volume) -> None:
    await _tell(call, "attached", volume, over=True)


@VOLUMES.on(DETACH)
async def _detached(call: Call, volume: Volume) -> None:
    await _tell(call, "detached", volume, over=True)


@VOLUMES.fails(ATTACH)
async def _not_attached(call: Call, volume: Volume, why: str) -> None:
    await _tell(call, "attach_failed", volume, why, over=True)


@VOLUMES.fails(DETACH)
async def _not_detached(call: Call, volume: Volume, why: str) -> None:
    """The volume stays where it is."""
    volume.status = Volume.IN_USE
    await call.service(Volumes).save(call, copy_of(volume))
    await _tell(call, "detach_failed", volume, why, over=True)


async def _tell(call: Call, event: str, volume: Volume, *facts: str, over: bool = False) -> None:
    """Let the server's side act, then take over what became of the volume (a private copy)."""
    attachment_id, request_id = volume.pending_attachment_id, volume.request_id
    if await call.tx.get(Attachment, attachment_id) is not None:
        await call.publish(event, "volume", volume, attachment_id, request_id, *facts)
    else:  # it was taken away meanwhile
        await call.service(Attachments).settle(call, volume.id)
    fresh = await call.tx.get(Volume, volume.id)
    if fresh is not None:
        volume.CopyFrom(fresh)
    if over:
        volume.pending_attachment_id = ""
