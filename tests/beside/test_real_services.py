"""Nova and Placement beside a real Keystone and a real Glance; a real Glance on the Keystone of a cloud of ours.

The services are those of PyPI (`mopenstack tools install keystone glance`), the clients the `openstack` command line.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.conformance.tools import get_tool
from tests.beside.real_services import PASSWORD, RealService, glance, keystone
from tests.client import User
from tests.processes import command, detached

CACHE_SECONDS = 2
CLIENT_SECONDS_MAX = 300
REFUSED_SECONDS_MAX = 60
SERVERS = "/v2.1/servers"


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def clouds_yaml(folder: Path, auth_url: str) -> Path:
    """A clouds.yaml with the administrator of a Keystone as cloud `real`."""
    auth = {
        "auth_url": auth_url,
        "username": "admin",
        "password": PASSWORD,
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    path = folder / "clouds.yaml"
    path.write_text(json.dumps({"clouds": {"real": {"auth": auth, "region_name": "RegionOne"}}}))
    return path


@dataclass(slots=True)
class Client:
    """The `openstack` command line with a clouds.yaml."""

    clouds: Path

    def __call__(self, *words: str) -> Any:
        """What a command prints, decoded; it must succeed."""
        binary = get_tool("openstackclient").require().path
        shows, folder = words[-1] == "json", self.clouds.parent
        done = subprocess.run(
            [str(binary), "--os-cloud", "real", *words],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "OS_CLIENT_CONFIG_FILE": str(self.clouds)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=CLIENT_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout) if shows else done.stdout


@dataclass(slots=True)
class Site:
    """A real Keystone and Glance, and what is needed beside them."""

    keystone: RealService
    openstack: Client
    state: Path
    port: int

    @property
    def auth_url(self) -> str:
        return f"{self.keystone.url}/v3"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def register(self, *more: str) -> str:
        """`mopenstack register` for Nova and Placement; what it prints."""
        words = ("--os-cloud", "real", "--services", "compute,placement", "--url", self.url, *more)
        return command("register", *words, state=self.state, seconds=CLIENT_SECONDS_MAX).stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A real Keystone that runs, with Nova and Placement registered."""
    folder = tmp_path_factory.mktemp("real")
    for name in ("keystone", "state"):
        (folder / name).mkdir()
    real = keystone(folder / "keystone", free_port())
    real.start()
    with pytest.MonkeyPatch.context() as patch:
        clouds = clouds_yaml(folder, f"{real.url}/v3")
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
        patch.setenv("MOPENSTACK_SERVICE_PASSWORD", PASSWORD)
        made = Site(real, Client(clouds), folder / "state", free_port())
        try:
            made.register()
            yield made
        finally:
            real.stop()


@pytest_asyncio.fixture(scope="module")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


def add_glance(openstack: Client, url: str) -> None:
    """The service user and the endpoint of a Glance, as its installation guide has them."""
    openstack("user", "create", "--domain", "default", "--password", PASSWORD, "glance")
    openstack("role", "add", "--project", "service", "--user", "glance", "admin")
    openstack("role", "add", "--project", "service", "--user", "glance", "service")
    openstack("service", "create", "--name", "glance", "image")
    openstack("endpoint", "create", "--region", "RegionOne", "image", "public", url)


@pytest.fixture(scope="module")
def real_glance(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    """A real Glance on the real Keystone."""
    made = glance(tmp_path_factory.mktemp("glance"), free_port(), site.auth_url)
    add_glance(site.openstack, made.url)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def nova(site: Site, real_glance: RealService) -> Iterator[Mapping[str, Any]]:
    """Nova and Placement beside them."""
    words = ("--services", "compute,placement", "--identity", site.auth_url, "--service-user", "nova")
    patch = ("--token-cache", str(CACHE_SECONDS), "--port", str(site.port))
    with detached(site.state, *words, *patch) as status:
        yield status


async def test_a_server_with_an_image_of_the_real_glance(site: Site, nova: Mapping[str, Any], tmp_path: Path) -> None:
    flavors = site.openstack("flavor", "list", "-f", "json")
    assert "m1.tiny" in {one["Name"] for one in flavors}
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"a disk" * 1000)
    formats = ("--disk-format", "raw", "--container-format", "bare")
    image = site.openstack("image", "create", *formats, "--file", str(disk), "small", "-f", "json")
    words = ("--flavor", "m1.tiny", "--image", "small", "--nic", "none", "--wait", "one", "-f", "json")
    server = site.openstack("server", "create", *words)
    assert server["status"] == "ACTIVE"
    assert image["id"] in str(server["image"])
    site.openstack("server", "delete", "--wait", "one")
    assert site.openstack("server", "list", "-f", "json") == []


async def test_revoked_and_disabled(site: Site, nova: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
    """What Keystone takes back is refused here within the time for which its word is taken."""
    user = await login(session, site, "admin")
    assert (await user.get("compute", SERVERS)).status == 200
    ended = User(session, site.keystone.url, user.token)
    (await ended.delete("v3", "/auth/tokens", headers={"X-Subject-Token": user.token})).ok(204)
    await _refused(user)
    site.openstack("user", "create", "--domain", "default", "--password", PASSWORD, "passing")
    site.openstack("role", "add", "--project", "admin", "--user", "passing", "member")
    other = await login(session, site, "passing")
    assert (await other.get("compute", SERVERS)).status == 200
    site.openstack("user", "set", "--disable", "passing")
    await _refused(other)


async def login(session: aiohttp.ClientSession, site: Site, name: str) -> User:
    """A user with a token of the real Keystone, scoped to the project admin; asks the services here."""
    domain = {"id": "default"}
    auth = {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": name, "domain": domain, "password": PASSWORD}},
        },
        "scope": {"project": {"name": "admin", "domain": domain}},
    }
    reply = await User(session, site.keystone.url).post("v3", "/auth/tokens", {"auth": auth})
    reply.ok(201)
    return User(session, site.url, reply.headers["X-Subject-Token"])


async def _refused(user: User) -> None:
    """Wait until a token is refused; it must be soon."""
    deadline = time.monotonic() + REFUSED_SECONDS_MAX
    while (status := (await user.get("compute", SERVERS)).status) == 200:
        assert time.monotonic() < deadline, "a token that Keystone took back is still taken"
        await asyncio.sleep(0.2)
    assert status == 401


async def test_keystone_stops_and_starts(site: Site, nova: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
    user = await login(session, site, "admin")
    assert (await user.get("compute", SERVERS)).status == 200
    site.keystone.stop()
    try:
        deadline = time.monotonic() + REFUSED_SECONDS_MAX
        while (reply := await user.get("compute", SERVERS)).status == 200:
            assert time.monotonic() < deadline, "a token is taken without Keystone"
            await asyncio.sleep(0.2)
        assert reply.status == 503, reply.body
        assert (await User(session, site.url, "other").get("compute", SERVERS)).status == 503
        assert (await User(session, site.url).get("compute", SERVERS)).status == 401
    finally:
        site.keystone.start()
    assert (await user.get("compute", SERVERS)).status == 200


def test_register_can_be_repeated_and_taken_back(site: Site, nova: Mapping[str, Any]) -> None:
    before = site.openstack("endpoint", "list", "-f", "json")
    site.register()
    assert site.openstack("endpoint", "list", "-f", "json") == before
    site.register("--remove")
    site.register("--remove")
    left = {one["Type"] for one in site.openstack("service", "list", "-f", "json")}
    assert left == {"identity", "image"}
    assert "nova" not in {one["Name"] for one in site.openstack("user", "list", "-f", "json")}


def test_a_real_glance_on_our_keystone(tmp_path: Path) -> None:
    """keystonemiddleware against our Identity API: service user, token validation, image data."""
    with detached(tmp_path / "state", "--services", "identity") as status:
        auth_url = f"{status['url']}/identity/v3"
        openstack = Client(clouds_yaml(tmp_path, auth_url))
        (tmp_path / "glance").mkdir()
        real = glance(tmp_path / "glance", free_port(), auth_url)
        add_glance(openstack, real.url)
        real.start()
        try:
            disk = tmp_path / "disk.raw"
            disk.write_bytes(os.urandom(100_000))
            words = ("--disk-format", "raw", "--container-format", "bare", "--file", str(disk), "ours", "-f", "json")
            made = openstack("image", "create", *words)
            assert [one["ID"] for one in openstack("image", "list", "-f", "json")] == [made["id"]]
            openstack("image", "save", "--file", str(tmp_path / "back.raw"), "ours")
            assert (tmp_path / "back.raw").read_bytes() == disk.read_bytes()
        finally:
            real.stop()
