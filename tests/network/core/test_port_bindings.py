"""Bindings of ports for live migration; subnets taken into a pool; who provides what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.network.conftest import Neutron


@pytest.fixture
async def nova(cloud: Cloud, admin: User) -> User:
    """A user with the service role, as Nova has it."""
    roles = (await admin.get("identity", "/v3/roles?name=service")).ok(200)["roles"]
    path = f"/v3/projects/{admin.project_id}/users/{admin.user_id}/roles/{roles[0]['id']}"
    (await admin.put("identity", path)).ok(204)
    return await cloud.user("admin")


async def test_a_port_moves_to_the_host_that_waits_for_it(neutron: Neutron, nova: User) -> None:
    network, _ = await neutron.network()
    port = await Neutron(nova).create(
        "ports", network_id=network["id"], device_owner="compute:nova", **{"binding:host_id": "one"}
    )
    path = f"/v2.0/ports/{port['id']}/bindings"
    made = (await nova.post("network", path, {"binding": {"host": "two"}})).ok(201)["binding"]
    assert (made["host"], made["status"], made["vif_type"], made["vnic_type"]) == ("two", "INACTIVE", "ovs", "normal")
    (await nova.post("network", path, {"binding": {"host": "two"}})).refused(409, "already exists.")
    (await nova.put("network", f"{path}/one/activate")).refused(409, "is already active.")
    (await nova.put("network", f"{path}/three/activate")).refused(404, "for host three could not be found.")
    moved = (await nova.put("network", f"{path}/two/activate")).ok(200)
    assert (moved["host"], moved["status"]) == ("two", "ACTIVE")
    listed = (await nova.get("network", path)).ok(200)["bindings"]
    assert [(one["host"], one["status"]) for one in listed] == [("two", "ACTIVE"), ("one", "INACTIVE")]
    assert (await Neutron(nova).show("ports", port["id"]))["binding:host_id"] == "two"
    (await nova.delete("network", f"{path}/one")).ok(204)
    (await nova.delete("network", f"{path}/one")).refused(404, "could not be found.")


async def test_only_servers_migrate_and_only_nova_binds(neutron: Neutron, nova: User) -> None:
    network, _ = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"])
    path = f"/v2.0/ports/{port['id']}/bindings"
    (await neutron.user.get("network", path)).refused(403, "rule:get_port_binding")
    (await nova.get("network", path)).refused(400, "Operation only valid on compute and shared filesystem ports")


async def test_a_networks_subnets_are_taken_into_a_pool(neutron: Neutron) -> None:
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.70.0.0/24"])
    network, subnet = await neutron.network("10.70.1.0/24")
    path = f"/v2.0/subnetpools/{pool['id']}/onboard_network_subnets"
    (await neutron.user.put("network", path, {})).refused(400, "network_id must be specified")
    taken = (await neutron.user.put("network", path, {"network_id": network["id"]})).ok(200)
    assert taken == [{"id": subnet["id"], "cidr": "10.70.1.0/24"}]
    assert (await neutron.show("subnets", subnet["id"]))["subnetpool_id"] == pool["id"]
    assert (await neutron.show("subnetpools", pool["id"]))["prefixes"] == ["10.70.0.0/23"]
    (await neutron.user.put("network", path, {"network_id": network["id"]})).refused(400, "conflicts with allocated")


async def test_a_network_goes_with_floating_ips_that_lead_nowhere(admin_neutron: Neutron) -> None:
    network, _ = await admin_neutron.network("198.51.100.0/24", **{"router:external": True})
    await admin_neutron.create("floatingips", floating_network_id=network["id"])
    (await admin_neutron.delete("networks", network["id"])).ok(204)
    assert await admin_neutron.list("floatingips", f"floating_network_id={network['id']}") == []


async def test_a_routers_port_keeps_its_ipv4_address_only(neutron: Neutron) -> None:
    _network, subnet = await neutron.network()
    router = await neutron.create("routers", name="r")
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    port_id = (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)["port_id"]
    await neutron.update("ports", port_id, fixed_ips=[{"subnet_id": subnet["id"]}])
    moved = await neutron.put("ports", port_id, fixed_ips=[{"ip_address": "10.60.0.9"}])
    moved.refused(400, f"IP updates for port {port_id} are not allowed")


async def test_service_providers(demo: Any) -> None:
    path = "/v2.0/service-providers?service_type=L3_ROUTER_NAT"
    found = (await demo.get("network", path)).ok(200)["service_providers"]
    assert found[0] == {"service_type": "L3_ROUTER_NAT", "name": "dvrha", "default": False}
    assert [one["name"] for one in found[1:]] == ["dvr", "ha", "single_node"]
