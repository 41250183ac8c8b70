"""Clients of consoles: the URL of one, a websocket as noVNC opens it, and a client of RFB."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.compute.stage import SERVERS, at
from tests.conftest import Cloud, User

RAW, TIGHT = 0, 7
ENTER = 0xFF0D


async def url_of(user: User, id: str, protocol: str = "vnc", type: str = "novnc") -> str:
    """The URL of a new console."""
    body = {"remote_console": {"protocol": protocol, "type": type}}
    made = await user.post("compute", f"{SERVERS}/{id}/remote-consoles", body, **at("2.99"))
    return str(made.ok(200)["remote_console"]["url"])


def socket_url(url: str) -> str:
    """Where a page connects to: what its address says, or the address itself."""
    parts = urlsplit(url)
    path = parse_qs(parts.query).get("path", [""])[0]
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc}/{path}" if path else parts._replace(scheme=scheme).geturl()


def token_of(url: str) -> str:
    return parse_qs(urlsplit(socket_url(url)).query)["token"][0]


@asynccontextmanager
async def connected(url: str, **headers: str) -> AsyncIterator[Stream]:
    """A websocket to a console."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(socket_url(url), protocols=("binary",), headers=headers) as socket,
    ):
        yield Stream(socket)


class Stream:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._held = b""

    async def some(self) -> bytes:
        """The next message; empty where the connection is over."""
        message = await self.socket.receive(20)
        return bytes(message.data) if message.type is aiohttp.WSMsgType.BINARY else b""

    async def read(self, count: int) -> bytes:
        while len(self._held) < count:
            more = await self.some()
            assert more, f"the connection is over after {self._held!r}"
            self._held += more
        found, self._held = self._held[:count], self._held[count:]
        return found

    async def write(self, data: bytes) -> None:
        await self.socket.send_bytes(data)

    async def until(self, text: str) -> str:
        """What comes until a text is in it."""
        found = ""
        while text not in found:
            more = await self.some()
            assert more, f"the connection is over after {found!r}"
            found += more.decode("latin-1")
        return found


class RfbClient:
    """Keeps the picture as red, green and blue of each pixel."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj()
        self.name = ""
        self.width = self.height = 0
        self.kinds: set[int] = set()
        """The encodings of the rectangles that came."""
        self.pixels = bytearray()

    async def greet(self, *encodings: int, version: bytes = b"RFB 003.008\n") -> None:
        """Negotiate, and say which encodings are understood."""
        read, write = self._stream.read, self._stream.write
        assert await read(12) == b"RFB 003.008\n"
        await write(version)
        if version < b"RFB 003.007\n":
            assert struct.unpack(">I", await read(4)) == (1,)
        else:
            assert await read((await read(1))[0]) == b"\x01"
            await write(b"\x01")
            if version >= b"RFB 003.008\n":
                assert await read(4) == bytes(4)
        await write(b"\x01")
        self.width, self.height = struct.unpack(">HH", await read(4))
        assert (await read(16))[:4] == bytes([32, 24, 0, 1])
        self.name = (await read(struct.unpack(">I", await read(4))[0])).decode()
        self.pixels = bytearray(self.width * self.height * 3)
        await write(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))

    async def ask(self, *, incremental: bool = False) -> None:
        await self._stream.write(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))

    async def update(self, *, incremental: bool = False) -> int:
        """Ask for an update and take it; how many rows of pixels came."""
        await self.ask(incremental=incremental)
        kind, count = struct.unpack(">BxH", await self._stream.read(4))
        assert kind == 0
        rows = 0
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", await self._stream.read(12))
            assert (x, width) == (0, self.width)
            data = await (self._tight(width * height) if encoding == TIGHT else self._raw(width * height))
            self.pixels[y * width * 3 : (y + height) * width * 3] = data
            self.kinds.add(encoding)
            rows += height
        return rows

    async def type(self, text: str) -> None:
        for symbol in [*map(ord, text)]:
            for down in (1, 0):
                await self._stream.write(struct.pack(">BBxxI", 4, down, ENTER if symbol == 10 else symbol))

    async def _raw(self, count: int) -> bytes:
        data = await self._stream.read(4 * count)
        found = bytearray(3 * count)
        found[0::3], found[1::3], found[2::3] = data[2::4], data[1::4], data[0::4]
        return bytes(found)

    async def _tight(self, count: int) -> bytes:
        """The palette filter with more than two colours."""
        control, filter, colours = await self._stream.read(3)
        assert (control, filter) == (0x40, 1)
        palette = await self._stream.read(3 * (colours + 1))
        length = shift = 0
        for shift in (0, 7, 14):
            octet = (await self._stream.read(1))[0]
            length |= (octet & (0x7F if shift < 14 else 0xFF)) << shift
            if not octet & 0x80:
                break
        numbers = self._inflate.decompress(await self._stream.read(length))
        assert len(numbers) == count
        return b"".join(palette[3 * number : 3 * number + 3] for number in numbers)

    def colours(self) -> set[bytes]:
        """The colours of the picture."""
        return {bytes(self.pixels[place : place + 3]) for place in range(0, len(self.pixels), 3)}


async def log_of(user: Any, id: str, length: int | None = None) -> str:
    """The console log."""
    body = {"os-getConsoleOutput": {} if length is None else {"length": length}}
    return str((await user.post("compute", f"{SERVERS}/{id}/action", body, **at("2.87"))).ok(200)["output"])


async def stop_clock(cloud: Cloud) -> None:
    """The cloud's time stands still."""
    (await cloud.admin_api.put("_mopenstack", f"/clouds/{cloud.name}/clock", {"rate": 0})).ok(200)


async def advance(cloud: Cloud, seconds: float) -> None:
    """The cloud's clock jumps."""
    (await cloud.admin_api.post("_mopenstack", f"/clouds/{cloud.name}/clock/advance", {"seconds": seconds})).ok(200)
