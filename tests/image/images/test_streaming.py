"""Bytes pass through in pieces, and the seed's are kept once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

from mopenstack.cli.serve import Settings, open_clouds
from tests.conftest import User

MIB = 1024 * 1024
SIZE_MIB = 128
GROWTH_MIB_MAX = 32
"""Of this very process, which is client and server; far less than the image."""


def _rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


async def _zeros() -> AsyncIterator[bytes]:
    for _ in range(SIZE_MIB * 4):
        yield bytes(MIB // 4)


async def test_an_image_costs_no_memory(demo: User) -> None:
    body = {"disk_format": "raw", "container_format": "bare"}
    image = (await demo.post("image", "/v2/images", body)).ok(201)
    octets = {"Content-Type": "application/octet-stream"}
    before = _rss_mib()
    (await demo.put("image", image["file"], data=_zeros(), headers=octets)).ok(204)
    got = 0
    url = f"{demo.url}/image{image['file']}"
    async with demo.session.get(url, headers={"X-Auth-Token": demo.token}) as answer:
        async for chunk in answer.content.iter_any():
            got += len(chunk)
    assert got == SIZE_MIB * MIB
    assert _rss_mib() - before < GROWTH_MIB_MAX
    (await demo.delete("image", image["self"])).ok(204)


async def test_the_seed_is_planted_once(tmp_path: Path) -> None:
    """Processes after one another on one folder, each of which makes a cloud, keep one copy of the seed's bytes."""
    for name in ("first", "second"):
        administration = await open_clouds(Settings(data=tmp_path))
        await administration.create_cloud(name)
        await administration.engine.close()
        assert len(list((tmp_path / "blobs" / "_seed").iterdir())) == 1
