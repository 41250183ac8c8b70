"""What a server is as a VM, and which action is allowed in which state."""

from __future__ import annotations

from collections.abc import Mapping

STOPPED, RUNNING, PAUSED, DELETED, ERROR = "STOPPED", "RUNNING", "PAUSED", "DELETED", "ERROR"

START, STOP, RESTART, PAUSE, RESUME, DELETE = "start", "stop", "restart", "pause", "resume", "delete"

ALLOWED: Mapping[str, frozenset[str]] = {
    STOPPED: frozenset({START, DELETE}),
    RUNNING: frozenset({STOP, RESTART, PAUSE, DELETE}),
    PAUSED: frozenset({RESUME, STOP, DELETE}),
    DELETED: frozenset(),
    ERROR: frozenset({DELETE}),
}
"""State -> the actions that it allows; all others are refused."""

RESULT: Mapping[str, str] = {
    START: RUNNING,
    STOP: STOPPED,
    RESTART: RUNNING,
    PAUSE: PAUSED,
    RESUME: RUNNING,
    DELETE: DELETED,
}
"""Action -> the state that it leads to."""

MARK, MARKED = "vm-lifecycle", "stopped"
"""Key and value of the metadata of servers that are made by this API: they are stopped when they are built."""

_OF_TASK: Mapping[str, str] = {
    "powering-on": RUNNING,
    "powering-off": STOPPED,
    "pausing": PAUSED,
    "unpausing": RUNNING,
    "suspending": PAUSED,
    "resuming": RUNNING,
    "deleting": DELETED,
    "soft-deleting": DELETED,
}
"""Task of a server -> what it is to become."""
_OF_STATUS: Mapping[str, str] = {
    "SHUTOFF": STOPPED,
    "SHELVED": STOPPED,
    "SHELVED_OFFLOADED": STOPPED,
    "PAUSED": PAUSED,
    "SUSPENDED": PAUSED,
    "DELETED": DELETED,
    "SOFT_DELETED": DELETED,
    "ERROR": ERROR,
    "UNKNOWN": ERROR,
}
"""Nova's status -> the VM's; servers of all others run, or are about to."""


def status_of(status: str, task: str, metadata: Mapping[str, str]) -> str:
    """The status of a VM: what the server is, or is to become."""
    if task in _OF_TASK:
        return _OF_TASK[task]
    if status == "BUILD":
        return STOPPED if metadata.get(MARK) == MARKED else RUNNING
    return _OF_STATUS.get(status, RUNNING)
