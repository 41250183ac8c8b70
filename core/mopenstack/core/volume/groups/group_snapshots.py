"""Snapshots of groups: one of every volume, at once. Source: cinder/api/v3/group_snapshots.py, group/api.py."""

from __future__ import annotations

import builtins
from typing import Any, cast

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
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
from mopenstack.core.volume.volumes.lifecycle import VOLUMES, is_migrating
from mopenstack.volume.v3.groups import group_snapshots_pb2 as pb2
from mopenstack.volume.v3.groups.consistency_groups_pb2 import GetCgsnapshotRequest
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

    async def list(self, call: Call, request: Any) -> Result:
        if not call.at_least(PAGES_SINCE):
            request.query.CopyFrom(common.Query())
        return await super().list(call, request)

    async def get(self, call: Call, request: Any) -> Result:
        await self.check_api(call, call.target.group_type_id)
        return await super().get(call, request)

    # -- hooks

    async def prepare(self, call: Call, obj: GroupSnapshot, request: Any, given: set[str]) -> None:
        body = request.group_snapshot
        group = await call.service(Groups).fetch(call, body.group_id)
        await self.check_api(call, group.group_type)
        await self.complete(call, obj, body, group)

    async def created(self, call: Call, obj: GroupSnapshot, request: Any) -> None:
        """A snapshot of each volume of the group; all of them fit the quota, or there is none."""
        await GROUP_SNAPSHOTS.enter(call, obj, "create")
        name, description = text(obj, "name"), text(obj, "description")
        for volume in await call.service(Groups).volumes_of(call, obj.group_id):
            await call.service(Snapshots).make(call, volume, name, description, group_snapshot_id=obj.id)

    async def refine(self, call: Call, found: builtins.list[GroupSnapshot], query: Any) -> builtins.list[GroupSnapshot]:
        """Those of consistency groups are not listed here."""
        cg = await call.service(GroupTypes).by_name(call, CG_TYPE)
        return found if cg is None else [item for item in found if item.group_type_id != cg.id]

    # -- what the consistency groups call

    async def check_api(self, call: Call, group_type_id: str) -> None:
        """Group snapshots that the consistency groups API made are for that API alone."""
        await refuse_cg(call, group_type_id, "group snapshots", "CG snapshot")

    async def complete(self, call: Call, made: GroupSnapshot, body: Any, group: Group) -> None:
        """A new group snapshot in `creating`; refused while a volume of the group cannot be copied."""
        await scheduling.refuse_frozen(call, group.host)
        for volume in await call.service(Groups).volumes_of(call, group.id):
            _check(call, volume)
        made.group_id, made.group_type_id, made.status = group.id, group.group_type, GroupSnapshot.CREATING
        made.project_id, made.user_id = call.caller.project_id, call.caller.user_id
        assign(made, "name", text(body, "name"))
        assign(made, "description", text(body, "description"))


def _check(call: Call, volume: Volume) -> None:
    """volume/api.py `_create_snapshot_in_db_validate`: anything but maintenance, migration and error."""
    if volume.status in (Volume.MAINTENANCE, Volume.ERROR):
        VOLUMES.check(call, volume, "snapshot")
    if is_migrating(volume):
        raise InvalidVolume(why="Snapshot cannot be created while volume is migrating.")


@GROUP_SNAPSHOTS.prepares("delete", unchecked=True)
async def _delete(
    call: Call, group_snapshot: GroupSnapshot, request: pb2.GetGroupSnapshotRequest | GetCgsnapshotRequest
) -> None:
    if isinstance(request, pb2.GetGroupSnapshotRequest):
        await call.service(GroupSnapshots).check_api(call, group_snapshot.group_type_id)
    group = await call.tx.get(Group, group_snapshot.group_id)
    await scheduling.refuse_frozen(call, group.host if group is not None else "")
    row = GROUP_SNAPSHOTS.check(call, group_snapshot, "delete")
    for made in await call.tx.query(Group, group_snapshot_id=group_snapshot.id):
        if made.status == Group.CREATING:
            raise refuse_snapshot(row, group_snapshot)
    for snapshot in await call.tx.query(Snapshot, group_snapshot_id=group_snapshot.id):
        going = copy_of(snapshot)
        going.status = Snapshot.DELETING
        await call.tx.unschedule("snapshot", going.id)
        await call.service(Snapshots).save(call, going)


@GROUP_SNAPSHOTS.prepares("reset_status")
async def _reset_status(
    call: Call, group_snapshot: GroupSnapshot, request: pb2.ResetGroupSnapshotStatusRequest
) -> None:
    status = request.reset_status.status
    if not status.strip():
        raise InvalidGroupSnapshotStatus(why="The 'status' can not be empty.")
    if status.lower() not in SNAPSHOT_NUMBERS:
        raise InvalidGroupSnapshotStatus(
            why=f"Group snapshot status: {status} is invalid, valid statuses are: {SNAPSHOT_VALID}."
        )
    group_snapshot.status = cast("GroupSnapshot.Status", SNAPSHOT_NUMBERS[status.lower()])


@GROUP_SNAPSHOTS.on("delete")
async def _deleted(call: Call, group_snapshot: GroupSnapshot) -> None:
    for snapshot in await call.tx.query(Snapshot, group_snapshot_id=group_snapshot.id):
        await call.service(Snapshots).discard(call, snapshot)
    await call.service(GroupSnapshots).discard(call, group_snapshot)
