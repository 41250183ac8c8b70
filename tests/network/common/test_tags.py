"""Tags, on whatever has them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("collection", ["networks", "subnets", "ports", "subnetpools", "security-groups", "routers"])
async def test_every_operation(neutron: Any, demo: Any, collection: str) -> None:
    network, subnet = await neutron.network()
    if collection in ("networks", "subnets"):
        id = (network if collection == "networks" else subnet)["id"]
    else:
        fields = {"ports": {"network_id": network["id"]}, "subnetpools": {"name": "p", "prefixes": ["10.0.0.0/8"]}}
        id = (await neutron.create(collection, **fields.get(collection, {"name": "x"})))["id"]
    path = f"/v2.0/{collection}/{id}/tags"
    assert (await demo.put("network", path, {"tags": ["b", "a"]})).ok(200) == {"tags": ["b", "a"]}
    assert (await demo.post("network", path, {"tags": ["c"]})).ok(200) == {"tags": ["c"]}
    assert (await demo.put("network", f"{path}/x")).ok(201) in (None, "")
    assert (await demo.get("network", path)).ok(200) == {"tags": ["a", "b", "c", "x"]}
    assert (await neutron.show(collection, id))["tags"] == ["a", "b", "c", "x"]
    (await demo.get("network", f"{path}/x")).ok(204)
    (await demo.delete("network", f"{path}/x")).ok(204)
    (await demo.get("network", f"{path}/x")).refused(404, "Tag x could not be found.")
    (await demo.delete("network", path)).ok(204)
    assert (await demo.get("network", path)).ok(200) == {"tags": []}


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        (["a", "a"], "Invalid input for operation: Duplicate items in the list: 'a'."),
        ("a", "Invalid input for operation: 'a' is not a list."),
        (["t" * 256], "exceeds maximum length of 255."),
    ],
)
async def test_refusals(neutron: Any, demo: Any, tags: Any, text: str) -> None:
    network = await neutron.create("networks")
    (await demo.put("network", f"/v2.0/networks/{network['id']}/tags", {"tags": tags})).refused(400, text)


async def test_of_others_and_of_nobody(admin_neutron: Any, demo: Any) -> None:
    network = await admin_neutron.create("networks")
    path = f"/v2.0/networks/{network['id']}/tags"
    (await demo.put("network", path, {"tags": ["a"]})).refused(403, "rule:update_network:tags is disallowed by policy")
    unknown = "/v2.0/networks/00000000-0000-0000-0000-00000000dead/tags"
    (await demo.put("network", unknown, {"tags": ["a"]})).refused(500, "Request Failed: internal server error")
    (await demo.get("network", f"/v2.0/nope/{network['id']}/tags")).refused(404, "The resource could not be found.")


@pytest.mark.parametrize("collection", ["networks", "routers", "security-groups"])
async def test_filters_take_all_the_words(neutron: Any, demo: Any, collection: str) -> None:
    ids = {}
    for tags in ("a", "a,b"):
        ids[tags] = (await neutron.create(collection, name=f"t-{tags}"))["id"]
        path = f"/v2.0/{collection}/{ids[tags]}/tags"
        (await demo.put("network", path, {"tags": tags.split(",")})).ok(200)
    assert [one["id"] for one in await neutron.list(collection, "tags=a,b")] == [ids["a,b"]]
    assert {one["id"] for one in await neutron.list(collection, "tags-any=a,b")} == set(ids.values())
    assert [one["id"] for one in await neutron.list(collection, "tags=a&not-tags=b")] == [ids["a"]]
