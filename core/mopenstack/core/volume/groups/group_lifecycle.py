"""The states of groups and group snapshots. Source: cinder/group/api.py, objects/fields.py."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.volume.v3.groups.group_snapshots_pb2 import GroupSnapshot
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import InvalidGroup, InvalidGroupSnapshot

WORDS = enum_words(Group.DESCRIPTOR.fields_by_name["status"])
NUMBERS = {word: number for number, word in WORDS.items()}
SNAPSHOT_WORDS = enum_words(GroupSnapshot.DESCRIPTOR.fields_by_name["status"])
SNAPSHOT_NUMBERS = {word: number for number, word in SNAPSHOT_WORDS.items()}
VALID = ("error", "available", "creating", "deleting", "deleted", "updating", "in-use", "error_deleting")
"""GroupStatus.ALL."""
SNAPSHOT_VALID = ("error", "available", "creating", "deleting", "deleted", "updating", "error_deleting")
"""GroupSnapshotStatus.ALL."""

SETTLED = frozenset({Group.AVAILABLE, Group.ERROR})


def refuse(action: Action, group: Group) -> Fault:
    if action.name == "update":
        return InvalidGroup(why="Group status must be available.")
    if action.name.startswith("delete"):
        return InvalidGroup(
            why=f"Group status must be available or error, but current status is: {WORDS[group.status]}"
        )
    wanted = [WORDS[state] for state in sorted(action.allowed, reverse=True)]
    return InvalidGroup(
        why=f"Group {group.id} status must be {wanted}, but current status is: {WORDS[group.status]}. "
        f"Cannot {action.label}."
    )


def refuse_snapshot(_action: Action, _snapshot: GroupSnapshot) -> Fault:
    return InvalidGroupSnapshot(
        why="GroupSnapshot status must be available or error, and no Group can be currently using it as source for "
        "its creation."
    )


GROUPS: Lifecycle[Group] = Lifecycle(
    Group,
    (
        Action("create", frozenset({Group.CREATING}), seconds=2),
        Action("update", frozenset({Group.AVAILABLE}), interim=Group.UPDATING, to=Group.AVAILABLE),
        Action("delete", SETTLED, interim=Group.DELETING, seconds=2, error=Group.ERROR_DELETING),
        Action("delete_all", frozenset(WORDS), interim=Group.DELETING, seconds=2, error=Group.ERROR_DELETING),
        Action("reset_status", frozenset(WORDS), seconds=0, cancels=True),
        Action("enable", frozenset({Group.AVAILABLE}), label="enable replication"),
        Action("disable", SETTLED, label="disable replication"),
        Action("failover", frozenset({Group.AVAILABLE}), label="failover replication"),
    ),
    refuse,
    error=Group.ERROR,
)

GROUP_SNAPSHOTS: Lifecycle[GroupSnapshot] = Lifecycle(
    GroupSnapshot,
    (
        Action("create", frozenset({GroupSnapshot.CREATING}), to=GroupSnapshot.AVAILABLE, seconds=2),
        Action(
            "delete",
            frozenset({GroupSnapshot.AVAILABLE, GroupSnapshot.ERROR}),
            interim=GroupSnapshot.DELETING,
            seconds=2,
            error=GroupSnapshot.ERROR_DELETING,
        ),
        Action("reset_status", frozenset(SNAPSHOT_WORDS), seconds=0, cancels=True),
    ),
    refuse_snapshot,
    error=GroupSnapshot.ERROR,
)
