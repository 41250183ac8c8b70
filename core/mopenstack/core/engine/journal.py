"""The journal of a cloud: its newest calls in memory, bounded in number and bytes, and who waits for more.

What it keeps is a setting of the cloud, which all processes on one store share; each process has the calls that it
answered itself.
"""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from mopenstack.contract.noted import Noted

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
        self._calls: list[Noted] = []
        """The calls; one that `again` added is shared with others, and lacks what is next."""
        self._at, self._seconds = array("d"), array("d")
        self._request_ids: list[str] = []
        self._texts = 0
        """The bytes of the texts of all calls."""
        self._fits = 0
        """So many calls may be kept, with these texts."""
        self.dropped = 0
        """How many calls were forgotten."""
        self._waiting: list[asyncio.Future[None]] = []
        self._take(settings)

    def _take(self, settings: JournalSettings) -> None:
        self.settings = settings
        self.bodies = settings.mode == "bodies"
        self._fit()

    def _fit(self) -> None:
        settings = self.settings
        self._fits = min(settings.calls_max, (settings.bytes_max - self._texts) // CALL_BYTES)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def bytes(self) -> int:
        """What the calls take, estimated."""
        return len(self._calls) * CALL_BYTES + self._texts

    def add(self, call: Noted) -> None:
        """Keep a call; the oldest go for which there is no room then."""
        self._texts += _texts(call)
        self._fit()
        self.again(call.at, call.seconds, call.request_id, call)

    def again(self, at: float, seconds: float, request_id: str, call: Noted) -> None:
        """Keep a call that is `call` but for its moment and its id; `call` has none (0.0, "")."""
        self._calls.append(call)
        self._at.append(at)
        self._seconds.append(seconds)
        self._request_ids.append(request_id)
        if len(self._calls) > self._fits:
            self._trim()
        if self._waiting:
            self.wake()

    def change(self, settings: JournalSettings) -> None:
        """Keep as much as other settings say."""
        self._take(settings)
        self._trim()

    def clear(self) -> None:
        """Forget all calls; the numbers go on."""
        self._forget(len(self._calls))

    def after(self, number: int = 0) -> list[tuple[int, Noted]]:
        """The calls that came after one, by their numbers, and with them."""
        start = max(number - self.dropped, 0)
        return [(self.dropped + 1 + place, self._call(place)) for place in range(start, len(self._calls))]

    def _call(self, place: int) -> Noted:
        call = self._calls[place]
        if call.at:
            return call
        at, seconds, request_id = self._at[place], self._seconds[place], self._request_ids[place]
        return replace(call, at=at, seconds=seconds, request_id=request_id)

    def _trim(self) -> None:
        """Make room, of more than one call at once where there are many: so it is seldom done."""
        settings = self.settings
        calls, size = (most - most // ROOM for most in (settings.calls_max, settings.bytes_max))
        gone, bytes_left, left = 0, self.bytes, len(self._calls)
        while gone < left and (left - gone > calls or bytes_left > size):
            bytes_left -= CALL_BYTES + (_texts(self._calls[gone]) if self._texts else 0)
            gone += 1
        self._forget(gone)

    def _forget(self, count: int) -> None:
        """Drop the oldest calls."""
        if self._texts:
            self._texts -= sum(map(_texts, self._calls[:count]))
        for kept in (self._calls, self._at, self._seconds, self._request_ids):
            del kept[:count]
        self.dropped += count
        self._fit()

    @property
    def last(self) -> int:
        """The number of the newest call; 0: there was none."""
        return self.dropped + len(self._calls)

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


def _texts(call: Noted) -> int:
    """The bytes of its texts; a call that is shared has them once for all."""
    return len(call.url) + len(call.request) + len(call.answer) if call.at else 0
