"""The serial line of a server: its log as it comes, and the login prompt behind it."""

from __future__ import annotations

from mopenstack.gateway.consoles.login import Login
from mopenstack.gateway.consoles.socket import Socket
from mopenstack.gateway.consoles.watch import Watch

_PIECE_BYTES = 32 * 1024


class SerialLine:
    """One session. `follow` runs it to its end."""

    def __init__(self, socket: Socket, watch: Watch) -> None:
        self._socket, self._watch = socket, watch
        self._login = Login()
        self._boot = ""
        self._written = 0
        """How many lines of the boot were sent."""
        self._is_open = False
        """Whether the last line that was sent has no end yet."""

    async def follow(self) -> None:
        """Send the log, then answer what is typed. Raises Gone."""
        await self.refresh()
        while True:
            typed = await self._socket.read_some()
            if self._login.prompt:
                await self._write(self._login.type(typed.decode("latin-1")))

    async def refresh(self) -> None:
        """Send the lines that are new."""
        watch = self._watch
        if watch.screen.boot != self._boot:
            self._boot, self._written = watch.screen.boot, 0
        fresh = watch.lines[self._written :]
        if not fresh:
            return
        self._written = len(watch.lines)
        text = ("\r\n" if self._is_open else "") + "\r\n".join(fresh)
        self._is_open = bool(watch.prompt)
        self._login = Login(watch.prompt)
        await self._write(text if self._is_open else text + "\r\n")

    async def _write(self, text: str) -> None:
        data = text.encode("latin-1", "replace")
        for start in range(0, len(data), _PIECE_BYTES):
            await self._socket.write(data[start : start + _PIECE_BYTES])
