"""Logical volumes of the back ends that cinder can manage, and unmanaging volumes and snapshots.

Source: cinder/api/v3/volume_manage.py, snapshot_manage.py, contrib/*_unmanage.py; volume/drivers/lvm.py.
What is unmanaged stays on its pool under its name (StorageObject) and can be managed again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from google.protobuf.struct_pb2 import Value

from mopenstack.contract.faults import BadRequest, Fault, NotFound
from mopenstack.contract.values import plain, to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import ZONE, assign, literal, text
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.hosts.scheduling import Pool
from mopenstack.core.volume.messages import Action, Detail, Messages
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.snapshots import SNAPSHOTS, Snapshots
from mopenstack.core.volume.types.type_encryption import encryption_of
from mopenstack.core.volume.types.types import Types, is_multiattach
from mopenstack.core.volume.volumes.lifecycle import VOLUMES, refuse
from mopenstack.core.volume.volumes.metadata import check_metadata
from mopenstack.core.volume.volumes.volumes import SERVICE_UUID, Volumes
from mopenstack.volume.v3.refusals import InvalidInput, InvalidVolume, InvalidVolumeType, ParameterRefused
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import manageable_pb2 as pb2
from mopenstack.volume.v3.volumes.manageable_pb2 import StorageObject
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

CLUSTER_SINCE = 17
MANAGE_CLUSTER_SINCE = 16
PAGE_MAX = 1000
SORT_KEYS = ("reference", "size")
MANAGED_NAME = re.compile(r"volume-([0-9a-f-]{36})")
ALREADY_MANAGED = "already managed"

Item = dict[str, Any]


def volume_name(id: str) -> str:
    """The logical volume of a volume (volume_name_template)."""
    return f"volume-{id}"


def snapshot_name(id: str) -> str:
    """The logical volume of a snapshot; LVM keeps names that begin with "snapshot" for itself."""
    return f"_snapshot-{id}"


class Manageable(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Manageable"]

    async def list_manageable_volumes(self, call: Call, request: pb2.ListManageableRequest) -> Result:
        return _answer(await self._volumes(call, request), pb2.ListManageableVolumesResponse, "volumes")

    async def list_manageable_volumes_detail(self, call: Call, request: pb2.ListManageableRequest) -> Result:
        return _answer(await self._volumes(call, request), pb2.ListManageableVolumesDetailResponse, "volumes")

    async def list_manageable_snapshots(self, call: Call, request: pb2.ListManageableRequest) -> Result:
        return _answer(await self._snapshots(call, request), pb2.ListManageableSnapshotsResponse, "snapshots")

    async def list_manageable_snapshots_detail(self, call: Call, request: pb2.ListManageableRequest) -> Result:
        return _answer(await self._snapshots(call, request), pb2.ListManageableSnapshotsDetailResponse, "snapshots")

    async def _volumes(self, call: Call, request: pb2.ListManageableRequest) -> list[Item]:
        pool = await _pool_of(call, request, "volumes")
        found = [
            _item(volume_name(volume.id), volume.size, volume.id)
            for volume in await call.tx.scan(Volume)
            if volume.host == pool.name and volume.size
        ]
        found += [_item(left.id, left.size) for left in await _unmanaged_objects(call, pool) if not left.origin]
        return _page(found, request)

    async def _snapshots(self, call: Call, request: pb2.ListManageableRequest) -> list[Item]:
        pool = await _pool_of(call, request, "snapshots")
        here = {volume.id for volume in await call.tx.scan(Volume) if volume.host == pool.name}
        found = [
            {
                **_item(snapshot_name(snapshot.id), snapshot.size, snapshot.id),
                "source_reference": {"source-name": volume_name(snapshot.volume_id)},
            }
            for snapshot in await call.tx.scan(Snapshot)
            if snapshot.volume_id in here
        ]
        found += [
            {**_item(left.id, left.size), "source_reference": {"source-name": left.origin}}
            for left in await _unmanaged_objects(call, pool)
            if left.origin
        ]
        return _page(found, request)

    async def manage_volume(self, call: Call, request: pb2.ManageVolumeRequest) -> Result:
        body = request.volume
        check_metadata(body.metadata)
        host = _host_of(call, body, MANAGE_CLUSTER_SINCE)
        kind = None
        if body.volume_type:
            try:
                kind = await call.service(Types).by_name_or_id(call, body.volume_type)
            except NotFound:
                raise InvalidVolumeType(why=f"Cannot find requested '{body.volume_type}' volume type") from None
        name = _source_name(body.ref)
        managed = MANAGED_NAME.fullmatch(name)
        if managed is not None and await call.tx.get(Volume, managed[1]) is not None:
            raise InvalidVolume("Unable to manage existing volume. The volume is already managed")
        kind = kind or await call.service(Types).default(call)
        if await encryption_of(call, kind.id) is not None:
            raise InvalidVolumeType("Managing to an encrypted volume type is not supported.")
        pool = scheduling.pool_named(host)
        if pool is None:
            raise BadRequest(f"Host '{host}' not found")
        await _refuse_disabled(call, pool)
        volume = Volume(
            status=Volume.MANAGING,
            availability_zone=body.availability_zone or ZONE,
            volume_type=kind.name,
            volume_type_id=kind.id,
            user_id=call.caller.user_id,
            project_id=call.caller.project_id,
            bootable=str(body.bootable).lower(),
            multiattach=is_multiattach(kind),
            host=pool.name,
            service_uuid=SERVICE_UUID,
            shared_targets=False,
            attach_status="detached",
            metadata=body.metadata,
            request_id=call.context.request_id,
            source_name=name,
        )
        assign(volume, "name", text(body, "name"))
        assign(volume, "description", text(body, "description"))
        made = await call.service(Volumes).insert(call, volume)
        await VOLUMES.enter(call, made, "manage")
        return made

    async def manage_snapshot(self, call: Call, request: pb2.ManageSnapshotRequest) -> Result:
        body = request.snapshot
        check_metadata(body.metadata)
        volume = await call.service(Volumes).fetch(call, body.volume_id)
        pool = scheduling.pool_named(volume.host)
        if pool is not None:
            await _refuse_disabled(call, pool)
        name, description = text(body, "name"), text(body, "description")
        return await call.service(Snapshots).make(
            call, volume, name, description, body.metadata, source_name=_source_name(body.ref) or "?"
        )


def _item(name: str, size: int, id: str = "") -> Item:
    return {
        "reference": {"source-name": name},
        "size": size,
        "safe_to_manage": not id,
        "reason_not_safe": ALREADY_MANAGED if id else None,
        "cinder_id": id or None,
        "extra_info": None,
    }


def _answer(items: Sequence[Item], response: Callable[[], Any], field: str) -> Result:
    """The items, with those of their keys that the response shows."""
    answer: Any = response()
    for item in items:
        shown = getattr(answer, field).add()
        for key, value in item.items():
            if key in shown.DESCRIPTOR.fields_by_name and value is not None:
                if isinstance(value, dict):
                    getattr(shown, key).CopyFrom(to_struct(value))
                else:
                    setattr(shown, key, value)
    return cast("Result", answer)


def _page(found: list[Item], request: pb2.ListManageableRequest) -> list[Item]:
    """Sorted and cut as volume_utils.paginate_entries_list does."""
    query = request.query
    bad = [item.key for item in query.sort if item.key not in SORT_KEYS]
    if bad:
        raise ParameterRefused(f"Invalid sort keys passed: {', '.join(bad)}")
    order = [(item.key, item.descending) for item in query.sort] or [("reference", True)]
    for key, descending in reversed(order):
        found.sort(
            key=lambda item: item["reference"]["source-name"] if key == "reference" else item[key],
            reverse=descending,
        )
    start = query.offset
    if query.marker:
        marker = literal(query.marker)
        places = [place for place, item in enumerate(found) if item["reference"] == marker]
        if not places:
            raise InvalidInput(why=f"marker not found: {query.marker}")
        start += places[0] + 1
    if query.limit < 0:
        return []
    return found[start : start + (query.limit or PAGE_MAX)]


async def _pool_of(call: Call, request: pb2.ListManageableRequest, what: str) -> Pool:
    given = {item.key: item.values[0] for item in request.query.filters}
    host = _one_of(given.get("host", ""), given.get("cluster", ""), call.at_least(CLUSTER_SINCE))
    pool = scheduling.pool_named(host)
    if pool is None:
        raise NotFound(f"Service cinder-volume could not be found on host {host}.")
    await _refuse_disabled(call, pool)
    return pool


async def _refuse_disabled(call: Call, pool: Pool) -> None:
    if (await scheduling.service_state(call, pool)).disabled:
        raise BadRequest("Service is unavailable at this time.")


def _host_of(call: Call, body: Any, since: int) -> str:
    return _one_of(body.host, body.cluster, call.at_least(since))


def _one_of(host: str, cluster: str, clustered: bool) -> str:
    """cinder.api.common.get_cluster_host; there are no clusters, so it is a host that is found."""
    if not clustered:
        if not host:
            raise InvalidInput(why="Host field is missing.")
        return host
    if bool(host) == bool(cluster):
        raise InvalidInput(why="One and only one of cluster and host must be set.")
    return host or cluster


def _source_name(ref: Value) -> str:
    """The logical volume that a reference names; empty for one that says something else."""
    value = plain(ref)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return str(value.get("source-name", "")) if isinstance(value, dict) else ""


async def _unmanaged_objects(call: Call, pool: Pool) -> list[StorageObject]:
    return await call.tx.query(StorageObject, pool=pool.name)


@VOLUMES.on("manage")
async def _managed(call: Call, volume: Volume) -> None:
    """The volume becomes what its pool has under the name; it is in error if there is no such thing."""
    left = await call.tx.get(StorageObject, volume.source_name)
    units = quotas.units(volume.volume_type, volumes=1, gigabytes=left.size if left is not None else 0)
    try:
        if left is None or left.origin or left.pool != volume.host:
            raise InvalidInput(why="Specified logical volume does not exist.")
        await quotas.take(call, volume.project_id, units)
    except Fault:
        volume.status, volume.source_name = Volume.ERROR_MANAGING, ""
        await call.service(Messages).tell(
            call, volume.project_id, volume.id, Action.MANAGE, Detail.DRIVER_FAILED_CREATE, volume.request_id
        )
        return
    await call.tx.delete(StorageObject, left.id)
    volume.size, volume.consumes_quota, volume.status, volume.source_name = left.size, True, Volume.AVAILABLE, ""


@VOLUMES.prepares("unmanage", unchecked=True)
async def _unmanage(call: Call, volume: Volume, request: pb2.UnmanageVolumeRequest) -> None:
    if volume.encrypted:
        raise InvalidVolume(why="Unmanaging encrypted volumes is not supported.")
    row = VOLUMES.check(call, volume, "unmanage")
    if await call.tx.count(Snapshot, volume_id=volume.id):
        raise refuse(row, volume)


@VOLUMES.on("unmanage")
async def _unmanaged(call: Call, volume: Volume) -> None:
    """Its space stays taken."""
    left = StorageObject(id=volume_name(volume.id), size=volume.size, pool=volume.host)
    await call.service(Volumes).discard(call, volume)
    pool = scheduling.pool_named(volume.host)
    if pool is not None:
        await scheduling.take(call, pool, volume.size)
        await call.tx.put(left)


@SNAPSHOTS.on("unmanage")
async def _unmanaged_snapshot(call: Call, snapshot: Snapshot) -> None:
    volume = await call.tx.get(Volume, snapshot.volume_id)
    await call.service(Snapshots).discard(call, copy_of(snapshot))
    if volume is not None and volume.host:
        await call.tx.put(
            StorageObject(
                id=snapshot_name(snapshot.id), size=snapshot.size, pool=volume.host, origin=volume_name(volume.id)
            )
        )
