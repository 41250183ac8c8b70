"""The clock of a cloud, as a test turns it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any


class Clock:
    """Tells and sets the time of one cloud; transitions that become due complete before the next call."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def advance(self, by: float | timedelta) -> datetime:
        """Move it by seconds; returns the new time."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        return _time(self._ask("POST", "/clock/advance", {"seconds": seconds}))

    def set(self, to: datetime) -> datetime:
        """Show this time; one without a time zone is UTC."""
        aware = to if to.tzinfo else to.replace(tzinfo=UTC)
        return _time(self._ask("PUT", "/clock", {"time": aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}))

    def run(self, rate: float = 1.0) -> datetime:
        """Let it run at a rate: cloud seconds per real second."""
        return _time(self._ask("PUT", "/clock", {"rate": rate}))

    def stop(self) -> datetime:
        """Stand still, until `run`."""
        return self.run(0)

    @property
    def now(self) -> datetime:
        """The time of the cloud."""
        return _time(self._ask("PUT", "/clock", {}))


def _time(answer: Any) -> datetime:
    return datetime.fromisoformat(answer["cloud"]["time"])
