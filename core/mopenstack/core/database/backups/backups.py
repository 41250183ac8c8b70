"""Backups: the guest makes them, and the object store keeps them (trove/backup/models.py)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault, PolicyRefused
from mopenstack.core.database.backups.strategies import strategy_of
from mopenstack.core.database.backups.views import page_of, view
from mopenstack.core.database.datastores.choices import datastore_of, of_version, version_by_id, versions_of
from mopenstack.core.database.instances.creating import last
from mopenstack.core.database.instances.status import RUNNING, check_available
from mopenstack.core.database.instances.views import USED
from mopenstack.core.database.pages import asked, is_true
from mopenstack.core.database.quotas import SERVICE
from mopenstack.core.database.users.databases import all_databases
from mopenstack.core.database.users.users import all_users
from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups import backups_pb2 as pb
from mopenstack.database.v1.instances.instances_pb2 import Instance

CONTAINER = "database_backups"
"""trove.conf: backup_swift_container."""


def _refuse(action: Any, backup: pb.Backup) -> Fault:
    return refusals.BackupRunning(id=backup.id)


BACKUPS: Lifecycle[pb.Backup] = Lifecycle(
    pb.Backup,
    (
        Action(
            "build",
            frozenset({pb.Backup.NEW}),
            interim=pb.Backup.NEW,
            to=pb.Backup.COMPLETED,
            seconds=20,
            steps=(Step(18, interim=pb.Backup.BUILDING),),
        ),
    ),
    _refuse,
    state="state",
    error=pb.Backup.FAILED,
)


class Backups(ResourceServicer[pb.Backup]):
    service = pb.DESCRIPTOR.services_by_name["Backups"]
    message = pb.Backup
    not_found = refusals.ResourceNotFound
    lifecycle = BACKUPS

    async def list_backups(self, call: Call, request: pb.ListBackupsRequest) -> Result:
        project_id = asked(request.query, "project_id")
        everywhere = is_true(asked(request.query, "all_projects"))
        if (project_id or everywhere) and not call.caller.is_admin:
            raise PolicyRefused(["backup:index:all_projects"])
        found = await call.tx.scan(pb.Backup)
        if project_id or not everywhere:
            found = await call.tx.query(pb.Backup, project_id=project_id or call.caller.project_id)
        instance_id, datastore = asked(request.query, "instance_id"), asked(request.query, "datastore")
        if instance_id:
            found = [one for one in found if one.instance_id == instance_id]
        if datastore:
            known = await versions_of(call, (await datastore_of(call, datastore)).id)
            ids = {one.id for one in known}
            found = [one for one in found if one.datastore_version_id in ids]
        return await page_of(call, found, request.query)

    async def create_backup(self, call: Call, request: pb.CreateBackupRequest) -> Result:
        wanted = request.backup
        backup = pb.Backup(name=wanted.name, storage_driver=wanted.storage_driver or "swift")
        if wanted.description:
            backup.description = wanted.description
        if wanted.HasField("restore_from"):
            await self._take_up(call, backup, wanted.restore_from)
        else:
            await self._begin(call, backup, wanted)
        await call.quota.take(SERVICE, call.caller.project_id, {"backups": 1})
        made = await self.insert(call, backup)
        if made.state == pb.Backup.NEW:
            await BACKUPS.begin(call, await call.tx.edit(pb.Backup, made.id), "build")
        return await view(call, made)

    async def _take_up(self, call: Call, backup: pb.Backup, source: pb.RestoreFrom) -> None:
        """A backup that another region made and the object store has."""
        version = await version_by_id(call, source.local_datastore_version_id)
        backup.state, backup.datastore_version_id = pb.Backup.RESTORED, version.id
        backup.location, backup.size = source.remote_location, source.size

    async def _begin(self, call: Call, backup: pb.Backup, wanted: pb.BackupCreate) -> None:
        if not wanted.instance_id:
            raise refusals.InstanceMissing()
        id = last(wanted.instance_id)
        instance = await call.tx.get(Instance, id)
        if instance is None or not (call.caller.is_admin or instance.project_id == call.caller.project_id):
            raise refusals.ResourceNotFound(id=id)
        await check_available(call, instance)
        if instance.cluster_id:
            raise refusals.ClusterInstanceOperation()
        chosen = await of_version(call, instance.datastore_version_id)
        assert chosen is not None
        if not chosen.manager.backups:
            raise refusals.DatastoreOperationNotSupported(operation="backup_create", datastore=chosen.datastore.name)
        backup.state, backup.instance_id = pb.Backup.NEW, id
        backup.datastore_version_id = instance.datastore_version_id
        backup.container = wanted.swift_container or await strategy_of(call, id) or CONTAINER
        if wanted.parent_id:
            parent = await call.tx.get(pb.Backup, wanted.parent_id)
            if parent is None or not self.visible(call, parent):
                raise refusals.ResourceNotFound(id=wanted.parent_id)
            backup.parent_id = parent.id
        elif wanted.incremental:
            done = [one for one in await call.tx.query(pb.Backup, instance_id=id) if one.state == pb.Backup.COMPLETED]
            done.sort(key=lambda one: (one.updated_at.seconds, one.updated_at.nanos))
            backup.parent_id = done[-1].id if done else ""

    async def get_backup(self, call: Call, request: pb.GetBackupRequest) -> Result:
        return await view(call, call.target)

    async def delete_backup(self, call: Call, request: pb.DeleteBackupRequest) -> Result:
        await self._delete(call, call.target)
        return EMPTY

    async def _delete(self, call: Call, backup: pb.Backup) -> None:
        """With those that were made on top of it; a chain of them is as long as it was made."""
        waiting, doomed = [backup], []
        while waiting:
            one = waiting.pop()
            doomed.append(one)
            waiting += await call.tx.query(pb.Backup, parent_id=one.id)
        for one in doomed:
            if one.state in RUNNING:
                raise refusals.BackupRunning(id=one.id)
        for one in doomed:
            await call.quota.give(SERVICE, one.project_id, {"backups": 1})
            await self.discard(call, one)


@BACKUPS.on("build")
async def made(call: Call, backup: pb.Backup) -> None:
    backup.location = (
        f"{call.context.cloud_url}/object-store/v1/AUTH_{backup.project_id}/{backup.container}/{backup.id}.tar.gz"
    )
    backup.size = USED
    backup.databases.extend(await all_databases(call, backup.instance_id))
    backup.users.extend(await all_users(call, backup.instance_id))
    call.stamp(backup.updated_at)
