"""Networks: what they look like, who sees them, what is refused."""

from __future__ import annotations

from typing import Any

import pytest


async def test_a_new_network_as_neutron_shows_it(neutron: Any, demo: Any) -> None:
    made = await neutron.create("networks", name="n", description="d")
    assert made.pop("created_at") == made.pop("updated_at")
    made.pop("id")
    assert made == {
        "name": "n",
        "tenant_id": demo.project_id,
        "project_id": demo.project_id,
        "admin_state_up": True,
        "mtu": 1442,
        "status": "ACTIVE",
        "subnets": [],
        "shared": False,
        "port_security_enabled": True,
        "qos_policy_id": None,
        "dns_domain": "",
        "router:external": False,
        "is_default": False,
        "availability_zone_hints": [],
        "availability_zones": [],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "description": "d",
        "l2_adjacency": True,
        "tags": [],
        "revision_number": 1,
    }


async def test_provider_attributes_are_an_admins(admin_neutron: Any, neutron: Any) -> None:
    own = await neutron.create("networks", name="n")
    seen = await admin_neutron.show("networks", own["id"])
    assert seen["provider:network_type"] == "geneve"
    assert seen["provider:physical_network"] is None
    assert 1 <= seen["provider:segmentation_id"] <= 10_000
    assert "provider:network_type" not in own


VLAN = {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 77}


async def test_the_type_of_project_networks_is_an_option(cloud: Any, neutron: Any, admin_neutron: Any) -> None:
    await cloud.set_options(network__project_network_type="vxlan")
    network = await admin_neutron.show("networks", (await neutron.create("networks"))["id"])
    assert (network["provider:network_type"], network["mtu"]) == ("vxlan", 1450)
    await cloud.set_options(network__project_network_type="vlan")
    network = await admin_neutron.show("networks", (await neutron.create("networks"))["id"])
    assert (network["provider:network_type"], network["provider:physical_network"]) == ("vlan", "public")


async def test_a_vlan_is_used_once(admin_neutron: Any) -> None:
    made = await admin_neutron.create("networks", **VLAN)
    assert (made["provider:segmentation_id"], made["mtu"]) == (77, 1500)
    taken = "Unable to create the network. The VLAN 77 on physical network physnet1 is in use."
    (await admin_neutron.post("networks", **VLAN)).refused(409, taken)
    (await admin_neutron.delete("networks", made["id"])).ok(204)
    await admin_neutron.create("networks", **VLAN)


async def test_several_segments_are_shown_as_a_list(admin_neutron: Any) -> None:
    segments = [VLAN, {"provider:network_type": "vxlan", "provider:segmentation_id": 5}]
    made = await admin_neutron.create("networks", segments=segments)
    assert [segment["provider:segmentation_id"] for segment in made["segments"]] == [77, 5]
    found = await admin_neutron.list("segments", f"network_id={made['id']}")
    assert {segment["network_type"] for segment in found} == {"vlan", "vxlan"}


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"name": 1}, 400, "Invalid input for name. Reason: '1' is not a valid string."),
        ({"admin_state_up": "maybe"}, 400, "Invalid input for operation: 'maybe' cannot be converted to boolean."),
        ({"foo": 1}, 400, "Unrecognized attribute(s) 'foo'"),
        ({"status": "DOWN"}, 400, "Attribute 'status' not allowed in POST"),
        ({"mtu": "abc"}, 400, "Invalid input for operation: 'abc' is not an integer."),
        ({"mtu": 9000}, 400, "Invalid input for operation: Requested MTU is too big, maximum is 1442."),
        ({"shared": True}, 403, "(rule:create_network and rule:create_network:shared) is disallowed by policy"),
        ({"tenant_id": "a" * 32}, 400, "Specifying 'project_id' or 'tenant_id' other than the authenticated project"),
        ({"tenant_id": "a", "project_id": "b"}, 400, "'project_id' and 'tenant_id' do not match"),
        ({"availability_zone_hints": ["nope"]}, 404, "AvailabilityZone nope could not be found."),
        ({"dns_domain": "foo"}, 400, "Invalid input for dns_domain. Reason: 'foo' is not a FQDN."),
    ],
)
async def test_create_refusals(neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    (await neutron.post("networks", **fields)).refused(status, text)


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({**VLAN, "provider:physical_network": "nope"}, 400, "physical_network 'nope' unknown for VLAN provider"),
        ({**VLAN, "provider:segmentation_id": 5000}, 400, "segmentation_id out of range (1 through 4094)"),
        ({"provider:network_type": "foo"}, 400, "network_type value 'foo' not supported"),
        (
            {"provider:network_type": "flat", "provider:physical_network": "public"},
            409,
            "Unable to create the flat network. Physical network public is in use.",
        ),
    ],
)
async def test_provider_refusals(admin_neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    (await admin_neutron.post("networks", **fields)).refused(status, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Unable to find 'network' in request body"),
        ({"network": None}, "Unable to find 'network' in request body"),
        ({"network": "x"}, "Object 'network' contains invalid data"),
        ([{"network": {}}], "Body contains invalid data"),
    ],
)
async def test_envelopes(demo: Any, body: Any, text: str) -> None:
    (await demo.post("network", "/v2.0/networks", body)).refused(400, text)


async def test_another_projects_network_is_not_there(neutron: Any, admin_neutron: Any) -> None:
    id = (await admin_neutron.create("networks"))["id"]
    gone = f"Network {id} could not be found."
    (await neutron.get("networks", id)).refused(404, gone)
    (await neutron.put("networks", id, name="x")).refused(404, gone)
    (await neutron.delete("networks", id)).refused(404, gone)
    assert id not in {network["id"] for network in await neutron.list("networks")}


async def test_members_see_shared_and_external_networks(neutron: Any, admin_neutron: Any) -> None:
    shared = await admin_neutron.create("networks", shared=True)
    assert (await neutron.show("networks", shared["id"]))["shared"] is True
    names = {network["name"] for network in await neutron.list("networks", "router:external=True")}
    assert names == {"public"}
    (await neutron.put("networks", shared["id"], name="x")).refused(403, "rule:update_network is disallowed by policy")


async def test_a_network_in_use_stays(neutron: Any) -> None:
    network, subnet = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"])
    text = f"There are one or more ports still in use on the network, id for these ports is: {port['id']}."
    (await neutron.delete("networks", network["id"])).refused(409, text)
    (await neutron.delete("ports", port["id"])).ok(204)
    (await neutron.delete("networks", network["id"])).ok(204)
    (await neutron.get("subnets", subnet["id"])).refused(404, f"Subnet {subnet['id']} could not be found.")


async def test_lists_filter_sort_and_page(neutron: Any, demo: Any) -> None:
    for name in "bac":
        network = await neutron.create("networks", name=name, description="mine")
        path = f"/v2.0/networks/{network['id']}/tags"
        (await demo.put("network", path, {"tags": [name, "all"]})).ok(200)
    found = await neutron.list("networks", "description=mine&sort_key=name&sort_dir=desc&fields=name")
    assert found == [{"name": "c"}, {"name": "b"}, {"name": "a"}]
    assert len(await neutron.list("networks", "tags=all,a")) == 1
    assert len(await neutron.list("networks", "tags-any=a,b")) == 2
    assert len(await neutron.list("networks", "description=mine&not-tags=all,a")) == 2
    page = (await demo.get("network", "/v2.0/networks?description=mine&limit=2")).ok(200)
    assert [link["rel"] for link in page["networks_links"]] == ["next", "previous"]
    (await demo.get("network", "/v2.0/networks?limit=-1")).refused(400, "Bad limit request: Limit must be an integer")
    (await demo.get("network", "/v2.0/networks?sort_key=bogus&sort_dir=asc")).refused(
        400, "['bogus'] is invalid attribute for sort_keys"
    )


async def test_several_at_once(neutron: Any, demo: Any) -> None:
    bulk = {"networks": [{"name": "b1", "admin_state_up": False}, {"name": "b2"}]}
    made = (await demo.post("network", "/v2.0/networks", bulk)).ok(201)["networks"]
    assert [(one["name"], one["admin_state_up"]) for one in made] == [("b1", False), ("b2", True)]
    ports = {"ports": [{"network_id": one["id"], "fixed_ips": []} for one in made]}
    assert len((await demo.post("network", "/v2.0/ports", ports)).ok(201)["ports"]) == 2
    bad = {"networks": [{"name": "b3"}, {"name": 1}]}
    (await demo.post("network", "/v2.0/networks", bad)).refused(400, "Reason: '1' is not a valid string.")
    bad = {"networks": [{"name": "b3"}, {"name": "b4", "shared": True}]}
    (await demo.post("network", "/v2.0/networks", bad)).refused(403, "rule:create_network:shared")
    (await demo.post("network", "/v2.0/networks", {"networks": []})).refused(400, "Resources required")
    assert await neutron.list("networks", "name=b3") == []


async def test_a_revision_can_be_asked_for(neutron: Any, demo: Any) -> None:
    network = await neutron.create("networks")
    path, body = f"/v2.0/networks/{network['id']}", {"network": {"name": "x"}}
    old = {"headers": {"If-Match": "revision_number=999"}}
    refusal = (await demo.put("network", path, body, **old)).refused(412)
    assert refusal["NeutronError"] == {
        "type": "RevisionNumberConstraintFailed",
        "message": "Constrained to 999, but current revision is 1",
        "detail": "",
    }
    (await demo.put("network", path, body, headers={"If-Match": "revision_number=1"})).ok(200)
    (await demo.delete("network", path, **old)).refused(412)
    assert (await demo.get("network", f"{path}.json")).ok(200)["network"]["revision_number"] == 2


async def test_scopes_of_tokens(cloud: Any, neutron: Any) -> None:
    admin, demo = ({"name": name, "domain": {"id": "default"}, "password": "secret"} for name in ("admin", "demo"))
    await neutron.create("networks")
    system = await cloud.login(admin, {"system": {"all": True}})
    assert (await system.get("network", "/v2.0/networks")).ok(200) == {"networks": []}
    made = await system.post("network", "/v2.0/networks", {"network": {"name": "n"}})
    made.refused(400, "Running without keystone AuthN requires that project_id is specified")
    unscoped = await cloud.login(demo, "unscoped")
    found = (await unscoped.get("network", "/v2.0/networks?fields=name")).ok(200)
    assert found == {"networks": [{"name": "public"}]}


@pytest.mark.parametrize("collection", ["routers", "security-groups", "subnetpools"])
async def test_every_revision_can_be_asked_for(neutron: Any, demo: Any, collection: str) -> None:
    more = {"prefixes": ["10.70.0.0/16"]} if collection == "subnetpools" else {}
    made = await neutron.create(collection, name="r", **more)
    path, body = f"/v2.0/{collection}/{made['id']}", {neutron.key(collection): {"name": "s"}}
    old = {"headers": {"If-Match": "revision_number=999"}}
    text = f"Constrained to 999, but current revision is {made['revision_number']}"
    (await demo.put("network", path, body, **old)).refused(412, text)
    (await demo.delete("network", path, **old)).refused(412, text)
    mine = {"headers": {"If-Match": f"revision_number={made['revision_number']}"}}
    (await demo.put("network", path, body, **mine)).ok(200)


async def test_filters_that_networks_do_not_have(cloud: Any, neutron: Any) -> None:
    path = "/v2.0/networks?foo=bar&name=n&x=1"
    refused = (await neutron.user.get("network", path)).refused(400)["NeutronError"]
    assert refused["message"] == "['foo', 'x'] is invalid attribute for filtering"
    extension = "/v2.0/extensions/filter-validation"
    assert (await neutron.user.get("network", extension)).ok()["extension"]["name"] == "Filter parameters validation"
    await cloud.set_options(network__filter_validation="false")
    (await neutron.user.get("network", extension)).refused(404)
    assert (await neutron.user.get("network", path)).ok() == {"networks": []}


async def test_a_path_may_end_with_the_format(neutron: Any) -> None:
    network = await neutron.create("networks", name="n")
    for path in ("/v2.0/networks.json", f"/v2.0/networks/{network['id']}.json"):
        assert network["id"] in str((await neutron.user.get("network", path)).ok())
    path = f"/v2.0/quotas/{neutron.user.project_id}/details.json"
    assert "used" in str((await neutron.user.get("network", path)).ok())
