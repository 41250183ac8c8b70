"""Backups as they are shown (trove/backup/views.py)."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.database.datastores.choices import of_version
from mopenstack.core.database.pages import by_offset, page
from mopenstack.core.engine.call import Call
from mopenstack.database.v1.backups.backup_views_pb2 import BackupView
from mopenstack.database.v1.backups.backups_pb2 import Backup


async def view(call: Call, backup: Backup) -> BackupView:
    """A backup."""
    shown = BackupView(
        id=backup.id,
        name=backup.name,
        status=Backup.State.Name(backup.state),
        created=backup.created_at,
        updated=backup.updated_at,
        project_id=backup.project_id,
    )
    if backup.HasField("description"):
        shown.description = backup.description
    if backup.location:
        shown.location = backup.location
    if backup.instance_id:
        shown.instance_id = backup.instance_id
    if backup.HasField("size"):
        shown.size = backup.size
    if backup.parent_id:
        shown.parent_id = backup.parent_id
    chosen = await of_version(call, backup.datastore_version_id)
    if chosen is not None:
        shown.datastore.type, shown.datastore.version = chosen.datastore.name, chosen.version.name
        shown.datastore.version_id = chosen.version.id
    return shown


async def page_of(call: Call, found: Iterable[Backup], query: common.Query) -> Page:
    """A page of backups, the newest first."""
    ordered = sorted(found, key=lambda one: (one.updated_at.seconds, one.updated_at.nanos, one.id), reverse=True)
    items, marker = by_offset(call, ordered, query)
    return page([await view(call, one) for one in items], marker)
