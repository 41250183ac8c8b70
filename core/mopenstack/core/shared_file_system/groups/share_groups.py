"""Share groups. Source: manila/api/v2/share_groups.py, manila/share_group/api.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain, plain_struct
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import backends, quotas
from mopenstack.core.shared_file_system.base import (
    AVAILABLE,
    CREATING,
    DELETING,
    ERROR,
    RESETTABLE,
    ZONE,
    ManilaResource,
    assign,
    drop,
    is_uuid,
    new_status,
)
from mopenstack.core.shared_file_system.groups.share_group_types import EXPERIMENTAL, default
from mopenstack.core.shared_file_system.networks.servers import serve
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.shared_file_system.shares import removal
from mopenstack.core.shared_file_system.shares.create import describe, place, take_quota
from mopenstack.core.shared_file_system.shares.shares import Shares
from mopenstack.core.shared_file_system.types.share_types import SERVERS, ShareTypes, truth
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups import share_groups_pb2 as pb2
from mopenstack.shared_file_system.v2.groups.share_group_snapshots_pb2 import ShareGroupSnapshot
from mopenstack.shared_file_system.v2.groups.share_group_types_pb2 import ShareGroupType
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

FIELDS = frozenset({
    "name", "description", "share_types", "share_group_type_id", "source_share_group_snapshot_id", "share_network_id",
    "availability_zone",
})  # fmt: skip
IDLE = frozenset({AVAILABLE, ERROR})
ANY = frozenset({*RESETTABLE, CREATING, "available"})
CONSISTENT = "pool"
"""What the driver says of snapshots of whole groups."""


def _refuse(action: Action, group: ShareGroup) -> Fault:
    return refusals.InvalidShareGroup(why="Share group status must be one of ('available', 'error')")


GROUPS: Lifecycle[ShareGroup] = Lifecycle(
    ShareGroup,
    (
        Action("create", frozenset({CREATING}), seconds=2),  # to available, or to error without a back end
        Action("delete", IDLE, interim=DELETING, seconds=1),
        Action("reset_status", ANY, seconds=0, cancels=True),
    ),
    _refuse,
    error=ERROR,
)


class ShareGroups(ManilaResource[ShareGroup]):
    service = pb2.DESCRIPTOR.services_by_name["ShareGroups"]
    message = ShareGroup
    not_found = refusals.ShareGroupNotFound
    lifecycle = GROUPS
    experimental = EXPERIMENTAL

    # -- the RPCs

    async def create_share_group(self, call: Call, request: pb2.CreateShareGroupRequest) -> Result:
        body, paths = request.share_group, set(request.mask.paths)
        check_fields(plain_struct(body.others), "The fields {unknown} are invalid.")
        snapshot_given = "source_share_group_snapshot_id" in paths
        types = await self._types(call, body, paths)
        _check_source(body, paths)
        if body.availability_zone and body.availability_zone != ZONE:
            raise refusals.AvailabilityZoneNotFound(id=body.availability_zone)
        for field in ("source_share_group_snapshot_id", "share_network_id", "share_group_type_id"):
            if field in paths and not is_uuid(getattr(body, field)):
                raise refusals.Refused(f"The '{field}' attribute must be a uuid.")
        kind = await self._group_type(call, body, paths)
        group = ShareGroup(status=CREATING, user_id=call.caller.user_id, project_id=call.caller.project_id)
        snapshot = await self._snapshot(call, body) if snapshot_given else None
        network_id = body.share_network_id
        if snapshot is not None:
            original = await self.fetch(call, snapshot.share_group_id)
            types, network_id = list(original.share_types), original.share_network_id
            for field in ("host", "share_server_id", "availability_zone"):
                assign(group, field, getattr(original, field) or None)
        await self._check_types(call, types, network_id, from_snapshot=snapshot is not None)
        await self._check_group_type(call, body, kind, types)
        for field, value in (
            ("name", body.name),
            ("description", body.description),
            ("share_network_id", network_id),
            ("share_group_type_id", kind),
            ("source_share_group_snapshot_id", body.source_share_group_snapshot_id),
            ("availability_zone", body.availability_zone or group.availability_zone),
        ):
            assign(group, field, value or None)
        group.share_types.extend(types)
        await quotas.take(call, group.project_id, group.user_id, "", share_groups=1)
        group = await self.insert(call, group)
        if snapshot is not None:
            await self._fill(call, group, snapshot)
        await GROUPS.enter(call, copy_of(group), "create")
        return group

    async def update_share_group(self, call: Call, request: pb2.UpdateShareGroupRequest) -> Result:
        body, paths = request.share_group, set(request.mask.paths)
        check_fields(plain_struct(body.others), "The fields {unknown} are invalid or not allowed to be updated.")
        new = await call.tx.edit(ShareGroup, call.target.id)
        for field in {"name", "description"} & paths:
            assign(new, field, getattr(body, field) if body.HasField(field) else None)
        await self.save(call, new)
        return new

    async def delete_share_group(self, call: Call, request: Any) -> Result:
        group = call.target
        if not group.host:
            await self.discard(call, group)
            return EMPTY
        GROUPS.check(call, group, "delete")
        if await call.tx.query(ShareGroupSnapshot, share_group_id=group.id):
            raise refusals.InvalidShareGroup(why="Cannot delete a share group with snapshots")
        if await call.tx.query(Share, share_group_id=group.id):
            raise refusals.InvalidShareGroup(why="Cannot delete a share group with shares")
        await GROUPS.begin(call, copy_of(group), "delete")
        return EMPTY

    async def reset_share_group_status(self, call: Call, request: pb2.ResetShareGroupStatusRequest) -> Result:
        await GROUPS.force(call, copy_of(call.target), new_status(request, RESETTABLE))
        return EMPTY

    async def force_delete_share_group(self, call: Call, request: Any) -> Result:
        group = call.target
        for snapshot in await call.tx.query(ShareGroupSnapshot, share_group_id=group.id):
            await call.owner_of("share_group_snapshot").discard(call, snapshot)
        for share in await call.tx.query(Share, share_group_id=group.id):
            await removal.discard(call, share)
        await self.discard(call, group)
        return EMPTY

    # -- hooks

    async def list(self, call: Call, request: Any) -> Result:
        if not call.at_least(36):
            drop(request.query, ["name~", "description~"])
        for item in request.query.filters:
            item.key = "share_group_type_id" if item.key == "group_type_id" else item.key
        return await super().list(call, request)

    async def matches(self, call: Call, obj: ShareGroup, key: str, values: Sequence[str]) -> bool:
        check_filter(self.fields, "Share groups", key)
        return await super().matches(call, obj, key, values)

    async def remove(self, call: Call, obj: ShareGroup) -> None:
        await quotas.give(call, obj.project_id, obj.user_id, "", share_groups=1)

    # -- the checks

    @staticmethod
    async def _types(call: Call, body: Any, paths: set[str]) -> Sequence[str]:
        """The ids of the share types of a new group."""
        types = plain(body.share_types) if body.share_types.WhichOneof("kind") else None
        if "share_types" in paths and "source_share_group_snapshot_id" in paths:
            raise refusals.Refused("Cannot supply both 'share_types' and 'source_share_group_snapshot_id' attributes.")
        if not types and "source_share_group_snapshot_id" not in paths:
            kind = await call.service(ShareTypes).default(call)
            if kind is None:
                raise refusals.Refused(
                    "Must specify at least one share type as a default share type has not been configured."
                )
            return [kind.id]
        listed = types if isinstance(types, list) else list(str(types)) if types else []
        if not all(is_uuid(one) for one in listed):
            raise refusals.Refused("The 'share_types' attribute must be a list of uuids")
        return listed

    @staticmethod
    async def _group_type(call: Call, body: Any, paths: set[str]) -> str:
        if "share_group_type_id" in paths:
            return str(body.share_group_type_id)
        kind = await default(call)
        if kind is None:
            raise refusals.Refused(
                "Must specify a share group type as a default share group type has not been configured."
            )
        return kind.id

    @staticmethod
    async def _snapshot(call: Call, body: Any) -> ShareGroupSnapshot:
        found = await call.tx.get(ShareGroupSnapshot, body.source_share_group_snapshot_id)
        if found is None or not (call.caller.is_admin or found.project_id == call.caller.project_id):
            raise refusals.SourceGroupSnapshotNotFound(id=body.source_share_group_snapshot_id)
        if found.status != AVAILABLE:
            raise refusals.InvalidGroupSnapshot(why="Share group snapshot status must be available.")
        return found

    @staticmethod
    async def _check_types(call: Call, types: Sequence[str], network_id: str, *, from_snapshot: bool) -> None:
        serves: bool | None = None
        for id in types:
            kind = await call.tx.get(StoredShareType, id)
            if kind is None:
                raise refusals.Refused(f"Share type with id {id} could not be found.")
            own = truth(kind.extra_specs.get(SERVERS, "")) is True
            if serves not in (None, own):
                raise refusals.InvalidInput(
                    why="The specified share_types cannot have conflicting values for the "
                    "driver_handles_share_servers extra spec"
                )
            serves = own
            if not own and network_id:
                raise refusals.InvalidInput(
                    why="When using a share types with the driver_handles_share_servers extra spec as False, a "
                    "share_network_id must not be provided"
                )
        network = await call.tx.get(ShareNetwork, network_id) if network_id else None
        if network_id and network is None:
            raise refusals.InvalidInput(why="The specified share network does not exist")
        if network is not None:
            check_active(network)
        if serves and not network_id and not from_snapshot:
            raise refusals.InvalidInput(
                why="When using a share type with the driver_handles_share_servers extra spec as True, a "
                "share_network_id must be provided"
            )

    @staticmethod
    async def _check_group_type(call: Call, body: Any, id: str, types: Sequence[str]) -> None:
        kind = await call.tx.get(ShareGroupType, id)
        if kind is None:
            raise refusals.InvalidInput(why=f"The specified share group type {id} does not exist")
        if not set(types) <= set(kind.share_types):
            raise refusals.InvalidInput(
                why="The specified share types must be a subset of the share types supported by the share group type"
            )
        zone = body.availability_zone
        for one in types or kind.share_types:
            own = await call.tx.get(StoredShareType, one)
            zones = own.extra_specs.get("availability_zones", "") if own is not None else ""
            if own is not None and zone and zones and zone not in zones.split(","):
                raise refusals.InvalidInput(
                    why="Share group cannot be created since the following share types are not supported within the "
                    f"availability zone '{zone}': ({own.name} (ID: {own.id}))"
                )

    @staticmethod
    async def _fill(call: Call, group: ShareGroup, snapshot: ShareGroupSnapshot) -> None:
        """The shares of a group that is made of a snapshot of another one."""
        for member in snapshot.members:
            share = Share(size=member.size, share_proto=member.share_proto, status=CREATING, share_group_id=group.id)
            share.source_share_group_snapshot_member_id = member.id
            share.project_id, share.user_id = group.project_id, group.user_id
            describe(share, await call.tx.get(StoredShareType, member.share_type_id))
            for field in ("share_network_id", "availability_zone"):
                assign(share, field, getattr(group, field) or None)
            share.target_host = group.host
            await take_quota(call, share)
            await place(call, await call.service(Shares).insert(call, share))


def check_fields(unknown: Mapping[str, Any], text: str) -> None:
    """Refuse fields that a body does not have."""
    if unknown:
        raise refusals.Refused(text.format(unknown=set(unknown)))


def check_filter(fields: Any, what: str, key: str) -> None:
    """Refuse to filter by what the objects do not have."""
    if key in ("all_tenants", "all_projects") or key.rstrip("~") in fields:
        return
    raise refusals.InvalidInput(why=f"{what} cannot be filtered using '{key}' key")


def _check_source(body: Any, paths: set[str]) -> None:
    """Refuse what a group of a snapshot has of its source."""
    if "source_share_group_snapshot_id" not in paths:
        return
    if "share_network_id" in paths:
        raise refusals.Refused(
            "Cannot supply both 'share_network_id' and 'source_share_group_snapshot_id' attributes as the share "
            "network is inherited from the source."
        )
    if body.availability_zone:
        raise refusals.Refused(
            "Cannot supply both 'availability_zone' and 'source_share_group_snapshot_id' attributes as the "
            "availability zone is inherited from the source."
        )


@GROUPS.on("create")
async def _created(call: Call, group: ShareGroup) -> None:
    """The group is on a back end, or in error."""
    kinds = [await call.tx.get(StoredShareType, id) for id in group.share_types]
    specs: dict[str, str] = {}
    for kind in kinds:
        specs |= dict(kind.extra_specs) if kind is not None else {}
    group_type = await call.tx.get(ShareGroupType, group.share_group_type_id)
    wanted = (
        group_type.group_specs.get("consistent_snapshot_support", CONSISTENT) if group_type is not None else CONSISTENT
    )
    backend = backends.backend_of(group.host) if group.host else await backends.choose(call, specs, 0)
    if backend is None or wanted not in (CONSISTENT, "host"):
        group.status = ERROR
        return
    group.host, group.availability_zone, group.status = backend.pool, ZONE, AVAILABLE
    group.consistent_snapshot_support = CONSISTENT
    if backend.serves and group.share_network_id and not group.share_server_id:
        group.share_server_id = (await serve(call, group.share_network_id, backend)).id


@GROUPS.on("delete")
async def _deleted(call: Call, group: ShareGroup) -> None:
    await call.service(ShareGroups).discard(call, group)
