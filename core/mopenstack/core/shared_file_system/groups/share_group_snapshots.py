"""Snapshots of whole share groups. Source: manila/api/v2/share_group_snapshots.py, manila/share_group/api.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.base import (
    AVAILABLE,
    CREATING,
    DELETING,
    ERROR,
    RESETTABLE,
    ManilaResource,
    assign,
    is_uuid,
    new_status,
)
from mopenstack.core.shared_file_system.groups.share_group_types import EXPERIMENTAL
from mopenstack.core.shared_file_system.groups.share_groups import ANY, IDLE, check_fields, check_filter
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups import share_group_snapshots_pb2 as pb2
from mopenstack.shared_file_system.v2.groups.share_group_snapshots_pb2 import ShareGroupSnapshot
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share


def _refuse(action: Action, snapshot: ShareGroupSnapshot) -> Fault:
    return refusals.InvalidGroupSnapshot(why="Share group snapshot status must be one of ('available', 'error')")


SNAPSHOTS: Lifecycle[ShareGroupSnapshot] = Lifecycle(
    ShareGroupSnapshot,
    (
        Action("create", frozenset({CREATING}), to=AVAILABLE, seconds=2),
        Action("delete", IDLE, interim=DELETING, seconds=1),
        Action("reset_status", ANY, seconds=0, cancels=True),
    ),
    _refuse,
    error=ERROR,
)


class ShareGroupSnapshots(ManilaResource[ShareGroupSnapshot]):
    service = pb2.DESCRIPTOR.services_by_name["ShareGroupSnapshots"]
    message = ShareGroupSnapshot
    not_found = refusals.ShareGroupSnapshotNotFound
    lifecycle = SNAPSHOTS
    experimental = EXPERIMENTAL

    # -- the RPCs

    async def create_share_group_snapshot(self, call: Call, request: pb2.CreateShareGroupSnapshotRequest) -> Result:
        body = request.share_group_snapshot
        if not body.share_group_id:
            raise refusals.Refused("Must supply 'share_group_id' attribute.")
        if not is_uuid(body.share_group_id):
            raise refusals.Refused("The 'share_group_id' attribute must be a uuid.")
        group = await call.tx.get(ShareGroup, body.share_group_id)
        if group is None or not (call.caller.is_admin or group.project_id == call.caller.project_id):
            raise refusals.GroupOfSnapshotNotFound(id=body.share_group_id)
        if group.status != AVAILABLE:
            raise refusals.InvalidShareGroup(why="Share group status must be available")
        snapshot = ShareGroupSnapshot(status=CREATING, share_group_id=group.id, user_id=call.caller.user_id)
        for share in await call.tx.query(Share, share_group_id=group.id):
            if share.status != AVAILABLE:
                raise refusals.InvalidShareGroup(
                    why=f"Share {share.id} in share group must have status of available in order to create a group "
                    "snapshot"
                )
            member = snapshot.members.add(id=call.ids.uuid(), size=share.size, share_id=share.id)
            member.share_proto, member.share_type_id = share.share_proto, share.share_type_id
            call.stamp(member.created_at)
        snapshot.project_id = call.caller.project_id
        assign(snapshot, "name", body.name if body.HasField("name") else None)
        assign(snapshot, "description", body.description if body.HasField("description") else None)
        await quotas.take(call, snapshot.project_id, snapshot.user_id, "", share_group_snapshots=1)
        snapshot = await self.insert(call, snapshot)
        await SNAPSHOTS.enter(call, copy_of(snapshot), "create")
        return snapshot

    async def list_share_group_snapshot_members(self, call: Call, request: pb2.ShareGroupSnapshotRequest) -> Result:
        snapshot = await self.fetch(call, request.group_snapshot_id)
        answer = pb2.ListShareGroupSnapshotMembersResponse()
        for one in snapshot.members:
            answer.share_group_snapshot_members.add(
                id=one.id,
                created_at=one.created_at,
                size=one.size,
                share_protocol=one.share_proto,
                project_id=snapshot.project_id,
                share_group_snapshot_id=snapshot.id,
                share_id=one.share_id,
            )
        return answer

    async def update_share_group_snapshot(self, call: Call, request: pb2.UpdateShareGroupSnapshotRequest) -> Result:
        body, paths = request.share_group_snapshot, set(request.mask.paths)
        check_fields(plain_struct(body.others), "The fields {unknown} are invalid or not allowed to be updated.")
        new = await call.tx.edit(ShareGroupSnapshot, call.target.id)
        for field in {"name", "description"} & paths:
            assign(new, field, getattr(body, field) if body.HasField(field) else None)
        await self.save(call, new)
        return new

    async def delete_share_group_snapshot(self, call: Call, request: Any) -> Result:
        await SNAPSHOTS.begin(call, copy_of(call.target), "delete")
        return EMPTY

    async def reset_share_group_snapshot_status(
        self, call: Call, request: pb2.ResetShareGroupSnapshotStatusRequest
    ) -> Result:
        await SNAPSHOTS.force(call, copy_of(call.target), new_status(request, RESETTABLE))
        return EMPTY

    async def force_delete_share_group_snapshot(self, call: Call, request: Any) -> Result:
        await self.discard(call, call.target)
        return EMPTY

    # -- hooks

    async def matches(self, call: Call, obj: ShareGroupSnapshot, key: str, values: Sequence[str]) -> bool:
        check_filter(self.fields, "Share group snapshots", key)
        return await super().matches(call, obj, key, values)

    async def remove(self, call: Call, obj: ShareGroupSnapshot) -> None:
        await quotas.give(call, obj.project_id, obj.user_id, "", share_group_snapshots=1)


@SNAPSHOTS.on("delete")
async def _deleted(call: Call, snapshot: ShareGroupSnapshot) -> None:
    await call.service(ShareGroupSnapshots).discard(call, snapshot)
