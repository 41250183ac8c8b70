"""Ports: their addresses, security, bindings, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

UNKNOWN = "00000000-0000-0000-0000-00000000dead"


async def test_a_new_port_as_neutron_shows_it(neutron: Any, demo: Any) -> None:
    network, subnet = await neutron.network()
    made = await neutron.create("ports", network_id=network["id"], name="p")
    address = made["fixed_ips"][0]["ip_address"]
    name = f"host-{address.replace('.', '-')}"
    groups = [group["id"] for group in await neutron.list("security-groups", "name=default")]
    for key in ("id", "created_at", "updated_at"):
        made.pop(key)
    assert made.pop("mac_address").startswith("fa:16:3e:")
    assert made == {
        "name": "p",
        "network_id": network["id"],
        "project_id": demo.project_id,
        "tenant_id": demo.project_id,
        "admin_state_up": True,
        "status": "DOWN",
        "device_id": "",
        "device_owner": "",
        "fixed_ips": [{"subnet_id": subnet["id"], "ip_address": address}],
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
        "security_groups": groups,
        "description": "",
        "binding:vnic_type": "normal",
        "port_security_enabled": True,
        "qos_policy_id": None,
        "qos_network_policy_id": None,
        "dns_name": "",
        "dns_assignment": [{"ip_address": address, "hostname": name, "fqdn": f"{name}.openstackgate.local."}],
        "dns_domain": "",
        "propagate_uplink_status": True,
        "data_plane_status": None,
        "device_profile": None,
        "numa_affinity_policy": None,
        "hardware_offload_type": None,
        "ip_allocation": "immediate",
        "tags": [],
        "revision_number": 1,
    }


async def test_an_admins_port_with_a_host_is_wired(admin_neutron: Any) -> None:
    network, _ = await admin_neutron.network()
    fields = {"binding:host_id": "devstack", "device_owner": "compute:nova", "device_id": UNKNOWN}
    made = await admin_neutron.create("ports", network_id=network["id"], **fields)
    assert (made["status"], made["binding:vif_type"], made["binding:profile"]) == ("ACTIVE", "ovs", {})
    assert made["binding:vif_details"]["port_filter"] is True
    changed = await admin_neutron.update("ports", made["id"], **{"binding:host_id": ""})
    assert (changed["status"], changed["binding:vif_type"], changed["binding:vif_details"]) == ("DOWN", "unbound", {})


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"network_id": UNKNOWN}, 404, f"Network {UNKNOWN} could not be found."),
        ({"network_id": "x"}, 400, "Invalid input for network_id. Reason: 'x' is not a valid UUID."),
        (
            {"fixed_ips": [{"ip_address": "10.99.0.1"}]},
            400,
            "IP address 10.99.0.1 is not a valid IP for any of the subnets on the specified network.",
        ),
        ({"fixed_ips": [{"ip_address": "10.60.0.0"}]}, 400, "IP address 10.60.0.0 is not a valid IP for any"),
        ({"fixed_ips": [{"ip_address": "x"}]}, 400, "Invalid input for fixed_ips. Reason: 'x' is not a valid IP"),
        ({"fixed_ips": [{"ip_address": "10.60.0.33"}] * 2}, 400, "Duplicate IP address '10.60.0.33'."),
        ({"fixed_ips": [{"subnet_id": UNKNOWN}]}, 404, f"Subnet {UNKNOWN} could not be found."),
        ({"mac_address": "zz"}, 400, "Invalid input for mac_address. Reason: 'zz' is not a valid MAC address."),
        ({"security_groups": [UNKNOWN]}, 404, f"Security group {UNKNOWN} does not exist"),
        ({"security_groups": ["x"]}, 400, "Invalid input for security_groups. Reason: 'x' is not a valid UUID."),
        ({"binding:host_id": "h"}, 403, "(rule:create_port and rule:create_port:binding:host_id)"),
        ({"allowed_address_pairs": [{"ip_address": "x"}]}, 400, "'x' is not a valid IP address"),
        (
            {"allowed_address_pairs": [{"ip_address": "1.1.1.1"}] * 2},
            400,
            "Request contains duplicate address pair: mac_address None ip_address 1.1.1.1.",
        ),
        ({"binding:vnic_type": "foo"}, 400, "Invalid input for binding:vnic_type. Reason: foo is not in valid_values."),
        ({"dns_name": "-x-"}, 400, "Name '-x-' must not start or end with a hyphen."),
        ({"dns_name": "a.b."}, 400, "Invalid input for dns_name. Reason: The dns_name passed is a FQDN."),
        (
            {"extra_dhcp_opts": [{"opt_name": "", "opt_value": "x"}]},
            400,
            "No valid key specs matched for: {'opt_name': '', 'opt_value': 'x'}.",
        ),
    ],
)
async def test_create_refusals(neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    network, _ = await neutron.network()
    body = (await neutron.post("ports", **{"network_id": network["id"], **fields})).refused(status)
    assert text in body["NeutronError"]["message"]


async def test_an_address_and_a_mac_are_given_once(neutron: Any) -> None:
    network, subnet = await neutron.network()
    wanted = {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.60.0.20"}]}
    port = await neutron.create("ports", **wanted)
    (await neutron.post("ports", **wanted)).refused(409, f"10.60.0.20 already allocated in subnet {subnet['id']}")
    text = f"Unable to complete operation for network {network['id']}. The mac address {port['mac_address']} is in use."
    (await neutron.post("ports", network_id=network["id"], mac_address=port["mac_address"])).refused(409, text)
    (await neutron.delete("ports", port["id"])).ok(204)
    await neutron.create("ports", **wanted, mac_address=port["mac_address"])


async def test_automatic_addresses_come_from_the_mac(neutron: Any) -> None:
    network, _ = await neutron.network()
    slaac = {"ip_version": 6, "cidr": "fd00:8::/64", "ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}
    early = await neutron.create("ports", network_id=network["id"], mac_address="fa:16:3e:00:00:09")
    subnet = await neutron.create("subnets", network_id=network["id"], **slaac)
    late = await neutron.create("ports", network_id=network["id"], mac_address="fa:16:3e:f9:9b:e1")
    assert late["fixed_ips"][1] == {"subnet_id": subnet["id"], "ip_address": "fd00:8::f816:3eff:fef9:9be1"}
    seen = await neutron.show("ports", early["id"])
    assert seen["fixed_ips"][1]["ip_address"] == "fd00:8::f816:3eff:fe00:9"
    wrong = {"fixed_ips": [{"subnet_id": subnet["id"], "ip_address": "fd00:8::5"}]}
    (await neutron.post("ports", network_id=network["id"], **wrong)).refused(
        400, f"IPv6 address fd00:8::5 cannot be directly assigned to a port on subnet {subnet['id']}"
    )
    (await neutron.delete("subnets", subnet["id"])).ok(204)
    assert len((await neutron.show("ports", late["id"]))["fixed_ips"]) == 1


async def test_a_list_of_addresses_is_replaced(neutron: Any) -> None:
    network, subnet = await neutron.network()
    of = {"subnet_id": subnet["id"]}
    port = await neutron.create("ports", network_id=network["id"], fixed_ips=[of, {**of, "ip_address": "10.60.0.30"}])
    kept = [fixed["ip_address"] for fixed in port["fixed_ips"]]
    assert len(set(kept)) == 2
    changed = await neutron.update("ports", port["id"], fixed_ips=[of, {**of, "ip_address": "10.60.0.40"}])
    now = [fixed["ip_address"] for fixed in changed["fixed_ips"]]
    assert "10.60.0.40" in now
    assert len(set(now) & set(kept)) == 1
    await neutron.create("ports", network_id=network["id"], fixed_ips=[{"ip_address": (set(kept) - set(now)).pop()}])
    assert (await neutron.update("ports", port["id"], fixed_ips=[]))["fixed_ips"] == []
    assert (await neutron.create("ports", network_id=network["id"], fixed_ips=[]))["ip_allocation"] == "none"


async def test_security_and_pairs(neutron: Any) -> None:
    network, _ = await neutron.network()
    pairs = [{"ip_address": "10.0.0.201"}]
    port = await neutron.create("ports", network_id=network["id"], allowed_address_pairs=pairs)
    assert port["allowed_address_pairs"] == [{"mac_address": port["mac_address"], "ip_address": "10.0.0.201"}]
    needed = "Port Security must be enabled in order to have allowed address pairs on a port."
    (await neutron.put("ports", port["id"], port_security_enabled=False)).refused(409, needed)
    text = "Port has security group associated. Cannot disable port security"
    change = {"port_security_enabled": False, "allowed_address_pairs": []}
    (await neutron.put("ports", port["id"], **change)).refused(409, text)
    changed = await neutron.update("ports", port["id"], security_groups=[], **change)
    assert (changed["port_security_enabled"], changed["security_groups"]) == (False, [])
    open_network = await neutron.create("networks", port_security_enabled=False)
    port = await neutron.create("ports", network_id=open_network["id"])
    assert (port["port_security_enabled"], port["security_groups"]) == (False, [])


async def test_dhcp_options_merge(neutron: Any) -> None:
    network, _ = await neutron.network()
    options = [{"opt_name": "a", "opt_value": "1"}, {"opt_name": "b", "opt_value": "2", "ip_version": 6}]
    port = await neutron.create("ports", network_id=network["id"], extra_dhcp_opts=options)
    assert [(one["opt_name"], one["ip_version"]) for one in port["extra_dhcp_opts"]] == [("a", 4), ("b", 6)]
    asked = [{"opt_name": "a", "opt_value": None}, {"opt_name": "c", "opt_value": "3"}]
    changed = await neutron.update("ports", port["id"], extra_dhcp_opts=asked)
    assert [(one["opt_name"], one["opt_value"]) for one in changed["extra_dhcp_opts"]] == [("b", "2"), ("c", "3")]


async def test_update_refusals(neutron: Any) -> None:
    network, _ = await neutron.network()
    id = (await neutron.create("ports", network_id=network["id"]))["id"]
    (await neutron.put("ports", id, network_id=UNKNOWN)).refused(400, "Cannot update read-only attribute network_id")
    (await neutron.put("ports", id, mac_address="fa:16:3e:00:00:01")).refused(
        403, "(rule:update_port and rule:update_port:mac_address) is disallowed by policy"
    )
    (await neutron.put("ports", id, foo=1)).refused(400, "Unrecognized attribute(s) 'foo'")


async def test_filters_of_ports(neutron: Any) -> None:
    network, subnet = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"], fixed_ips=[{"ip_address": "10.60.0.77"}])
    await neutron.create("ports", network_id=network["id"])
    for query in (
        "fixed_ips=ip_address%3D10.60.0.77",
        f"fixed_ips=subnet_id%3D{subnet['id']}&mac_address={port['mac_address']}",
        f"security_groups={port['security_groups'][0]}&id={port['id']}",
    ):
        assert [one["id"] for one in await neutron.list("ports", query)] == [port["id"]], query
    (await neutron.user.get("network", "/v2.0/ports?fixed_ips=bar")).refused(
        400, "Invalid input for operation: 'bar' is not of the form <key>=[value]."
    )


async def test_another_projects_network_takes_no_ports(neutron: Any, admin_neutron: Any) -> None:
    network, _ = await admin_neutron.network()
    (await neutron.post("ports", network_id=network["id"])).refused(404, f"Network {network['id']} could not be found.")
    shared, _ = await admin_neutron.network("10.61.0.0/24", shared=True)
    port = await neutron.create("ports", network_id=shared["id"])
    wanted = {"network_id": shared["id"], "mac_address": "fa:16:3e:00:00:01"}
    (await neutron.post("ports", **wanted)).refused(403, "rule:create_port:mac_address")
    assert (await admin_neutron.show("ports", port["id"]))["project_id"] == port["project_id"]


async def test_nobody_takes_part_in_anothers_router(neutron: Any, admin_neutron: Any) -> None:
    network, _ = await neutron.network()
    router = await admin_neutron.create("routers", name="r")
    fields = {"network_id": network["id"], "device_owner": "network:router_interface", "device_id": router["id"]}
    text = f"The following device_id {router['id']} is not owned by your project or matches another project router."
    (await neutron.post("ports", **fields)).refused(409, text)


# -- policies of parts of attributes, and of what is given whatever its value


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (
            {"fixed_ips": [{"ip_address": "10.62.0.9"}]},
            "(rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))",
        ),
        ({"port_security_enabled": False}, "rule:create_port:port_security_enabled"),
        ({"binding:profile": {}}, "rule:create_port:binding:profile"),
        (
            {"allowed_address_pairs": [{"ip_address": "10.62.0.9"}]},
            "(rule:create_port:allowed_address_pairs and (rule:create_port:allowed_address_pairs:ip_address))",
        ),
    ],
)
async def test_what_a_member_may_not_give_on_a_shared_network(
    neutron: Any, admin_neutron: Any, given: dict[str, Any], parts: str
) -> None:
    network, subnet = await admin_neutron.network("10.62.0.0/24", shared=True)
    refused = await neutron.post("ports", network_id=network["id"], **given)
    refused.refused(403, f"(rule:create_port and {parts}) is disallowed by policy")
    made = await neutron.create(
        "ports", network_id=network["id"], device_owner="", fixed_ips=[{"subnet_id": subnet["id"]}]
    )
    update = await neutron.put("ports", made["id"], fixed_ips=[{"subnet_id": subnet["id"]}])
    update.refused(
        403, "(rule:update_port and (rule:update_port:fixed_ips and (rule:update_port:fixed_ips:subnet_id)))"
    )


async def test_lists_of_a_port_are_in_the_order_of_their_keys(neutron: Any) -> None:
    network, _ = await neutron.network()
    groups = [(await neutron.create("security-groups", name=name))["id"] for name in ("one", "two", "three")]
    pairs = [{"ip_address": f"10.1.0.{n}", "mac_address": f"fa:16:3e:00:00:0{n}"} for n in (3, 1, 2)]
    port = await neutron.create(
        "ports", network_id=network["id"], security_groups=sorted(groups, reverse=True), allowed_address_pairs=pairs
    )
    assert port["security_groups"] == sorted(groups)
    assert [pair["ip_address"] for pair in port["allowed_address_pairs"]] == ["10.1.0.1", "10.1.0.2", "10.1.0.3"]


async def test_a_port_that_a_router_and_a_trunk_hold(neutron: Any) -> None:
    network, _ = await neutron.network()
    router = await neutron.create("routers", name="r")
    parent, sub = [await neutron.create("ports", network_id=network["id"]) for _ in range(2)]
    item = {"port_id": sub["id"], "segmentation_type": "vlan", "segmentation_id": 5}
    trunk = await neutron.create("trunks", port_id=parent["id"], sub_ports=[item])
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"port_id": sub["id"]})).ok()
    refused = (await neutron.delete("ports", sub["id"])).refused(409)["NeutronError"]["message"]
    assert re.sub(r"-\d+ failed", " failed", refused) == (
        f"Port {sub['id']} cannot be deleted directly via the port API: "
        "Callback neutron.db.l3_db.L3_NAT_dbonly_mixin._prevent_l3_port_delete_callback failed with "
        f'"Port {sub["id"]} cannot be deleted directly via the port API: has device owner network:router_interface.",'
        "Callback neutron.services.trunk.rules.enforce_port_deletion_rules failed with "
        f'"Port {sub["id"]} is currently a subport for trunk {trunk["id"]}.".'
    )
