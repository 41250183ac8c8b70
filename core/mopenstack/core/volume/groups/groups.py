"""Generic volume groups: create, from a source too, update, delete; what they hold.

Source: cinder/api/v3/groups.py, cinder/group/api.py, volume/manager.py. Replication is in group_replication.py.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import ListValue

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import ZONE, CinderResource, assign, boolean, text
from mopenstack.core.volume.groups.group_lifecycle import GROUPS, NUMBERS, VALID
from mopenstack.core.volume.groups.group_types import CG_TYPE, GroupTypes
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.types.types import Types
from mopenstack.core.volume.volumes.lifecycle import WORDS as VOLUME_WORDS
from mopenstack.core.volume.volumes.sources import Source, set_group
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.groups import groups_pb2 as pb2
from mopenstack.volume.v3.groups.group_snapshots_pb2 import GroupSnapshot
from mopenstack.volume.v3.groups.group_types_pb2 import GroupType
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import GroupNotFound, InvalidGroup, InvalidGroupStatus, InvalidInput, InvalidVolume
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

VOLUMES_SINCE = 25
REMOVABLE = ("available", "in-use", "error", "error_deleting")
ADDABLE = ("available", "in-use")


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

    async def get_volume_group(self, call: Call, request: pb2.GetGroupRequest) -> Result:
        await refuse_cg(call, call.target.group_type)
        if call.at_least(VOLUMES_SINCE) and boolean("list_volume", request.list_volume):
            return await self._with_volumes(call, call.target)
        return call.target  # type: ignore[no-any-return]

    async def create_volume_group(self, call: Call, request: pb2.CreateGroupRequest) -> Result:
        body = request.group
        group_type = await call.service(GroupTypes).by_name_or_id(call, body.group_type)
        await refuse_cg(call, group_type.id)
        zone = body.availability_zone if body.HasField("availability_zone") else None
        return await self.make(call, text(body, "name"), text(body, "description"), group_type, body.volume_types, zone)

    async def create_volume_group_from_source(self, call: Call, request: pb2.CreateGroupFromSourceRequest) -> Result:
        body = request.source
        if body.HasField("group_snapshot_id") == body.HasField("source_group_id"):
            raise BadRequest(
                f"Invalid input for field/attribute create-from-src. Value: {_told(body)}. "
                f"{_told(body)} is not valid under any of the given schemas"
            )
        name, description = text(body, "name"), text(body, "description")
        if body.HasField("group_snapshot_id"):
            snapshot = await call.owner_of("group_snapshot").fetch(call, body.group_snapshot_id)
            await refuse_cg(call, snapshot.group_type_id)
            return await self.from_snapshot(call, snapshot, name, description)
        source = await self.fetch(call, body.source_group_id)
        await refuse_cg(call, source.group_type)
        return await self.from_group(call, source, name, description)

    async def update_volume_group(self, call: Call, request: pb2.UpdateGroupRequest) -> Result:
        await refuse_cg(call, call.target.group_type)
        await self.begin_update(call, call.target, request.group)
        return EMPTY

    async def delete_volume_group(self, call: Call, request: pb2.DeleteGroupRequest) -> Result:
        await refuse_cg(call, call.target.group_type)
        await self.begin_delete(call, call.target, with_volumes=request.delete.delete_volumes)
        return EMPTY

    async def reset_group_status(self, call: Call, request: pb2.ResetGroupStatusRequest) -> Result:
        status = request.reset_status.status
        if not status.strip():
            raise InvalidGroupStatus(why="The 'status' can not be empty.")
        if status.lower() not in NUMBERS or status.lower() == "in-use":
            raise InvalidGroupStatus(why=f"Group status: {status} is invalid, valid status are: {VALID}.")
        await GROUPS.force(call, await call.tx.edit(Group, call.target.id), NUMBERS[status.lower()])
        return EMPTY

    # -- hooks

    async def refine(self, call: Call, found: builtins.list[Group], query: Any) -> builtins.list[Group]:
        """The groups of the consistency groups API are not listed here."""
        if call.operation is None or "ConsistencyGroups" in call.operation.method:
            return found
        cg = await call.service(GroupTypes).by_name(call, CG_TYPE)
        return found if cg is None else [group for group in found if group.group_type != cg.id]

    async def view(self, call: Call, obj: Group) -> Message:
        return obj

    async def created(self, call: Call, obj: Group, request: Any) -> None:
        await call.tx.schedule(obj, "create", call.cloud.due(GROUPS.actions["create"].seconds))

    # -- what the consistency groups and others call

    async def make(
        self,
        call: Call,
        name: str | None,
        description: str | None,
        group_type: GroupType,
        volume_types: Sequence[str],
        zone: str | None,
    ) -> Group:
        """A new group in `creating`; no back end that can do what its types ask for leaves it in error."""
        types = [await call.service(Types).by_name_or_id(call.elevated(), wanted) for wanted in volume_types]
        if zone not in (None, ZONE):
            raise InvalidInput(why=f"Availability zone '{zone}' is invalid.")
        group = self._new(call, name, description, group_type.id, [found.id for found in types])
        group.availability_zone, group.consistency = zone or ZONE, group_type.name == CG_TYPE
        group.host = await self._host(call, types)
        return await self.insert(call, group)

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
        _settle_beside(group, parent)
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
        _settle_beside(group, source)
        made = await self.insert(call, group)
        for volume in volumes:
            await self._add_copy(call, made, volume.volume_type_id, volume.size, volume=volume)
        return made

    async def begin_update(self, call: Call, target: Group, body: Any) -> None:
        """Rename at once; add and remove volumes in the background. `body` is a GroupUpdate or the like."""
        group = copy_of(target)
        adding, removing = _ids(body, "add_volumes"), _ids(body, "remove_volumes")
        both = [id for id in adding if id in removing]
        if both:
            raise InvalidVolume(why=f"UUIDs {both} are in both add and remove volume list.")
        present = {volume.id: volume for volume in await self.volumes_of(call, group.id)}
        adding = [id for id in adding if id not in present]
        for id in adding:
            await self._check_addition(call, group, id)
        for id in removing:
            _check_removal(group, id, present.get(id))
        changed = False
        for field in ("name", "description"):
            value = text(body, field)
            if value is not None and value != getattr(group, field):
                assign(group, field, value)
                changed = True
        if not changed and not adding and not removing:
            raise InvalidGroup(
                why=f"Cannot update group {group.id} because no valid name, description, add_volumes, "
                "or remove_volumes were provided."
            )
        if not adding and not removing:
            group.status = Group.AVAILABLE
            await self.save(call, group)
            return
        group.adding[:], group.removing[:] = adding, removing
        await GROUPS.begin(call, group, "update")

    async def begin_delete(self, call: Call, target: Group, *, with_volumes: bool) -> None:
        """Start the delete of a group, of its volumes too if it is said; raises InvalidGroup."""
        group = copy_of(target)
        if not group.host:
            await self.discard(call, target)
            return
        await scheduling.refuse_frozen(call, group.host)
        if not with_volumes:
            GROUPS.check(call, group, "delete")
        if await call.tx.count(GroupSnapshot, group_id=group.id):
            raise InvalidGroup(why="Group has existing snapshots.")
        volumes = await self.volumes_of(call, group.id)
        if volumes and not with_volumes:
            raise InvalidGroup(
                why=f"Group {group.id} still contains volumes. The delete-volumes flag is required to delete it."
            )
        for volume in volumes:
            if volume.attach_status == "attached":
                raise InvalidGroup(why=f"Volume in group {group.id} is attached. Need to detach first.")
            if await call.tx.count(Snapshot, volume_id=volume.id):
                raise InvalidGroup(why="Volume in group still has dependent snapshots.")
        for volume in volumes:
            gone = copy_of(volume)
            gone.status = Volume.DELETING
            await call.tx.unschedule("volume", gone.id)
            await call.service(Volumes).save(call, gone)
        await GROUPS.begin(call, group, "delete_all" if with_volumes else "delete")

    @staticmethod
    async def volumes_of(call: Call, id: str) -> Sequence[Volume]:
        """The volumes of a group, oldest first."""
        found = await call.tx.query(Volume, group_id=id)
        return sorted(found, key=lambda item: (item.created_at.seconds, item.created_at.nanos, item.id))

    # -- inside

    @staticmethod
    def _new(
        call: Call, name: str | None, description: str | None, group_type: str, volume_types: Iterable[str]
    ) -> Group:
        group = Group(
            status=Group.CREATING,
            group_type=group_type,
            volume_types=volume_types,
            replication_status="disabled",
            project_id=call.caller.project_id,
            user_id=call.caller.user_id,
        )
        assign(group, "name", name)
        assign(group, "description", description)
        return group

    @staticmethod
    async def _host(call: Call, types: Sequence[VolumeType]) -> str:
        """The pool that can do what all volume types ask for; the scheduler's filter does not read a group's specs."""
        for pool in await scheduling.candidates(call, {}):
            if all(scheduling.fits(pool, found.extra_specs) for found in types):
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

    @staticmethod
    async def _check_addition(call: Call, group: Group, id: str) -> None:
        """Refuse a volume that may not enter the group (group/api.py `_validate_add_volumes`)."""
        start = f"Cannot add volume {id} to group {group.id}"
        volume = await call.tx.get(Volume, id)
        if volume is None or not call.service(Volumes).visible(call, volume):
            raise InvalidVolume(why=f"{start} because volume cannot be found.")
        if volume.group_id:
            raise InvalidVolume(why=f"{start} because it is already in group {volume.group_id}.")
        if volume.project_id != group.project_id:
            raise InvalidVolume(why=f"{start} as they belong to different projects.")
        if volume.volume_type_id not in group.volume_types:
            raise InvalidVolume(
                why=f"{start} because volume type {volume.volume_type_id} is not supported by the group."
            )
        status = VOLUME_WORDS[volume.status]
        if status not in ADDABLE:
            raise InvalidVolume(
                why=f"{start} because volume is in an invalid state: {status}. Valid states are: {ADDABLE}."
            )
        if volume.host.partition("#")[0] != group.host.partition("#")[0]:
            raise InvalidVolume(why="Volume is not local to this node.")


async def refuse_cg(call: Call, group_type_id: str) -> None:
    """Groups that the consistency groups API made are for that API alone."""
    cg = await call.service(GroupTypes).by_name(call, CG_TYPE)
    if cg is not None and cg.id == group_type_id:
        of, whose = ("group snapshots", "CG snapshot") if _is_about_snapshots(call) else ("group", "CG")
        raise BadRequest(
            f"Group_type {group_type_id} is reserved for migrating CGs to groups. "
            f"Migrated {of} can only be operated by {whose} APIs."
        )


def _settle_beside(group: Group, source: Group) -> None:
    """A group from a source is where its source is."""
    group.host, group.consistency, group.availability_zone = source.host, source.consistency, source.availability_zone


def _is_about_snapshots(call: Call) -> bool:
    return call.operation is not None and "GroupSnapshot" in call.operation.method


def _check_removal(group: Group, id: str, volume: Volume | None) -> None:
    start = f"Cannot remove volume {id} from group {group.id} because"
    if volume is None:
        raise InvalidVolume(why=f"{start} it is not in the group.")
    status = VOLUME_WORDS[volume.status]
    if status not in REMOVABLE:
        raise InvalidVolume(why=f"{start} volume is in an invalid state: {status}. Valid states are: {REMOVABLE}.")


def _ids(body: Any, field: str) -> Sequence[str]:
    """Ids with commas between them."""
    given = str(getattr(body, field)).strip(",")
    return given.split(",") if given else []


def _told(body: Any) -> dict[str, Any]:
    return {field.name: value for field, value in body.ListFields()}


@GROUPS.on("create")
async def _created(_call: Call, group: Group) -> None:
    group.status = Group.AVAILABLE if group.host else Group.ERROR


@GROUPS.on("update")
async def _updated(call: Call, group: Group) -> None:
    for id, there in [(id, True) for id in group.adding] + [(id, False) for id in group.removing]:
        volume = await call.tx.get(Volume, id)
        if volume is not None:
            changed = copy_of(volume)
            set_group(changed, group if there else None)
            await call.service(Volumes).save(call, changed)
    del group.adding[:]
    del group.removing[:]


@GROUPS.on("delete", "delete_all")
async def _deleted(call: Call, group: Group) -> None:
    for volume in await Groups.volumes_of(call, group.id):
        await call.service(Volumes).discard(call, volume)
    await call.service(Groups).discard(call, group)
