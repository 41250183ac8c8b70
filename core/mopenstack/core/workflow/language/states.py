"""The states of executions, tasks and actions, and which may follow which (mistral/workflow/states.py)."""

from __future__ import annotations

from collections.abc import Mapping

IDLE, WAITING, RUNNING, DELAYED, PAUSED = "IDLE", "WAITING", "RUNNING", "DELAYED", "PAUSED"
SUCCESS, CANCELLED, ERROR, SKIPPED = "SUCCESS", "CANCELLED", "ERROR", "SKIPPED"

COMPLETED = frozenset({SUCCESS, ERROR, CANCELLED, SKIPPED})
PAUSED_OR_COMPLETED = COMPLETED | {PAUSED}
INCOMPLETE = frozenset({IDLE, RUNNING, WAITING, DELAYED, PAUSED})

_FOLLOWING: Mapping[str, frozenset[str]] = {
    IDLE: frozenset({RUNNING, ERROR, CANCELLED}),
    WAITING: frozenset({RUNNING}),
    RUNNING: frozenset({PAUSED, DELAYED, SUCCESS, ERROR, CANCELLED}),
    DELAYED: frozenset({RUNNING, ERROR, CANCELLED}),
    PAUSED: frozenset({RUNNING, ERROR, CANCELLED}),
    SUCCESS: frozenset(),
    CANCELLED: frozenset({RUNNING}),
    ERROR: frozenset({RUNNING, SKIPPED}),
    SKIPPED: frozenset(),
}


def may_follow(before: str, after: str) -> bool:
    return before == after or after in _FOLLOWING.get(before, frozenset())
