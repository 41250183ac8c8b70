"""The states of a volume: which action is allowed where, and how cinder refuses it.

Source: cinder/volume/api.py, its `expected` conditions; the words as recorded. An action that takes no
time (os-reserve, os-begin_detaching) is a row too: its handler asks `check` and sets the state itself.
"""

from __future__ import annotations

from typing import cast

from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.lifecycle import Action, Lifecycle
from mopenstack.volume.v3.refusals import InvalidVolume
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

AVAILABLE, IN_USE = Volume.AVAILABLE, Volume.IN_USE
WORDS = enum_words(Volume.DESCRIPTOR.fields_by_name["status"])
"""Status -> its word; the states of managing show as others do."""

OWN_WORDS = WORDS | {Volume.MANAGING: "managing", Volume.ERROR_MANAGING: "error_managing"}
"""Status -> cinder's own word for it, as os-reset_status lists them."""

NUMBERS = {value.name.lower(): value.number for value in Volume.Status.DESCRIPTOR.values if value.number} | {
    word: number for number, word in reversed(WORDS.items())
}
"""Word -> status, for os-reset_status and for filters."""


def status_number(word: str) -> Volume.Status:
    """The status that a word of cinder's names."""
    return cast("Volume.Status", NUMBERS[word])


DELETABLE = frozenset({AVAILABLE, Volume.ERROR, Volume.ERROR_RESTORING, Volume.ERROR_EXTENDING, Volume.ERROR_MANAGING})
NOT_DELETABLE = (
    "Volume status must be available or error or error_restoring or error_extending or error_managing and must not be "
    "migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots "
    "after volume transfer."
)
FORCE_NOT_DELETABLE = (
    "Volume must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be "
    "disassociated from snapshots after volume transfer."
)
NOT_RETYPABLE = (
    "Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency "
    "group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos "
    "specs cannot change."
)
NOT_DETACHABLE = (
    "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach."
)

ANY = frozenset(WORDS)
EVEN_ATTACHED = frozenset({AVAILABLE, IN_USE})
REIMAGEABLE = frozenset({AVAILABLE, Volume.ERROR})

ACTIONS = (
    Action("create", frozenset({Volume.CREATING}), seconds=2),  # to available, or to error without a back end
    Action("manage", frozenset({Volume.MANAGING}), seconds=2),
    Action("delete", DELETABLE, interim=Volume.DELETING, seconds=2),
    Action("force_delete", ANY, interim=Volume.DELETING, seconds=2),
    Action("unmanage", DELETABLE, interim=Volume.DELETING, seconds=2),
    Action("extend", frozenset({AVAILABLE}), interim=Volume.EXTENDING, to=AVAILABLE),
    Action("extend_attached", frozenset({IN_USE}), interim=Volume.EXTENDING, to=IN_USE),
    Action("migrate", EVEN_ATTACHED, seconds=2),
    Action("migrate_locked", EVEN_ATTACHED, interim=Volume.MAINTENANCE, seconds=2),
    Action("retype", EVEN_ATTACHED, interim=Volume.RETYPING),
    Action("upload", frozenset({AVAILABLE}), interim=Volume.UPLOADING),
    Action("force_upload", EVEN_ATTACHED, interim=Volume.UPLOADING),
    Action("reimage", REIMAGEABLE, interim=Volume.DOWNLOADING),
    Action("reimage_reserved", REIMAGEABLE | {Volume.RESERVED}, interim=Volume.DOWNLOADING),
    Action("revert", frozenset({AVAILABLE}), interim=Volume.REVERTING, to=AVAILABLE),
    Action("reserve", frozenset({AVAILABLE}), interim=Volume.ATTACHING),
    Action("reserve_multiattach", EVEN_ATTACHED, interim=Volume.ATTACHING),
    Action("begin_detaching", frozenset({IN_USE}), interim=Volume.DETACHING),
    Action("roll_detaching", frozenset({Volume.DETACHING}), interim=IN_USE),
    Action("set_bootable", ANY - {Volume.MAINTENANCE}),
    Action("update_readonly_flag", frozenset({AVAILABLE})),
    Action("snapshot", frozenset({AVAILABLE})),
    Action("snapshot_attached", EVEN_ATTACHED),
    Action("update_metadata", ANY - {Volume.MAINTENANCE, Volume.UPLOADING}),
    Action("delete_metadata", ANY - {Volume.MAINTENANCE, Volume.UPLOADING}),
    Action("transfer", frozenset({AVAILABLE}), interim=Volume.AWAITING_TRANSFER),
)


def refuse(action: Action, volume: Volume) -> Fault:
    """Cinder's refusal of an action in the volume's state."""
    status = WORDS[volume.status]
    words = {
        "delete": NOT_DELETABLE,
        "retype": NOT_RETYPABLE,
        "extend": f"Volume {volume.id} status must be '{{'status': 'available'}}' to extend, currently {status}.",
        "reimage": f"Volume {volume.id} status must be available or error, but current status is {status}.",
        "reimage_reserved": f"Volume {volume.id} status must be available or error or reserved, "
        f"but current status is {status}.",
        "upload": f"Volume {volume.id} status must be available",
        "force_upload": f"Volume {volume.id} status must be available or in-use",
        "reserve": f"Volume status must be available to reserve, but the status is {status}.",
        "reserve_multiattach": f"Volume status must be available or in-use to reserve, but the status is {status}.",
        "begin_detaching": NOT_DETACHABLE,
        "set_bootable": "The volume cannot be updated during maintenance.",
        "update_readonly_flag": f"Volume {volume.id} status must be available to update readonly flag, "
        f"but current status is: {status}.",
        "update_metadata": f"Updating volume metadata is not allowed for volumes in {status} status.",
        "delete_metadata": f"Deleting volume metadata is not allowed for volumes in {status} status.",
        "transfer": "status must be available",
        "revert": f"Can't revert volume {volume.id} to its latest snapshot. Volume's status must be 'available'.",
    }
    if action.name.startswith("snapshot"):
        return InvalidVolume(why=_no_snapshot(action, volume, status))
    return InvalidVolume(why=words[action.name])


def _no_snapshot(action: Action, volume: Volume, status: str) -> str:
    if volume.status == Volume.MAINTENANCE:
        return "The snapshot cannot be created when the volume is in maintenance mode."
    if volume.status == Volume.ERROR:
        return "The snapshot cannot be created when the volume is in error status."
    wanted = ", ".join(WORDS[state] for state in sorted(action.allowed))
    return f"Volume {volume.id} status must be {wanted}, but current status is: {status}."


VOLUMES: Lifecycle[Volume] = Lifecycle(Volume, ACTIONS, refuse)
