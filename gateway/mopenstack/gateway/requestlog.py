"""The requests that were answered: the newest in memory, all of them to a file or terminal in batches."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import IO, Any

import orjson

KEPT_MAX = 1000
BATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Entry:
    """No query string and no headers: tokens and secrets stay out."""

    at: float
    request_id: str
    cloud: str
    method: str
    path: str
    status: int
    milliseconds: float


class RequestLog:
    def __init__(self, stream: IO[str] | None = None) -> None:
        self._kept: deque[tuple[Any, ...]] = deque(maxlen=KEPT_MAX)
        self._stream = stream
        self._pending: list[tuple[Any, ...]] = []

    def add(
        self, started: float, request_id: str, cloud: str, method: str, path: str, status: int, seconds: float
    ) -> None:
        """Cheap: lines are made when they are read or a batch is written."""
        entry = (time.time(), request_id, cloud, method, path, status, seconds * 1000)
        self._kept.append(entry)
        if self._stream is not None:
            if not self._pending:
                asyncio.get_running_loop().call_later(BATCH_SECONDS, self.flush)
            self._pending.append(entry)

    def newest(self) -> list[Entry]:
        """Oldest first."""
        return [Entry(*entry) for entry in self._kept]

    def flush(self) -> None:
        """Write what is waiting."""
        pending, self._pending = self._pending, []
        if self._stream is not None and pending:
            lines = [orjson.dumps(asdict(Entry(*entry))).decode() + "\n" for entry in pending]
            self._stream.write("".join(lines))
            self._stream.flush()
