"""A small HTTP/1.1 load generator: keep-alive connections that each wait for their answer.

Raw asyncio protocols on uvloop, so that the generator is not what is measured. Run as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from functools import partial
from typing import cast

import uvloop


class _Connection(asyncio.Protocol):
    """Sends the request, reads one answer, sends again, until the shared budget is used up."""

    def __init__(self, request: bytes, budget: list[int], status: bytes, done: asyncio.Future[None]) -> None:
        self._request, self._budget, self._status, self._done = request, budget, status, done
        self._buffer = b""
        self._missing = -1
        self._closing = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        if self._budget[0] <= 0:
            self._transport.close()
            return
        self._budget[0] -= 1
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._missing > 0:
            self._missing -= len(data)
        else:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end]
            if not head.startswith(b"HTTP/1.1 " + self._status):
                self._fail(RuntimeError(f"unexpected answer: {self._buffer[:300]!r}"))
                return
            place = head.lower().find(b"content-length:")
            self._closing = b"connection: close" in head.lower()
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            self._missing = length - (len(self._buffer) - end - 4)
            self._buffer = b""
        if self._missing <= 0:
            self._missing = -1
            if self._closing:
                assert self._transport is not None
                self._transport.close()
            else:
                self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._budget[0] = 0
        if not self._done.done():
            self._done.set_exception(error)
        if self._transport is not None:
            self._transport.abort()


async def load(host: str, port: int, request: bytes, count: int, concurrency: int, status: str = "200") -> float:
    """Seconds for `count` requests over `concurrency` connections."""
    loop = asyncio.get_running_loop()
    budget = [count]

    async def connections() -> None:
        # A server that closes after each answer (werkzeug's) gets a new connection each time.
        while budget[0] > 0:
            done: asyncio.Future[None] = loop.create_future()
            await loop.create_connection(partial(_Connection, request, budget, status.encode(), done), host, port)
            await done

    started = time.perf_counter()
    await asyncio.gather(*(connections() for _ in range(concurrency)))
    return time.perf_counter() - started


def main() -> None:
    """Reads one JSON object: host, port, request, count, concurrency, status; prints the seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("spec")
    spec = json.loads(parser.parse_args().spec)
    spec["request"] = spec["request"].encode()
    print(uvloop.run(load(**spec)))


if __name__ == "__main__":
    main()
