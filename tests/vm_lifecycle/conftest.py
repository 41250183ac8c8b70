"""The VM lifecycle API at its two places: in the cloud whose servers it shows, and in front of it as a real cloud."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.cli.real_clouds import of_settings
from mopenstack.cli.serve import Serving, Settings, serving
from mopenstack.cli.vms import serving_vms
from tests.client import Reply, User
from tests.conftest import Cloud
from tests.watchdog import Watchdog

SDK_WARNINGS = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
"""openstacksdk's, of what it does itself."""
IMAGE = "cirros-0.6.3-x86_64-disk"
"""The image of a fresh cloud."""
AUTH = {
    "username": "admin",
    "password": "secret",
    "project_name": "admin",
    "user_domain_id": "default",
    "project_domain_id": "default",
}


@pytest.fixture(scope="session")
def audit_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where both places write what they were asked."""
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    path.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VM_AUDIT_LOG", str(path))
        patch.setenv("API_VERSION", "v7")
        yield path


@pytest_asyncio.fixture(scope="session")
async def process(
    settings: Settings, watchdog: Watchdog, audit_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Serving, aiohttp.ClientSession]]:
    """A mopenstack whose API begins when its variables are set."""
    data = tmp_path_factory.mktemp("data") if settings.data else None
    async with serving(replace(settings, data=data)) as running, aiohttp.ClientSession() as session:
        yield running, session


@dataclass(slots=True)
class Vms:
    """The API as one user sees it."""

    user: User

    async def create(self, name: str = "web", flavor: str = "m1.tiny", image: str = IMAGE) -> dict[str, Any]:
        body: dict[str, Any] = (await self.send("POST", "", {"name": name, "flavor": flavor, "image": image})).ok(201)
        return body

    async def send(self, verb: str, path: str = "", json: Any = None, **options: Any) -> Reply:
        return await self.user.send(verb, "api", f"/v1/vms{path}", json, **options)

    async def act(self, id: str, action: str) -> Reply:
        return await (self.send("DELETE", f"/{id}") if action == "delete" else self.send("POST", f"/{id}/{action}"))

    async def status(self, id: str) -> str:
        return str((await self.send("GET", f"/{id}")).ok()["status"])


@pytest_asyncio.fixture(params=["own", "front"])
async def place(request: pytest.FixtureRequest, cloud: Cloud) -> AsyncIterator[str]:
    """The address of the API."""
    if request.param == "own":
        yield cloud.url
        return
    region = of_settings({**AUTH, "auth_url": f"{cloud.url}/identity/v3"})
    async with serving_vms(region, "127.0.0.1", 0, rate_limit=0, wait=30) as url:
        yield url


@pytest.fixture
def vms_of(place: str) -> Callable[[User], Vms]:
    return lambda user: Vms(dataclasses.replace(user, url=place))


@pytest.fixture
def vms(vms_of: Callable[[User], Vms], demo: User) -> Vms:
    return vms_of(demo)


@dataclass(slots=True)
class Audit:
    """The lines that are new since the test began."""

    path: Path
    seen: int

    def lines(self) -> list[dict[str, Any]]:
        found = self.path.read_text().splitlines()[self.seen :]
        return [json.loads(line) for line in found]


@pytest.fixture
def audit(audit_file: Path) -> Audit:
    return Audit(audit_file, len(audit_file.read_text().splitlines()))
