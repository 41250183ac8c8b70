"""A database that is away, seen by clients: each service says 503 with Retry-After, in its own words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.cli.serve import Settings, serving
from mopenstack.contract.service import every
from tests.client import User, sign_in
from tests.postgres_way import Way, way_to

Found = tuple[Way, User]


@pytest_asyncio.fixture
async def behind(postgres_url: str, tmp_path: Path, known_services: None) -> AsyncIterator[Found]:
    """A cloud whose database can be taken away, and its administrator."""
    async with way_to(postgres_url) as way:
        settings = Settings(port=0, services=every(), store=way.url, store_wait=0.3, data=tmp_path)
        async with serving(settings) as running, aiohttp.ClientSession() as session:
            await running.administration.create_cloud("away")
            yield way, await sign_in(session, f"{running.url}/cloud/away", "admin")
            await way.start()
            await running.administration.delete_cloud("away")


PATHS = {
    "identity": "/v3/users",
    "compute": "/v2.1/servers",
    "placement": "/resource_providers",
    "network": "/v2.0/networks",
    "image": "/v2/images",
    "volume": "/v3/{project}/volumes",
    "load-balancer": "/v2/lbaas/loadbalancers",
    "object-store": "/v1/AUTH_{project}",
    "dns": "/v2/zones",
    "key-manager": "/v1/secrets",
    "heat-api": "/v1/{project}/stacks",
    "share": "/v2/shares",
    "container-infra": "/v1/clusters",
    "database": "/v1.0/{project}/instances",
    "workflow": "/v2/workflows",
}


async def test_every_service_says_that_its_database_is_away(behind: Found, caplog: pytest.LogCaptureFixture) -> None:
    way, admin = behind
    await way.cut()
    with caplog.at_level(logging.WARNING):
        said: dict[str, Any] = {}
        for api, path in PATHS.items():
            reply = await admin.get(api, path.format(project=admin.project_id))
            said[api] = reply.status, "Retry-After" in reply.headers
    assert said == dict.fromkeys(PATHS, (503, True))
    assert not [record for record in caplog.records if record.exc_info], "a database that is away is no traceback"


async def test_a_call_waits_for_a_database_that_comes_back(behind: Found) -> None:
    way, admin = behind
    await way.cut()
    await way.start()
    body = {"network": {"name": "after"}}
    assert (await admin.post("network", "/v2.0/networks", body)).status == 201


async def test_a_write_whose_commit_is_not_answered_is_not_told_as_done_and_not_made_again(behind: Found) -> None:
    way, admin = behind
    body = {"network": {"name": "in-doubt"}}
    (await admin.post("network", "/v2.0/networks", {"network": {"name": "first"}})).ok(201)
    way.loses_commits = 1
    reply = await admin.post("network", "/v2.0/networks", body)
    assert (reply.status, "Retry-After" in reply.headers) == (503, True)
    found = (await admin.get("network", "/v2.0/networks?name=in-doubt")).ok(200)["networks"]
    assert len(found) == 1, "it holds here, once"
