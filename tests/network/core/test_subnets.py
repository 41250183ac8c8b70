"""Subnets: gateways, pools, modes, prefixes of subnet pools."""

from __future__ import annotations

from typing import Any

import pytest


async def test_a_new_subnet_as_neutron_shows_it(neutron: Any, demo: Any) -> None:
    network = await neutron.create("networks")
    made = await neutron.create("subnets", network_id=network["id"], ip_version=4, cidr="10.60.0.5/24", name="s")
    for key in ("id", "created_at", "updated_at", "dns_publish_fixed_ip"):
        made.pop(key)
    assert made == {
        "name": "s",
        "project_id": demo.project_id,
        "tenant_id": demo.project_id,
        "network_id": network["id"],
        "ip_version": 4,
        "subnetpool_id": None,
        "enable_dhcp": True,
        "ipv6_ra_mode": None,
        "ipv6_address_mode": None,
        "gateway_ip": "10.60.0.1",
        "cidr": "10.60.0.0/24",
        "allocation_pools": [{"start": "10.60.0.2", "end": "10.60.0.254"}],
        "host_routes": [],
        "dns_nameservers": [],
        "description": "",
        "router:external": False,
        "service_types": [],
        "tags": [],
        "revision_number": 0,
    }


@pytest.mark.parametrize(
    ("fields", "gateway", "pools"),
    [
        ({"cidr": "10.0.0.0/24", "gateway_ip": None}, None, [("10.0.0.1", "10.0.0.254")]),
        (
            {"cidr": "10.0.0.0/24", "gateway_ip": "10.0.0.9"},
            "10.0.0.9",
            [("10.0.0.1", "10.0.0.8"), ("10.0.0.10", "10.0.0.254")],
        ),
        ({"cidr": "10.0.0.0/30"}, "10.0.0.1", [("10.0.0.2", "10.0.0.2")]),
        (
            {"cidr": "fd00:8::/64", "ip_version": 6},
            "fd00:8::",
            [("fd00:8::1", "fd00:8::ffff:ffff:ffff:ffff")],
        ),
    ],
)
async def test_gateway_and_pools(neutron: Any, fields: dict[str, Any], gateway: str | None, pools: Any) -> None:
    network = await neutron.create("networks")
    made = await neutron.create("subnets", network_id=network["id"], **{"ip_version": 4, **fields})
    assert made["gateway_ip"] == gateway
    assert [(pool["start"], pool["end"]) for pool in made["allocation_pools"]] == pools


POOL = [{"start": "10.60.0.2", "end": "10.60.0.9"}]


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"cidr": "fd00::/64"}, 400, "cidr 'fd00::/64' does not match the ip_version '4'."),
        ({"ip_version": 5}, 400, "Invalid input for ip_version. Reason: 5 is not in valid_values."),
        ({"gateway_ip": "x"}, 400, "Invalid input for gateway_ip. Reason: 'x' is not a valid IP address."),
        ({"gateway_ip": "10.60.0.255"}, 400, "Gateway is not valid on subnet."),
        ({"allocation_pools": [{"start": "10.60.0.9", "end": "10.60.0.2"}]}, 400, "is not valid."),
        (
            {"allocation_pools": [*POOL, {"start": "10.60.0.5", "end": "10.60.0.20"}]},
            409,
            "Found overlapping allocation pools: 10.60.0.2-10.60.0.9 10.60.0.5-10.60.0.20 for subnet 10.60.0.0/24.",
        ),
        (
            {"allocation_pools": POOL, "gateway_ip": "10.60.0.5"},
            409,
            "Gateway ip 10.60.0.5 conflicts with allocation pool 10.60.0.2-10.60.0.9.",
        ),
        (
            {"dns_nameservers": [f"1.1.1.{n}" for n in range(6)]},
            400,
            "Unable to complete operation for new subnet. The number of DNS nameservers exceeds the limit 5.",
        ),
        ({"dns_nameservers": ["1.1.1.1", "1.1.1.1"]}, 400, "Duplicate nameserver '1.1.1.1'."),
        (
            {"dns_nameservers": ["x"]},
            400,
            "Invalid input for dns_nameservers. Reason: 'x' is not a valid nameserver. 'x' is not a valid IP address.",
        ),
        ({"host_routes": [{"destination": "x", "nexthop": "1.1.1.1"}]}, 400, "'x' is not a valid CIDR."),
        ({"ipv6_address_mode": "slaac"}, 400, "ipv6_address_mode is not valid when ip_version is 4."),
        ({"prefixlen": 26}, 400, "Bad subnets request: cidr and prefixlen must not be supplied together."),
        ({"cidr": "10.60.0.0/32"}, 400, "Subnet has a prefix length that is incompatible with DHCP service enabled."),
        ({"service_types": ["foo"]}, 400, "Subnet service type foo does not correspond to a valid device owner."),
        ({"segment_id": "0" * 32}, 403, "(rule:create_subnet and rule:create_subnet:segment_id)"),
        (
            {"ip_version": 6, "cidr": "fd00:9::/80", "ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"},
            400,
            "Invalid CIDR fd00:9::/80 for IPv6 address mode.",
        ),
    ],
)
async def test_create_refusals(neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    network = await neutron.create("networks")
    whole = {"network_id": network["id"], "ip_version": 4, "cidr": "10.60.0.0/24", **fields}
    (await neutron.post("subnets", **whole)).refused(status, text)
    assert (await neutron.show("networks", network["id"]))["subnets"] == []


async def test_what_must_be_given(neutron: Any) -> None:
    network = await neutron.create("networks")
    missing = "Failed to parse request. Required attribute '{}' not specified"
    (await neutron.post("subnets", ip_version=4)).refused(400, missing.format("network_id"))
    (await neutron.post("subnets", network_id=network["id"])).refused(400, missing.format("ip_version"))
    text = "Bad subnets request: a subnetpool must be specified in the absence of a cidr."
    refusal = (await neutron.post("subnets", network_id=network["id"], ip_version=4)).refused(400, text)
    assert refusal["NeutronError"]["type"] == "BadRequest"


async def test_subnets_of_a_network_do_not_overlap(neutron: Any) -> None:
    network, _ = await neutron.network("10.60.0.0/24")
    text = f"Requested subnet with cidr: 10.60.0.128/25 for network: {network['id']} overlaps with another subnet."
    again = await neutron.post("subnets", network_id=network["id"], ip_version=4, cidr="10.60.0.128/25")
    again.refused(400, text)


async def test_updates(neutron: Any) -> None:
    _, subnet = await neutron.network()
    routes = [{"destination": "10.1.0.0/16", "nexthop": "10.60.0.9"}]
    changed = await neutron.update(
        "subnets", subnet["id"], host_routes=routes, dns_nameservers=["8.8.8.8"], gateway_ip=None
    )
    assert (changed["host_routes"], changed["dns_nameservers"], changed["gateway_ip"]) == (routes, ["8.8.8.8"], None)
    assert changed["revision_number"] == 1
    fixed = "Cannot update read-only attribute cidr"
    (await neutron.put("subnets", subnet["id"], cidr="10.99.0.0/24")).refused(400, fixed)
    pools = [{"start": "10.61.0.2", "end": "10.61.0.9"}]
    (await neutron.put("subnets", subnet["id"], allocation_pools=pools)).refused(
        400, "The allocation pool 10.61.0.2-10.61.0.9 spans beyond the subnet cidr 10.60.0.0/24."
    )
    (await neutron.put("subnets", subnet["id"], gateway_ip="10.60.0.50")).refused(
        409, "Gateway ip 10.60.0.50 conflicts with allocation pool 10.60.0.2-10.60.0.254."
    )


async def test_a_subnet_with_ports_stays(neutron: Any) -> None:
    network, subnet = await neutron.network()
    await neutron.create("ports", network_id=network["id"])
    text = f"Unable to complete operation on subnet {subnet['id']}: One or more ports have an IP allocation"
    (await neutron.delete("subnets", subnet["id"])).refused(409, text)


async def test_prefixes_out_of_a_pool(neutron: Any) -> None:
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.200.0.0/24"], default_prefixlen=26)
    assert (pool["default_prefixlen"], pool["min_prefixlen"], pool["max_prefixlen"]) == ("26", "8", "32")
    from_pool = {"ip_version": 4, "subnetpool_id": pool["id"]}
    networks = [(await neutron.create("networks"))["id"] for _ in range(5)]
    cidrs = [(await neutron.create("subnets", network_id=id, **from_pool))["cidr"] for id in networks[:3]]
    assert cidrs == ["10.200.0.0/26", "10.200.0.64/26", "10.200.0.128/26"]
    last = await neutron.create("subnets", network_id=networks[3], cidr="10.200.0.192/26", **from_pool)
    assert last["gateway_ip"] == "10.200.0.193"
    exhausted = "Failed to allocate subnet: Insufficient prefix space to allocate subnet size /26."
    (await neutron.post("subnets", network_id=networks[4], **from_pool)).refused(500, exhausted)
    (await neutron.post("subnets", network_id=networks[4], prefixlen=7, **from_pool)).refused(
        400, "Unable to allocate subnet with prefix length 7, minimum allowed prefix is 8."
    )
    (await neutron.delete("subnetpools", pool["id"])).refused(400, "Subnet pool has existing allocations.")
    (await neutron.delete("subnets", last["id"])).ok(204)
    assert (await neutron.create("subnets", network_id=networks[4], **from_pool))["cidr"] == "10.200.0.192/26"


async def test_the_default_pool(neutron: Any) -> None:
    network = await neutron.create("networks")
    made = await neutron.create("subnets", network_id=network["id"], ip_version=4, use_default_subnetpool=True)
    assert made["cidr"] == "10.0.0.64/26"
    assert made["subnetpool_id"]


async def test_service_types_choose_subnets(neutron: Any) -> None:
    network, _ = await neutron.network("10.60.0.0/24")
    special = await neutron.create(
        "subnets", network_id=network["id"], ip_version=4, cidr="10.61.0.0/24", service_types=["compute:nova"]
    )
    port = await neutron.create("ports", network_id=network["id"], device_owner="compute:nova")
    assert port["fixed_ips"][0]["subnet_id"] == special["id"]
    port = await neutron.create("ports", network_id=network["id"])
    assert port["fixed_ips"][0]["subnet_id"] != special["id"]


@pytest.mark.parametrize(
    ("service_type", "status"),
    [("network:dhcp", 201), ("neutron:x", 201), ("test:type_1", 201), (":", 201), ("baremetal:none", 400), ("", 400)],
)
async def test_service_types(neutron: Any, service_type: str, status: int) -> None:
    """Neutron adds the letters of `compute:` to the beginnings that it allows."""
    network = await neutron.create("networks")
    made = await neutron.post(
        "subnets", network_id=network["id"], ip_version=4, cidr="10.61.0.0/24", service_types=[service_type]
    )
    assert made.status == status
    if status == 400:
        made.refused(400, f"Subnet service type {service_type} does not correspond to a valid device owner.")


async def test_only_its_owner_divides_a_shared_network(neutron: Any, admin_neutron: Any) -> None:
    network = await admin_neutron.create("networks", shared=True)
    wanted = {"network_id": network["id"], "ip_version": 4, "cidr": "10.60.0.0/24"}
    (await neutron.post("subnets", **wanted)).refused(403, "rule:create_subnet is disallowed by policy")
    private = await admin_neutron.create("networks")
    (await neutron.post("subnets", **{**wanted, "network_id": private["id"]})).refused(404, "could not be found.")


async def test_host_routes_are_in_the_order_of_their_keys(neutron: Any) -> None:
    network = await neutron.create("networks", name="n")
    routes = [{"destination": f"10.{n}.0.0/24", "nexthop": "10.77.0.9"} for n in (9, 1)]
    subnet = await neutron.create(
        "subnets", network_id=network["id"], ip_version=4, cidr="10.77.0.0/24", host_routes=routes
    )
    assert subnet["host_routes"] == routes[::-1]


@pytest.mark.parametrize("kind", ["dhcp", "distributed"])
async def test_a_port_for_dhcp(cloud: Any, neutron: Any, kind: str) -> None:
    await cloud.set_options(network__dhcp_port=kind)
    assert await neutron.list("ports", f"device_owner=network:{kind}")  # of the network that was there before
    network, first = await neutron.network("10.60.0.0/24")
    subnet = {"network_id": network["id"], "ip_version": 4}
    second = await neutron.create("subnets", **subnet, cidr="10.61.0.0/24")
    await neutron.create("subnets", **subnet, cidr="10.62.0.0/24", enable_dhcp=False)
    query = f"network_id={network['id']}"
    (port,) = await neutron.list("ports", query)
    assert port["device_owner"] == f"network:{kind}"
    assert network["id"] in port["device_id"]
    assert {one["subnet_id"] for one in port["fixed_ips"]} == {first["id"], second["id"]}
    await neutron.update("subnets", second["id"], enable_dhcp=False)
    (port,) = await neutron.list("ports", query)
    assert [one["subnet_id"] for one in port["fixed_ips"]] == [first["id"]]
    (await neutron.delete("subnets", first["id"])).ok(204)
    (await neutron.delete("networks", network["id"])).ok(204)
    assert await neutron.list("ports", query) == []
