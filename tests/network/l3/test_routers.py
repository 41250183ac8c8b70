"""Routers: gateways, interfaces, routes, and what keeps them in place."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-00000000dead"


async def external(neutron: Any) -> Any:
    """The external network of the seed."""
    (network,) = await neutron.list("networks", "name=public")
    return network


async def interface(neutron: Any, router: Any, verb: str = "add", **what: Any) -> Any:
    """Add or remove an interface; the whole reply."""
    return await neutron.user.put("network", f"/v2.0/routers/{router['id']}/{verb}_router_interface", what)


async def test_a_new_router_as_neutron_shows_it(neutron: Any, admin_neutron: Any, demo: Any) -> None:
    router = await neutron.create("routers", name="r")
    for key in ("id", "created_at", "updated_at"):
        router.pop(key)
    assert router == {
        "name": "r",
        "project_id": demo.project_id,
        "tenant_id": demo.project_id,
        "admin_state_up": True,
        "status": "ACTIVE",
        "external_gateway_info": None,
        "description": "",
        "availability_zones": [],
        "availability_zone_hints": [],
        "routes": [],
        "flavor_id": None,
        "conntrack_helpers": [],
        "enable_ndp_proxy": False,
        "external_gateways": [],
        "enable_default_route_bfd": False,
        "enable_default_route_ecmp": False,
        "enable_snat": True,
        "tags": [],
        "revision_number": 1,
    }
    router = await admin_neutron.create("routers")
    assert (router["distributed"], router["ha"]) == (False, False)


async def test_a_gateway_comes_and_goes(neutron: Any, admin_neutron: Any) -> None:
    public = await external(neutron)
    router = await neutron.create("routers", external_gateway_info={"network_id": public["id"]})
    info = router["external_gateway_info"]
    assert info["enable_snat"] is True
    assert {fixed["ip_address"].partition(".")[0] for fixed in info["external_fixed_ips"]} >= {"172"}
    (port,) = await admin_neutron.list("ports", f"device_id={router['id']}")
    assert (port["device_owner"], port["project_id"], port["status"]) == ("network:router_gateway", "", "ACTIVE")
    text = f"Port {port['id']} cannot be deleted directly via the port API: has device owner network:router_gateway."
    (await admin_neutron.delete("ports", port["id"])).refused(409, text)
    assert (await neutron.update("routers", router["id"], name="n"))["external_gateway_info"] == info
    assert (await neutron.update("routers", router["id"], external_gateway_info={}))["external_gateway_info"] is None
    assert await admin_neutron.list("ports", f"device_id={router['id']}") == []
    (await neutron.delete("routers", router["id"])).ok(204)
    (await neutron.get("routers", router["id"])).refused(404, f"Router {router['id']} could not be found")


async def test_gateways_that_neutron_refuses(neutron: Any, admin_neutron: Any) -> None:
    public = await external(neutron)
    network, _ = await neutron.network()

    async def refused(who: Any, status: int, text: str, **info: Any) -> None:
        (await who.post("routers", external_gateway_info=info)).refused(status, text)

    await refused(neutron, 404, f"Network {NOBODY} could not be found.", network_id=NOBODY)
    await refused(
        neutron,
        400,
        f"Bad router request: Network {network['id']} is not an external network.",
        network_id=network["id"],
    )
    text = (
        "Invalid input for external_gateway_info. Reason: Validation of dictionary's keys failed. "
        "Expected keys: {'network_id'} Provided keys: {'enable_snat'}."
    )
    reply = await neutron.post("routers", external_gateway_info={"enable_snat": True})
    assert reply.refused(400)["NeutronError"]["message"] == text
    rule = "rule:create_router:external_gateway_info"
    await refused(
        neutron,
        403,
        f"(rule:create_router and ({rule} and ({rule}:network_id and {rule}:enable_snat))) is disallowed by policy",
        network_id=public["id"],
        enable_snat=False,
    )
    await refused(
        admin_neutron,
        400,
        "IP address 9.9.9.9 is not a valid IP for any of the subnets on the specified network.",
        network_id=public["id"],
        external_fixed_ips=[{"ip_address": "9.9.9.9"}],
    )


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"distributed": True}, 403, "(rule:create_router and rule:create_router:distributed) is disallowed by policy"),
        ({"ha": True}, 403, "(rule:create_router and rule:create_router:ha) is disallowed by policy"),
        ({"foo": 1}, 400, "Unrecognized attribute(s) 'foo'"),
        ({"availability_zone_hints": ["nope"]}, 404, "AvailabilityZone nope could not be found."),
        ({"flavor_id": NOBODY}, 404, f"Flavor {NOBODY} could not be found."),
        ({"routes": []}, 400, "Attribute 'routes' not allowed in POST"),
    ],
)
async def test_routers_that_neutron_refuses(neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    (await neutron.post("routers", **fields)).refused(status, text)


async def test_an_interface_by_subnet(neutron: Any) -> None:
    network, subnet = await neutron.network()
    router = await neutron.create("routers")
    answer = (await interface(neutron, router, subnet_id=subnet["id"])).ok(200)
    port = await neutron.show("ports", answer["port_id"])
    assert answer == {
        "id": router["id"],
        "project_id": router["project_id"],
        "port_id": port["id"],
        "network_id": network["id"],
        "subnet_id": subnet["id"],
        "subnet_ids": [subnet["id"]],
    }
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.60.0.1"}]
    assert (port["device_owner"], port["device_id"], port["status"]) == (
        "network:router_interface",
        router["id"],
        "ACTIVE",
    )
    assert (await neutron.show("routers", router["id"]))["availability_zones"] == ["nova"]
    text = f"Router {router['id']} has ports still attached: {port['id']}"
    (await neutron.delete("routers", router["id"])).refused(409, text)
    text = f"Unable to complete operation on subnet {subnet['id']}: One or more ports have an IP allocation"
    (await neutron.delete("subnets", subnet["id"])).refused(409, text)
    text = f"Bad router request: Router already has a port on subnet {subnet['id']}."
    (await interface(neutron, router, subnet_id=subnet["id"])).refused(400, text)
    (await interface(neutron, router, "remove", subnet_id=subnet["id"])).ok(200)
    text = f"Router {router['id']} has no interface on subnet {subnet['id']}"
    (await interface(neutron, router, "remove", subnet_id=subnet["id"])).refused(404, text)
    (await neutron.delete("routers", router["id"])).ok(204)


async def test_an_interface_by_port(neutron: Any) -> None:
    network, subnet = await neutron.network()
    router = await neutron.create("routers")
    used = await neutron.create("ports", network_id=network["id"], device_id="some-device")
    text = (
        f"Unable to complete operation on port {used['id']} for network {network['id']}. "
        "Port already has an attached device some-device."
    )
    (await interface(neutron, router, port_id=used["id"])).refused(409, text)
    port = await neutron.create("ports", network_id=network["id"])
    assert (await interface(neutron, router, port_id=port["id"])).ok(200)["subnet_id"] == subnet["id"]
    other = await neutron.create("ports", network_id=network["id"])
    text = f"Router {router['id']} does not have an interface with id {other['id']}"
    (await interface(neutron, router, "remove", port_id=other["id"])).refused(404, text)
    (await interface(neutron, router, "remove", port_id=port["id"], subnet_id=subnet["id"])).ok(200)
    (await neutron.get("ports", port["id"])).refused(404)


async def test_interfaces_that_neutron_refuses(neutron: Any) -> None:
    _, subnet = await neutron.network()
    router = await neutron.create("routers")
    (await interface(neutron, router)).refused(400, "Either subnet_id or port_id must be specified.")
    (await interface(neutron, router, subnet_id=NOBODY)).refused(404, f"Subnet {NOBODY} could not be found.")
    (await interface(neutron, router, port_id=NOBODY)).refused(404, f"Port {NOBODY} could not be found.")
    (await interface(neutron, router, port_id=NOBODY, subnet_id=subnet["id"])).refused(
        400, "Bad router request: Cannot specify both subnet-id and port-id."
    )
    network = await neutron.create("networks")
    bare = await neutron.create("subnets", network_id=network["id"], ip_version=4, cidr="10.61.0.0/24", gateway_ip=None)
    (await interface(neutron, router, subnet_id=bare["id"])).refused(
        400, "Bad router request: Subnet for router interface must have a gateway IP."
    )
    (await interface(neutron, router, subnet_id=subnet["id"])).ok(200)
    _, near = await neutron.network("10.60.0.0/25")
    (await interface(neutron, router, subnet_id=near["id"])).refused(
        400, f"Cidr 10.60.0.0/25 of subnet {near['id']} overlaps with cidr 10.60.0.0/24 of subnet {subnet['id']}."
    )


async def test_ipv6_subnets_of_a_network_share_a_port(neutron: Any) -> None:
    network = await neutron.create("networks")
    first, second = [
        await neutron.create("subnets", network_id=network["id"], ip_version=6, cidr=cidr)
        for cidr in ("fd00:1::/64", "fd00:2::/64")
    ]
    router = await neutron.create("routers")
    one = (await interface(neutron, router, subnet_id=first["id"])).ok(200)
    two = (await interface(neutron, router, subnet_id=second["id"])).ok(200)
    assert one["port_id"] == two["port_id"]
    (await interface(neutron, router, "remove", subnet_id=first["id"])).ok(200)
    port = await neutron.show("ports", one["port_id"])
    assert [fixed["subnet_id"] for fixed in port["fixed_ips"]] == [second["id"]]


async def test_routes(neutron: Any) -> None:
    _, subnet = await neutron.network()
    router = await neutron.create("routers")
    (await interface(neutron, router, subnet_id=subnet["id"])).ok(200)
    route = {"destination": "10.1.0.0/24", "nexthop": "10.60.0.9"}
    assert (await neutron.update("routers", router["id"], routes=[route]))["routes"] == [route]
    text = f"Router interface for subnet {subnet['id']} on router {router['id']} cannot be deleted, as it is required"
    (await interface(neutron, router, "remove", subnet_id=subnet["id"])).refused(409, f"{text} by one or more routes.")
    more = {"destination": "10.0.9.0/24", "nexthop": "10.60.0.9"}
    path = f"/v2.0/routers/{router['id']}"
    added = await neutron.user.put("network", f"{path}/add_extraroutes", {"router": {"routes": [more]}})
    assert added.ok(200)["router"]["routes"] == [more, route]
    assert added.body["router"]["gw_port_id"] is None
    gone = await neutron.user.put("network", f"{path}/remove_extraroutes", {"router": {"routes": [more, route]}})
    assert gone.ok(200)["router"]["routes"] == []
    for nexthop, why in (("9.9.9.9", "is not connected with router"), ("10.60.0.1", "is used by router")):
        bad = {"destination": "10.1.0.0/24", "nexthop": nexthop}
        (await neutron.put("routers", router["id"], routes=[bad])).refused(
            400, f"Invalid format for routes: [{bad}], the nexthop {why}"
        )
    bad = {"destination": "x", "nexthop": "10.60.0.9"}
    (await neutron.put("routers", router["id"], routes=[bad])).refused(
        400, "Invalid input for routes. Reason: 'x' is not a valid CIDR."
    )


async def test_readers_and_strangers(neutron: Any, admin_neutron: Any) -> None:
    router = await admin_neutron.create("routers")
    (await neutron.get("routers", router["id"])).refused(404, f"Router {router['id']} could not be found")
    (await neutron.put("routers", router["id"], name="x")).refused(404)


async def test_flavors(admin_neutron: Any, neutron: Any) -> None:
    (flavor,) = await neutron.list("flavors", "name=super-router")
    router = await neutron.create("routers", flavor_id=flavor["id"])
    assert router["flavor_id"] == flavor["id"]
    (await admin_neutron.delete("flavors", flavor["id"])).refused(
        409, f"Flavor {flavor['id']} is used by some service instance."
    )
    bare = await admin_neutron.create("flavors", name="f", service_type="L3_ROUTER_NAT")
    (await neutron.post("routers", flavor_id=bare["id"])).refused(
        404, f"Service Profile  is not associated with flavor {bare['id']}."
    )
    unknown = await admin_neutron.post("flavors", name="f", service_type="LOADBALANCERV2")
    unknown.refused(400, "Invalid service type: LOADBALANCERV2.")
    assert (await admin_neutron.create("flavors", name="f", service_type="FLAVORS"))["service_type"] == "FLAVORS"


async def test_a_flavor_says_what_its_routers_are(admin_neutron: Any) -> None:
    """A flag that its driver does not have is refused, now and later."""
    drivers = "neutron.services.l3_router.service_providers"
    profile = await admin_neutron.create("service_profiles", driver=f"{drivers}.dvr.DvrDriver")
    flavor = await admin_neutron.create("flavors", name="f", service_type="L3_ROUTER_NAT")
    bound = {"service_profile": {"id": profile["id"]}}
    (await admin_neutron.user.post("network", f"/v2.0/flavors/{flavor['id']}/service_profiles", bound)).ok(201)
    for flags, text in (({"ha": True}, "ha=True"), ({"distributed": False}, "distributed=False")):
        refused = await admin_neutron.post("routers", flavor_id=flavor["id"], **flags)
        refused.refused(400, f"Invalid input for operation: Provider dvr does not support {text}.")
    router = await admin_neutron.create(
        "routers", flavor_id=flavor["id"], distributed=True, ha=False, admin_state_up=False
    )
    (await admin_neutron.put("routers", router["id"], distributed=False)).refused(
        400, "Changing the 'ha' and 'distributed' attributes on a router associated with a flavor is not supported."
    )


async def test_ha_routers_have_a_network_of_their_own(admin_neutron: Any, neutron: Any, demo: Any) -> None:
    """It belongs to no project, and goes with the last of them."""
    query = f"name=HA network tenant {demo.project_id}"
    routers = [await admin_neutron.create("routers", ha=True, project_id=demo.project_id) for _ in range(2)]
    (network,) = await admin_neutron.list("networks", query)
    assert (network["project_id"], network["shared"]) == ("", False)
    assert network["provider:segmentation_id"]
    assert await neutron.list("networks", query) == []
    (subnet,) = await admin_neutron.list("subnets", f"network_id={network['id']}")
    assert (subnet["cidr"], subnet["enable_dhcp"], subnet["gateway_ip"]) == ("169.254.192.0/18", False, None)
    ports = await admin_neutron.list("ports", f"network_id={network['id']}")
    assert [port["name"] for port in ports] == [f"HA port tenant {demo.project_id}"] * 2
    assert {port["device_id"] for port in ports} == {router["id"] for router in routers}
    assert {(port["device_owner"], port["project_id"]) for port in ports} == {("network:router_ha_interface", "")}
    (await admin_neutron.delete("networks", network["id"])).refused(409)
    (await neutron.delete("routers", routers[0]["id"])).ok(204)
    assert await admin_neutron.list("networks", query) == [network]
    await admin_neutron.update("routers", routers[1]["id"], admin_state_up=False)
    await admin_neutron.update("routers", routers[1]["id"], ha=False)
    assert await admin_neutron.list("networks", query) == []
    await admin_neutron.update("routers", routers[1]["id"], ha=True)
    (network,) = await admin_neutron.list("networks", query)


async def test_service_profiles_are_the_admins(admin_neutron: Any, neutron: Any) -> None:
    made = await admin_neutron.create("service_profiles", metainfo="m")
    assert made["id"] in [one["id"] for one in await admin_neutron.list("service_profiles")]
    assert await neutron.list("service_profiles") == []
    (await neutron.get("service_profiles", made["id"])).refused(404)


async def test_conntrack_helpers(neutron: Any) -> None:
    router = await neutron.create("routers")
    path = f"/v2.0/routers/{router['id']}/conntrack_helpers"

    async def post(**fields: Any) -> Any:
        return await neutron.user.post("network", path, {"conntrack_helper": fields})

    made = (await post(protocol="tcp", port=21, helper="ftp")).ok(201)["conntrack_helper"]
    shown = {"protocol": "tcp", "port": 21, "helper": "ftp"}
    assert made == {"id": made["id"], **shown}
    assert (await neutron.show("routers", router["id"]))["conntrack_helpers"] == [shown]
    (await post(protocol="tcp", port=21, helper="ftp")).refused(400, "A duplicate conntrack helper entry with same")
    (await post(protocol="udp", port=21, helper="ftp")).refused(
        400, "Conntrack Helper ftp does not support: udp. Supported protocols are: tcp"
    )
    (await post(protocol="tcp", port=21, helper="x")).refused(400, "Conntrack Helper x is not allowed.")
    (await neutron.user.delete("network", f"{path}/{made['id']}")).ok(204)
    (await neutron.user.get("network", f"{path}/{made['id']}")).refused(404, "could not be found.")


async def test_tags_filter_by_all_of_them(neutron: Any) -> None:
    router = await neutron.create("routers", name="r")
    await neutron.create("routers", name="other")
    (await neutron.user.put("network", f"/v2.0/routers/{router['id']}/tags", {"tags": ["a", "b"]})).ok(200)
    assert [one["name"] for one in await neutron.list("routers", "tags=a,b")] == ["r"]
    assert await neutron.list("routers", "tags=a,c") == []
    assert [one["name"] for one in await neutron.list("routers", "tags-any=b,c")] == ["r"]
