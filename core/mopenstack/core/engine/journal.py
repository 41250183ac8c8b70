"""The journal of a cloud: its newest calls in memory, bounded in number and bytes, and who waits for more.

What it keeps is a setting of the cloud, which all processes on one store share; each process has the calls that it
answered itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from mopenstack.contract.noted import Again, Noted, whole

Mode = Literal["off", "calls", "bodies"]
MODES: tuple[Mode, ...] = get_args(Mode)

CALLS_MAX = 1000
BYTES_MAX = 8 * 1024 * 1024
ROOM = 16
"""A part of this size of a full journal goes at once."""
CALL_BYTES = 600
"""What a call takes beside its texts."""


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """What a cloud's journal keeps: no calls, calls without their bodies, or both; and how much at most."""

    mode: Mode
    calls_max: int = CALLS_MAX
    bytes_max: int = BYTES_MAX

    def dump(self) -> dict[str, Any]:
        return asdict(self)


class Ring:
    """The newest calls, the oldest first; numbers go on from call to call."""

    def __init__(self, settings: JournalSettings) -> None:
        self.bytes = 0
        """What the calls take, estimated."""
        self._calls: deque[Noted | Again] = deque()
        self._number = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._take(settings)

    def _take(self, settings: JournalSettings) -> None:
        self.settings = settings
        self.bodies = settings.mode == "bodies"
        self._calls_max, self._bytes_max = settings.calls_max, settings.bytes_max

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Noted | Again) -> None:
        """Keep a call; the oldest go for which there is no room then."""
        self._number += 1
        self.bytes += CALL_BYTES if type(call) is tuple else _size(call)
        self._calls.append(call)
        if len(self._calls) > self._calls_max or self.bytes > self._bytes_max:
            self._trim()
        if self._waiting:
            self.wake()

    def change(self, settings: JournalSettings) -> None:
        """Keep as much as other settings say."""
        self._take(settings)
        self._trim()

    def clear(self) -> None:
        """Forget all calls; the numbers go on."""
        self._calls.clear()
        self.bytes = 0

    def after(self, number: int = 0) -> list[tuple[int, Noted]]:
        """The calls that came after one, by their numbers, and with them."""
        kept, first = self._calls, self._number - len(self._calls) + 1
        start = max(number + 1 - first, 0)
        return [(first + place, whole(kept[place])) for place in range(start, len(kept))]

    def _trim(self) -> None:
        """Make room, of more than one call at once where there are many: so it is seldom done."""
        kept = self._calls
        calls, size = (most - most // ROOM for most in (self._calls_max, self._bytes_max))
        while kept and (len(kept) > calls or self.bytes > size):
            self.bytes -= _size(kept.popleft())

    @property
    def dropped(self) -> int:
        """How many calls were forgotten."""
        return self._number - len(self._calls)

    @property
    def last(self) -> int:
        """The number of the newest call; 0: there was none."""
        return self._number

    async def more(self, seconds: float) -> bool:
        """Wait until a call comes; false: for so long none did."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            await asyncio.wait_for(waiting, seconds)
        except TimeoutError:
            return False
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
        return True

    def wake(self) -> None:
        """Let those that wait look again."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


def _size(call: Noted | Again) -> int:
    if isinstance(call, tuple):
        return CALL_BYTES
    return CALL_BYTES + len(call.url) + len(call.request) + len(call.answer)
