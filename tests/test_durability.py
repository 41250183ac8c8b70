"""`kill -9` loses nothing that was acknowledged, and leaves nothing half made."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mopenstack.core.store.base import Unreachable
from mopenstack.core.store.transaction import Transaction
from mopenstack.image.v2.images.images_pb2 import Image
from tests.client import User, sign_in
from tests.conftest import Cloud
from tests.processes import detached

WORKERS = 8
SECONDS = 2.0


async def test_kill_during_creates(tmp_path: Path) -> None:
    """Networks with a subnet each are created in a stream; the process is killed; after a restart all that was
    acknowledged is there, and every subnet has its network."""
    acknowledged: dict[str, set[str]] = {"networks": set(), "subnets": set()}
    data = str(tmp_path / "data")
    with detached(tmp_path, "--data", data) as status:
        async with aiohttp.ClientSession() as session:
            admin = await sign_in(session, status["url"], "admin")
            quota = {"quota": {"network": -1, "subnet": -1}}
            (await admin.put("network", f"/v2.0/quotas/{admin.project_id}", quota)).ok(200)

            async def create() -> None:
                while True:
                    made: Any = (await admin.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)
                    acknowledged["networks"].add(made["network"]["id"])
                    body = {"network_id": made["network"]["id"], "cidr": "10.0.0.0/24", "ip_version": 4}
                    made = (await admin.post("network", "/v2.0/subnets", {"subnet": body})).ok(201)
                    acknowledged["subnets"].add(made["subnet"]["id"])

            workers = [asyncio.create_task(create()) for _ in range(WORKERS)]
            await asyncio.sleep(SECONDS)
            os.kill(status["pid"], signal.SIGKILL)
            results = await asyncio.gather(*workers, return_exceptions=True)
            assert all(isinstance(result, aiohttp.ClientError) for result in results), results
    assert len(acknowledged["subnets"]) > 10
    with detached(tmp_path, "--data", data) as status:
        async with aiohttp.ClientSession() as session:
            admin = await sign_in(session, status["url"], "admin")
            found = {kind: (await admin.get("network", f"/v2.0/{kind}")).ok()[kind] for kind in ("networks", "subnets")}
    ids = {kind: {item["id"] for item in items} for kind, items in found.items()}
    assert acknowledged["networks"] <= ids["networks"]
    assert acknowledged["subnets"] <= ids["subnets"]
    for network in found["networks"]:
        assert set(network["subnets"]) <= ids["subnets"]
    assert {subnet["network_id"] for subnet in found["subnets"]} <= ids["networks"]


async def test_kill_during_an_upload(tmp_path: Path) -> None:
    """The image waits for other bytes after a restart, and nothing is left of those that came."""
    data = tmp_path / "data"
    path, octets = "/v2/images", {"Content-Type": "application/octet-stream"}
    with detached(tmp_path, "--data", str(data)) as status:
        async with aiohttp.ClientSession() as session:
            admin = await sign_in(session, status["url"], "admin")
            body = {"disk_format": "raw", "container_format": "bare"}
            kept, id = [(await admin.post("image", path, body)).ok(201)["id"] for _ in range(2)]
            (await admin.send("PUT", "image", f"{path}/{kept}/file", data=b"kept", headers=octets)).ok(204)
            (data / "blobs" / "default" / "00000000-0000-0000-0000-000000000000").write_bytes(b"of no image")

            async def chunks() -> AsyncIterator[bytes]:
                yield b"x" * 100_000
                for _ in range(1000):
                    if (await admin.get("image", f"{path}/{id}")).ok()["status"] == "saving":
                        break
                os.kill(status["pid"], signal.SIGKILL)
                yield b"x"

            with pytest.raises(aiohttp.ClientError):
                await admin.send("PUT", "image", f"{path}/{id}/file", data=chunks(), headers=octets)
    with detached(tmp_path, "--data", str(data)) as status:
        async with aiohttp.ClientSession() as session:
            admin = await sign_in(session, status["url"], "admin")
            assert (await admin.get("image", f"{path}/{id}")).ok()["status"] == "queued"
            files = list((data / "blobs" / "default").iterdir())
            assert [file.read_bytes() for file in files] == [b"kept"]
            (await admin.send("PUT", "image", f"{path}/{id}/file", data=b"x", headers=octets)).ok(204)
            for one, content in ((kept, b"kept"), (id, b"x")):
                assert (await admin.get("image", f"{path}/{one}/file")).content == content


async def test_bytes_whose_commit_was_not_heard_of(cloud: Cloud, demo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database went away behind the commit of an upload: the answer is 503, and the image has its bytes."""
    image_id = ""
    store = cloud.serving.engine.store
    real = store.transaction

    @asynccontextmanager
    async def lost(name: str, *, alone: bool = False) -> AsyncIterator[Transaction]:
        async with real(name, alone=alone) as tx:
            yield tx
            image = await tx.get(Image, image_id)
            heard = image is None or image.status != Image.ACTIVE
        if not heard:
            monkeypatch.setattr(store, "transaction", real)
            raise Unreachable("ConnectionDoesNotExistError", in_doubt=True)

    body = {"disk_format": "raw", "container_format": "bare"}
    image_id = (await demo.post("image", "/v2/images", body)).ok(201)["id"]
    monkeypatch.setattr(store, "transaction", lost)
    headers = {"Content-Type": "application/octet-stream"}
    reply = await demo.send("PUT", "image", f"/v2/images/{image_id}/file", data=b"bytes", headers=headers)
    reply.refused(503, "cannot be reached")
    assert (await demo.get("image", f"/v2/images/{image_id}")).ok()["status"] == "active"
    assert (await demo.get("image", f"/v2/images/{image_id}/file")).content == b"bytes"
