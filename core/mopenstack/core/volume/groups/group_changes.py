"""Update, delete and reset of volume groups, by both of their APIs.

Source: cinder/api/v3/groups.py, consistencygroups.py; cinder/group/api.py; volume/manager.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import assign, text
from mopenstack.core.volume.groups.group_lifecycle import GROUPS, NUMBERS, VALID
from mopenstack.core.volume.groups.groups import Groups
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.volumes.lifecycle import WORDS as VOLUME_WORDS
from mopenstack.core.volume.volumes.sources import set_group
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.groups.consistency_groups_pb2 import (
    DeleteConsistencyGroupRequest,
    UpdateConsistencyGroupRequest,
)
from mopenstack.volume.v3.groups.group_snapshots_pb2 import GroupSnapshot
from mopenstack.volume.v3.groups.groups_pb2 import (
    DeleteGroupRequest,
    Group,
    ResetGroupStatusRequest,
    UpdateGroupRequest,
)
from mopenstack.volume.v3.refusals import InvalidGroup, InvalidGroupStatus, InvalidVolume
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

REMOVABLE = ("available", "in-use", "error", "error_deleting")
ADDABLE = ("available", "in-use")
EMPTY_NAME_SINCE = 6


@GROUPS.prepares("update", unchecked=True)
async def _update(call: Call, group: Group, request: UpdateGroupRequest | UpdateConsistencyGroupRequest) -> str | None:
    """Rename at once; add and remove volumes in the background."""
    body: Any
    if isinstance(request, UpdateGroupRequest):
        await call.service(Groups).check_api(call, group.group_type)
        body = request.group
    else:
        body = request.consistencygroup
        _check_consistency_group(call, body)
    adding, removing = _ids(body, "add_volumes"), _ids(body, "remove_volumes")
    both = [id for id in adding if id in removing]
    if both:
        raise InvalidVolume(why=f"UUIDs {both} are in both add and remove volume list.")
    present = {volume.id: volume for volume in await Groups.volumes_of(call, group.id)}
    adding = [id for id in adding if id not in present]
    for id in adding:
        await _check_addition(call, group, id)
    for id in removing:
        _check_removal(group, id, present.get(id))
    changed = False
    for field in ("name", "description"):
        value = text(body, field)
        if value is not None and value != getattr(group, field):
            assign(group, field, value)
            changed = True
    if adding or removing:
        group.adding[:], group.removing[:] = adding, removing
        return None
    if not changed:
        raise InvalidGroup(
            why=f"Cannot update group {group.id} because no valid name, description, add_volumes, "
            "or remove_volumes were provided."
        )
    group.status = Group.AVAILABLE
    await call.service(Groups).save(call, group)
    return ""


def _check_consistency_group(call: Call, body: UpdateConsistencyGroupRequest.Update) -> None:
    volumes = body.add_volumes or body.remove_volumes
    if call.at_least(EMPTY_NAME_SINCE):
        if not (body.HasField("name") or body.HasField("description") or volumes):
            raise BadRequest(
                "Must specify one or more of the following keys to update: name, description, add_volumes, "
                "remove_volumes."
            )
    elif not (body.name or body.description or volumes):
        raise BadRequest("Name, description, add_volumes, and remove_volumes can not be all empty in the request body.")


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
        raise InvalidVolume(why=f"{start} because volume type {volume.volume_type_id} is not supported by the group.")
    status = VOLUME_WORDS[volume.status]
    if status not in ADDABLE:
        raise InvalidVolume(
            why=f"{start} because volume is in an invalid state: {status}. Valid states are: {ADDABLE}."
        )
    if volume.host.partition("#")[0] != group.host.partition("#")[0]:
        raise InvalidVolume(why="Volume is not local to this node.")


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


@GROUPS.prepares("delete", unchecked=True)
async def _delete(call: Call, group: Group, request: DeleteGroupRequest | DeleteConsistencyGroupRequest) -> str:
    """A group goes with its volumes only if the request says so; one that no back end took goes at once."""
    if isinstance(request, DeleteGroupRequest):
        await call.service(Groups).check_api(call, group.group_type)
        with_volumes = request.delete.delete_volumes
    else:
        with_volumes = request.consistencygroup.force
    if not group.host:
        await call.service(Groups).discard(call, group)
        return ""
    await scheduling.refuse_frozen(call, group.host)
    if not with_volumes:
        GROUPS.check(call, group, "delete")
    if await call.tx.count(GroupSnapshot, group_id=group.id):
        raise InvalidGroup(why="Group has existing snapshots.")
    volumes = await Groups.volumes_of(call, group.id)
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
    return "delete_all" if with_volumes else "delete"


@GROUPS.on("delete", "delete_all")
async def _deleted(call: Call, group: Group) -> None:
    for volume in await Groups.volumes_of(call, group.id):
        await call.service(Volumes).discard(call, volume)
    await call.service(Groups).discard(call, group)


@GROUPS.prepares("reset_status")
async def _reset_status(call: Call, group: Group, request: ResetGroupStatusRequest) -> None:
    status = request.reset_status.status
    if not status.strip():
        raise InvalidGroupStatus(why="The 'status' can not be empty.")
    if status.lower() not in NUMBERS or status.lower() == "in-use":
        raise InvalidGroupStatus(why=f"Group status: {status} is invalid, valid status are: {VALID}.")
    group.status = cast("Group.Status", NUMBERS[status.lower()])
