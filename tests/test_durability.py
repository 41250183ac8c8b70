"""`kill -9` loses nothing that was acknowledged, and leaves nothing half made."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp

from tests.client import sign_in
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
