"""The requests that were answered, a line each, to a file or terminal in batches."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import IO, Any

import orjson
from aiohttp import web

from mopenstack.contract.noted import CallFacts

BATCH_SECONDS = 0.5


class RequestLog:
    """Without a stream nothing is written. Lines are text, or JSON objects with the keys of `_json`.

    They have no query string and no headers: tokens and secrets stay out.
    """

    def __init__(self, stream: IO[str] | None = None, *, as_json: bool = True) -> None:
        self.writes = stream is not None
        self._stream = stream
        self._line = _json if as_json else _text
        self._pending: list[tuple[Any, ...]] = []

    def add(
        self,
        request: web.BaseRequest,
        request_id: str,
        cloud: str,
        status: int,
        seconds: float,
        facts: CallFacts | None,
    ) -> None:
        """Cheap: lines are made when a batch is written."""
        if not self._pending:
            asyncio.get_running_loop().call_later(BATCH_SECONDS, self.flush)
        path = request.raw_path.partition("?")[0]
        entry = (time.time(), request_id, request.remote, cloud, request.method, path, status, seconds * 1000, facts)
        self._pending.append(entry)

    def flush(self) -> None:
        """Write what is waiting."""
        pending, self._pending = self._pending, []
        if self._stream is not None and pending:
            self._stream.write("".join(self._line(*entry) for entry in pending))
            self._stream.flush()


def _json(
    at: float,
    request_id: str,
    remote: str,
    cloud: str,
    method: str,
    path: str,
    status: int,
    milliseconds: float,
    facts: CallFacts | None,
) -> str:
    operation = facts.operation if facts is not None else None
    caller = facts.caller if facts is not None else None
    line = {
        "at": at,
        "level": "INFO",
        "logger": "mopenstack.requests",
        "request_id": request_id,
        "remote": remote,
        "cloud": cloud or "default",
        "method": method,
        "path": path,
        "status": status,
        "milliseconds": round(milliseconds, 3),
        "operation": operation.name if operation is not None else "",
        "project_id": caller.project_id if caller is not None else "",
        "user_id": caller.user_id if caller is not None else "",
    }
    return orjson.dumps(line).decode() + "\n"


def _text(
    at: float,
    request_id: str,
    remote: str,
    cloud: str,
    method: str,
    path: str,
    status: int,
    milliseconds: float,
    facts: CallFacts | None,
) -> str:
    moment = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
    operation = facts.operation.method if facts is not None and facts.operation is not None else "-"
    return f"{moment} {cloud or 'default'} {method} {path} {status} {milliseconds:.1f} ms {operation} {request_id}\n"
