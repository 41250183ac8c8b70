"""gRPC that is there when it is needed: the port is open from the start, the library is loaded for the first client.

A socket listens in the place of gRPC. The first connection lets gRPC start, which listens at the same port
(SO_REUSEPORT); then the socket is closed. Whoever was connected to it is told at the first call, in HTTP/2's words,
that none was taken and that a new connection is to be made (GOAWAY whose last stream is 0), which gRPC's clients do by
themselves: the call is made again, and arrives at gRPC. Until then the connection is as good as one of gRPC's.

Source: RFC 9113, section 6.8; gRPC's A6, "Transparent Retries".
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from mopenstack.core.engine.engine import Engine

if TYPE_CHECKING:
    import grpc

log = logging.getLogger(__name__)

BACKLOG = 128
LEAVE_SECONDS_MAX = 5
"""So long those that are told to leave may take."""
FRAME_BYTES_MAX = 16_384
"""What a frame has at most before the server allows more."""
_HEADERS, _SETTINGS, _PING, _GOAWAY = 1, 4, 6, 7
_ACK = 1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_LIBRARY = ("grpc.aio", "grpc_health.v1.health", "grpc_reflection.v1alpha.reflection_pb2_grpc")


def _frame(kind: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """A frame of HTTP/2 about the whole connection."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", 0) + payload


class LateServer:
    """A gRPC server of all operations at a free port of an IPv4 address of this machine."""

    def __init__(self, engine: Engine, host: str) -> None:
        self._engine, self._host = engine, host
        self._listening: socket.socket | None = None
        self._starting: asyncio.Task[grpc.aio.Server] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def listen(self) -> int:
        """Open the port; its number."""
        listening = self._listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((self._host, 0))
        listening.listen(BACKLOG)
        listening.setblocking(False)
        asyncio.get_running_loop().add_reader(listening, self._wanted)
        return int(listening.getsockname()[1])

    async def stop(self, seconds: float) -> None:
        """Close the port; calls under way have so long to end."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._starting is not None:
            with suppress(Exception):  # it is in the log
                await (await self._starting).stop(seconds)
        elif self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()

    def _wanted(self) -> None:
        listening = self._listening
        assert listening is not None, "it is read from because it listens"
        asyncio.get_running_loop().remove_reader(listening)
        self._starting = asyncio.create_task(self._start(listening))

    async def _start(self, listening: socket.socket) -> grpc.aio.Server:
        try:
            return await self._started(listening)
        except Exception:
            listening.close()  # clients see that nothing answers
            log.exception("gRPC cannot be served")
            raise

    async def _started(self, listening: socket.socket) -> grpc.aio.Server:
        for name in _LIBRARY:
            await asyncio.to_thread(importlib.import_module, name)
        from mopenstack.core.engine.server import create_server

        server = create_server(self._engine, shares_port=True)
        host, port = listening.getsockname()
        server.add_insecure_port(f"{host}:{port}")
        await server.start()
        with listening, suppress(BlockingIOError):
            while True:
                connection, _ = listening.accept()
                leaving = asyncio.create_task(_send_away(connection))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)
        return server


async def _send_away(connection: socket.socket) -> None:
    """Be an HTTP/2 server until the first call; let the client know then that it is to connect again."""
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        writer.write(_frame(_SETTINGS))
        if await reader.readexactly(len(_PREFACE)) == _PREFACE:
            await _first_call(reader, writer)
            writer.write(_frame(_GOAWAY, struct.pack(">II", 0, 0)))
        writer.write_eof()
        async with asyncio.timeout(LEAVE_SECONDS_MAX):
            while await reader.read(65536):
                pass
    except (OSError, asyncio.IncompleteReadError):
        pass  # it has left
    finally:
        writer.close()


async def _first_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the frames of a client until one begins a stream; those about the connection are acknowledged."""
    while True:
        length, kind, flags, _ = struct.unpack(">IBBI", b"\0" + await reader.readexactly(9))
        if kind == _HEADERS:
            return
        payload = await reader.readexactly(min(length, FRAME_BYTES_MAX))
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            writer.write(_frame(kind, payload if kind == _PING else b"", _ACK))
