"""Init hooks as the admin API shows them; the command line runs them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

Stage = Literal["boot", "start", "ready", "stop"]
STAGES: tuple[Stage, ...] = ("boot", "start", "ready", "stop")
State = Literal["waiting", "running", "done", "unchanged", "failed", "skipped"]
ENDED: tuple[State, ...] = ("done", "unchanged", "failed", "skipped")


@dataclass(slots=True)
class Hook:
    """One file of a stage."""

    stage: Stage
    name: str
    state: State = "waiting"
    started: float | None = None
    """In seconds since the epoch."""
    seconds: float = 0.0
    exit_status: int | None = None
    error: str = ""

    def begin(self) -> None:
        """It runs from now on."""
        self.state, self.started = "running", time.time()

    def end(self, state: State, error: str = "") -> None:
        """It ran until now, or not at all."""
        self.state, self.error = state, error
        if self.started is not None:
            self.seconds = time.time() - self.started
