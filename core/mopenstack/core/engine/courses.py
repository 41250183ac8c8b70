"""How a transition goes: what was decided of it when it began, and how far it is.

A transition is stored under its row's name alone where it is done at once, else with what is told here.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.clouds import Cloud, Profile

_DEFAULTS: dict[str, Any] = {"profile": "", "seconds": None, "reads": 0, "error": "", "rule": ""}


@dataclass(frozen=True, slots=True)
class Course:
    """What a rule decided of one transition when it began.

    profile   how it completes; empty: as the cloud's
    seconds   what the whole of it takes; None: what its table says
    reads     after how many reads of the resource it is done; 0: they do not count
    error     the text that it fails with; empty: it succeeds
    rule      id of the rule
    """

    profile: Profile | str = ""
    seconds: float | None = None
    reads: int = 0
    error: str = ""
    rule: str = ""

    def profile_in(self, cloud: Cloud) -> str:
        """How the transition completes in a cloud."""
        if self.reads:
            return "manual"
        return self.profile or (cloud.profile if self.seconds is None else "realistic")


AS_THE_CLOUD = Course()
"""No rule decided anything."""


@dataclass(frozen=True, slots=True)
class Fate:
    """The course of all transitions that one call begins: of resources of a package, or of whatever (empty)."""

    course: Course
    package: str = ""

    def is_about(self, message: type[Message]) -> bool:
        return not self.package or message.DESCRIPTOR.file.package == self.package


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A transition under way.

    row      the name of its action
    slow     whether it takes a while: then it passes through the steps of its action
    step     how many of them it has entered
    seen     how many reads have counted
    due      when the next step, or the end, is due, in the cloud's time; infinite: not by the clock
    """

    row: str
    slow: bool = False
    step: int = 0
    seen: int = 0
    due: float = math.inf
    course: Course = AS_THE_CLOUD

    @property
    def is_open(self) -> bool:
        """Whether it can be told only at its end when that was, or that it failed."""
        return self.slow or bool(self.course.error)

    def text(self) -> str:
        """What is stored as the transition's action."""
        if not self.slow and self.course is AS_THE_CLOUD:
            return self.row
        known: dict[str, Any] = {"row": self.row, "slow": self.slow, "step": self.step, "seen": self.seen}
        if self.due != math.inf:
            known["due"] = self.due
        decided = {name: value for name, value in asdict(self.course).items() if value != _DEFAULTS[name]}
        return json.dumps(known | decided, separators=(",", ":"))

    @classmethod
    def of(cls, text: str) -> UnderWay:
        """What a stored action tells."""
        if not text.startswith("{"):
            return cls(text)
        known = json.loads(text)
        decided = {name: known.pop(name) for name in _DEFAULTS if name in known}
        return cls(**known, course=Course(**decided) if decided else AS_THE_CLOUD)
