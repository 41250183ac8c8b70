"""Actions on a volume. Source: cinder/api/contrib/volume_actions.py, admin_actions.py; volume/api.py.

Actions that are transitions of the table in lifecycle.py have no handler: here is what prepares them.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.values import plain_struct, to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.volume.base import as_given, assign, timestamp_key
from mopenstack.core.volume.volumes.attachments import Attachments, connection_info
from mopenstack.core.volume.volumes.lifecycle import OWN_WORDS, VOLUMES, status_number
from mopenstack.core.volume.volumes.metadata import set_admin_metadata
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.refusals import InvalidState, InvalidVolume, InvalidVolumeAttachMode, ParameterRefused
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import volume_actions_pb2 as pb2
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

READWRITE = "rw"
ATTACH_STATUSES = ["attached", "detached"]
MIGRATION_STATUSES = ("migrating", "error", "success", "completing", "none", "starting")


class VolumeActions(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["VolumeActions"]

    async def attach_volume(self, call: Call, request: pb2.AttachVolumeRequest) -> Result:
        body = request.attach
        if not body.instance_uuid and not body.host_name:
            given = as_given(body)
            raise BadRequest(
                f"Invalid input for field/attribute os-attach. Value: {given}. "
                f"{given} is not valid under any of the given schemas"
            )
        volume = await call.tx.edit(Volume, call.target.id)
        VOLUMES.check(call, volume, "attach")
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
        await self._detach(call, request.detach.attachment_id, "detaching")
        return EMPTY

    async def force_detach_volume(self, call: Call, request: pb2.ForceDetachVolumeRequest) -> Result:
        await self._detach(call, request.force_detach.attachment_id, "force detaching")
        return EMPTY

    async def initialize_volume_connection(self, call: Call, request: pb2.InitializeVolumeConnectionRequest) -> Result:
        connector = plain_struct(request.initialize_connection.connector)
        info = await connection_info(call, call.target, READWRITE, connector)
        return pb2.VolumeConnectionResponse(connection_info=to_struct(info))

    @staticmethod
    async def _detach(call: Call, attachment_id: str, doing: str) -> None:
        try:
            await call.service(Attachments).detach_at_once(call, call.target, attachment_id)
        except InvalidVolume as error:
            raise BadRequest(f"Error {doing} volume - InvalidVolume: {error.text}") from None


@VOLUMES.prepares("reserve", unchecked=True)
async def _reserve(call: Call, volume: Volume, request: pb2.VolumeActionRequest) -> str:
    name = "reserve_multiattach" if volume.multiattach else "reserve"
    VOLUMES.check(call, volume, name)
    return name


@VOLUMES.prepares("unreserve", unchecked=True)
async def _unreserve(call: Call, volume: Volume, request: pb2.VolumeActionRequest) -> str:
    if volume.status != Volume.ATTACHING:
        return ""
    return "unreserve_attached" if volume.attachments else "unreserve"


@VOLUMES.prepares("terminate_connection")
async def _terminate_connection(
    call: Call, volume: Volume, request: pb2.TerminateVolumeConnectionRequest
) -> str | None:
    held = await call.service(Attachments).of_volume(call, volume.id)
    if len(held) == 1:
        await call.service(Attachments).refuse_in_use(call, held[0])
    return await _unreserve(call, volume, pb2.VolumeActionRequest())


@VOLUMES.prepares("roll_detaching", unchecked=True)
async def _roll_detaching(call: Call, volume: Volume, request: pb2.VolumeActionRequest) -> str | None:
    return None if volume.status == Volume.DETACHING else ""  # Cinder's conditional_update, whose result is not read


@VOLUMES.prepares("set_bootable")
async def _set_bootable(call: Call, volume: Volume, request: pb2.SetVolumeBootableRequest) -> None:
    volume.bootable = str(request.set_bootable.bootable).lower()


@VOLUMES.prepares("update_readonly_flag")
async def _update_readonly_flag(call: Call, volume: Volume, request: pb2.UpdateVolumeReadonlyFlagRequest) -> str:
    """Admin metadata are not the volume's own row: its `updated_at` stays."""
    set_admin_metadata(volume, "readonly", str(request.update.readonly))
    await call.tx.put(volume)
    return ""


@VOLUMES.prepares("revert", unchecked=True)
async def _revert(call: Call, volume: Volume, request: pb2.RevertVolumeRequest) -> None:
    wanted = request.revert.snapshot_id
    snapshots = await call.tx.query(Snapshot, volume_id=volume.id)
    if not snapshots:
        raise BadRequest(f"Volume {volume.id} doesn't have any snapshots.")
    latest = max(snapshots, key=lambda item: timestamp_key(item.created_at))
    if wanted != latest.id:
        raise BadRequest(f"Specified snapshot {wanted or None} is None or not the latest one of volume {volume.id}.")
    start = f"Can't revert volume {volume.id} to its latest snapshot {latest.id}."
    if volume.size != latest.size:
        raise BadRequest(f"{start} The volume size must be equal to the snapshot size.")
    if not VOLUMES.allows(call, volume, "revert"):
        raise InvalidState(f"Invalid volume: {start} Volume's status must be 'available'.")
    if latest.status != Snapshot.AVAILABLE:
        raise InvalidState(f"Invalid snapshot: {start} Snapshot's status must be 'available'.")


@VOLUMES.prepares("reset_status")
async def _reset_status(call: Call, volume: Volume, request: pb2.ResetVolumeStatusRequest) -> str:
    """The attachments that go with `detached` change the volume once more, so that nothing is left to begin."""
    body = request.reset_status
    status, attach = body.status.lower(), body.attach_status.lower()
    _check_reset(body)
    if status in ("deleting", "error_deletingdetaching"):  # a comma is missing in cinder's source
        raise BadRequest(f"Cannot reset-state to {status}")
    attachments = call.service(Attachments)
    held = await attachments.of_volume(call, volume.id)
    if status == "in-use" and not held:
        raise BadRequest("Cannot reset-state to in-use because volume does not have any attachments.")
    if body.migration_status:
        migration = body.migration_status.lower()
        for field in ("migration_status", "migstat"):
            assign(volume, field, None if migration == "none" else migration)
    if status:
        volume.status = status_number(status)
        await call.tx.unschedule("volume", volume.id)
    if attach:
        volume.attach_status = attach
    await call.service(Volumes).save(call, volume)
    if attach == "detached":
        for item in held:
            await attachments.drop(call, item.id)
    return ""


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
