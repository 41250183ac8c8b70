"""Attachments of volumes to servers and hosts: the API of 3.27, the records of os-attach, and what Nova calls.

Source: cinder/api/v3/attachments.py, volume/api.py `attachment_*`, volume/manager.py, db volume_detached.
Nova's steps are reserve -> connect -> complete, and drop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.values import plain_struct, to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import fold_of, folded
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import CinderResource, assign, timestamp_key
from mopenstack.core.volume.types.types import front_end_qos
from mopenstack.core.volume.volumes.lifecycle import WORDS, status_number
from mopenstack.core.volume.volumes.metadata import set_admin_metadata
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.refusals import (
    ConflictNovaUsingAttachment,
    InvalidInput,
    InvalidVolume,
    ResourceConflict,
    VolumeAttachmentNotFound,
    VolumeInErrorState,
    VolumeNotFound,
    VolumeNotReservable,
)
from mopenstack.volume.v3.volumes import attachments_pb2 as pb2
from mopenstack.volume.v3.volumes.attachments_pb2 import Attachment
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

NO_MODE = "null"
NO_MOUNTPOINT = "na"
TIME_TEXT = "%Y-%m-%dT%H:%M:%S.%f"

STATUS_OF = {"attached": "in-use", "detached": "available"}
"""A volume's status by its attachments' first one; the other words are the same on both sides."""


class Attachments(CinderResource[Attachment]):
    service = pb2.DESCRIPTOR.services_by_name["Attachments"]
    message = Attachment
    not_found = VolumeAttachmentNotFound
    resource = "attachment"
    simple = ("volume_id", "status", "instance_id", "attach_status")

    # -- the RPCs

    async def create_attachment(self, call: Call, request: pb2.CreateAttachmentRequest) -> Result:
        body = request.attachment
        volume = await call.service(Volumes).fetch(call, body.volume_uuid)
        if "error" in WORDS[volume.status]:
            raise VolumeInErrorState(id=volume.id, status=WORDS[volume.status])
        mode = "ro" if "readonly" in volume.admin_metadata else body.mode or NO_MODE
        reserved = await self.reserve(call, volume.id, body.instance_uuid, mode=mode)
        if not body.HasField("connector"):
            return reserved
        connected = await self.connect(call, reserved.id, plain_struct(body.connector))
        return _as_before(reserved, connected)

    async def update_attachment(self, call: Call, request: pb2.UpdateAttachmentRequest) -> Result:
        volume = await self._volume(call, call.target.volume_id)
        if "error" in WORDS[volume.status]:
            raise ResourceConflict(
                why="Volume attachments can not be updated if the volume is in an error state. "
                f"The Volume {volume.id} currently has a status of: {WORDS[volume.status]} "
            )
        others = [item for item in await self.of_volume(call, volume.id) if item.id != call.target.id]
        if not volume.multiattach and any(item.HasField("connector") for item in others):
            raise ResourceConflict(why=f"duplicate connectors detected on volume {volume.id}")
        connected = await self.connect(call, call.target.id, plain_struct(request.attachment.connector))
        return _as_before(call.target, connected)

    async def delete_attachment(self, call: Call, request: pb2.DeleteAttachmentRequest) -> Result:
        await self.refuse_in_use(call, call.target)
        await self.drop(call, call.target.id)
        left = await self.of_volume(call, call.target.volume_id)
        return pb2.ListAttachmentsResponse(
            attachments=[
                pb2.AttachmentReference(
                    id=item.id, status=item.status, instance=item.instance or None, volume_id=item.volume_id
                )
                for item in left
            ]
        )

    async def complete_attachment(self, call: Call, request: pb2.CompleteAttachmentRequest) -> Result:
        await self.complete(call, call.target.id)
        return EMPTY

    async def matches(self, call: Call, obj: Attachment, key: str, values: Sequence[str]) -> bool:
        fields = {"instance_id": "instance", "attach_status": "status", "status": "status", "volume_id": "volume_id"}
        if key in fields:
            fold = fold_of(call.cloud)
            return fold(getattr(obj, fields[key])) in folded(values, fold)
        return await super().matches(call, obj, key, values)

    # -- what Nova calls

    async def of_volume(self, call: Call, volume_id: str) -> list[Attachment]:
        """All attachments of a volume, oldest first."""
        found = await call.tx.query(Attachment, volume_id=volume_id)
        return sorted(found, key=lambda item: (timestamp_key(item.created_at), item.id))

    async def reserve(self, call: Call, volume_id: str, server_id: str = "", mode: str = NO_MODE) -> Attachment:
        """Hold a volume for a server; raises VolumeNotReservable for one that is not to be had."""
        volume = await self._volume(call, volume_id)
        expected = ("available", "in-use", "downloading") if volume.multiattach else ("available", "downloading")
        if WORDS[volume.status] not in expected:
            held = await self.of_volume(call, volume_id)
            again = server_id and WORDS[volume.status] in ("in-use", "reserved")
            if not (again and any(item.instance == server_id for item in held)):
                raise VolumeNotReservable(id=volume_id, expected=" or ".join(expected), status=WORDS[volume.status])
        else:
            await self._set_status(call, volume, "reserved", volume.attach_status)
        attachment = Attachment(
            volume_id=volume_id,
            status="reserved",
            attach_mode=mode,
            project_id=volume.project_id,
            connection_info=Struct(),
        )
        assign(attachment, "instance", server_id or None)
        return await self.insert(call, attachment)

    async def connect(self, call: Call, id: str, connector: Mapping[str, Any]) -> Attachment:
        """Give a reserved attachment the host's connector; it is `attaching` then."""
        attachment = await call.tx.edit(Attachment, id)
        volume = await self._volume(call, attachment.volume_id)
        if attachment.attach_mode == NO_MODE:
            attachment.attach_mode = str(connector.get("mode", "rw"))
        info = await connection_info(call, volume, attachment.attach_mode, connector)
        flat = {**info.pop("data"), **info, "attachment_id": id}
        attachment.connection_info.CopyFrom(to_struct(flat))
        attachment.connector.CopyFrom(to_struct(connector))
        attachment.mountpoint = str(connector.get("mountpoint", NO_MOUNTPOINT))
        assign(attachment, "host_name", str(connector["host"]) if connector.get("host") else None)
        await self._put(call, attachment, volume, "attaching")
        return attachment

    async def complete(self, call: Call, id: str) -> Attachment:
        """The server has the volume: both are attached."""
        attachment = await call.tx.edit(Attachment, id)
        volume = await self._volume(call, attachment.volume_id)
        await self._put(call, attachment, volume, "attached")
        return attachment

    async def drop(self, call: Call, id: str) -> None:
        """Forget an attachment; the volume's status follows from those that are left."""
        attachment = await call.tx.get(Attachment, id)
        if attachment is None:
            return
        await call.tx.delete(Attachment, id)
        await self._forget_pending(call, attachment)
        await self.settle(call, attachment.volume_id)

    async def _forget_pending(self, call: Call, attachment: Attachment) -> None:
        """What was under way to attach or detach it is over."""
        volume = await call.tx.get(Volume, attachment.volume_id)
        if volume is not None and volume.pending_attachment_id == attachment.id:
            changed = copy_of(volume)
            changed.pending_attachment_id = ""
            await call.tx.put(changed)
            await call.tx.unschedule("volume", volume.id)

    async def settle(self, call: Call, volume_id: str) -> None:
        """Set a volume's status by its attachments: attached, attaching, detaching, reserved, else available."""
        left = [item.status for item in await self.of_volume(call, volume_id) if not item.status.startswith("error_")]
        first = min(left, default="detached")
        volume = await self._volume(call, volume_id)
        keeps = first == "detached" and volume.status == Volume.UPLOADING
        word = WORDS[volume.status] if keeps else STATUS_OF.get(first, first)
        await self._set_status(call, volume, word, first, attached_mode=None)

    async def refuse_in_use(self, call: Call, attachment: Attachment) -> None:
        """A user may not take away what a server is using: that is for Nova to do."""
        if not attachment.instance or not attachment.HasField("connector") or "service" in call.caller.roles:
            return
        servers = call.other_owner_of("server")
        if servers is not None and await servers.find(call, attachment.instance) is not None:
            raise ConflictNovaUsingAttachment(id=attachment.instance)

    # -- os-attach and os-detach: the whole of an attachment's life in one step

    async def attach_at_once(
        self, call: Call, volume: Volume, instance: str, host: str, mountpoint: str, mode: str
    ) -> Attachment:
        """os-attach: no reserve, no connector."""
        for item in await self.of_volume(call, volume.id):
            if (instance and item.instance == instance) or (not instance and item.host_name == host):
                await self._set_status(call, volume, "in-use", "attached")
                return item
        if volume.status == Volume.IN_USE and not volume.multiattach:
            raise InvalidVolume(why="volume is already attached and multiple attachments are not enabled")
        attachment = Attachment(
            volume_id=volume.id,
            status="attaching",
            attach_mode=mode,
            project_id=volume.project_id,
            mountpoint=mountpoint,
            connection_info=Struct(),
        )
        assign(attachment, "instance", instance or None)
        assign(attachment, "host_name", host or None)
        attachment = copy_of(await self.insert(call, attachment))
        await self._put(call, attachment, volume, "attached", attached_mode=mode)
        return attachment

    async def detach_at_once(self, call: Call, volume: Volume, attachment_id: str) -> None:
        """os-detach, by attachment or, where there is at most one, without naming it."""
        held = await self.of_volume(call, volume.id)
        if attachment_id:
            found = await call.tx.get(Attachment, attachment_id)
            if found is not None and found.volume_id != volume.id:
                raise InvalidInput(why="Mismatched volume and attachment")
            await self._take_away(call, volume.id, found)
            return
        if len(held) > 1:
            raise InvalidVolume(why="Detach volume failed: More than one attachment, but no attachment_id provided.")
        await self._take_away(call, volume.id, held[0] if held else None)

    # -- inside

    async def _take_away(self, call: Call, volume_id: str, attachment: Attachment | None) -> None:
        if attachment is None:
            await self.settle(call, volume_id)
            return
        await self.refuse_in_use(call, attachment)
        await self.drop(call, attachment.id)

    async def _put(
        self, call: Call, attachment: Attachment, volume: Volume, status: str, attached_mode: str | None = ""
    ) -> None:
        """Give attachment and volume a status."""
        attachment.status = status
        call.stamp(attachment.attached_time)
        attachment.attached_at = call.now.strftime(TIME_TEXT)
        await self.save(call, attachment)
        await self._set_status(call, volume, STATUS_OF.get(status, status), status, attached_mode=attached_mode)

    async def _set_status(
        self, call: Call, volume: Volume, word: str, attach_status: str, attached_mode: str | None = ""
    ) -> None:
        """Store a volume's new status and what it shows of its attachments ("" leaves attached_mode alone)."""
        changed = copy_of(volume)
        changed.status = status_number(word)
        changed.attach_status = attach_status
        if attached_mode != "":
            set_admin_metadata(changed, "attached_mode", attached_mode)
        del changed.attachments[:]
        for item in await self.of_volume(call, volume.id):
            if item.status == "attached":
                changed.attachments.append(_shown(item))
        await call.service(Volumes).save(call, changed)

    @staticmethod
    async def _volume(call: Call, id: str) -> Volume:
        volume = await call.tx.get(Volume, id)
        if volume is None:
            raise VolumeNotFound(id=id)
        return volume


async def connection_info(call: Call, volume: Volume, mode: str, connector: Mapping[str, Any]) -> dict[str, Any]:
    """What a host needs to reach the volume, as the shipped iSCSI driver words it."""
    qos = await front_end_qos(call, volume.volume_type_id)
    multipath = bool(connector.get("enforce_multipath", False))
    data = {
        "access_mode": mode,
        "qos_specs": dict(qos.specs) if qos is not None else None,
        "encrypted": volume.encrypted,
        "cacheable": False,
        "enforce_multipath": multipath,
    }
    return {"driver_volume_type": "iscsi", "data": data, "enforce_multipath": multipath}


def _as_before(old: Attachment, connected: Attachment) -> Attachment:
    """Cinder answers with the row that it had read before connecting, and the new connection."""
    answer = copy_of(old)
    answer.connection_info.CopyFrom(connected.connection_info)
    return answer


def _shown(item: Attachment) -> Volume.Attached:
    shown = Volume.Attached(
        id=item.volume_id,
        attachment_id=item.id,
        volume_id=item.volume_id,
        device=item.mountpoint,
        attached_at=item.attached_time,
    )
    if item.instance:
        shown.server_id = item.instance
    if item.host_name:
        shown.host_name = item.host_name
    return shown
