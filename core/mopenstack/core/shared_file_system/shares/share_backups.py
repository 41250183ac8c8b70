"""Backups of shares. Source: manila/api/v2/share_backups.py, manila/share/api.py."""

from __future__ import annotations

from typing import ClassVar

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.base import (
    ALWAYS,
    AVAILABLE,
    CREATING,
    DELETING,
    ERROR,
    RESETTABLE,
    ManilaResource,
    asked,
    assign,
    given,
    new_status,
)
from mopenstack.core.shared_file_system.shares import removal
from mopenstack.core.shared_file_system.shares.states import ANY, SHARES
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import share_backups_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.share_backups_pb2 import ShareBackup
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot


def _refuse(action: Action, backup: ShareBackup) -> Fault:
    states = "available or error" if action.name == "delete" else "available"
    return refusals.InvalidBackup(why=f"Backup {backup.id} status must be {states}")


BACKUPS: Lifecycle[ShareBackup] = Lifecycle(
    ShareBackup,
    (
        Action("create", frozenset({CREATING}), to=AVAILABLE, seconds=2, sets={"progress": "100"}),
        Action("delete", frozenset({AVAILABLE, ERROR}), interim=DELETING, seconds=1, error="error_deleting"),
        Action(
            "restore",
            frozenset({AVAILABLE}),
            interim="restoring",
            to=AVAILABLE,
            seconds=2,
            during={"restore_progress": "0"},
            sets={"restore_progress": "100"},
        ),
        Action("reset_status", ANY, seconds=0, cancels=True),
    ),
    _refuse,
    error=ERROR,
)


class ShareBackups(ManilaResource[ShareBackup]):
    service = pb2.DESCRIPTOR.services_by_name["ShareBackups"]
    message = ShareBackup
    not_found = refusals.BackupNotFound
    lifecycle = BACKUPS
    experimental = ALWAYS
    own_filters: ClassVar[tuple[str, ...] | None] = (
        "name", "status", "share_id", "topic", "name~", "description~", "description",
    )  # fmt: skip

    async def create_share_backup(self, call: Call, request: pb2.CreateShareBackupRequest) -> Result:
        body = request.share_backup
        if not body.share_id:
            raise refusals.Refused("'share_id' is missing from the request body.")
        share = await call.tx.get(Share, body.share_id)
        if share is None or not (call.caller.is_admin or share.project_id == call.caller.project_id):
            raise refusals.ShareOfBackupNotFound(id=body.share_id)
        await _check_share(call, share)
        await quotas.take(call, call.caller.project_id, "", "", backups=1, backup_gigabytes=share.size)
        options = plain_struct(body.backup_options)
        backup = ShareBackup(share_id=share.id, status=CREATING, size=share.size, progress="0", restore_progress="0")
        backup.availability_zone, backup.user_id = share.availability_zone, call.caller.user_id
        assign(backup, "name", body.name if body.HasField("name") else None)
        assign(backup, "description", body.description if body.HasField("description") else None)
        assign(backup, "backup_type", options.get("backup_type"))
        backup.topic = "manila-share" if options else "manila-data"
        if options:
            backup.host = share.host.partition("#")[0]
        backup = await self.insert(call, backup)
        await BACKUPS.enter(call, backup, "create")
        await SHARES.begin(call, copy_of(share), "back_up")
        return backup

    async def update_share_backup(self, call: Call, request: pb2.UpdateShareBackupRequest) -> Result:
        new = await call.tx.edit(ShareBackup, call.target.id)
        for field in ("name", "description"):
            if field in request.mask.paths:
                body = request.share_backup
                assign(new, field, getattr(body, field) if body.HasField(field) else None)
        await self.save(call, new)
        return new

    async def delete_share_backup(self, call: Call, request: pb2.ShareBackupRequest) -> Result:
        await BACKUPS.begin(call, copy_of(call.target), "delete")
        return EMPTY

    async def restore_share_backup(self, call: Call, request: pb2.RestoreShareBackupRequest) -> Result:
        backup: ShareBackup = call.target
        BACKUPS.check(call, backup, "restore")
        other = given(request.restore) if call.at_least(91) else None
        share = await call.tx.get(Share, str(other or backup.share_id))
        if share is None or not (call.caller.is_admin or share.project_id == call.caller.project_id):
            raise refusals.ShareNotThere()
        if share.status != AVAILABLE:
            raise refusals.InvalidShare(why="Share to be restored to must be available")
        if backup.size > share.size:
            raise refusals.InvalidShare(
                why=f"Share size {share.size} is too small to restore backup of size {backup.size}"
            )
        await BACKUPS.begin(call, copy_of(backup), "restore")
        restored = copy_of(share)
        restored.source_backup_id = backup.id
        await SHARES.begin(call, restored, "restore_backup")
        answer = pb2.RestoreShareBackupResponse.Restore(backup_id=backup.id, share_id=share.id)
        return pb2.RestoreShareBackupResponse(restore=answer)

    async def reset_share_backup_status(self, call: Call, request: pb2.ResetShareBackupStatusRequest) -> Result:
        await BACKUPS.force(call, copy_of(call.target), new_status(request, RESETTABLE))
        return EMPTY

    async def list(self, call: Call, request: pb2.ListShareBackupsRequest) -> Result:
        share_id = asked(request.query, "share_id")
        if share_id is not None:
            share = await call.tx.get(Share, share_id)
            if share is None or not (call.caller.is_admin or share.project_id == call.caller.project_id):
                raise refusals.ShareOfBackupNotFound(id=share_id)
        return await super().list(call, request)

    async def remove(self, call: Call, obj: ShareBackup) -> None:
        await quotas.give(call, obj.project_id, "", "", backups=1, backup_gigabytes=obj.size)


async def _check_share(call: Call, share: Share) -> None:
    if share.is_soft_deleted:
        raise refusals.ForbiddenNow(f"Backup can not be created for share '{share.id}' since it has been soft deleted.")
    removal.check_busy(share, refusals.ShareIsBusy)
    if share.status != AVAILABLE:
        raise refusals.Refused(
            f"Share {share.id} is in '{share.status}' state, but it must be in 'available' state to create a backup."
        )
    if await call.tx.count(Snapshot, share_id=share.id):
        raise refusals.Refused(f"Cannot backup share {share.id} while it has snapshots.")
    if share.has_replicas:
        raise refusals.Refused(f"Cannot backup share {share.id} while it has replicas.")


@BACKUPS.on("delete")
async def _deleted(call: Call, backup: ShareBackup) -> None:
    await call.service(ShareBackups).discard(call, backup)
