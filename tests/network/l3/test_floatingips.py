"""Floating IPs: addresses, association, and what they keep in place."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-00000000dead"


@pytest.fixture
async def public(neutron: Any) -> Any:
    """The external network of the seed."""
    (network,) = await neutron.list("networks", "name=public")
    return network


@pytest.fixture
async def routed(neutron: Any, public: Any) -> Any:
    """(router, network, subnet): a subnet that a router joins with the external network."""
    network, subnet = await neutron.network()
    router = await neutron.create("routers", external_gateway_info={"network_id": public["id"]})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    return router, network, subnet


async def test_a_new_floating_ip_as_neutron_shows_it(neutron: Any, public: Any, demo: Any) -> None:
    fip = await neutron.create("floatingips", floating_network_id=public["id"], description="d")
    address = fip.pop("floating_ip_address")
    assert address.startswith("172.24.4.")
    for key in ("id", "created_at", "updated_at"):
        fip.pop(key)
    assert fip == {
        "tenant_id": demo.project_id,
        "project_id": demo.project_id,
        "floating_network_id": public["id"],
        "router_id": None,
        "port_id": None,
        "fixed_ip_address": None,
        "status": "DOWN",
        "description": "d",
        "qos_policy_id": None,
        "qos_network_policy_id": None,
        "port_details": None,
        "dns_domain": "",
        "dns_name": "",
        "port_forwardings": [],
        "tags": [],
        "revision_number": 0,
    }
    assert len(await neutron.list("floatingips", f"floating_ip_address={address}")) == 1


async def test_association(neutron: Any, public: Any, routed: Any) -> None:
    router, network, subnet = routed
    port = await neutron.create("ports", network_id=network["id"], name="p")
    fip = await neutron.create("floatingips", floating_network_id=public["id"])
    bound = await neutron.update("floatingips", fip["id"], port_id=port["id"])
    assert bound["fixed_ip_address"] == port["fixed_ips"][0]["ip_address"]
    assert (bound["router_id"], bound["status"], bound["port_details"]["name"]) == (router["id"], "ACTIVE", "p")
    reply = await neutron.post("floatingips", floating_network_id=public["id"], port_id=port["id"])
    text = (
        f"with port {port['id']} using fixed IP {bound['fixed_ip_address']}, as that fixed IP already has a "
        f"floating IP on external network {public['id']}."
    )
    reply.refused(409, text)
    path = f"/v2.0/routers/{router['id']}/remove_router_interface"
    text = f"Router interface for subnet {subnet['id']} on router {router['id']} cannot be deleted, as it is required"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).refused(409, text)
    text = f"Gateway cannot be updated for router {router['id']}, since a gateway to external network {public['id']}"
    (await neutron.put("routers", router["id"], external_gateway_info=None)).refused(409, text)
    assert (await neutron.update("floatingips", fip["id"], description="x"))["port_id"] == port["id"]
    free = await neutron.update("floatingips", fip["id"], port_id=None)
    assert (free["port_id"], free["router_id"], free["status"]) == (None, None, "DOWN")


async def test_a_port_that_goes_leaves_its_floating_ip(
    neutron: Any, admin_neutron: Any, public: Any, routed: Any
) -> None:
    port = await neutron.create("ports", network_id=routed[1]["id"])
    fip = await neutron.create("floatingips", floating_network_id=public["id"], port_id=port["id"])
    (outer,) = await admin_neutron.list("ports", f"device_id={fip['id']}")
    assert (outer["device_owner"], outer["status"]) == ("network:floatingip", "N/A")
    text = f"Port {outer['id']} cannot be deleted directly via the port API: has device owner network:floatingip."
    (await admin_neutron.delete("ports", outer["id"])).refused(409, text)
    (await neutron.delete("ports", port["id"])).ok(204)
    assert (await neutron.show("floatingips", fip["id"]))["port_id"] is None
    (await neutron.delete("floatingips", fip["id"])).ok(204)
    assert await admin_neutron.list("ports", f"device_id={fip['id']}") == []
    (await neutron.get("floatingips", fip["id"])).refused(404, f"Floating IP {fip['id']} could not be found")


async def test_two_addresses_need_a_choice(neutron: Any, public: Any, routed: Any) -> None:
    subnet = routed[2]
    port = await neutron.create(
        "ports", network_id=routed[1]["id"], fixed_ips=[{"subnet_id": subnet["id"]}, {"subnet_id": subnet["id"]}]
    )
    fields = {"floating_network_id": public["id"], "port_id": port["id"]}
    (await neutron.post("floatingips", **fields)).refused(400, f"Port {port['id']} has multiple fixed IPv4 addresses.")
    (await neutron.post("floatingips", **fields, fixed_ip_address="192.0.2.9")).refused(
        400, f"Bad floatingip request: Port {port['id']} does not have fixed ip 192.0.2.9."
    )
    chosen = port["fixed_ips"][1]["ip_address"]
    assert (await neutron.create("floatingips", **fields, fixed_ip_address=chosen))["fixed_ip_address"] == chosen


async def test_floating_ips_that_neutron_refuses(neutron: Any, admin_neutron: Any, public: Any) -> None:
    network, _ = await neutron.network("10.62.0.0/24")
    port = await neutron.create("ports", network_id=network["id"])
    (v6,) = await admin_neutron.list("subnets", f"network_id={public['id']}&ip_version=6")

    async def refused(who: Any, status: int, text: str, **fields: Any) -> None:
        (await who.post("floatingips", **{"floating_network_id": public["id"]} | fields)).refused(status, text)

    await refused(neutron, 404, f"Network {NOBODY} could not be found.", floating_network_id=NOBODY)
    await refused(
        neutron,
        400,
        f"Bad floatingip request: Network {network['id']} is not a valid external network.",
        floating_network_id=network["id"],
    )
    await refused(neutron, 400, "floating_network_id. Reason: 'None' is not a valid UUID.", floating_network_id=None)
    await refused(neutron, 404, f"Port {NOBODY} could not be found.", port_id=NOBODY)
    await refused(neutron, 404, f"Subnet {NOBODY} could not be found.", subnet_id=NOBODY)
    await refused(neutron, 400, "Unrecognized attribute(s) 'foo'", foo=1)
    await refused(
        neutron, 400, f"Unable to find any IP address on external network {public['id']}.", subnet_id=v6["id"]
    )
    await refused(
        neutron,
        403,
        "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy",
        floating_ip_address="172.24.4.99",
    )
    await refused(neutron, 404, f"External network {public['id']} is not reachable from subnet", port_id=port["id"])
    fip = await admin_neutron.create("floatingips", floating_network_id=public["id"], floating_ip_address="172.24.4.99")
    assert fip["floating_ip_address"] == "172.24.4.99"
    await refused(admin_neutron, 409, "IP address 172.24.4.99 already allocated in", floating_ip_address="172.24.4.99")


async def test_pools(neutron: Any, public: Any) -> None:
    pools = await neutron.list("floatingip_pools")
    assert {pool["network_id"] for pool in pools} == {public["id"]}
    assert "172.24.4.0/24" in {pool["cidr"] for pool in pools}


async def test_port_forwardings(neutron: Any, public: Any, routed: Any) -> None:
    port = await neutron.create("ports", network_id=routed[1]["id"])
    fip = await neutron.create("floatingips", floating_network_id=public["id"])
    path = f"/v2.0/floatingips/{fip['id']}/port_forwardings"
    address = port["fixed_ips"][0]["ip_address"]
    fields = {
        "internal_port_id": port["id"],
        "internal_ip_address": address,
        "internal_port": 25,
        "external_port": 2230,
        "protocol": "tcp",
        "description": "pf",
    }
    made = (await neutron.user.post("network", path, {"port_forwarding": fields})).ok(201)["port_forwarding"]
    assert made == {
        "id": made["id"],
        **fields,
        "external_port_range": "2230:2230",
        "internal_port_range": "25:25",
    }
    (listed,) = (await neutron.show("floatingips", fip["id"]))["port_forwardings"]
    assert listed["id"] == made["id"]
    again = await neutron.user.post("network", path, {"port_forwarding": {**fields, "external_port": 2231}})
    again.refused(
        400,
        "Bad port_forwarding request: There is a port collision with the internal_port_range. "
        "The following ranges collide: 25:25 and 25:25.",
    )
    text = f"Floating IP {fip['id']} in use by Port Forwarding resources."
    (await neutron.put("floatingips", fip["id"], port_id=port["id"])).refused(409, text)
    (await neutron.delete("floatingips", fip["id"])).refused(409, text)
    one = f"{path}/{made['id']}"
    changed = await neutron.user.put("network", one, {"port_forwarding": {"external_port": 2240}})
    assert changed.ok(200)["port_forwarding"]["external_port_range"] == "2240:2240"
    (await neutron.user.delete("network", one)).ok(204)
    (await neutron.user.get("network", one)).refused(404, f"Port Forwarding {made['id']} could not be found.")
    assert (await neutron.show("floatingips", fip["id"]))["router_id"] is None
