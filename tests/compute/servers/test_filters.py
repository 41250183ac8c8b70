"""Filters of lists of servers: MySQL's REGEXP for most columns, equality for some, parts of addresses.

Source: nova.api.openstack.compute.schemas.servers, nova.db.main.api, nova.compute.api.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.compute.servers.test_servers import SERVERS, at, make

IS_NONE = "Invalid input for query parameters {key}. Value: {value}. {value!r} is not a 'regex'"


@pytest.fixture
async def image(demo: Any) -> str:
    return str((await demo.get("image", "/v2/images")).ok()["images"][0]["id"])


async def names(user: Any, query: str, version: str = "2.90") -> list[str]:
    found = (await user.get("compute", f"{SERVERS}?{query}", **at(version))).ok(200)["servers"]
    return sorted(item["name"] for item in found)


async def test_columns_that_are_searched(demo: Any, admin: Any, image: str) -> None:
    await make(demo, image, name="web-1", description="front")
    await make(demo, image, name="web-2", version="2.90", hostname="blue")
    await make(demo, image, name="a|b")
    assert await names(demo, "name=^WEB-[0-9]$") == ["web-1", "web-2"]
    assert await names(demo, "name=a|b") == ["a|b"], "Nova escapes the bar"
    assert await names(demo, "name=web|a") == []
    assert await names(demo, "hostname=^bl") == ["web-2"]
    assert await names(demo, "availability_zone=^no.a$") == ["a|b", "web-1", "web-2"]
    assert await names(demo, "key_name=.*") == [], "what is not set is found by no pattern"
    assert await names(admin, "all_tenants=1&node=^[dc][eo].*") == ["a|b", "web-1", "web-2"]
    assert await names(admin, "all_tenants=1&host=devst.ck") == [], "hosts are compared"


@pytest.mark.parametrize("key", ["name", "hostname", "key_name", "ip", "ip6", "node", "flavor", "tags", "description"])
@pytest.mark.parametrize("value", ["(", "", "[a", "(?=a)"])
async def test_what_is_no_pattern(demo: Any, key: str, value: str) -> None:
    """Refused for every caller, also where the filter is ignored."""
    reply = await demo.get("compute", SERVERS, params={key: value}, **at("2.90"))
    assert reply.refused(400)["badRequest"]["message"] == IS_NONE.format(key=key, value=value)


async def test_a_pattern_that_would_never_end(demo: Any, admin: Any, image: str) -> None:
    await make(demo, image, name="a" * 27, description="a" * 255)
    for user, key in ((demo, "name"), (admin, "display_name"), (admin, "description"), (admin, "display_description")):
        for value in ("(a%2B)%2B!", "(a|a)*!", "(a%3F){27}a{27}!"):
            assert await names(user, f"{'all_tenants=1&' if user is admin else ''}{key}={value}") == []


async def test_parts_of_addresses(demo: Any, image: str) -> None:
    """Nova asks Neutron for ports with a part of an address; the filters are alternatives."""
    network = (await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]["id"]
    for version, cidr in ((4, "10.9.0.0/24"), (6, "fd00::/64")):
        subnet = {"network_id": network, "ip_version": version, "cidr": cidr}
        (await demo.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    await make(demo, image, name="s", networks=[{"uuid": network}])
    assert await names(demo, "ip=10.9.0.") == ["s"]
    assert await names(demo, "ip=9.0") == ["s"]
    assert await names(demo, "ip=10.9..") == []
    assert await names(demo, "ip6=FD00:") == ["s"]
    assert await names(demo, "ip=192.0.2&ip6=fd00") == ["s"]
    assert await names(demo, "ip=192.0.2") == []
