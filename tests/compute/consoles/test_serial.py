"""The serial line of a server over the websocket of nova-serialproxy."""

from __future__ import annotations

from typing import Any

from tests.compute.consoles.stage import connected, log_of, url_of
from tests.compute.stage import act, boot


async def test_the_log_and_the_prompt(demo: Any) -> None:
    id = await boot(demo, name="web-1")
    async with connected(await url_of(demo, id, "serial", "serial")) as stream:
        assert stream.socket.protocol == "binary"
        assert (await stream.until("web-1 login: ")).replace("\r\n", "\n") == await log_of(demo, id)
        await stream.write(b"ci")
        assert await stream.some() == b"ci"
        await stream.write(b"x\x7frros\r")
        assert await stream.until("Password: ") == "x\b \brros\r\nPassword: "
        await stream.write(b"gocubsgo\r")
        assert await stream.until("login: ") == "\r\n\r\nLogin incorrect\r\nweb-1 login: "


async def test_new_lines_come(demo: Any) -> None:
    """What a stop prints is sent, then the whole of the next boot."""
    id = await boot(demo, name="web-1")
    async with connected(await url_of(demo, id, "serial", "serial")) as stream:
        await stream.until("web-1 login: ")
        (await act(demo, id, {"os-stop": None})).ok(202)
        assert (await stream.until("reboot: Power down\r\n")).startswith("\r\n\r\n")
        await stream.write(b"x")  # no one listens
        (await act(demo, id, {"os-start": None})).ok(202)
        again = await stream.until("web-1 login: ")
        assert again.startswith("[    0.000000] Linux version ")
        assert again.replace("\r\n", "\n") == await log_of(demo, id)
