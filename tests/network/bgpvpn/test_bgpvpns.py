"""BGP VPNs and their associations."""

from __future__ import annotations

from typing import Any

VPNS = "bgpvpn/bgpvpns"


async def test_who_may_make_one(neutron: Any, admin_neutron: Any, cloud: Any) -> None:
    alt_demo = await cloud.user("alt_demo", "alt_demo")
    made = await neutron.create(VPNS, name="v", route_targets=["64512:1", "10.0.0.1:1"])
    assert made["route_targets"] == ["64512:1", "10.0.0.1:1"]
    (await neutron.put(VPNS, made["id"], route_targets=["64512:4294967296"])).refused(
        400, "Invalid input for route_targets. Reason: '64512:4294967296' is not a valid input."
    )
    (await alt_demo.post("network", f"/v2.0/{VPNS}", {"bgpvpn": {"name": "v"}})).refused(403)
    owned = await admin_neutron.create(VPNS, project_id=alt_demo.project_id, route_targets=["1:1"])
    shown = (await alt_demo.get("network", f"/v2.0/{VPNS}/{owned['id']}")).ok(200)["bgpvpn"]
    assert "route_targets" not in shown
    assert "project_id" not in shown
    path = f"/v2.0/{VPNS}/{owned['id']}"
    (await alt_demo.put("network", path, {"bgpvpn": {"route_targets": ["2:2"]}})).refused(403)
    assert (await alt_demo.put("network", path, {"bgpvpn": {"name": "n"}})).ok(200)["bgpvpn"]["name"] == "n"
    (await alt_demo.delete("network", path)).refused(403)


async def test_associations_come_and_go(neutron: Any) -> None:
    vpn = await neutron.create(VPNS)
    network, _ = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"])
    router = await neutron.create("routers")
    networks, routers, ports = (f"{VPNS}/{vpn['id']}/{kind}_associations" for kind in ("network", "router", "port"))
    made = await neutron.create(networks, network_id=network["id"])
    (await neutron.post(networks, network_id=network["id"])).refused(
        400, f"network {network['id']} is already associated to BGPVPN {vpn['id']}"
    )
    await neutron.create(routers, router_id=router["id"])
    leak = await neutron.create(ports, port_id=port["id"], routes=[{"type": "prefix", "prefix": "10.1.0.0/24"}])
    assert leak["routes"] == [{"type": "prefix", "prefix": "10.1.0.0/24", "local_pref": None}]
    shown = await neutron.show(VPNS, vpn["id"])
    assert (shown["networks"], shown["routers"], shown["ports"]) == ([network["id"]], [router["id"]], [port["id"]])
    assert [one["id"] for one in await neutron.list(VPNS, f"networks={network['id']}")] == [vpn["id"]]
    (await neutron.delete("ports", port["id"])).ok(204)
    (await neutron.get(ports, leak["id"])).refused(
        404, f"BGPVPN port association {leak['id']} could not be found for BGPVPN {vpn['id']}"
    )
    (await neutron.delete(networks, made["id"])).ok(204)
    shown = await neutron.show(VPNS, vpn["id"])
    assert (shown["networks"], shown["routers"], shown["ports"]) == ([], [router["id"]], [])
    (await neutron.delete("routers", router["id"])).ok(204)
    assert (await neutron.show(VPNS, vpn["id"]))["routers"] == []


async def test_routes_leak_between_vpns_of_a_type(neutron: Any) -> None:
    vpn, other = await neutron.create(VPNS), await neutron.create(VPNS, type="l2")
    network, _ = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"])
    path = f"{VPNS}/{vpn['id']}/port_associations"
    (await neutron.post(path, port_id=port["id"], routes=[{"type": "bgpvpn", "bgpvpn_id": other["id"]}])).refused(
        400, "bgpvpn specified in route is of type l2, differing from type of associated BGPVPN l3)"
    )
    (await neutron.post(path, port_id=port["id"], routes=[{"type": "prefix"}])).refused(400)
    (await neutron.post(f"{VPNS}/{other['id']}/router_associations", router_id=port["id"])).refused(404)


async def test_a_router_and_its_networks_are_not_both_in_a_vpn(neutron: Any) -> None:
    vpn = await neutron.create(VPNS)
    network, subnet = await neutron.network()
    router = await neutron.create("routers")
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    await neutron.create(f"{VPNS}/{vpn['id']}/network_associations", network_id=network["id"])
    (await neutron.post(f"{VPNS}/{vpn['id']}/router_associations", router_id=router["id"])).refused(
        400,
        f"Bad bgpvpn request: router {router['id']} has an attached network {network['id']} "
        f"which is already associated to bgpvpn(s) ['{vpn['id']}'].",
    )
    apart = await neutron.create("routers")
    await neutron.create(f"{VPNS}/{vpn['id']}/router_associations", router_id=apart["id"])
    port = await neutron.create("ports", network_id=network["id"])
    path = f"/v2.0/routers/{apart['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"port_id": port["id"]})).refused(409, "both the router and the network")


async def test_a_stranger_sees_an_empty_list(neutron: Any, cloud: Any) -> None:
    vpn = await neutron.create(VPNS)
    network, _ = await neutron.network()
    path = f"{VPNS}/{vpn['id']}/network_associations"
    await neutron.create(path, network_id=network["id"])
    alt_demo = await cloud.user("alt_demo", "alt_demo")
    assert len(await neutron.list(path)) == 1
    assert (await alt_demo.get("network", f"/v2.0/{path}")).ok(200) == {"network_associations": []}
