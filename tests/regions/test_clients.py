"""Real clients choose a region, and a release's microversions, as on a real cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from mopenstack.conformance.cloud import parse_exports
from mopenstack.conformance.tools import get_tool
from tests.client import sign_in
from tests.processes import command, detached, server
from tests.real_clients import Clients

NO_ENDPOINT = "public endpoint for identity service in RBX region not found"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a cloud of two regions and of an older release."""
    folder = tmp_path_factory.mktemp("state")
    with detached(folder, "--region", "GRA", "--region", "SBG", "--release", "2025.1"):
        yield folder


def any_region(clients: Clients) -> Clients:
    """The same without the region of the variables."""
    kept = {key: value for key, value in clients.environment.items() if key != "OS_REGION_NAME"}
    return replace(clients, environment=kept)


def clients_of(user: str, state: Path, folder: Path) -> Clients:
    """Clients with the variables of a user."""
    exports = parse_exports(command("env", "--user", user, state=state).stdout)
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    return Clients(state, folder, "default", {**kept, **exports})


@pytest.fixture
def clients(state: Path, tmp_path: Path) -> Clients:
    return clients_of("demo", state, tmp_path)


def test_the_command_line_chooses_a_region(clients: Clients) -> None:
    """What `--os-region-name` makes is there alone; a region that is not there has no endpoint."""
    assert clients.environment["OS_REGION_NAME"] == "GRA"
    clients = any_region(clients)  # the client takes the variable for the one region that there is
    clients.openstack("--os-region-name", "SBG", "network", "create", "only-there")
    names = {
        region: {one["Name"] for one in clients.listed("--os-region-name", region, "network", "list")}
        for region in ("GRA", "SBG")
    }
    assert "only-there" in names["SBG"]
    assert "only-there" not in names["GRA"]
    refused = clients.openstack("--os-region-name", "RBX", "server", "list", check=False)
    assert refused.returncode == 1
    assert NO_ENDPOINT in refused.stderr, refused.stderr
    regions = command("env", "--user", "demo", "--region", "RBX", state=clients.state, check=False)
    assert "There is no region RBX in this cloud; it has: GRA, SBG." in regions.stderr


def test_keystone_lists_them(state: Path, tmp_path: Path) -> None:
    admin = clients_of("admin", state, tmp_path)
    assert [one["Region"] for one in admin.listed("region", "list")] == ["GRA", "SBG"]


SCRIPT = """
import json, sys, openstack
config = openstack.config.OpenStackConfig(config_files=[sys.argv[1]], load_envvars=False)
found = {"known": [one.region_name for one in config.get_all() if one.name == "mopenstack"]}
for region in (None, "SBG"):
    with openstack.connection.Connection(config=config.get_one("mopenstack", region_name=region)) as cloud:
        made = cloud.network.create_network(name="by-sdk")
        assert [one.id for one in cloud.network.networks(name="by-sdk")] == [made.id]
        found[cloud.config.region_name] = made.id
try:
    config.get_one("mopenstack", region_name="RBX")
except openstack.exceptions.ConfigException as refused:
    found["refused"] = str(refused)
print(json.dumps(found))
"""


def test_openstacksdk_and_clouds_yaml(clients: Clients, tmp_path: Path) -> None:
    """Of an entry with `regions` the SDK takes the first one, or that which is named, and knows no other."""
    file = tmp_path / "clouds.yaml"
    file.write_text(command("clouds-yaml", state=clients.state).stdout)
    python = get_tool("openstacksdk").require().path
    assert python is not None
    found = json.loads(clients.run(python, "-c", SCRIPT, file).stdout)
    assert found["known"] == ["GRA", "SBG"]
    assert found["GRA"] != found["SBG"]
    assert "Region RBX is not a valid region name" in found["refused"]


def test_a_microversion_above_the_ceiling(clients: Clients) -> None:
    """The command line says what Nova said: which versions there are."""
    shown = clients.listed("versions", "show", "--service", "compute")
    assert {one["Max Microversion"] for one in shown if one["Version"] == "2.1"} == {"2.100"}
    clients.openstack("--os-compute-api-version", "2.100", "server", "list")
    refused = clients.openstack("--os-compute-api-version", "2.101", "server", "list", check=False)
    assert refused.returncode == 1
    assert "only supports a minimum of 2.1 and a maximum of 2.100" in refused.stderr, refused.stderr


async def test_core_and_gateway_in_processes_of_their_own(tmp_path: Path) -> None:
    """Regions and the release are the core's: a gateway asks it."""
    address = f"unix:{tmp_path / 'core.sock'}"
    words = ("--region", "GRA", "--region", "SBG", "--release", "2025.2")
    with (
        server("core", "--address", address, *words, state=tmp_path) as (_, line),
        server("gateway", "--core", address, "--port", "0", state=tmp_path) as (_, said),
    ):
        assert "core" in line
        url = said.split(" at ")[1].split(",")[0]
        async with aiohttp.ClientSession() as session:
            gra = await sign_in(session, url, "demo")
            catalog = (await gra.get("identity", "/v3/auth/catalog")).ok()["catalog"]
            places = {
                endpoint["region"]: endpoint["url"]
                for service in catalog
                if service["type"] == "network"
                for endpoint in service["endpoints"]
            }
            assert places == {"GRA": f"{url}/network", "SBG": f"{url}/cloud/default.SBG/network"}
            sbg = await sign_in(session, f"{url}/cloud/default.SBG", "demo")
            sbg.token = gra.token
            (await sbg.post("network", "/v2.0/networks", {"network": {"name": "there"}})).ok(201)
            assert (await gra.get("network", "/v2.0/networks?name=there")).ok()["networks"] == []
            for user in (gra, sbg):
                assert (await user.get("compute", "/v2.1")).ok()["version"]["version"] == "2.100"
                asked = {"OpenStack-API-Version": "compute 2.103"}
                (await user.get("compute", "/v2.1/servers", headers=asked)).refused(406, "maximum is 2.100")


def test_a_folder_keeps_its_regions(tmp_path: Path) -> None:
    """They survive a restart, and cannot be changed by one."""
    data = ("--data", str(tmp_path / "data"))
    with detached(tmp_path, *data, "--region", "GRA", "--region", "SBG"):
        before = command("clouds-yaml", state=tmp_path).stdout
    assert "SBG" in before
    with detached(tmp_path, *data):
        assert command("cloud", "list", state=tmp_path).stdout.split()[-1] == "GRA,SBG"
    refused = command("up", "--port", "0", "--detach", *data, "--region", "RBX", state=tmp_path, check=False)
    assert "The store's cloud default has the regions GRA, SBG; they cannot be changed." in refused.stderr
