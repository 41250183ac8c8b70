"""The client's end of a console: a websocket as a stream of bytes."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

MESSAGE_BYTES_MAX = 256 * 1024
"""Of one message of a client."""
IDLE_SECONDS = 3600.0
"""After how long without a word of the client a session ends."""
ALIVE_SECONDS = 30.0
"""How often a client is asked whether it is still there."""
WRITE_SECONDS = 30.0
"""How long a client may take to read what it is sent."""
SUBPROTOCOL = "binary"


class Gone(Exception):
    """The session is over: the client left, or said what is not understood."""


class Socket:
    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._held = bytearray()

    async def read(self, count: int) -> bytes:
        """So many bytes; raises Gone."""
        while len(self._held) < count:
            self._held += await self.read_some()
        found = bytes(self._held[:count])
        del self._held[:count]
        return found

    async def read_some(self) -> bytes:
        """What the client says next; raises Gone."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await self._socket.receive()
        except TimeoutError:
            raise Gone("nothing was heard of the client") from None
        if message.type is WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is WSMsgType.TEXT:
            return str(message.data).encode()
        raise Gone("the client left")

    async def write(self, data: bytes) -> None:
        """Send bytes as one message; raises Gone."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._socket.send_bytes(data)
        except (ConnectionError, RuntimeError, TimeoutError) as broken:
            raise Gone("the client does not listen") from broken

    async def close(self, code: int = 1000, why: str = "") -> None:
        await self._socket.close(code=code, message=why.encode())
