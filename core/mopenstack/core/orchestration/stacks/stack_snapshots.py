"""Snapshots of stacks. Source: heat/engine/service.py (stack_snapshot, stack_restore)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import plain, plain_struct, to_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.orchestration.runs import ends, starts
from mopenstack.core.orchestration.runs.run import Run, resource_of
from mopenstack.core.orchestration.runs.states import action_of, status_of
from mopenstack.core.orchestration.stacks import lookups
from mopenstack.core.orchestration.stacks.redirections import accepted
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks import stack_snapshots_pb2 as pb
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

SNAPSHOTS_MAX = 32
"""heat.conf, max_snapshots_per_stack."""
NAME_MAX = 255


class StackSnapshots(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["StackSnapshots"]

    async def list_stack_snapshots(self, call: Call, request: pb.ListStackSnapshotsRequest) -> Result:
        stack = await lookups.stack_of(call, request)
        found = await call.tx.query(pb.StackSnapshot, stack_id=stack.id)
        found.sort(key=lambda one: (one.created_at.ToNanoseconds(), one.id), reverse=True)
        return pb.ListStackSnapshotsResponse(snapshots=found)

    async def create_stack_snapshot(self, call: Call, request: pb.CreateStackSnapshotRequest) -> Result:
        stack = await lookups.edit_of(call, request)
        if status_of(stack) == "IN_PROGRESS":
            raise refusals.ActionInProgress(name=stack.stack_name, action=action_of(stack))
        if not call.caller.is_admin and await call.tx.count(pb.StackSnapshot, stack_id=stack.id) >= SNAPSHOTS_MAX:
            raise refusals.RequestLimitExceeded(
                message=f"You have reached the maximum snapshots per stack, {SNAPSHOTS_MAX}. Please delete some "
                "snapshots."
            )
        name: Any = plain(request.name) if request.HasField("name") else None
        if (isinstance(name, str) and len(name) > NAME_MAX) or isinstance(name, dict | list):
            raise refusals.RemoteError()
        run = await Run.of(call, stack)
        snapshot = pb.StackSnapshot(id=call.ids.uuid(), stack_id=stack.id, status="IN_PROGRESS", action="CREATE")
        snapshot.name.CopyFrom(request.name)
        if name is None:
            snapshot.name.CopyFrom(to_value(None))
        snapshot.data.CopyFrom(to_struct(ends.stack_data(run) | {"resources": {}}))
        call.stamp(snapshot.created_at)
        await call.tx.put(snapshot, fresh=True)
        stack.snapshot_id = snapshot.id
        await starts.begin(call, stack, "SNAPSHOT")
        return snapshot

    async def get_stack_snapshot(self, call: Call, request: pb.GetStackSnapshotRequest) -> Result:
        return await _snapshot(call, await lookups.stack_of(call, request), request.snapshot_id)

    async def delete_stack_snapshot(self, call: Call, request: pb.DeleteStackSnapshotRequest) -> Result:
        stack = await lookups.edit_of(call, request)
        snapshot = await _snapshot(call, stack, request.snapshot_id)
        if snapshot.status == "IN_PROGRESS":
            raise refusals.NotSupported(feature="Deleting in-progress snapshot")
        await drop(call, stack, snapshot)
        return EMPTY

    async def restore_stack_snapshot(self, call: Call, request: pb.RestoreStackSnapshotRequest) -> Result:
        stack = await lookups.edit_of(call, request)
        snapshot = await _snapshot(call, stack, request.snapshot_id)
        data = plain_struct(snapshot.data)
        if snapshot.status != "COMPLETE" or "template" not in data:
            raise refusals.NotSupported(feature="Restoring incomplete snapshot")
        starts.replace_template(stack, data["template"], data["environment"], data["files"])
        stack.snapshot_id = snapshot.id
        del stack.tags[:]
        await starts.begin(call, stack, "RESTORE")
        return accepted()


async def _snapshot(call: Call, stack: Stack, id: str) -> pb.StackSnapshot:
    snapshot = await call.tx.get(pb.StackSnapshot, id)
    if snapshot is None or snapshot.stack_id != stack.id:
        raise refusals.SnapshotNotFound(id=id)
    return snapshot


async def drop(call: Call, stack: Stack, snapshot: pb.StackSnapshot) -> None:
    """Delete a snapshot, with what its resources kept of themselves."""
    run = await Run.of(call, stack)
    kept = plain_struct(snapshot.data).get("resources") or {}
    for row in run.rows.values():
        known = kept.get(row.resource_name)
        if known:
            kind = run.kind(row)
            await kind.delete_snapshot(run.context, resource_of(row), known.get("resource_data") or {})
    await call.tx.delete(pb.StackSnapshot, snapshot.id)
