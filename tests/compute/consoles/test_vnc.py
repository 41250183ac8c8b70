"""The screen of a server over noVNC's websocket, as a client of RFB sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.compute.consoles.stage import RAW, TIGHT, RfbClient, connected, url_of
from tests.compute.stage import act, boot


@pytest.mark.parametrize("version", [b"RFB 003.003\n", b"RFB 003.007\n", b"RFB 003.008\n"])
async def test_versions_of_rfb(demo: Any, version: bytes) -> None:
    async with connected(await url_of(demo, await boot(demo))) as stream:
        client = RfbClient(stream)
        await client.greet(RAW, version=version)
        assert client.name.startswith("QEMU (instance-0000")
        assert await client.update() == client.height
        assert len(client.colours()) > 4


async def test_encodings_show_the_same_picture(demo: Any) -> None:
    id = await boot(demo, name="web-1")
    pictures = []
    for encoding in (RAW, TIGHT):
        async with connected(await url_of(demo, id)) as stream:
            client = RfbClient(stream)
            await client.greet(encoding)
            await client.update()
            assert client.kinds == {encoding}
            pictures.append(client.pixels)
    assert pictures[0] == pictures[1]


async def test_servers_are_told_apart(demo: Any) -> None:
    pictures = []
    for name in ("web-1", "web-2"):
        async with connected(await url_of(demo, await boot(demo, name=name))) as stream:
            client = RfbClient(stream)
            await client.greet(TIGHT)
            await client.update()
            pictures.append(bytes(client.pixels))
    assert pictures[0] != pictures[1]


async def test_the_picture_follows_the_state(demo: Any) -> None:
    """An update comes when the server is stopped, of what has changed alone; the session ends with the server."""
    id = await boot(demo)
    async with connected(await url_of(demo, id)) as stream:
        client = RfbClient(stream)
        await client.greet(TIGHT)
        await client.update()
        before = bytes(client.pixels)
        stopping = asyncio.create_task(act(demo, id, {"os-stop": None}))
        rows = await client.update(incremental=True)
        (await stopping).ok(202)
        assert 0 < rows < client.height
        assert bytes(client.pixels) != before
        (await demo.delete("compute", f"/v2.1/servers/{id}")).ok(204)
        while await stream.some():
            await client.ask(incremental=True)
        assert stream.socket.close_code == 1000


async def test_what_is_typed_is_echoed(demo: Any) -> None:
    async with connected(await url_of(demo, await boot(demo))) as stream:
        client = RfbClient(stream)
        await client.greet(TIGHT)
        await client.update()
        before = bytes(client.pixels)
        await client.type("c")
        await client.update(incremental=True)
        once = bytes(client.pixels)
        await client.type("i")
        await client.update(incremental=True)
        assert len({before, once, bytes(client.pixels)}) == 3


@pytest.mark.parametrize(
    "said",
    [
        b"\xff",  # no message of RFB
        b"\x02\x00\xff\xff",  # more encodings than there are
        b"\x06\x00\x00\x00\x7f\xff\xff\xff",  # two gigabytes to paste
        b"\x00\x00\x00\x00" + bytes([24, 24, 0, 1]) + bytes(12),  # 24 bits a pixel
    ],
)
async def test_nonsense_ends_the_session(demo: Any, said: bytes) -> None:
    async with connected(await url_of(demo, await boot(demo))) as stream:
        await RfbClient(stream).greet(RAW)
        await stream.write(said)
        assert await stream.some() == b""
        assert stream.socket.closed


async def test_formats_of_pixels(demo: Any) -> None:
    """16 bits in true colour, and 8 with a map of colours, which is sent."""
    async with connected(await url_of(demo, await boot(demo))) as stream:
        client = RfbClient(stream)
        await client.greet(RAW)
        size = client.width * client.height
        of_16 = bytes([16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0])
        await stream.write(b"\x00\x00\x00\x00" + of_16)
        await client.ask()
        assert (await stream.read(4 + 12))[:4] == b"\x00\x00\x00\x01"
        found = await stream.read(2 * size)
        assert len({found[place : place + 2] for place in range(0, len(found), 2)}) > 4
        await stream.write(b"\x00\x00\x00\x00" + bytes([8, 8, 0, 0]) + bytes(12))
        head = await stream.read(6)
        assert head[0] == 1
        await stream.read(6 * head[5])
        await client.ask()
        await stream.read(4 + 12)
        assert max(await stream.read(size)) < head[5]
