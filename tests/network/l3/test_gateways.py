"""Several gateways of one router, the QoS of the first, and NDP proxies behind it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.network.conftest import Neutron


@pytest.fixture
async def outside(admin_neutron: Neutron) -> list[dict[str, Any]]:
    """Two external networks; the second one has an IPv6 subnet of an address scope."""
    scope = await admin_neutron.create("address-scopes", name="s", ip_version=6, shared=True)
    pool = await admin_neutron.create(
        "subnetpools",
        name="p",
        prefixes=["2001:db8:5::/48"],
        default_prefixlen=64,
        address_scope_id=scope["id"],
        shared=True,
    )
    made = []
    for cidr in ("198.51.100.0/24", "203.0.113.0/24"):
        network, _ = await admin_neutron.network(cidr, **{"router:external": True})
        made.append(network)
    await admin_neutron.create("subnets", network_id=made[1]["id"], ip_version=6, subnetpool_id=pool["id"])
    return [*made, pool]


async def ask(neutron: Neutron, router: dict[str, Any], action: str, *gateways: Any) -> Any:
    body = {"router": {"external_gateways": list(gateways)}}
    return await neutron.user.put("network", f"/v2.0/routers/{router['id']}/{action}_external_gateways", body)


def networks(router: Any) -> list[str]:
    return [one["network_id"] for one in router["external_gateways"]]


async def test_gateways_come_and_go(neutron: Neutron, outside: list[Any]) -> None:
    one, two = ({"network_id": network["id"]} for network in outside[:2])
    router = await neutron.create("routers", name="r")
    added = (await ask(neutron, router, "add", one, two, two)).ok(200)["router"]
    assert networks(added) == [one["network_id"], two["network_id"], two["network_id"]]
    assert added["external_gateway_info"]["network_id"] == one["network_id"]
    (await ask(neutron, router, "remove", two)).refused(500)  # which of the two?
    (await ask(neutron, router, "remove", one)).ok(200)
    path = f"/v2.0/routers/{router['id']}/remove_external_gateways"
    (await neutron.user.put("network", path, {"router": {"external_gateways": {}}})).ok(200)  # names none
    left = await neutron.show("routers", router["id"])
    assert networks(left) == [two["network_id"]] * 2
    assert left["external_gateway_info"]["network_id"] == two["network_id"]
    assert left["external_gateways"][0]["external_fixed_ips"] == left["external_gateway_info"]["external_fixed_ips"]
    updated = (await ask(neutron, router, "update", one)).ok(200)["router"]
    assert networks(updated) == [one["network_id"]]
    assert networks((await ask(neutron, router, "update")).ok(200)["router"]) == []
    (await neutron.delete("routers", router["id"])).ok(204)


async def test_a_member_takes_gateways_away_as_they_are_shown(
    neutron: Neutron, admin_neutron: Neutron, outside: list[Any]
) -> None:
    """Adding and updating have rules for the addresses of a gateway, removing has none."""
    one = {"network_id": outside[0]["id"]}
    router = await neutron.create("routers", name="r")
    added = (await ask(neutron, router, "add", one, one)).ok(200)["router"]["external_gateways"]
    left = (await ask(neutron, router, "remove", added[1])).ok(200)["router"]["external_gateways"]
    assert left == added[:1]
    refused = await ask(neutron, router, "update", *added)
    refused.refused(403, "rule:update_external_gateways:external_gateways:external_fixed_ips")
    assert (await ask(admin_neutron, router, "update", *added)).ok(200)["router"]["external_gateways"] == added


async def test_a_network_of_its_own_is_no_way_out(neutron: Neutron, outside: list[Any]) -> None:
    network, _ = await neutron.network()
    router = await neutron.create("routers", name="r")
    (await ask(neutron, router, "add", {"network_id": network["id"]})).refused(400, "is not an external network")
    (await ask(neutron, router, "add", {"enable_snat": True})).refused(400, "Expected keys: {'network_id'}")
    refused = await ask(neutron, router, "add", {"network_id": outside[0]["id"], "enable_snat": False})
    refused.refused(403, "rule:add_external_gateways:external_gateways:enable_snat")
    (await ask(neutron, router, "remove", {"network_id": outside[0]["id"]})).refused(500)


async def test_a_floating_ip_needs_the_gateway_it_uses(neutron: Neutron, outside: list[Any]) -> None:
    one, two = ({"network_id": network["id"]} for network in outside[:2])
    router = await neutron.create("routers", name="r")
    (await ask(neutron, router, "add", one, two)).ok(200)
    network, subnet = await neutron.network()
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    port = await neutron.create("ports", network_id=network["id"])
    fip = await neutron.create("floatingips", floating_network_id=two["network_id"], port_id=port["id"])
    assert fip["router_id"] == router["id"]
    (await ask(neutron, router, "remove", two)).refused(409, "is required by one or more floating IPs")
    (await ask(neutron, router, "remove", one)).ok(200)


async def test_a_null_clears_the_policy_of_a_gateway_and_an_absent_key_keeps_it(
    admin_neutron: Neutron, outside: list[Any]
) -> None:
    policy = (await admin_neutron.user.post("network", "/v2.0/qos/policies", {"policy": {"name": "q"}})).ok(201)
    info = {"network_id": outside[0]["id"], "qos_policy_id": policy["policy"]["id"]}
    router = await admin_neutron.create("routers", name="r", external_gateway_info=info)
    assert router["external_gateway_info"]["qos_policy_id"] == policy["policy"]["id"]
    kept = await admin_neutron.update("routers", router["id"], external_gateway_info={"network_id": info["network_id"]})
    assert kept["external_gateway_info"]["qos_policy_id"] == policy["policy"]["id"]
    null = {"network_id": info["network_id"], "qos_policy_id": None}
    cleared = await admin_neutron.update("routers", router["id"], external_gateway_info=null)
    assert not cleared["external_gateway_info"].get("qos_policy_id")


async def test_ndp_proxies(neutron: Neutron, outside: list[Any]) -> None:
    able, pool = outside[1], outside[2]
    router = await neutron.create(
        "routers", name="r", external_gateway_info={"network_id": able["id"]}, enable_ndp_proxy=True
    )
    network = await neutron.create("networks", name="n")
    subnet = await neutron.create("subnets", network_id=network["id"], ip_version=6, subnetpool_id=pool["id"])
    port = await neutron.create("ports", network_id=network["id"])
    asked = {"router_id": router["id"], "port_id": port["id"]}

    async def create(**fields: Any) -> Any:
        return await neutron.user.post("network", "/v2.0/ndp_proxies", {"ndp_proxy": {**asked, **fields}})

    (await create()).refused(409, "cannot reach the router")
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    (await create(ip_address="2001:db8:6::1")).refused(400, "This address not belong to the port")
    proxy = (await create(name="x")).ok(201)["ndp_proxy"]
    assert proxy["ip_address"] == port["fixed_ips"][0]["ip_address"]
    (await neutron.put("routers", router["id"], external_gateway_info=None)).refused(409, "one or more ndp proxies")
    remove = f"/v2.0/routers/{router['id']}/remove_router_interface"
    (await neutron.user.put("network", remove, {"subnet_id": subnet["id"]})).refused(409, "ndp proxies")
    listed = (await neutron.user.get("network", "/v2.0/ndp_proxies?name=x")).ok(200)["ndp_proxies"]
    assert listed == [proxy]
    (await neutron.delete("ndp_proxies", proxy["id"])).ok(204)
    (await neutron.user.get("network", f"/v2.0/ndp_proxies/{proxy['id']}")).refused(404, "could not be found.")


async def test_a_router_without_an_able_gateway_proxies_nothing(neutron: Neutron, outside: list[Any]) -> None:
    plain = {"network_id": outside[0]["id"]}
    refused = await neutron.post("routers", name="r", external_gateway_info=plain, enable_ndp_proxy=True)
    refused.refused(409, "don't support IPv6 ndp proxy")
    router = await neutron.create("routers", name="r", external_gateway_info=plain)
    (await neutron.put("routers", router["id"], enable_ndp_proxy=True)).refused(409, "has no external gateway or")


async def test_interfaces_follow_what_their_router_is(admin_neutron: Neutron) -> None:
    router = await admin_neutron.create("routers", name="r", admin_state_up=False)
    _network, subnet = await admin_neutron.network()
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    port_id = (await admin_neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)["port_id"]
    for flag, owner in (("distributed", "router_interface_distributed"), ("ha", "router_interface_distributed")):
        assert (await admin_neutron.update("routers", router["id"], **{flag: True}))[flag] is True
        assert (await admin_neutron.show("ports", port_id))["device_owner"] == f"network:{owner}"
    await admin_neutron.update("routers", router["id"], distributed=False)
    port = await admin_neutron.show("ports", port_id)
    assert port["device_owner"] == "network:ha_router_replicated_interface"
    kept = await admin_neutron.update("routers", router["id"], ha=None)
    assert kept["ha"] is True
