"""Seeds of a cloud's own, and seeds loaded into a cloud that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from mopenstack.contract.service import installed
from mopenstack.core.seed import _seed_of
from mopenstack.core.seed_files import items_of
from mopenstack.core.seed_items import checked
from tests.client import User
from tests.conftest import Cloud

PROJECT = "0123456789abcdef0123456789abcdef"
NETWORK = "11111111-2222-4333-8444-555555555555"
BASE: list[dict[str, Any]] = [
    {
        "call": "CreateDomain",
        "request": {"domain": {"explicit_domain_id": "default", "name": "Default", "enabled": True}},
    },
    {"call": "CreateRole", "keep": "role", "request": {"role": {"name": "admin"}}},
    {"call": "CreateProject", "keep": "project", "id": PROJECT, "request": {"project": {"name": "demo"}}},
    {"call": "CreateUser", "keep": "user", "request": {"user": {"name": "demo", "password": "secret"}}},
    {"call": "AddGrant", "request": {"project_id": PROJECT, "user_id": "${user.id}", "role_id": "${role.id}"}},
    {"call": "CreateRegion", "request": {"region": {"id": "RegionOne"}}},
    {"catalog": "RegionOne"},
]
for _item in BASE:
    for _body in (_item.get("request") or {}).values():
        if isinstance(_body, dict) and _item["call"] in ("CreateProject", "CreateUser"):
            _body["domain_id"] = "default"


@pytest_asyncio.fixture
async def operator(cloud: Cloud) -> User:
    """Who drives the admin API."""
    return User(cloud.session, cloud.serving.url)


@pytest_asyncio.fixture
async def own(cloud: Cloud, operator: User) -> AsyncIterator[Cloud]:
    """A cloud with a seed of its own: a project, a user, and a network whose subnet has no gateway."""
    subnet = {"network_id": NETWORK, "ip_version": 4, "cidr": "10.9.0.0/24", "gateway_ip": None, "enable_dhcp": False}
    calls = [
        *BASE,
        {"call": "CreateNetwork", "id": NETWORK, "project": PROJECT, "request": {"network": {"name": "mine"}}},
        {"call": "CreateSubnet", "project": PROJECT, "request": {"subnet": subnet}},
    ]
    name = f"{cloud.name}-own"
    (await operator.post("_mopenstack", "/clouds", {"name": name, "seed_calls": calls})).ok(201)
    yield Cloud(name, cloud.serving, cloud.session)
    await cloud.serving.administration.delete_cloud(name)


async def test_a_cloud_holds_its_own_seed(own: Cloud, operator: User) -> None:
    """Nothing but that, with the ids that were asked for; after a reset as well."""
    for _ in range(2):
        demo = await own.user("demo")
        assert demo.project_id == PROJECT
        found = (await demo.get("network", "/v2.0/networks")).ok()["networks"]
        assert [(one["id"], one["name"]) for one in found] == [(NETWORK, "mine")]
        (subnet,) = (await demo.get("network", "/v2.0/subnets")).ok()["subnets"]
        assert (subnet["gateway_ip"], subnet["enable_dhcp"]) == (None, False)
        await demo.delete("network", f"/v2.0/networks/{NETWORK}")
        (await operator.post("_mopenstack", f"/clouds/{own.name}/reset")).ok()


async def test_a_seed_is_loaded_into_a_cloud(cloud: Cloud, operator: User) -> None:
    """Beside what the cloud holds; an id that is taken is refused, and so is one that nothing can have."""
    place = f"/clouds/{cloud.name}/seed"
    size = {"ram": 64, "disk": 0, "vcpus": 1}
    project = (await cloud.user("admin")).project_id
    named = {"flavor": {"id": "c1", "name": "c1", **size}}
    flavor = {"call": "CreateFlavor", "api": "compute", "project": project, "request": named}
    router = {"call": "CreateRouter", "id": NETWORK, "request": {"router": {"name": "r"}}}
    assert (await operator.post("_mopenstack", place, {"calls": [flavor, router]})).ok(200) == {"calls": 2}
    admin = await cloud.user("admin")
    assert (await admin.get("compute", "/v2.1/flavors/c1")).ok()["flavor"]["name"] == "c1"
    assert (await admin.get("network", f"/v2.0/routers/{NETWORK}")).ok()["router"]["name"] == "r"
    again = await operator.post("_mopenstack", place, {"calls": [router]})
    again.refused(400, f"item 1 (CreateRouter): there is something with the id {NETWORK} already")
    named = {"flavor": {"id": "c3", "name": "c3", **size}}
    other = {**flavor, "id": "c2", "request": named}
    (await operator.post("_mopenstack", place, {"calls": [other]})).refused(400, "cannot be given an id (it has 'c3')")


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (
            {"call": "CreateNetwork", "requests": {}},
            "item 1: unknown key `requests`; known ones are call, api, request",
        ),
        ({"request": {}}, "item 1: call: field required"),
        ({"call": "CreateNetwork", "request": [1]}, "item 1: request: input should be a valid dictionary"),
        ({"call": "Make Network"}, "item 1: call: string should match pattern"),
        ({"call": "MakeNetwork"}, "item 1 (MakeNetwork): no such RPC is served"),
        ({"call": "CreateFlavor", "api": "compute", "request": {"x": 1}}, 'has no field named "x"'),
        ({"call": "ListFlavors"}, "item 1 (ListFlavors): name its api"),
        ({"call": "CreateNetwork", "project": "${admin.id}"}, "item 1 (CreateNetwork): nothing is kept as 'admin'"),
        ({"call": "UploadImageData", "bytes": {}}, "item 1: bytes: give either size"),
        ({"call": "UploadImageData", "bytes": {"size": 1, "head": "0102"}}, "size is less than what head holds"),
        ({"call": "UploadImageData", "bytes": {"size": 1 << 40}}, "less than or equal to"),
        ({"call": "UploadImageData", "bytes": {"file": "/etc/passwd"}}, "can be sent by `mopenstack up --seed` alone"),
        ({"catalog": "RegionOne", "call": "CreateNetwork"}, "unknown key `call`; known ones are catalog"),
    ],
)
async def test_what_is_no_seed_is_refused(cloud: Cloud, operator: User, item: dict[str, Any], says: str) -> None:
    """With the item and what is wrong with it, for a cloud that runs and for a new one, which is not made then."""
    (await operator.post("_mopenstack", f"/clouds/{cloud.name}/seed", {"calls": [item]})).refused(400, says)
    name = f"{cloud.name}-new"
    (await operator.post("_mopenstack", "/clouds", {"name": name, "seed_calls": [item]})).refused(400)
    assert name not in [one["name"] for one in (await operator.get("_mopenstack", "/clouds")).ok()["clouds"]]


def test_the_services_own_seeds_are_seeds() -> None:
    """They are not held against the models when a cloud starts."""
    paths: list[Path] = [path for service in installed().values() for path in _seed_of(service)]
    assert sum(len(checked(items_of(path))) for path in paths) > 100
