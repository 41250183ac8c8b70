"""The screen of a server over RFB, as QEMU's VNC server would show it. Source: RFC 6143.

No authentication is asked for, as the proxy has looked at the token. Keys are typed at the login prompt; the pointer
and what is pasted are read and left alone.
"""

from __future__ import annotations

import asyncio
import struct

from mopenstack.gateway.consoles import encodings
from mopenstack.gateway.consoles.encodings import PixelFormat, Tight, UnknownFormat
from mopenstack.gateway.consoles.login import Login
from mopenstack.gateway.consoles.picture import HEIGHT, picture
from mopenstack.gateway.consoles.socket import Gone, Socket
from mopenstack.gateway.consoles.text import PALETTE, WIDTH, Line, pixels
from mopenstack.gateway.consoles.watch import Watch

VERSION = b"RFB 003.008\n"
_VERSIONS = {b"RFB 003.003\n": 3, b"RFB 003.007\n": 7, b"RFB 003.008\n": 8}
_NONE, _WITH_TYPES, _WITH_RESULT = 1, 7, 8
_SET_FORMAT, _SET_ENCODINGS, _UPDATE, _KEY, _POINTER, _CUT = 0, 2, 3, 4, 5, 6
_ENCODINGS_MAX, _CUT_MAX = 1024, 256 * 1024
_UPDATE_ANSWER, _COLOURS_ANSWER = 0, 1
_KEYS = {0xFF08: "\x08", 0xFF0D: "\r", 0xFF8D: "\r", 0xFFFF: "\x7f"}
"""X's key symbols of backspace, enter (of both blocks) and delete."""
_CONTROLS = frozenset({0xFFE3, 0xFFE4})
_LATIN_1 = range(0x20, 0x100)


class Screen:
    """One session. `follow` runs it to its end."""

    def __init__(self, socket: Socket, watch: Watch) -> None:
        self._socket, self._watch = socket, watch
        self._login = Login()
        self._format = PixelFormat()
        self._tight: Tight | None = None
        self._wanted = self._whole = self._control = False
        """Whether the client waits for an update, whether for all of the picture, whether it holds a control key."""
        self._shown: list[Line] = []

    async def follow(self) -> None:
        """Negotiate, then answer the client. Raises Gone."""
        await self._greet()
        while True:
            await self._answer((await self._socket.read(1))[0])

    def _looked(self) -> list[Line]:
        prompt = self._watch.prompt
        if prompt != self._login.prompt or not prompt:
            self._login = Login(prompt)
        return picture(self._watch, self._login)

    async def refresh(self) -> None:
        """Send what has changed, if the client waits for it."""
        if not self._wanted:
            return
        now = self._looked()
        before = [] if self._whole else self._shown
        bands = _changed(before, now)
        if not bands:
            return
        self._wanted = self._whole = False
        self._shown = now
        sent = [struct.pack(">BxH", _UPDATE_ANSWER, len(bands))]
        for top, height, data in bands:
            kind = encodings.RAW if self._tight is None else encodings.TIGHT
            sent.append(struct.pack(">HHHHi", 0, top, WIDTH, height, kind))
            encode = encodings.raw if self._tight is None else self._tight.encode
            sent.append(encode(data, self._format))
            await asyncio.sleep(0)  # others are answered in between
        await self._socket.write(b"".join(sent))

    async def _greet(self) -> None:
        await self._socket.write(VERSION)
        version = _VERSIONS.get(await self._socket.read(len(VERSION)))
        if version is None:
            raise Gone("an unknown version of RFB")
        if version < _WITH_TYPES:
            await self._socket.write(struct.pack(">I", _NONE))
        else:
            await self._socket.write(bytes([1, _NONE]))
            if (await self._socket.read(1))[0] != _NONE:
                reason = b"Unsupported security type"
                await self._socket.write(struct.pack(">II", 1, len(reason)) + reason)
                raise Gone("another security type")
            if version >= _WITH_RESULT:
                await self._socket.write(struct.pack(">I", 0))
        await self._socket.read(1)  # whether others may watch: they may
        name = f"QEMU ({self._watch.screen.instance_name})".encode()
        size = struct.pack(">HH", WIDTH, HEIGHT)
        await self._socket.write(size + self._format.packed() + struct.pack(">I", len(name)) + name)

    async def _answer(self, kind: int) -> None:
        """Read one message of the client, and do what it asks for."""
        read = self._socket.read
        if kind == _SET_FORMAT:
            try:
                self._format = PixelFormat.of((await read(19))[3:])
            except UnknownFormat as unknown:
                raise Gone(str(unknown)) from None
            self._whole = True
            if not self._format.true_colour:
                await self._send_colours()
        elif kind == _SET_ENCODINGS:
            (count,) = struct.unpack(">xH", await read(3))
            if count > _ENCODINGS_MAX:
                raise Gone("too many encodings")
            known = struct.unpack(f">{count}i", await read(4 * count))
            self._tight = (self._tight or Tight()) if encodings.TIGHT in known else None
        elif kind == _UPDATE:
            incremental = (await read(9))[0]
            self._wanted, self._whole = True, self._whole or not incremental
            await self.refresh()
        elif kind == _KEY:
            down, symbol = struct.unpack(">BxxI", await read(7))
            await self._press(symbol, bool(down))
        elif kind == _POINTER:
            await read(5)
        elif kind == _CUT:
            (length,) = struct.unpack(">xxxI", await read(7))
            if length > _CUT_MAX:
                raise Gone("too much to paste")
            await read(length)
        else:
            raise Gone(f"a message of the unknown type {kind}")

    async def _send_colours(self) -> None:
        colours = b"".join(struct.pack(">HHH", *(part * 257 for part in colour)) for colour in PALETTE)
        await self._socket.write(struct.pack(">BxHH", _COLOURS_ANSWER, 0, len(PALETTE)) + colours)

    async def _press(self, symbol: int, down: bool) -> None:
        if symbol in _CONTROLS:
            self._control = down
        key = _KEYS.get(symbol) or (chr(symbol) if symbol in _LATIN_1 else "")
        if not down or not key or not self._login.prompt:
            return
        if self._control:
            key = chr(ord(key.upper()) & 0x1F) if key.isalpha() else ""
        self._login.type(key)
        await self.refresh()


def _changed(before: list[Line], now: list[Line]) -> list[tuple[int, int, bytes]]:
    """(top, height, pixels) of the lines that differ; neighbours are one band."""
    tops, top = {}, 0
    for drawn in before:
        tops[top] = drawn
        top += drawn.height
    bands: list[tuple[int, int, bytes]] = []
    top = 0
    for drawn in now:
        if tops.get(top) != drawn:
            if bands and sum(bands[-1][:2]) == top:
                start, height, data = bands[-1]
                bands[-1] = (start, height + drawn.height, data + pixels(drawn))
            else:
                bands.append((top, drawn.height, pixels(drawn)))
        top += drawn.height
    return bands
