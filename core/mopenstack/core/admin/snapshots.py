"""Snapshots and forks of clouds, their files and differences, as the admin API has them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value

from mopenstack.admin.v1 import snapshots_pb2 as pb
from mopenstack.contract.calls import ByteStream, Page
from mopenstack.contract.faults import BadRequest
from mopenstack.core.admin.admin import AdminServicer, shown
from mopenstack.core.engine import snapshot_files
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.differences import differences
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.engine.snapshots import CLOUD, Snapshot, Snapshots


class SnapshotService(AdminServicer):
    service = pb.DESCRIPTOR.services_by_name["Snapshots"]

    async def save_snapshot(self, call: Call, request: pb.SaveSnapshotRequest) -> Result:
        saved = await _snapshots(call).save(request.cloud, request.name, request.description, replace=request.replace)
        return _message(saved)

    async def list_snapshots(self, call: Call, request: pb.ListSnapshotsRequest) -> Result:
        return Page([_message(one) for one in await _snapshots(call).all()])

    async def get_snapshot(self, call: Call, request: pb.SnapshotRequest) -> Result:
        snapshots = _snapshots(call)
        found = _message(await snapshots.get(request.snapshot))
        state, _ = await snapshots.state(request.snapshot)
        for kind, count in Counter(one.kind for one in state.objects).items():
            found.resources[kind] = count
        return found

    async def delete_snapshot(self, call: Call, request: pb.SnapshotRequest) -> Result:
        await _snapshots(call).delete(request.snapshot)
        return EMPTY

    async def load_snapshot(self, call: Call, request: pb.LoadSnapshotRequest) -> Result:
        return shown(await _snapshots(call).load(request.cloud, request.snapshot))

    async def fork_cloud(self, call: Call, request: pb.ForkCloudRequest) -> Result:
        return shown(await _snapshots(call).fork(f"{CLOUD}{request.cloud}", request.name))

    async def diff_snapshots(self, call: Call, request: pb.DiffSnapshotsRequest) -> Result:
        engine, snapshots = call.administration.engine, _snapshots(call)
        await engine.registry.contract.ready()
        places = [await snapshots.place(named) for named in (request.before, request.after)]
        answer = []
        for one in differences(await engine.store.differing(*places), engine.registry.contract.resources):
            found = pb.Difference(kind=one.kind, id=one.id, name=one.name, change=one.change)
            for name, (before, after) in one.fields.items():
                found.fields.add(name=name, before=_value(before), after=_value(after))
            answer.append(found)
        return Page(answer)

    async def export_snapshot(self, call: Call, request: pb.ExportSnapshotRequest) -> Result:
        include = request.bytes != "reference"
        engine, snapshots = call.administration.engine, _snapshots(call)
        pieces = await snapshot_files.written(snapshots, engine, request.snapshot, include=include)
        headers = {"Content-Disposition": f'attachment; filename="{request.snapshot}.tar"'}
        return ByteStream(pieces, -1, "application/x-tar", headers)

    async def import_snapshot(self, call: Call, request: pb.ImportSnapshotRequest) -> Result:
        if call.context.body is None:
            raise BadRequest("The body must be the file of a snapshot.")
        engine = call.administration.engine
        return _message(await snapshot_files.read(_snapshots(call), engine, request.snapshot, call.context.body))


def _snapshots(call: Call) -> Snapshots:
    return Snapshots(call.administration.engine)


def _message(snapshot: Snapshot) -> pb.Snapshot:
    found = pb.Snapshot(name=snapshot.name, cloud=snapshot.cloud, description=snapshot.description)
    found.created_at.FromMicroseconds(round(snapshot.created_at * 1_000_000))
    return found


def _value(value: Any) -> Value:
    found = Value()
    json_format.ParseDict(value, found)
    return found
