"""Clouds that are like others: their seeds, and the words by which a seed takes another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from mopenstack.core.seed_files import items_of, like_file, likes
from mopenstack.core.seed_items import checked
from tests.conftest import Cloud

Make = Callable[[str], Awaitable[Cloud]]


@pytest_asyncio.fixture
async def make(cloud: Cloud) -> AsyncIterator[Make]:
    """Makes a cloud that is like another."""
    made: list[str] = []

    async def one(like: str) -> Cloud:
        name = f"{cloud.name}-{like}"
        (await cloud.admin_api.post("_mopenstack", "/clouds", {"name": name, "seed_calls": [{"like": like}]})).ok(201)
        made.append(name)
        return Cloud(name, cloud.serving, cloud.session)

    yield one
    for name in made:
        await cloud.serving.administration.delete_cloud(name)


@pytest.mark.parametrize("like", [name for name in likes() if name != "stress"])
async def test_a_server_boots_on_each(make: Make, like: str) -> None:
    """Of a flavor, an image and a network that demo finds there."""
    demo = await (await make(like)).user("demo")
    flavors = (await demo.get("compute", "/v2.1/flavors/detail")).ok()["flavors"]
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]
    enough = (one for one in flavors if one["disk"] >= image["min_disk"] and one["ram"] >= max(image["min_ram"], 256))
    flavor = min(enough, key=lambda one: int(one["ram"]))
    server = {"name": "one", "flavorRef": flavor["id"], "imageRef": image["id"], "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.90"}
    made = (await demo.post("compute", "/v2.1/servers", {"server": server}, headers=headers)).ok(202)["server"]
    shown = (await demo.get("compute", f"/v2.1/servers/{made['id']}")).ok()["server"]
    assert shown["status"] == "ACTIVE"
    assert (await demo.get("network", "/v2.0/networks?router:external=true")).ok()["networks"]


async def test_stress_has_more_than_a_page(make: Make) -> None:
    admin = await (await make("stress")).user("admin")
    found = (await admin.get("compute", "/v2.1/flavors")).ok()
    assert len(found["flavors"]) == 1000
    assert found["flavors_links"][0]["rel"] == "next"
    assert len((await admin.get("compute", "/v2.1/os-hypervisors")).ok()["hypervisors"]) == 103


async def test_zones_of_a_public_cloud(make: Make) -> None:
    demo = await (await make("public")).user("demo")
    zones = (await demo.get("compute", "/v2.1/os-availability-zone")).ok()["availabilityZoneInfo"]
    assert {zone["zoneName"] for zone in zones} == {"az1", "az2", "az3"}


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"like": "nothing"}, "item 1: a cloud can be like devstack, minimal, public, scs, stress; not like nothing"),
        ({"like": "../scs"}, "item 1: a cloud can be like devstack, minimal, public, scs, stress; not like ../scs"),
        ({"like": "devstack", "without": ["MakeTea"]}, "item 1: devstack has no call MakeTea that could be left out"),
        ({"like": "devstack", "call": "CreateDomain"}, "item 1: unknown key `call`; known ones are like, without"),
        ({"call": "CreateNetwork", "times": 0}, "item 1: times: input should be greater than or equal to 1"),
        ({"call": "CreateNetwork", "times": 10**6}, "item 1: times: input should be less than or equal to 10000"),
    ],
)
async def test_what_is_refused(cloud: Cloud, item: dict[str, object], says: str) -> None:
    """And no cloud is made."""
    name = f"{cloud.name}-new"
    (await cloud.admin_api.post("_mopenstack", "/clouds", {"name": name, "seed_calls": [item]})).refused(400, says)
    assert name not in [one["name"] for one in (await cloud.admin_api.get("_mopenstack", "/clouds")).ok()["clouds"]]


async def test_an_item_is_made_several_times(cloud: Cloud) -> None:
    """The number stands in its texts."""
    item = {"call": "CreateNetwork", "times": 3, "request": {"network": {"name": "n-${number}"}}}
    made = await cloud.admin_api.post("_mopenstack", f"/clouds/{cloud.name}/seed", {"calls": [item]})
    assert made.ok(200) == {"calls": 3}
    admin = await cloud.user("admin")
    names = {one["name"] for one in (await admin.get("network", "/v2.0/networks")).ok()["networks"]}
    assert {"n-1", "n-2", "n-3"} <= names
    assert "n-4" not in names


def test_the_seeds_are_seeds() -> None:
    for name in likes():
        file = like_file(name)
        assert file is None or checked(items_of(file)), name
