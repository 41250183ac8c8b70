"""Clouds of older releases of OpenStack: their highest microversions, and no extension that came later."""

from __future__ import annotations

import pytest

from mopenstack.contract import releases
from mopenstack.contract.contract import contract
from mopenstack.contract.operations import minor
from mopenstack.core.network.common.extensions import known
from tests.conftest import Cloud
from tests.regions.conftest import Regions

COMPUTE = "OpenStack-API-Version"


async def of(cloud: Cloud, release: str) -> Cloud:
    await cloud.set_options(cloud__release=release)
    return cloud


def test_the_file_fits_what_is_served() -> None:
    """Each row names an API and a source; no ceiling is higher than what is served, none is left out."""
    lines = releases.FILE.read_text("utf-8").splitlines()
    apis = {api.type: api for api in contract().apis.values()}
    for release, api, what, value, source in (line.split("\t") for line in lines):
        assert release in releases.RELEASES
        assert source
        if what == "microversion":
            assert minor(value, 0) <= minor(apis[api].microversion_max, 0)
        elif what == "extension":
            assert api == "network"
            assert value in known()
        else:
            assert (api, what, value) == ("container-infra", "service", "container-infra")
    for release in releases.RELEASES:
        for one in apis.values():
            has_one = releases.ceiling(release, one.type) != release
            assert has_one == bool(one.microversion_max), (release, one.type)


@pytest.mark.parametrize(("release", "highest"), [("2025.1", "2.100"), ("2025.2", "2.100"), ("2026.1", "2.103")])
async def test_nova_has_no_higher_microversion(cloud: Cloud, release: str, highest: str) -> None:
    demo = await (await of(cloud, release)).user("demo")
    version = (await demo.get("compute", "/v2.1")).ok()["version"]
    assert (version["version"], version["min_version"]) == (highest, "2.1")
    newest = await demo.get("compute", "/v2.1/servers", headers={COMPUTE: "compute latest"})
    assert newest.headers[COMPUTE] == f"compute {highest}"
    above = f"2.{minor(highest, 0) + 1}"
    refused = await demo.get("compute", "/v2.1/servers", headers={COMPUTE: f"compute {above}"})
    text = f"Version {above} is not supported by the API. Minimum is 2.1 and maximum is {highest}."
    assert (
        refused.refused(406)["computeFault" if "computeFault" in refused.body else "notAcceptable"]["message"] == text
    )


@pytest.mark.parametrize(
    ("api", "path", "header", "word", "highest"),
    [
        ("share", "/v2/shares", "X-OpenStack-Manila-API-Version", "", "2.89"),
        ("container-infra", "/v1/clusters", "OpenStack-API-Version", "container-infra ", "1.11"),
        ("placement", "/resource_providers", "OpenStack-API-Version", "placement ", "1.39"),
        ("volume", "/v3/volumes", "OpenStack-API-Version", "volume ", "3.71"),
    ],
)
async def test_other_services(cloud: Cloud, api: str, path: str, header: str, word: str, highest: str) -> None:
    admin = await (await of(cloud, "2025.1")).user("admin")
    (await admin.get(api, path, headers={header: f"{word}{highest}"})).ok()
    major, number = highest.split(".")
    above = f"{major}.{int(number) + 1}"
    (await admin.get(api, path, headers={header: f"{word}{above}"})).refused(406)


async def test_the_credential_api_of_magnum_came_with_1_12(cloud: Cloud) -> None:
    """An operation of a later microversion is none that 2025.1 has at any microversion."""
    admin = await (await of(cloud, "2025.1")).user("admin")
    headers = {"OpenStack-API-Version": "container-infra latest"}
    reply = await admin.get("container-infra", "/v1/clusters", headers=headers)
    assert reply.headers["OpenStack-API-Maximum-Version"] == "container-infra 1.11"


async def test_extensions_that_came_later(cloud: Cloud) -> None:
    """They are in no list, and what they add is not there: attributes, filters, resources."""
    demo = await cloud.user("demo")
    later = {"network-ip-availability-details", "router-enable-snat", "tap-mirror-both-direction"}
    statefulness = "security-groups-default-statefulness"
    listed: dict[str, set[str]] = {}
    for release in ("latest", "2026.1", "2025.2", "2025.1"):
        await of(cloud, release)
        found = (await demo.get("network", "/v2.0/extensions")).ok()["extensions"]
        listed[release] = {one["alias"] for one in found}
        there = 200 if release == "latest" else 404
        assert (await demo.get("network", f"/v2.0/extensions/{statefulness}")).status == there
        assert (await demo.get("network", f"/v2.0/{statefulness}")).status == there
        router = (await demo.post("network", "/v2.0/routers", {"router": {"name": release}})).ok(201)["router"]
        assert ("enable_snat" in router) == (release in ("latest", "2026.1"))
        availability = (await (await cloud.user("admin")).get("network", "/v2.0/network-ip-availabilities")).ok()
        first = availability["network_ip_availabilities"][0]
        assert ("ip_availability_details" in first) == (release in ("latest", "2026.1"))
    assert listed["latest"] - listed["2026.1"] == {statefulness}
    assert listed["latest"] - listed["2025.1"] == listed["latest"] - listed["2025.2"] == {statefulness, *later}


async def test_of_a_new_cloud_a_seed_and_all_regions(regions: Regions) -> None:
    """A release is an option: it holds in each region, a seed chooses it, and a wrong one is refused."""
    first = await of(regions.first, "2025.1")
    for user in await regions.demo():
        assert (await user.get("compute", "/v2.1")).ok()["version"]["version"] == "2.100"
    name = f"{first.name}-seeded"
    body = {"name": name, "seed_calls": [{"like": "minimal"}, {"options": {"cloud.release": "2025.2"}}]}
    try:
        made = (await first.admin_api.post("_mopenstack", "/clouds", body)).ok(201)["cloud"]
        assert made["options"]["cloud.release"] == "2025.2"
        other = Cloud(name, first.serving, first.session)
        assert (await other.anonymous.get("compute", "/v2.1")).ok()["version"]["version"] == "2.100"
    finally:
        await first.admin_api.delete("_mopenstack", f"/clouds/{name}")
    wrong = await first.admin_api.put(
        "_mopenstack", f"/clouds/{first.name}/options", {"options": {"cloud.release": "2019.1"}}
    )
    wrong.refused(400, "it is one of 2025.1, 2025.2, 2026.1, latest")
