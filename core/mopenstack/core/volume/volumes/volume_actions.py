"""Actions on a volume. Source: cinder/api/contrib/volume_actions.py, admin_actions.py; volume/api.py.

Every action takes a private copy, asks the table of lifecycle.py, and stores; what takes time is begun
there and finished by the functions at the end.
"""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.volume.volumes.attachments import Attachments, connection_info
from mopenstack.core.volume.volumes.lifecycle import NOT_DETACHABLE, OWN_WORDS, VOLUMES, status_number
from mopenstack.core.volume.volumes.metadata import set_admin_metadata
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.refusals import InvalidState, InvalidVolume, InvalidVolumeAttachMode, ParameterRefused
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import volume_actions_pb2 as pb2
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

EXTEND_IN_USE_SINCE = 42
READWRITE = "rw"
ATTACH_STATUSES = ["attached", "detached"]
MIGRATION_STATUSES = ("migrating", "error", "success", "completing", "none", "starting")


class VolumeActions(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["VolumeActions"]

    # -- attaching

    async def attach_volume(self, call: Call, request: pb2.AttachVolumeRequest) -> Result:
        body = request.attach
        if not body.instance_uuid and not body.host_name:
            given = json_format.MessageToDict(body, preserving_proto_field_name=True)
            raise BadRequest(
                f"Invalid input for field/attribute os-attach. Value: {given}. "
                f"{given} is not valid under any of the given schemas"
            )
        volume = await self._copy(call)
        self._refuse_maintenance(volume, "The volume cannot be attached in maintenance mode.")
        mode = body.mode or READWRITE
        if "readonly" not in volume.admin_metadata:
            set_admin_metadata(volume, "readonly", "False")
        if volume.admin_metadata["readonly"] == "True" and mode != "ro":
            raise InvalidVolumeAttachMode(mode=mode, id=volume.id)
        try:
            await call.service(Attachments).attach_at_once(
                call, volume, body.instance_uuid, body.host_name, body.mountpoint, mode
            )
        except InvalidVolume as error:
            raise BadRequest(f"Error attaching volume - InvalidVolume: {error.text}") from None
        return EMPTY

    async def detach_volume(self, call: Call, request: pb2.DetachVolumeRequest) -> Result:
        self._refuse_maintenance(call.target, "The volume cannot be detached in maintenance mode.")
        await self._detach(call, request.detach.attachment_id, "detaching")
        return EMPTY

    async def force_detach_volume(self, call: Call, request: pb2.ForceDetachVolumeRequest) -> Result:
        self._refuse_maintenance(call.target, "The volume cannot be detached in maintenance mode.")
        await self._detach(call, request.force_detach.attachment_id, "force detaching")
        return EMPTY

    async def reserve_volume(self, call: Call, request: pb2.VolumeActionRequest) -> Result:
        await self._set(call, "reserve_multiattach" if call.target.multiattach else "reserve")
        return EMPTY

    async def unreserve_volume(self, call: Call, request: pb2.VolumeActionRequest) -> Result:
        await self._unreserve(call)
        return EMPTY

    async def begin_detaching_volume(self, call: Call, request: pb2.VolumeActionRequest) -> Result:
        if call.target.attach_status != "attached":
            raise InvalidVolume(why=NOT_DETACHABLE)
        await self._set(call, "begin_detaching")
        return EMPTY

    async def roll_detaching_volume(self, call: Call, request: pb2.VolumeActionRequest) -> Result:
        if VOLUMES.allows(call, call.target, "roll_detaching"):
            await self._set(call, "roll_detaching")
        return EMPTY

    async def initialize_volume_connection(self, call: Call, request: pb2.InitializeVolumeConnectionRequest) -> Result:
        self._refuse_maintenance(call.target, "The volume connection cannot be initialized in maintenance mode.")
        connector = json_format.MessageToDict(request.initialize_connection.connector)
        info = await connection_info(call, call.target, READWRITE, connector)
        return pb2.VolumeConnectionResponse(connection_info=json_format.ParseDict(info, Struct()))

    async def terminate_volume_connection(self, call: Call, request: pb2.TerminateVolumeConnectionRequest) -> Result:
        held = await call.service(Attachments).of_volume(call, call.target.id)
        if len(held) == 1:
            await call.service(Attachments).refuse_in_use(call, held[0])
        await self._unreserve(call)
        return EMPTY

    # -- changing

    async def set_volume_bootable(self, call: Call, request: pb2.SetVolumeBootableRequest) -> Result:
        volume = await self._copy(call)
        VOLUMES.check(call, volume, "set_bootable")
        volume.bootable = str(request.set_bootable.bootable).lower()
        await call.service(Volumes).save(call, volume)
        return EMPTY

    async def update_volume_readonly_flag(self, call: Call, request: pb2.UpdateVolumeReadonlyFlagRequest) -> Result:
        volume = await self._copy(call)
        VOLUMES.check(call, volume, "update_readonly_flag")
        set_admin_metadata(volume, "readonly", str(request.update.readonly))
        await call.tx.put(volume)
        return EMPTY

    async def revert_volume(self, call: Call, request: pb2.RevertVolumeRequest) -> Result:
        volume, wanted = await self._copy(call), request.revert.snapshot_id
        snapshots = await call.tx.query(Snapshot, volume_id=volume.id)
        if not snapshots:
            raise BadRequest(f"Volume {volume.id} doesn't have any snapshots.")
        latest = max(snapshots, key=lambda item: (item.created_at.seconds, item.created_at.nanos))
        if wanted != latest.id:
            raise BadRequest(
                f"Specified snapshot {wanted or None} is None or not the latest one of volume {volume.id}."
            )
        if volume.size != latest.size:
            raise BadRequest(
                f"Can't revert volume {volume.id} to its latest snapshot {latest.id}. "
                "The volume size must be equal to the snapshot size."
            )
        start = f"Can't revert volume {volume.id} to its latest snapshot {latest.id}."
        if not VOLUMES.allows(call, volume, "revert"):
            raise InvalidState(f"Invalid volume: {start} Volume's status must be 'available'.")
        if latest.status != Snapshot.AVAILABLE:
            raise InvalidState(f"Invalid snapshot: {start} Snapshot's status must be 'available'.")
        await VOLUMES.begin(call, volume, "revert")
        return EMPTY

    # -- an admin's

    async def reset_volume_status(self, call: Call, request: pb2.ResetVolumeStatusRequest) -> Result:
        body, volume = request.reset_status, await self._copy(call)
        status, attach = body.status.lower(), body.attach_status.lower()
        _check_reset(body)
        if status in ("deleting", "error_deletingdetaching"):  # a comma is missing in cinder's source
            raise BadRequest(f"Cannot reset-state to {status}")
        attachments = call.service(Attachments)
        held = await attachments.of_volume(call, volume.id)
        if status == "in-use" and not held:
            raise BadRequest("Cannot reset-state to in-use because volume does not have any attachments.")
        if body.migration_status:
            volume.migration_status = body.migration_status.lower()
            if volume.migration_status == "none":
                volume.ClearField("migration_status")
            if volume.HasField("migration_status"):
                volume.migstat = volume.migration_status
            else:
                volume.ClearField("migstat")
        if status:
            volume.status = status_number(status)
            await call.tx.unschedule("volume", volume.id)
        if attach:
            volume.attach_status = attach
        await call.service(Volumes).save(call, volume)
        if attach == "detached":
            for item in held:
                await attachments.drop(call, item.id)
        return EMPTY

    async def force_delete_volume(self, call: Call, request: pb2.VolumeActionRequest) -> Result:
        await call.service(Volumes).begin_delete(call, call.target.id, force=True)
        return EMPTY

    # -- inside

    @staticmethod
    async def _copy(call: Call) -> Volume:
        return await call.tx.edit(Volume, call.target.id)

    async def _set(self, call: Call, name: str) -> None:
        """An action that takes no time: check it, and set its state."""
        volume = await self._copy(call)
        volume.status = VOLUMES.check(call, volume, name).interim
        await call.service(Volumes).save(call, volume)

    async def _unreserve(self, call: Call) -> None:
        if call.target.status == Volume.ATTACHING:
            volume = await self._copy(call)
            volume.status = Volume.IN_USE if volume.attachments else Volume.AVAILABLE
            await call.service(Volumes).save(call, volume)

    async def _detach(self, call: Call, attachment_id: str, doing: str) -> None:
        try:
            await call.service(Attachments).detach_at_once(call, call.target, attachment_id)
        except InvalidVolume as error:
            raise BadRequest(f"Error {doing} volume - InvalidVolume: {error.text}") from None

    @staticmethod
    def _refuse_maintenance(volume: Volume, why: str) -> None:
        if volume.status == Volume.MAINTENANCE:
            raise InvalidVolume(why=why)


def _check_reset(body: pb2.ResetVolumeStatusRequest.Reset) -> None:
    if not body.status and not body.attach_status and not body.migration_status:
        raise ParameterRefused("Must specify 'status', 'attach_status' or 'migration_status' for update.")
    valid_statuses = tuple(OWN_WORDS[number] for number in sorted(OWN_WORDS) if number != Volume.REVERTING)
    if body.status and body.status.lower() not in valid_statuses:
        raise ParameterRefused(f"Volume status: {body.status} is invalid, valid statuses are: {valid_statuses}.")
    if body.attach_status and body.attach_status.lower() not in ATTACH_STATUSES:
        raise ParameterRefused(
            f"Volume attach status: {body.attach_status} is invalid, valid statuses are: {ATTACH_STATUSES}."
        )
    if body.migration_status and body.migration_status.lower() not in MIGRATION_STATUSES:
        raise ParameterRefused(
            f"Volume migration status: {body.migration_status} is invalid, valid statuses are: {MIGRATION_STATUSES}."
        )
