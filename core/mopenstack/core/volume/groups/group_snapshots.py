"""Snapshots of groups: one of every volume, at once. Source: cinder/api/v3/group_snapshots.py, group/api.py."""

from __future__ import annotations

import builtins
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import CinderResource, assign, text
from mopenstack.core.volume.groups.group_lifecycle import (
    GROUP_SNAPSHOTS,
    SNAPSHOT_NUMBERS,
    SNAPSHOT_VALID,
    refuse_snapshot,
)
from mopenstack.core.volume.groups.group_types import CG_TYPE, GroupTypes
from mopenstack.core.volume.groups.groups import Groups, refuse_cg
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.snapshots import Snapshots
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.volume.v3.groups import group_snapshots_pb2 as pb2
from mopenstack.volume.v3.groups.group_snapshots_pb2 import GroupSnapshot
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import GroupSnapshotNotFound, InvalidGroupSnapshotStatus, InvalidVolume
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

PAGES_SINCE = 29


class GroupSnapshots(CinderResource[GroupSnapshot]):
    service = pb2.DESCRIPTOR.services_by_name["GroupSnapshots"]
    message = GroupSnapshot
    not_found = GroupSnapshotNotFound
    lifecycle = GROUP_SNAPSHOTS
    resource = "group_snapshot"
    simple = tuple(field.name for field in GroupSnapshot.DESCRIPTOR.fields)

    # -- the RPCs

    async def list(self, call: Call, request: pb2.ListGroupSnapshotsRequest) -> Result:
        if not call.at_least(PAGES_SINCE):
            request.query.CopyFrom(common.Query())
        return await self.page(call, request)

    async def page(self, call: Call, request: Any) -> Result:
        """A list, whatever API asks for it."""
        return await super().list(call, request)

    async def get_group_snapshot(self, call: Call, request: pb2.GetGroupSnapshotRequest) -> Result:
        await refuse_cg(call, call.target.group_type_id)
        return call.target  # type: ignore[no-any-return]

    async def create_group_snapshot(self, call: Call, request: pb2.CreateGroupSnapshotRequest) -> Result:
        body = request.group_snapshot
        group = await call.service(Groups).fetch(call, body.group_id)
        await refuse_cg(call, group.group_type)
        return await self.make(call, group, text(body, "name"), text(body, "description"))

    async def delete_group_snapshot(self, call: Call, request: pb2.GetGroupSnapshotRequest) -> Result:
        await refuse_cg(call, call.target.group_type_id)
        await self.begin_delete(call, call.target.id)
        return EMPTY

    async def reset_group_snapshot_status(self, call: Call, request: pb2.ResetGroupSnapshotStatusRequest) -> Result:
        status = request.reset_status.status
        if not status.strip():
            raise InvalidGroupSnapshotStatus(why="The 'status' can not be empty.")
        if status.lower() not in SNAPSHOT_NUMBERS:
            raise InvalidGroupSnapshotStatus(
                why=f"Group snapshot status: {status} is invalid, valid statuses are: {SNAPSHOT_VALID}."
            )
        changed = await call.tx.edit(GroupSnapshot, call.target.id)
        await GROUP_SNAPSHOTS.force(call, changed, SNAPSHOT_NUMBERS[status.lower()])
        return EMPTY

    # -- hooks

    async def refine(self, call: Call, found: builtins.list[GroupSnapshot], query: Any) -> builtins.list[GroupSnapshot]:
        if call.operation is None or "Cgsnapshots" in call.operation.method:
            return found
        cg = await call.service(GroupTypes).by_name(call, CG_TYPE)
        return found if cg is None else [item for item in found if item.group_type_id != cg.id]

    async def created(self, call: Call, obj: GroupSnapshot, request: Any) -> None:
        await call.tx.schedule(obj, "create", call.cloud.due(GROUP_SNAPSHOTS.actions["create"].seconds))

    # -- what the consistency groups call

    async def make(self, call: Call, group: Group, name: str | None, description: str | None) -> GroupSnapshot:
        """A snapshot of each volume of the group; all of them fit the quota, or there is none."""
        await scheduling.refuse_frozen(call, group.host)
        volumes = await call.service(Groups).volumes_of(call, group.id)
        for volume in volumes:
            _check(call, volume)
        made = GroupSnapshot(
            group_id=group.id,
            group_type_id=group.group_type,
            status=GroupSnapshot.CREATING,
            project_id=call.caller.project_id,
            user_id=call.caller.user_id,
        )
        assign(made, "name", name)
        assign(made, "description", description)
        made = await self.insert(call, made)
        for volume in volumes:
            await call.service(Snapshots).make(call, volume, name, description, group_snapshot_id=made.id)
        return made

    async def begin_delete(self, call: Call, id: str) -> None:
        group_snapshot = await call.tx.edit(GroupSnapshot, id)
        group = await call.tx.get(Group, group_snapshot.group_id)
        await scheduling.refuse_frozen(call, group.host if group is not None else "")
        GROUP_SNAPSHOTS.check(call, group_snapshot, "delete")
        for made in await call.tx.query(Group, group_snapshot_id=id):
            if made.status == Group.CREATING:
                raise refuse_snapshot(GROUP_SNAPSHOTS.actions["delete"], group_snapshot)
        for snapshot in await call.tx.query(Snapshot, group_snapshot_id=id):
            going = copy_of(snapshot)
            going.status = Snapshot.DELETING
            await call.tx.unschedule("snapshot", going.id)
            await call.service(Snapshots).save(call, going)
        await GROUP_SNAPSHOTS.begin(call, group_snapshot, "delete")


def _check(call: Call, volume: Volume) -> None:
    """volume/api.py `_create_snapshot_in_db_validate`: anything but maintenance, migration and error."""
    if volume.status in (Volume.MAINTENANCE, Volume.ERROR):
        VOLUMES.check(call, volume, "snapshot")
    if volume.migration_status not in ("", "error", "success", "deleting"):
        raise InvalidVolume(why="Snapshot cannot be created while volume is migrating.")


@GROUP_SNAPSHOTS.on("delete")
async def _deleted(call: Call, group_snapshot: GroupSnapshot) -> None:
    for snapshot in await call.tx.query(Snapshot, group_snapshot_id=group_snapshot.id):
        await call.service(Snapshots).discard(call, snapshot)
    await call.service(GroupSnapshots).discard(call, group_snapshot)
