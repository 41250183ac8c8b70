"""A way to a PostgreSQL that can be cut, made silent, or made to lose the answer of a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

CHUNK_BYTES = 65536


class Way:
    """Forwards what comes to a port of this machine to the socket of a server."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._heard = asyncio.Event()
        self._heard.set()
        self.port = 0
        self.loses_commits = 0
        """Of so many commits the answer is lost."""

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    async def start(self) -> None:
        """Take connections, at the port of before; nothing, where it does."""
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Take no more connections, and break off those that are there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()
        self._heard.set()

    def silence(self) -> None:
        """Say nothing more, and let in connections without a word: as a process that is stopped."""
        self._heard.clear()

    def speak(self) -> None:
        """Go on where it was silent."""
        self._heard.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        await self._heard.wait()
        with suppress(OSError):
            there_reader, there = await asyncio.open_unix_connection(self._socket)
            self._open.add(there)
            lost: list[bool] = []
            await asyncio.gather(
                self._pass(reader, there, lost),
                self._pass(there_reader, writer, lost, back=True),
                return_exceptions=True,
            )
            there.close()
            self._open.discard(there)
        writer.close()
        self._open.discard(writer)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: list[bool], *, back: bool = False
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._heard.wait()
            if not back and b"COMMIT" in data and self.loses_commits:
                self.loses_commits -= 1
                lost.append(True)
            if back and lost:  # the server has done what it was asked
                for one in list(self._open):
                    one.transport.abort()
                return
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def way_to(postgres_url: str) -> AsyncIterator[Way]:
    """A way to the server of a URL that names the folder of its socket."""
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]
    way = Way(f"{folder}/.s.PGSQL.5432")
    await way.start()
    try:
        yield way
    finally:
        await way.cut()
