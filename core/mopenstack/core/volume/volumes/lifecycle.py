"""The states of a volume: which action is allowed where, and how cinder refuses it.

An action that takes no time (os-reserve, os-begin_detaching) is a row as well. Rows without an end (snapshot,
transfer) only say where something is allowed that another module does.

Source: cinder/volume/api.py, its `expected` conditions; the texts as recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.actions import LEFT, Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle, in_state
from mopenstack.volume.v3.refusals import InvalidVolume
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

AVAILABLE, IN_USE = Volume.AVAILABLE, Volume.IN_USE
WORDS = dict(enum_words(Volume.DESCRIPTOR.fields_by_name["status"]))
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
_NOT_DELETABLE = (
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from "
    "snapshots after volume transfer."
)
_TEXTS = {
    "delete": "Volume status must be available or error or error_restoring or error_extending or error_managing and "
    f"{_NOT_DELETABLE}",
    "force_delete": f"Volume {_NOT_DELETABLE}",
    "retype": "Retype needs volume to be in available or in-use state, not be part of an active migration or a "
    "consistency group, requested type has to be different that the one from the volume, and for in-use volumes "
    "front-end qos specs cannot change.",
    "migrate": "Volume {id} status must be available or in-use, must not be migrating, have snapshots, be replicated, "
    "be part of a group and destination host/cluster must be different than the current one",
    "extend": "Volume {id} status must be '{{'status': 'available'}}' to extend, currently {status}.",
    "reimage": "Volume {id} status must be available or error, but current status is {status}.",
    "reimage_reserved": "Volume {id} status must be available or error or reserved, but current status is {status}.",
    "upload": "Volume {id} status must be available",
    "force_upload": "Volume {id} status must be available or in-use",
    "reserve": "Volume status must be available to reserve, but the status is {status}.",
    "reserve_multiattach": "Volume status must be available or in-use to reserve, but the status is {status}.",
    "begin_detaching": "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' "
    "to detach.",
    "attach": "The volume cannot be attached in maintenance mode.",
    "detach": "The volume cannot be detached in maintenance mode.",
    "initialize_connection": "The volume connection cannot be initialized in maintenance mode.",
    "set_bootable": "The volume cannot be updated during maintenance.",
    "update_readonly_flag": "Volume {id} status must be available to update readonly flag, but current status is: "
    "{status}.",
    "update_metadata": "Updating volume metadata is not allowed for volumes in {status} status.",
    "delete_metadata": "Deleting volume metadata is not allowed for volumes in {status} status.",
    "complete_extend": "Volume is not being extended.",
    "transfer": "status must be available",
    "revert": "Can't revert volume {id} to its latest snapshot. Volume's status must be 'available'.",
}
_TEXTS["unmanage"], _TEXTS["migrate_locked"] = _TEXTS["delete"], _TEXTS["migrate"]

ANY = frozenset(WORDS)
EVEN_ATTACHED = frozenset({AVAILABLE, IN_USE})
REIMAGEABLE = frozenset({AVAILABLE, Volume.ERROR})
NOT_IN_MAINTENANCE = ANY - {Volume.MAINTENANCE}


@dataclass(frozen=True, slots=True)
class VolumeAction(Action):
    """A row with what its volume must not be.

    no_attachments the action needs a volume without attachments
    no_group       ... that is in no group
    no_migration   ... that is not migrating
    """

    no_attachments: bool = False
    no_group: bool = False
    no_migration: bool = False


def _row(name: str, allowed: Iterable[Any], **rest: Any) -> VolumeAction:
    return VolumeAction(name, frozenset(allowed), **rest)


def _check(name: str, allowed: Iterable[Any]) -> VolumeAction:
    """A row that only says where something is allowed."""
    return _row(name, allowed, begins=False)


_UNUSED = {"no_attachments": True, "no_group": True, "no_migration": True}

ACTIONS = (
    _row("create", {Volume.CREATING}, seconds=2),  # to available, or to error without a back end
    _row(
        "create_from_image", {Volume.CREATING}, label="create", seconds=3, steps=(Step(2, interim=Volume.DOWNLOADING),)
    ),
    _row("manage", {Volume.MANAGING}, seconds=2, error=Volume.ERROR_MANAGING),
    _row("delete", DELETABLE, interim=Volume.DELETING, seconds=2, error=Volume.ERROR_DELETING, **_UNUSED),
    _row("force_delete", ANY, interim=Volume.DELETING, seconds=2, error=Volume.ERROR_DELETING, **_UNUSED),
    _row("unmanage", DELETABLE, interim=Volume.DELETING, seconds=2, error=Volume.ERROR_DELETING, **_UNUSED),
    _row("extend", {AVAILABLE}, interim=Volume.EXTENDING, to=AVAILABLE, error=Volume.ERROR_EXTENDING),
    _row(
        "extend_attached", {IN_USE}, label="extend", interim=Volume.EXTENDING, to=IN_USE, error=Volume.ERROR_EXTENDING
    ),
    _row("complete_extend", {Volume.EXTENDING}, begins=False),
    _row("migrate", EVEN_ATTACHED, seconds=2, error=LEFT, no_group=True, no_migration=True),
    _row(
        "migrate_locked",
        EVEN_ATTACHED,
        interim=Volume.MAINTENANCE,
        seconds=2,
        error=LEFT,
        no_group=True,
        no_migration=True,
    ),
    _row("retype", EVEN_ATTACHED, interim=Volume.RETYPING, error=LEFT, no_group=True, no_migration=True),
    _row("upload", {AVAILABLE}, interim=Volume.UPLOADING, error=LEFT),
    _row("force_upload", EVEN_ATTACHED, interim=Volume.UPLOADING, error=LEFT),
    _row("reimage", REIMAGEABLE, interim=Volume.DOWNLOADING),
    _row("reimage_reserved", REIMAGEABLE | {Volume.RESERVED}, interim=Volume.DOWNLOADING),
    _row("revert", {AVAILABLE}, interim=Volume.REVERTING, to=AVAILABLE),
    _row("reserve", {AVAILABLE}, to=Volume.ATTACHING, seconds=0),
    _row("reserve_multiattach", EVEN_ATTACHED, to=Volume.ATTACHING, seconds=0),
    _row("unreserve", {Volume.ATTACHING}, to=AVAILABLE, seconds=0),
    _row("unreserve_attached", {Volume.ATTACHING}, to=IN_USE, seconds=0),
    _row("attach_to_server", {Volume.RESERVED}, seconds=2, error=LEFT, steps=(Step(1, interim=Volume.ATTACHING),)),
    _row("detach_from_server", {IN_USE}, interim=Volume.DETACHING, seconds=2, error=LEFT),
    _row("terminate_connection", ANY, seconds=0),
    _check("initialize_connection", NOT_IN_MAINTENANCE),
    _check("attach", NOT_IN_MAINTENANCE),
    _check("detach", NOT_IN_MAINTENANCE),
    _row("begin_detaching", {IN_USE}, where={"attach_status": frozenset({"attached"})}, to=Volume.DETACHING, seconds=0),
    _row("roll_detaching", {Volume.DETACHING}, to=IN_USE, seconds=0),
    _row("set_bootable", NOT_IN_MAINTENANCE, seconds=0),
    _row("update_readonly_flag", {AVAILABLE}, seconds=0),
    _check("update_metadata", NOT_IN_MAINTENANCE - {Volume.UPLOADING}),
    _check("delete_metadata", NOT_IN_MAINTENANCE - {Volume.UPLOADING}),
    _row("reset_status", ANY, seconds=0),
    _check("snapshot", {AVAILABLE}),
    _check("snapshot_attached", EVEN_ATTACHED),
    _row("transfer", {AVAILABLE}, interim=Volume.AWAITING_TRANSFER, begins=False),
)


def refuse(action: Action, volume: Volume) -> Fault:
    """Cinder's refusal of an action in the volume's state."""
    status = WORDS[volume.status]
    if action.name.startswith("snapshot"):
        return InvalidVolume(why=_no_snapshot(action, volume, status))
    return InvalidVolume(why=_TEXTS[action.label or action.name].format(id=volume.id, status=status))


def _no_snapshot(action: Action, volume: Volume, status: str) -> str:
    if volume.status == Volume.MAINTENANCE:
        return "The snapshot cannot be created when the volume is in maintenance mode."
    if volume.status == Volume.ERROR:
        return "The snapshot cannot be created when the volume is in error status."
    wanted = ", ".join(WORDS[state] for state in sorted(action.allowed))
    return f"Volume {volume.id} status must be {wanted}, but current status is: {status}."


def is_migrating(volume: Volume) -> bool:
    """Whether a migration is under way (volume/api.py AVAILABLE_MIGRATION_STATUS)."""
    return volume.migration_status not in ("", "deleting", "error", "success")


def free(call: Call, volume: Volume, action: VolumeAction) -> Fault | None:
    """Some actions need a volume that is not attached, in no group, or not migrating."""
    held = (
        (action.no_attachments and volume.attach_status == "attached")
        or (action.no_group and volume.group_id)
        or (action.no_migration and is_migrating(volume))
    )
    return refuse(action, volume) if held else None


VOLUMES: Lifecycle[Volume] = Lifecycle(Volume, ACTIONS, refuse, error=Volume.ERROR, guards=(in_state, free))
