"""A disk that is full: bytes are refused as each service says it, reads are answered, and nothing is half done."""

from __future__ import annotations

import asyncio
import errno
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest

from mopenstack.cli.serve import Settings, serving
from mopenstack.core.engine import uploads
from mopenstack.core.store import sqlite
from mopenstack.core.store.base import StoreFull
from mopenstack.core.store.blobs import BlobsFull, FolderBlobs
from mopenstack.core.store.sqlite import SqliteStore
from tests.client import User, sign_in

# As in conftest.py, which importlib mode does not let tests import.
Cloud: TypeAlias = Any

FULL = "Image storage media is full: There is not enough disk space on the image storage media."
BODY = {"disk_format": "raw", "container_format": "bare"}
AT = {"OpenStack-API-Version": "compute 2.96"}
OCTETS = {"Content-Type": "application/octet-stream"}


class NoRoom(io.RawIOBase):
    """A file of a full disk."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """No byte more fits into the cloud's place for them."""
    monkeypatch.setattr(type(cloud.serving.engine.blobs), "_create", lambda self, key: NoRoom())


async def _image(demo: User, **given: Any) -> str:
    return str((await demo.post("image", "/v2/images", {**BODY, **given})).ok(201)["id"])


async def _server(user: User) -> str:
    source = (await user.get("image", "/v2/images")).ok()["images"][0]["id"]
    body = {"server": {"name": "s", "flavorRef": "1", "imageRef": source, "networks": "none"}}
    return str((await user.post("compute", "/v2.1/servers", body, headers=AT)).ok(202)["server"]["id"])


async def _shown(demo: User, id: str) -> Any:
    return (await demo.get("image", f"/v2/images/{id}")).ok(200)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("what", ["file", "stage"])
async def test_bytes_of_an_image(demo: User, what: str) -> None:
    id = await _image(demo)
    reply = await demo.send("PUT", "image", f"/v2/images/{id}/{what}", data=b"x" * 100_000, headers=OCTETS)
    reply.refused(413, FULL)
    image = await _shown(demo, id)
    assert (image["status"], image["size"]) == ("queued", None)


async def test_a_download_and_what_others_make(demo: User, cloud: Cloud, request: pytest.FixtureRequest) -> None:
    """An import fails, a volume is available again without an image, a snapshot is gone: none stops the cloud."""
    await cloud.set_options(image__web_download="stand-in")
    volume = (await demo.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok(202)["volume"]["id"]
    server = await _server(demo)
    request.getfixturevalue("full")
    id = await _image(demo)
    method = {"method": {"name": "web-download", "uri": "http://example.org/x"}}
    (await demo.post("image", f"/v2/images/{id}/import", method)).ok(202)
    image = await _shown(demo, id)
    assert (image["status"], image["os_glance_failed_import"]) == ("queued", "fs")
    action = {"os-volume_upload_image": {"image_name": "again", "disk_format": "raw", "container_format": "bare"}}
    answer = (await demo.post("volume", f"/v3/volumes/{volume}/action", action)).ok(202)
    shown = (await demo.get("volume", f"/v3/volumes/{volume}")).ok(200)["volume"]
    assert shown["status"] == "available"
    (await demo.get("image", f"/v2/images/{answer['os-volume_upload_image']['image_id']}")).refused(404)
    snapshot = {"createImage": {"name": "snap"}}
    reply = (await demo.post("compute", f"/v2.1/servers/{server}/action", snapshot, headers=AT)).ok(202)
    (await demo.get("image", f"/v2/images/{reply['image_id']}")).refused(404)


async def test_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = FolderBlobs(tmp_path)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    def finish(self: FolderBlobs, key: str, target: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FolderBlobs, "_finish", finish)
    with pytest.raises(BlobsFull):
        await blobs.write("cloud/x", chunks())
    assert [names for _, _, names in os.walk(tmp_path) if names] == []


async def test_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes are 503, reads are answered although something is due, and all goes on once there is room."""
    monkeypatch.setattr(uploads, "UNDO_SECONDS", (0.05, 0.05))
    async with serving(Settings(port=0, data=tmp_path)) as running, aiohttp.ClientSession() as session:
        admin = await sign_in(session, running.url, "admin")
        store, anyone = running.engine.store, User(session, running.url)
        assert isinstance(store, SqliteStore)
        server = await _server(admin)
        id, upload = await _image(admin), await _image(admin)
        volume = (await admin.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok(202)["volume"]["id"]

        def room(pages: int) -> None:
            store.connection.execute(f"PRAGMA max_page_count = {pages}")

        (used,) = store.connection.execute("PRAGMA page_count").fetchone()
        body = {"image": "x" * 30_000}
        await _fill(admin, used, room)
        snapshot = {"createImage": {"name": "snap"}}
        (await admin.post("compute", f"/v2.1/servers/{server}/action", snapshot)).refused(503, "There is no room")
        assert not any((tmp_path / "blobs").glob("default/*"))
        clouds = [await anyone.post("_mopenstack", "/clouds", {"name": f"more-{n}"}) for n in range(100)]
        clouds[-1].refused(503, "There is no room")
        (await admin.post("image", "/v2/images", {**BODY, **body})).refused(503, "There is no room")
        assert (await _shown(admin, id))["status"] == "queued"
        (await admin.get("volume", f"/v3/volumes/{volume}")).ok(200)
        room(2**30)
        (await admin.post("image", "/v2/images", {**BODY, **body})).ok(201)
        shown = (await admin.get("volume", f"/v3/volumes/{volume}")).ok(200)["volume"]
        assert shown["status"] == "available"

        async def fills() -> AsyncIterator[bytes]:
            yield b"x"
            (now,) = store.connection.execute("PRAGMA page_count").fetchone()
            await _fill(admin, now, room)
            yield b"x"

        reply = await admin.send("PUT", "image", f"/v2/images/{upload}/file", data=fills(), headers=OCTETS)
        assert reply.status in (204, 503)
        room(2**30)
        for _ in range(50):
            status = (await _shown(admin, upload))["status"]
            if status != "saving":
                break
            await asyncio.sleep(0.05)
        assert status == ("active" if reply.status == 204 else "queued")


async def test_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it cannot be written, what only reads is answered as before, and what writes is refused for the disk."""

    def no_room(session: sqlite._Session) -> None:
        raise StoreFull("database or disk is full")

    settings = Settings(port=0, data=tmp_path, profile="realistic")
    async with serving(settings) as running, aiohttp.ClientSession() as session:
        admin = await sign_in(session, running.url, "admin")
        volume = (await admin.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok(202)["volume"]["id"]

        async def status() -> str:
            return str((await admin.get("volume", f"/v3/volumes/{volume}")).ok(200)["volume"]["status"])

        extend = {"os-extend": {"new_size": 2}}
        running.engine.clouds["default"].clock.advance(600)
        with monkeypatch.context() as patch:
            patch.setattr(sqlite._Session, "_begin", no_room)
            assert await status() == "creating"
            (await admin.post("volume", f"/v3/volumes/{volume}/action", extend)).refused(503, "There is no room")
            await sign_in(session, running.url, "admin")
        assert await status() == "available"
        (await admin.post("volume", f"/v3/volumes/{volume}/action", extend)).ok(202)


async def _fill(admin: User, used: int, room: Any) -> None:
    """Write until nothing more fits into the pages that are used."""
    room(used)
    for size in (30_000, 3_000, 300, 10):
        for _ in range(200):
            reply = await admin.post("image", "/v2/images", {**BODY, "filler": "x" * size})
            if reply.status == 503:
                break
            reply.ok(201)
