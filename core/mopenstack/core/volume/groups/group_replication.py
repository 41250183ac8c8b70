"""Replication of groups: enable, disable, fail over. Source: cinder/group/api.py `enable_replication` and on.

A volume takes part if its type says `replication_enabled`; the other side is a back end without a name
of its own, `failed-over` to and `enabled` back from.
"""

from __future__ import annotations

from collections.abc import Sequence

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.groups.group_lifecycle import GROUPS
from mopenstack.core.volume.groups.group_types import GroupTypes
from mopenstack.core.volume.groups.groups import Groups
from mopenstack.core.volume.hosts.failover import FAILBACK
from mopenstack.core.volume.hosts.replication import targets
from mopenstack.core.volume.hosts.scheduling import IS_TRUE, pool_named
from mopenstack.core.volume.types.types import Types
from mopenstack.core.volume.volumes.lifecycle import WORDS
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.groups import groups_pb2 as pb2
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import InvalidGroup, InvalidGroupType, InvalidVolume, InvalidVolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

GROUP_SPECS = ("consistent_group_replication_enabled", "group_replication_enabled")
USABLE = ["available", "in-use"]

DONE = {"enabling": "enabled", "disabling": "disabled", "failing-over": "failed-over"}


class GroupReplication(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["GroupReplication"]

    async def list_group_replication_targets(
        self, call: Call, request: pb2.ListGroupReplicationTargetsRequest
    ) -> Result:
        """Those of the back end that the group is on."""
        await _check_types(call, call.target)
        response = pb2.GroupReplicationTargetsResponse(volume_group=call.target.id)
        pool = pool_named(call.target.host)
        for name in targets(call, pool.backend) if pool is not None else ():
            response.replication_targets.add(backend_id=name, unique_key="")
        return response


@GROUPS.prepares("enable", unchecked=True)
async def _enable(call: Call, group: Group, request: pb2.EnableGroupReplicationRequest) -> None:
    await _prepare(call, group, "enable", ["disabled", "enabled"], "enabling")


@GROUPS.prepares("disable", unchecked=True)
async def _disable(call: Call, group: Group, request: pb2.DisableGroupReplicationRequest) -> None:
    await _prepare(call, group, "disable", ["enabled", "error"], "disabling")


@GROUPS.prepares("failover", unchecked=True)
async def _failover(call: Call, group: Group, request: pb2.FailoverGroupReplicationRequest) -> None:
    body = request.failover_replication
    interim = "enabling" if body.secondary_backend_id == FAILBACK else "failing-over"
    await _prepare(call, group, "failover", ["enabled", "failed-over"], interim, body.allow_attached_volume)


async def _prepare(
    call: Call, group: Group, action: str, expected: Sequence[str], interim: str, attached_too: bool = True
) -> None:
    """Check group and volumes in cinder's order, and mark them all."""
    await _check_types(call, group)
    row = GROUPS.check(call, group, action)
    if group.replication_status not in expected:
        raise InvalidGroup(
            why=f"Group {group.id} replication status must be {expected}, but current status is: "
            f"{group.replication_status}. Cannot {row.label}."
        )
    volumes = await Groups.volumes_of(call, group.id)
    for volume in volumes:
        if action != "disable":
            _check_status(volume, row.label, attached_too)
        now = volume.replication_status if volume.HasField("replication_status") else None
        if now not in expected:
            raise InvalidVolume(
                why=f"Volume {volume.id} replication status must be {expected}, but current status is: {now}. "
                f"Cannot {row.label}."
            )
    for volume in volumes:
        await _mark(call, volume, interim)
    group.replication_status = interim


async def _check_types(call: Call, group: Group) -> None:
    group_type = await call.service(GroupTypes).fetch(call, group.group_type)
    if not any(group_type.group_specs.get(key) == IS_TRUE for key in GROUP_SPECS):
        raise InvalidGroupType(why=f"Group {group.id} is not a replication group type.")
    for id in group.volume_types:
        volume_type = await call.service(Types).find(call, id)
        if volume_type is not None and volume_type.extra_specs.get("replication_enabled") != IS_TRUE:
            raise InvalidVolumeType(
                why=f"Volume type {id} does not have 'replication_enabled' spec key set to '<is> True'."
            )


def _check_status(volume: Volume, doing: str, attached_too: bool) -> None:
    status = WORDS[volume.status]
    if status not in USABLE:
        raise InvalidVolume(
            why=f"Volume {volume.id} status must be {USABLE}, but current status is: {status}. Cannot {doing}."
        )
    if status == "in-use" and not attached_too:
        raise InvalidVolume(
            why=f"Volume {volume.id} is attached but allow_attached_volume flag is False. Cannot {doing}."
        )


async def _mark(call: Call, volume: Volume, status: str) -> None:
    changed = copy_of(volume)
    changed.replication_status = status
    await call.service(Volumes).save(call, changed)


@GROUPS.on("enable", "disable", "failover")
async def _done(call: Call, group: Group) -> None:
    group.replication_status = DONE.get(group.replication_status, group.replication_status)
    for volume in await Groups.volumes_of(call, group.id):
        await _mark(call, volume, group.replication_status)
