"""Generic volume groups: create, from a source too, list, show; their volumes.

Update, delete and reset are in group_changes.py, replication in group_replication.py.
Source: cinder/api/v3/groups.py, cinder/group/api.py, volume/manager.py.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.struct_pb2 import ListValue

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import ZONE, CinderResource, as_given, assign, boolean, text, timestamp_key
from mopenstack.core.volume.groups.group_lifecycle import GROUPS
from mopenstack.core.volume.groups.group_types import CG_TYPE, GroupTypes
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.types.types import Types
from mopenstack.core.volume.volumes.sources import Source
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.groups import groups_pb2 as pb2
from mopenstack.volume.v3.groups.group_snapshots_pb2 import GroupSnapshot
from mopenstack.volume.v3.groups.group_types_pb2 import GroupType
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import GroupNotFound, InvalidGroup, InvalidInput
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

VOLUMES_SINCE = 25


class Groups(CinderResource[Group]):
    service = pb2.DESCRIPTOR.services_by_name["Groups"]
    message = Group
    not_found = GroupNotFound
    lifecycle = GROUPS
    resource = "group"
    simple = tuple(field.name for field in Group.DESCRIPTOR.fields)

    # -- the RPCs

    async def list(self, call: Call, request: pb2.ListGroupsRequest) -> Result:
        asked = [item.values[0] for item in request.query.filters if item.key == "list_volume"]
        self._drop(request.query, ("list_volume",))
        page = await super().list(call, request)
        if call.at_least(VOLUMES_SINCE) and asked and boolean("list_volume", asked[0]) and isinstance(page, Page):
            page.items = [await self._with_volumes(call, item) for item in page.items]  # type: ignore[arg-type]
        return page

    async def get(self, call: Call, request: Any) -> Result:
        await self.check_api(call, call.target.group_type)
        if call.at_least(VOLUMES_SINCE) and boolean("list_volume", getattr(request, "list_volume", "")):
            return await self._with_volumes(call, call.target)
        return await super().get(call, request)

    async def create_volume_group_from_source(self, call: Call, request: pb2.CreateGroupFromSourceRequest) -> Result:
        body = request.source
        if body.HasField("group_snapshot_id") == body.HasField("source_group_id"):
            raise BadRequest(
                f"Invalid input for field/attribute create-from-src. Value: {as_given(body)}. "
                f"{as_given(body)} is not valid under any of the given schemas"
            )
        name, description = text(body, "name"), text(body, "description")
        if body.HasField("group_snapshot_id"):
            snapshot = await call.owner_of("group_snapshot").fetch(call, body.group_snapshot_id)
            await self.check_api(call, snapshot.group_type_id)
            return await self.from_snapshot(call, snapshot, name, description)
        source = await self.fetch(call, body.source_group_id)
        await self.check_api(call, source.group_type)
        return await self.from_group(call, source, name, description)

    # -- hooks

    async def prepare(self, call: Call, obj: Group, request: Any, given: set[str]) -> None:
        if request is None:
            return  # made from a source
        body = request.group
        group_type = await call.service(GroupTypes).by_name_or_id(call, body.group_type)
        await self.check_api(call, group_type.id)
        await self.complete(call, obj, body, group_type, list(body.volume_types))

    async def refine(self, call: Call, found: builtins.list[Group], query: Any) -> builtins.list[Group]:
        """The groups of the consistency groups API are not listed here."""
        cg = await call.service(GroupTypes).by_name(call, CG_TYPE)
        return found if cg is None else [group for group in found if group.group_type != cg.id]

    async def created(self, call: Call, obj: Group, request: Any) -> None:
        await GROUPS.enter(call, obj, "create")

    # -- what the consistency groups and others call

    async def check_api(self, call: Call, group_type_id: str) -> None:
        """Groups that the consistency groups API made are for that API alone."""
        await refuse_cg(call, group_type_id, "group", "CG")

    async def complete(
        self, call: Call, group: Group, body: Any, group_type: GroupType, volume_types: Sequence[str]
    ) -> None:
        """A new group in `creating`; no back end that can do what its types ask for leaves it in error.

        `body` has name, description and availability_zone; the volume types are ids or names.
        """
        types = [await call.service(Types).by_name_or_id(call.elevated(), wanted) for wanted in volume_types]
        zone = body.availability_zone if body.HasField("availability_zone") else None
        if zone not in (None, ZONE):
            raise InvalidInput(why=f"Availability zone '{zone}' is invalid.")
        group.group_type, group.consistency = group_type.id, group_type.name == CG_TYPE
        group.volume_types[:] = [found.id for found in types]
        group.availability_zone = zone or ZONE
        assign(group, "name", text(body, "name"))
        assign(group, "description", text(body, "description"))
        group.host = await self._host(call, types)
        _begin_new(call, group)

    async def from_snapshot(
        self, call: Call, source: GroupSnapshot, name: str | None, description: str | None
    ) -> Group:
        """A group with a new volume for every snapshot of a group snapshot."""
        parent = await self.fetch(call, source.group_id)
        snapshots = await call.tx.query(Snapshot, group_snapshot_id=source.id)
        if not snapshots:
            raise InvalidGroup(why="Group snapshot is empty. No group will be created.")
        group = self._new(call, name, description, source.group_type_id, list(parent.volume_types))
        group.group_snapshot_id = source.id
        _place_beside(group, parent)
        made = await self.insert(call, group)
        for snapshot in snapshots:
            await self._add_copy(call, made, snapshot.volume_type_id, snapshot.size, snapshot=snapshot)
        return made

    async def from_group(self, call: Call, source: Group, name: str | None, description: str | None) -> Group:
        """A group with a clone of every volume of another."""
        volumes = await self.volumes_of(call, source.id)
        if not volumes:
            raise InvalidGroup(why="Source Group is empty. No group will be created.")
        group = self._new(call, name, description, source.group_type, list(source.volume_types))
        group.source_group_id = source.id
        _place_beside(group, source)
        made = await self.insert(call, group)
        for volume in volumes:
            await self._add_copy(call, made, volume.volume_type_id, volume.size, volume=volume)
        return made

    @staticmethod
    async def volumes_of(call: Call, id: str) -> Sequence[Volume]:
        """The volumes of a group, oldest first."""
        found = await call.tx.query(Volume, group_id=id)
        return sorted(found, key=lambda item: (timestamp_key(item.created_at), item.id))

    # -- inside

    @staticmethod
    def _new(
        call: Call, name: str | None, description: str | None, group_type: str, volume_types: Iterable[str]
    ) -> Group:
        group = Group(group_type=group_type, volume_types=volume_types)
        assign(group, "name", name)
        assign(group, "description", description)
        _begin_new(call, group)
        return group

    @staticmethod
    async def _host(call: Call, types: Sequence[VolumeType]) -> str:
        """The pool that can do what all volume types ask for; the scheduler's filter does not read a group's specs."""
        for pool in await scheduling.candidates(call, {}):
            if all(scheduling.fits(call, pool, found.extra_specs) for found in types):
                return pool.name
        return ""

    @staticmethod
    async def _add_copy(
        call: Call,
        group: Group,
        type_id: str,
        size: int,
        snapshot: Snapshot | None = None,
        volume: Volume | None = None,
    ) -> None:
        """A volume of a new group: from a snapshot or a volume, with the type that it had."""
        kind = await call.service(Types).fetch(call.elevated(), type_id)
        source = Source(kind, size, group.availability_zone or ZONE, snapshot, volume, group=group)
        name = volume.name if volume is not None else None
        await call.service(Volumes).make(call, source, name)

    async def _with_volumes(self, call: Call, group: Group) -> Group:
        shown = copy_of(group)
        values = ListValue()
        values.extend([volume.id for volume in await self.volumes_of(call, group.id)])
        shown.volumes.CopyFrom(values)
        return shown


async def refuse_cg(call: Call, group_type_id: str, what: str, whose: str) -> None:
    """Refuse what is of the consistency groups' type; `what` and `whose` are the words of the refusal."""
    cg = await call.service(GroupTypes).by_name(call, CG_TYPE)
    if cg is not None and cg.id == group_type_id:
        raise BadRequest(
            f"Group_type {group_type_id} is reserved for migrating CGs to groups. "
            f"Migrated {what} can only be operated by {whose} APIs."
        )


def _begin_new(call: Call, group: Group) -> None:
    group.status, group.replication_status = Group.CREATING, "disabled"
    group.project_id, group.user_id = call.caller.project_id, call.caller.user_id


def _place_beside(group: Group, source: Group) -> None:
    """A group from a source is where its source is."""
    group.host, group.consistency, group.availability_zone = source.host, source.consistency, source.availability_zone


@GROUPS.on("create")
async def _created(_call: Call, group: Group) -> None:
    group.status = Group.AVAILABLE if group.host else Group.ERROR
