"""The rows of a lifecycle's table: actions, and the states that they pass through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEFT: Any = object()
"""The state is what the function leaves that was registered for it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A state that an action passes through after its first one, on the way to its end.

    seconds   what it takes in a real cloud, of the action's seconds
    task      value of the task field from here on; empty: none
    interim   the state from here on; None: unchanged
    during    further fields with their values from here on
    """

    seconds: float
    task: str = ""
    interim: Any = None
    during: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """One row. States are values of the table's state field.

    allowed   the states in which the action may begin
    to        the state at the end; None: what the completion leaves
    task      value of the task field while under way
    interim   the state while under way; None: unchanged
    seconds   what it takes in a real cloud; 0: it is complete at once, in the same call
    begins    false: only where it is allowed is said here; the state stays what it is
    label     the name that a refusal uses; empty: the name
    where     further status fields with the values that allow the action
    during    further fields with their values while under way
    sets      further fields with their values at the end
    cancels   whether a transition under way is forgotten
    steps     the states that it passes through on the way, where it takes a while
    error     the state in which a failure ends; None: the table's; LEFT: what the table's `fails` leaves
    """

    name: str
    allowed: frozenset[Any]
    to: Any = None
    task: str = ""
    interim: Any = None
    seconds: float = 1.0
    begins: bool = True
    label: str = ""
    where: Mapping[str, frozenset[Any]] = field(default_factory=dict)
    during: Mapping[str, Any] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    cancels: bool = False
    steps: tuple[Step, ...] = ()
    error: Any = None

    def lasts(self, step: int) -> float:
        """What the state behind so many steps takes in a real cloud, in seconds."""
        return self.steps[step - 1].seconds if step else self.seconds - sum(one.seconds for one in self.steps)
