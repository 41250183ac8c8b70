"""Filters of lists compare text as the database behind the real service does; Keystone's are in tests/identity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User

TEXTS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "network": ("network", "/v2.0/networks", {"network": {"name": "Some Name"}}, "name=some%20NAME"),
    "network's description": ("network", "/v2.0/networks", {"network": {"description": "Text"}}, "description=tEXT"),
    "security group": ("network", "/v2.0/security-groups", {"security_group": {"name": "Some"}}, "name=SOME"),
    "volume": ("volume", "/v3/volumes", {"volume": {"name": "Some", "size": 1}}, "name=sOME"),
    "volume's metadata": (
        "volume",
        "/v3/volumes",
        {"volume": {"size": 1, "metadata": {"Key": "Value"}}},
        "metadata=%7B%27key%27%3A%27value%27%7D",
    ),
    "image": ("image", "/v2/images", {"name": "Some"}, "name=SOME"),
    "image's property": ("image", "/v2/images", {"name": "x", "os_distro": "Debian"}, "os_distro=DEBIAN"),
    "image's tag": ("image", "/v2/images", {"name": "x", "tags": ["Some"]}, "tag=some"),
    "provider": ("placement", "/resource_providers", {"name": "Some"}, "name=some"),
}


@pytest.mark.parametrize("what", TEXTS)
async def test_text_in_any_case(what: str, cloud: Cloud, admin: User) -> None:
    api, path, body, query = TEXTS[what]
    reply = await admin.post(api, path, body)
    assert reply.status < 300, reply.body
    assert await _count(admin, api, f"{path}?{query}") == 1
    await cloud.set_options(lists__ignore_case="false")
    assert await _count(admin, api, f"{path}?{query}") == 0


async def _count(user: User, api: str, path: str) -> int:
    found = (await user.get(api, path)).ok(200)
    return len(next(value for value in found.values() if isinstance(value, list)))


async def test_names_and_tags_of_servers(cloud: Cloud, demo: User) -> None:
    """The database's REGEXP knows no case either."""
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok(200)["networks"][0]["id"]
    image = (await demo.get("image", "/v2/images")).ok(200)["images"][0]["id"]
    server = {"name": "Some", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network}], "tags": ["Tag"]}
    newest = {"OpenStack-API-Version": "compute 2.96"}
    (await demo.post("compute", "/v2.1/servers", {"server": server}, headers=newest)).ok(202)
    for query in ("name=sOM", "tags=tag"):
        assert len((await demo.get("compute", f"/v2.1/servers?{query}", headers=newest)).ok(200)["servers"]) == 1
    await cloud.set_options(lists__ignore_case="false")
    for query in ("name=sOM", "tags=tag"):
        assert not (await demo.get("compute", f"/v2.1/servers?{query}", headers=newest)).ok(200)["servers"]


async def test_tags_of_networks(admin: User) -> None:
    made = (await admin.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]["id"]
    (await admin.put("network", f"/v2.0/networks/{made}/tags/Red")).ok()
    assert await _count(admin, "network", "/v2.0/networks?tags=RED") == 1
    assert await _count(admin, "network", f"/v2.0/networks?id={made.upper()}") == 1


async def test_what_is_compared_in_python(admin: User) -> None:
    """Nova compares the hosts and binaries of services itself, Neutron the types of service providers."""
    assert await _count(admin, "compute", "/v2.1/os-services?binary=nova-compute") >= 1
    assert await _count(admin, "compute", "/v2.1/os-services?binary=NOVA-compute") == 0
    assert await _count(admin, "network", "/v2.0/service-providers?service_type=VPN") == 1
    assert await _count(admin, "network", "/v2.0/service-providers?service_type=vpn") == 0
