"""Backups of volumes. Source: cinder/api/v3/backups.py, cinder/backup/api.py, backup/manager.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.backups import backup_records
from mopenstack.core.volume.base import ZONE, CinderResource, assign, replace_map, text, timestamp_key
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.snapshots import Snapshots
from mopenstack.core.volume.types.types import Types
from mopenstack.core.volume.volumes.lifecycle import EVEN_ATTACHED, VOLUMES, WORDS, status_number
from mopenstack.core.volume.volumes.metadata import check_metadata, show_metadata, user_metadata
from mopenstack.core.volume.volumes.sources import Source
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.backups import backups_pb2 as pb2
from mopenstack.volume.v3.backups.backups_pb2 import Backup
from mopenstack.volume.v3.refusals import (
    BackupNotFound,
    InvalidBackup,
    InvalidSnapshot,
    InvalidVolume,
    ParameterRefused,
)
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

CONTAINER = "volumebackups"
"""The folder of cinder's Swift driver, where a request names none."""
OBJECTS_PER_GB = 22
RESTORED_NAME = "restore_backup_"
DRIVER = "cinder.backup.drivers.swift.SwiftBackupDriver"
NO_VOLUME = "00000000-0000-0000-0000-000000000000"
"""The volume of a backup that is being imported."""
BACKUP_WORDS = enum_words(Backup.DESCRIPTOR.fields_by_name["status"])
NO_PARENT = "No backups available to do an incremental backup."
RESET_STATUSES = ["available", "error"]


def refuse(action: Action, backup: Backup) -> Fault:
    """The rules of backup/api.py."""
    if action.name == "export":
        return InvalidBackup(why=f"Backup status must be available and not {BACKUP_WORDS[backup.status]}.")
    wanted = "must be available" if action.name == "restore" else "must be available or error"
    return InvalidBackup(why=f"Backup status {wanted}")


_AVAILABLE = frozenset({Backup.AVAILABLE})
_GOING: dict[str, Any] = {"interim": Backup.DELETING, "error": Backup.ERROR_DELETING}
BACKUPS: Lifecycle[Backup] = Lifecycle(
    Backup,
    (
        Action("create", frozenset({Backup.CREATING}), to=Backup.AVAILABLE, seconds=3),
        Action("delete", frozenset({Backup.AVAILABLE, Backup.ERROR}), **_GOING),
        Action("force_delete", frozenset(BACKUP_WORDS), **_GOING),
        Action("restore", _AVAILABLE, interim=Backup.RESTORING, to=Backup.AVAILABLE, seconds=3, error=Backup.AVAILABLE),
        Action("export", _AVAILABLE, begins=False),
        Action("reset_status", frozenset(BACKUP_WORDS), seconds=0, cancels=True),
    ),
    refuse,
    error=Backup.ERROR,
)


class Backups(CinderResource[Backup]):
    service = pb2.DESCRIPTOR.services_by_name["Backups"]
    message = Backup
    not_found = BackupNotFound
    lifecycle = BACKUPS
    resource = "backup"
    simple = ("name", "status", "volume_id")

    # -- the RPCs

    async def restore_backup(self, call: Call, request: pb2.RestoreBackupRequest) -> Result:
        """Into a volume that is named, else into a new one."""
        backup, body = await call.tx.edit(Backup, call.target.id), request.restore
        BACKUPS.check(call, backup, "restore")
        volumes = call.service(Volumes)
        if body.HasField("volume_id"):
            volume = copy_of(await volumes.fetch(call, body.volume_id))
        else:
            source = Source(await call.service(Types).default(call), backup.size)
            name = body.name if body.HasField("name") else f"{RESTORED_NAME}{backup.id}"
            made = await volumes.make(call, source, name, "auto-created_from_restore_from_backup")
            await VOLUMES.complete(call, made.id, "create")
            volume = await call.tx.edit(Volume, made.id)
        if volume.status != Volume.AVAILABLE:
            raise InvalidVolume(why="Volume to be restored to must be available")
        if backup.size > volume.size:
            raise InvalidVolume(why=f"volume size {volume.size} is too small to restore backup of size {backup.size}.")
        volume.status = Volume.RESTORING_BACKUP
        await volumes.save(call, volume)
        backup.restore_volume_id = volume.id
        await BACKUPS.begin(call, backup, "restore")
        restored = pb2.RestoreBackupResponse.Restored(backup_id=backup.id, volume_id=volume.id)
        assign(restored, "volume_name", volume.name if volume.HasField("name") else None)
        return pb2.RestoreBackupResponse(restore=restored)

    # -- records

    async def export_backup_record(self, call: Call, request: pb2.GetBackupRequest) -> Result:
        return pb2.BackupRecord(backup_service=DRIVER, backup_url=backup_records.encode(call.target))

    async def import_backup_record(self, call: Call, request: pb2.ImportBackupRecordRequest) -> Result:
        """The backup of the record, under its own id; what it says is believed once it is read in the background."""
        record = backup_records.decode(request.record.backup_url)
        if await call.tx.get(Backup, str(record["id"])) is not None:
            raise InvalidBackup(why="Backup already exists in database.")
        size = int(record["size"])
        await quotas.take(call, call.caller.project_id, {"backups": 1, "backup_gigabytes": size})
        return await self.insert(
            call,
            Backup(
                id=str(record["id"]),
                status=Backup.CREATING,
                size=size,
                volume_id=NO_VOLUME,
                project_id=call.caller.project_id,
                user_id=call.caller.user_id,
                record=request.record.backup_url,
            ),
        )

    # -- hooks

    async def prepare(self, call: Call, obj: Backup, request: Any, given: set[str]) -> None:
        if not isinstance(request, pb2.CreateBackupRequest):
            return  # imported
        body = request.backup
        check_metadata(body.metadata)
        volume = await call.service(Volumes).fetch(call, body.volume_id)
        snapshot = await self._source_snapshot(call, volume, body)
        parent = await self._parent(call, volume, snapshot) if body.incremental else None
        await quotas.take(call, call.caller.project_id, {"backups": 1, "backup_gigabytes": volume.size})
        obj.status, obj.size, obj.object_count = Backup.CREATING, volume.size, OBJECTS_PER_GB * volume.size
        obj.container, obj.availability_zone = body.container or CONTAINER, body.availability_zone or ZONE
        obj.project_id, obj.user_id = call.caller.project_id, call.caller.user_id
        obj.volume_metadata.update(user_metadata(volume))
        obj.image_metadata.update(volume.volume_image_metadata)
        assign(obj, "volume_name", volume.name if volume.HasField("name") else None)
        assign(obj, "volume_description", volume.description if volume.HasField("description") else None)
        assign(obj, "name", text(body, "name"))
        assign(obj, "description", text(body, "description"))
        assign(obj, "snapshot_id", snapshot.id if snapshot is not None else None)
        if snapshot is not None:
            obj.data_timestamp.CopyFrom(snapshot.created_at)
        else:
            call.stamp(obj.data_timestamp)
        if parent is not None:
            obj.is_incremental, obj.parent_id = True, parent.id
            await self._note_dependants(call, parent.id, has_some=True)
        await self._mark_source(call, volume, snapshot)

    async def change(
        self, call: Call, old: Backup, new: Backup, request: pb2.UpdateBackupRequest, given: set[str]
    ) -> None:
        check_metadata(request.backup.metadata)
        for field in given & {"name", "description"}:
            assign(new, field, text(request.backup, field))

    async def created(self, call: Call, obj: Backup, request: Any) -> None:
        await BACKUPS.enter(call, obj, "create")

    async def remove(self, call: Call, obj: Backup) -> None:
        await quotas.give(call, obj.project_id, {"backups": 1, "backup_gigabytes": obj.size})
        if obj.parent_id and await call.tx.get(Backup, obj.parent_id) is not None:
            others = [item for item in await self.dependants(call, obj.parent_id) if item.id != obj.id]
            await self._note_dependants(call, obj.parent_id, has_some=bool(others))

    # -- inside

    @staticmethod
    async def _source_snapshot(call: Call, volume: Volume, body: pb2.BackupCreate) -> Snapshot | None:
        """The snapshot that is backed up instead of its volume; refuses what is not ready."""
        if body.snapshot_id:
            snapshot = await call.service(Snapshots).fetch(call, body.snapshot_id)
            if snapshot.volume_id != volume.id:
                raise InvalidVolume(
                    why=f"Volume {volume.id} does not match with snapshot.volume_id {snapshot.volume_id}."
                )
            if snapshot.status != Snapshot.AVAILABLE:
                status = Snapshot.Status.Name(snapshot.status).lower()
                raise InvalidSnapshot(
                    why=f'Snapshot to be backed up must be available, but the current status is "{status}".'
                )
            return snapshot
        if volume.status not in EVEN_ATTACHED:
            raise InvalidVolume(
                why="Volume to be backed up must be available or in-use, "
                f'but the current status is "{WORDS[volume.status]}".'
            )
        if volume.status == Volume.IN_USE and not body.force:
            raise InvalidVolume(why="Backing up an in-use volume must use the force flag.")
        return None

    async def _parent(self, call: Call, volume: Volume, snapshot: Snapshot | None) -> Backup:
        """The latest backup that an increment can build on."""
        found = [
            item
            for item in await call.tx.query(Backup, volume_id=volume.id)
            if item.project_id == call.caller.project_id
            and item.status == Backup.AVAILABLE
            and (snapshot is None or timestamp_key(item.data_timestamp) < timestamp_key(snapshot.created_at))
        ]
        if not found:
            raise InvalidBackup(why=NO_PARENT)
        return max(found, key=lambda item: timestamp_key(item.data_timestamp))

    @staticmethod
    async def _mark_source(call: Call, volume: Volume, snapshot: Snapshot | None) -> None:
        if snapshot is not None:
            busy = copy_of(snapshot)
            busy.status = Snapshot.BACKING_UP
            await call.service(Snapshots).save(call, busy)
            return
        changed = copy_of(volume)
        changed.previous_status, changed.status = WORDS[volume.status], Volume.BACKING_UP
        await call.service(Volumes).save(call, changed)

    @staticmethod
    async def dependants(call: Call, id: str) -> list[Backup]:
        """The incremental backups that are based on one."""
        return await call.tx.query(Backup, parent_id=id)

    @staticmethod
    async def _note_dependants(call: Call, id: str, *, has_some: bool) -> None:
        parent = await call.tx.edit(Backup, id)
        parent.has_dependent_backups = has_some
        await call.tx.put(parent)


@BACKUPS.prepares("delete", "force_delete")
async def _prepare_delete(call: Call, backup: Backup, request: pb2.GetBackupRequest) -> None:
    if await Backups.dependants(call, backup.id):
        raise InvalidBackup(why="Incremental backups exist for this backup.")


@BACKUPS.prepares("reset_status")
async def _reset_status(call: Call, backup: Backup, request: pb2.ResetBackupStatusRequest) -> None:
    status = request.reset_status.status
    if status.lower() not in RESET_STATUSES:
        raise ParameterRefused(f"Backup status: {status} is invalid, valid statuses are: {RESET_STATUSES}.")
    backup.status = Backup.AVAILABLE if status.lower() == "available" else Backup.ERROR


@BACKUPS.on("create")
async def _created(call: Call, backup: Backup) -> None:
    """The source is free again; a backup that is imported becomes what its record says."""
    if backup.record:
        backup_records.apply(backup)
        return
    snapshot = await call.tx.get(Snapshot, backup.snapshot_id) if backup.snapshot_id else None
    if snapshot is not None and snapshot.status == Snapshot.BACKING_UP:
        free = copy_of(snapshot)
        free.status = Snapshot.AVAILABLE
        await call.service(Snapshots).save(call, free)
    volume = await call.tx.get(Volume, backup.volume_id)
    if volume is not None and volume.status == Volume.BACKING_UP and not backup.snapshot_id:
        changed = copy_of(volume)
        changed.status, changed.previous_status = status_number(volume.previous_status), ""
        await call.service(Volumes).save(call, changed)


@BACKUPS.fails()
async def _failed(call: Call, backup: Backup, why: str) -> None:
    backup.fail_reason = why


@BACKUPS.fails("create")
async def _not_created(call: Call, backup: Backup, why: str) -> None:
    """The source is free again, and nothing is in the backup."""
    backup.record = ""
    await _created(call, backup)
    backup.fail_reason = why


@BACKUPS.fails("restore")
async def _not_restored(call: Call, backup: Backup, why: str) -> None:
    """The backup can be used again, the volume cannot."""
    volume = await call.tx.get(Volume, backup.restore_volume_id)
    backup.restore_volume_id, backup.fail_reason = "", why
    if volume is not None and volume.status == Volume.RESTORING_BACKUP:
        changed = copy_of(volume)
        changed.status = Volume.ERROR_RESTORING
        await call.service(Volumes).save(call, changed)


@BACKUPS.on("restore")
async def _restored(call: Call, backup: Backup) -> None:
    volume = await call.tx.get(Volume, backup.restore_volume_id)
    backup.restore_volume_id = ""
    if volume is not None and volume.status == Volume.RESTORING_BACKUP:
        changed = copy_of(volume)
        changed.status = Volume.AVAILABLE
        _restore_metadata(changed, backup)
        await call.service(Volumes).save(call, changed)


def _restore_metadata(volume: Volume, backup: Backup) -> None:
    """What the backup kept comes back; a name only to a volume that the restore made (backup/driver.py)."""
    if backup.volume_name and (not volume.name or volume.name.startswith(RESTORED_NAME)):
        volume.name = backup.volume_name
        assign(volume, "description", backup.volume_description if backup.HasField("volume_description") else None)
    show_metadata(volume, dict(backup.volume_metadata))
    if backup.image_metadata:
        replace_map(volume.volume_image_metadata, backup.image_metadata)
        volume.bootable = "true"


@BACKUPS.on("delete", "force_delete")
async def _deleted(call: Call, backup: Backup) -> None:
    await call.service(Backups).discard(call, backup)
