"""Resources beside networks, subnets, ports and routers: one behaviour of each that a client would miss."""

from __future__ import annotations

from typing import Any

from tests.network.conftest import Neutron

COUNTED = ("networks", "subnets", "ports", "routers", "ex_gw_ports", "interfaces", "floating_ips", "devices")


async def test_metering_labels_and_rules(admin: Any, demo: Any) -> None:
    body = {"metering_label": {"name": "m"}}
    demo_reply = await demo.post("network", "/v2.0/metering/metering-labels", body)
    demo_reply.refused(403, "rule:create_metering_label is disallowed by policy")
    label = (await admin.post("network", "/v2.0/metering/metering-labels", body)).ok(201)["metering_label"]
    assert label == {
        "id": label["id"],
        "name": "m",
        "description": "",
        "shared": False,
        "project_id": admin.project_id,
        "tenant_id": admin.project_id,
    }
    rules = "/v2.0/metering/metering-label-rules"
    fields = {"metering_label_id": label["id"], "direction": "ingress", "remote_ip_prefix": "10.0.1.0/24"}
    rule = (await admin.post("network", rules, {"metering_label_rule": fields})).ok(201)["metering_label_rule"]
    assert rule == {**fields, "id": rule["id"], "excluded": False, "source_ip_prefix": None} | {
        "destination_ip_prefix": None
    }
    fields["remote_ip_prefix"] = "10.0.0.0/16"
    (await admin.post("network", rules, {"metering_label_rule": fields})).refused(409, "overlaps another")
    del fields["remote_ip_prefix"]
    (await admin.post("network", rules, {"metering_label_rule": fields})).refused(500)
    assert (await demo.get("network", rules)).ok()["metering_label_rules"] == []
    (await admin.delete("network", f"/v2.0/metering/metering-labels/{label['id']}")).ok(204)
    (await admin.get("network", f"{rules}/{rule['id']}")).refused(404, "does not exist")


async def test_addresses_of_a_network_are_counted(admin: Any, neutron: Neutron) -> None:
    network, subnet = await neutron.network("10.60.0.0/24")
    await neutron.create("subnets", network_id=network["id"], ip_version=6, cidr="fd00:8::/64")
    await neutron.create("ports", network_id=network["id"])
    path = f"/v2.0/network-ip-availabilities/{network['id']}"
    shown = (await admin.get("network", path)).ok()["network_ip_availability"]
    assert shown["used_ips"] == 2
    assert shown["total_ips"] == 253 + 2**64 - 1
    four = next(one for one in shown["subnet_ip_availability"] if one["ip_version"] == 4)
    assert four["total_ips"] == 253
    assert four["ip_availability_details"] == {
        "total_ips_in_subnet": 254,
        "total_ips_in_allocation_pool": 253,
        "used_ips_in_subnet": 1,
        "used_ips_in_allocation_pool": 1,
    }
    listed = (
        await admin.get("network", "/v2.0/network-ip-availabilities?ip_version=4&network_id=" + network["id"])
    ).ok()
    assert [len(one["subnet_ip_availability"]) for one in listed["network_ip_availabilities"]] == [1]
    (await neutron.user.get("network", path)).refused(404, "The resource could not be found.")
    assert subnet["id"] == four["subnet_id"]


async def test_a_log_goes_with_its_security_group(admin: Any, admin_neutron: Neutron) -> None:
    kinds = (await admin.get("network", "/v2.0/log/loggable-resources")).ok()["loggable_resources"]
    assert kinds == [{"type": "security_group"}]
    group = await admin_neutron.create("security-groups", name="logged")
    body = {"log": {"resource_type": "security_group", "resource_id": group["id"], "event": "DROP"}}
    log = (await admin.post("network", "/v2.0/log/logs", body)).ok(201)["log"]
    assert (log["enabled"], log["target_id"], log["revision_number"]) == (True, None, 0)
    body["log"]["resource_type"] = "router"
    (await admin.post("network", "/v2.0/log/logs", body)).refused(400, "Invalid log resource_type: router.")
    (await admin_neutron.delete("security-groups", group["id"])).ok(204)
    (await admin.get("network", f"/v2.0/log/logs/{log['id']}")).refused(404, "could not be found")


async def test_a_local_ip_holds_its_port(neutron: Neutron) -> None:
    network, _ = await neutron.network()
    body = {"local_ip": {"network_id": network["id"], "name": "l"}}
    local = (await neutron.user.post("network", "/v2.0/local_ips", body)).ok(201)["local_ip"]
    port = await neutron.show("ports", local["local_port_id"])
    assert port["device_owner"] == "network:local_ip"
    assert local["local_ip_address"] == port["fixed_ips"][0]["ip_address"]
    (await neutron.delete("ports", port["id"])).refused(409, "still referenced by Local IPs")
    fixed = await neutron.create("ports", network_id=network["id"])
    path = f"/v2.0/local_ips/{local['id']}"
    body = {"port_association": {"fixed_port_id": fixed["id"]}}
    made = (await neutron.user.post("network", f"{path}/port_associations", body)).ok(201)["port_association"]
    assert made["fixed_ip"] == fixed["fixed_ips"][0]["ip_address"]
    listed = (await neutron.user.get("network", f"{path}/port_associations")).ok()["port_associations"]
    assert listed == [made]
    (await neutron.user.delete("network", path)).refused(409, "still associated with one or more ports")
    (await neutron.user.delete("network", f"{path}/port_associations/{fixed['id']}")).ok(204)
    (await neutron.user.delete("network", path)).ok(204)
    (await neutron.get("ports", port["id"])).refused(404)


async def test_agents_count_what_they_host(admin: Any, admin_neutron: Neutron, neutron: Neutron) -> None:
    """In their configurations, as they report it; what is taken away is counted no more."""

    async def counts(kind: str) -> dict[str, int]:
        (agent,) = (await admin.get("network", f"/v2.0/agents?agent_type={kind}")).ok()["agents"]
        return {key: value for key, value in agent["configurations"].items() if type(value) is int}

    async def grown(kind: str, before: dict[str, int]) -> dict[str, int]:
        after = await counts(kind)
        return {key: after[key] - before[key] for key in before if after[key] != before[key]}

    kinds = ("DHCP agent", "L3 agent", "BGP dynamic routing agent", "Open vSwitch agent")
    dhcp, l3, bgp, ovs = [await counts(kind) for kind in kinds]
    (public,) = await neutron.list("networks", "name=public")
    network, subnet = await neutron.network()
    router = await neutron.create("routers", external_gateway_info={"network_id": public["id"]})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    bound = {"project_id": neutron.user.project_id, "binding:host_id": "devstack"}
    port = await admin_neutron.create("ports", network_id=network["id"], **bound)
    await neutron.create("floatingips", floating_network_id=public["id"], port_id=port["id"])
    assert await grown("DHCP agent", dhcp) == {"networks": 1, "subnets": 1, "ports": 2}
    assert await grown("L3 agent", l3) == {"routers": 1, "ex_gw_ports": 1, "interfaces": 1, "floating_ips": 1}
    assert (await grown("Open vSwitch agent", ovs))["devices"] >= 1

    speaker = await admin_neutron.create("bgp-speakers", ip_version=4, local_as=1)
    peer = await admin_neutron.create("bgp-peers", peer_ip="1.0.0.2", remote_as=1, auth_type="none")
    for action, what in (
        ("add_bgp_peer", {"bgp_peer_id": peer["id"]}),
        ("add_gateway_network", {"network_id": public["id"]}),
    ):
        (await admin.put("network", f"/v2.0/bgp-speakers/{speaker['id']}/{action}", what)).ok(200)
    (agent,) = (await admin.get("network", "/v2.0/agents?agent_type=BGP dynamic routing agent")).ok()["agents"]
    hosted = f"/v2.0/agents/{agent['id']}/bgp-drinstances"
    assert await grown("BGP dynamic routing agent", bgp) == {}
    (await admin.post("network", hosted, {"bgp_speaker_id": speaker["id"]})).ok(201)
    counted = await grown("BGP dynamic routing agent", bgp)
    assert counted == {"bgp_speakers": 1, "bgp_peers": 1, "advertise_routes": 1}
    (await admin.delete("network", f"{hosted}/{speaker['id']}")).ok(204)
    assert await counts("BGP dynamic routing agent") == bgp


async def test_what_agents_host(admin: Any, neutron: Neutron) -> None:
    agents = (await admin.get("network", "/v2.0/agents")).ok()["agents"]
    dhcp, l3 = (next(a["id"] for a in agents if a["agent_type"] == kind) for kind in ("DHCP agent", "L3 agent"))
    network, _ = await neutron.network()
    hosting = f"/v2.0/networks/{network['id']}/dhcp-agents"
    assert [a["id"] for a in (await admin.get("network", hosting)).ok()["agents"]] == [dhcp]
    hosted = (await admin.get("network", f"/v2.0/agents/{dhcp}/dhcp-networks")).ok()["networks"]
    assert network["id"] in {one["id"] for one in hosted}
    path = f"/v2.0/agents/{dhcp}/dhcp-networks"
    body = {"network_id": network["id"]}
    (await admin.post("network", path, body)).refused(409, "already hosted")
    (await admin.delete("network", f"{path}/{network['id']}")).ok(204)
    assert (await admin.get("network", hosting)).ok()["agents"] == []
    assert (await admin.post("network", path, body)).ok(201) is None
    router = await neutron.create("routers", name="r")
    hosting = f"/v2.0/routers/{router['id']}/l3-agents"
    assert [a["id"] for a in (await admin.get("network", hosting)).ok()["agents"]] == [l3]
    (await admin.delete("network", f"/v2.0/agents/{l3}/l3-routers/{router['id']}")).ok(204)
    assert (await admin.get("network", hosting)).ok()["agents"] == []
    (await neutron.user.get("network", f"/v2.0/agents/{l3}/l3-routers")).refused(
        403, "rule:get_l3-routers is disallowed"
    )
    assert (await admin.get("network", f"/v2.0/routers/{l3}/l3-agents")).ok() == {"agents": []}
    (await admin.delete("network", f"/v2.0/agents/{l3}")).ok(204)


async def test_a_topology_is_made_once(demo: Any, neutron: Neutron) -> None:
    path = f"/v2.0/auto-allocated-topology/{demo.project_id}"
    dry = (await demo.get("network", f"{path}?fields=dry-run")).ok()["auto_allocated_topology"]
    assert dry == {"id": "dry-run=pass", "project_id": demo.project_id, "tenant_id": demo.project_id}
    made = (await demo.get("network", path)).ok()["auto_allocated_topology"]
    assert (await demo.get("network", path)).ok()["auto_allocated_topology"] == made
    network = await neutron.show("networks", made["id"])
    assert (network["name"], len(network["subnets"])) == ("auto_allocated_network", 2)
    routers = await neutron.list("routers", "name=auto_allocated_router")
    assert routers[0]["external_gateway_info"]
    (await demo.get("network", "/v2.0/auto-allocated-topology/null")).refused(403, "Not authorized.")
    (await demo.delete("network", path)).ok(204)
    (await neutron.get("networks", made["id"])).refused(404)
    assert await neutron.list("routers", "name=auto_allocated_router") == []


async def test_segment_ranges(admin: Any, admin_neutron: Neutron) -> None:
    path = "/v2.0/network_segment_ranges"
    defaults = (await admin.get("network", path)).ok()["network_segment_ranges"]
    assert {one["network_type"] for one in defaults} == {"vlan", "vxlan", "geneve", "gre"}
    (await admin.delete("network", f"{path}/{defaults[0]['id']}")).refused(400, "default segment range")
    fields = {"name": "r", "network_type": "vlan", "physical_network": "physnet1", "minimum": 100, "maximum": 110}
    made = (await admin.post("network", path, {"network_segment_range": fields})).ok(201)["network_segment_range"]
    assert made["available"] == list(range(100, 111))
    network = await admin_neutron.create(
        "networks",
        **{"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 105},
    )
    shown = (await admin.get("network", f"{path}/{made['id']}")).ok()["network_segment_range"]
    assert shown["used"] == {"105": network["project_id"]}
    body = {"network_segment_range": {"maximum": 104}}
    (await admin.put("network", f"{path}/{made['id']}", body)).refused(409, "is referenced by")
    (await admin.post("network", path, {"network_segment_range": fields})).refused(409, "overlaps with range(s)")


async def test_security_groups_are_stateful_as_the_setting_says(admin: Any, neutron: Neutron) -> None:
    path = "/v2.0/security-groups-default-statefulness"
    key = "security_groups_default_statefulness"
    whole = (await admin.post("network", path, {key: {"project_id": None, "stateful": False}})).ok(201)[key]
    assert whole["project_id"] is None
    assert (await neutron.create("security-groups", name="a"))["stateful"] is False
    project = neutron.user.project_id
    (await admin.post("network", path, {key: {"project_id": project, "stateful": True}})).ok(201)
    assert (await neutron.create("security-groups", name="b"))["stateful"] is True
    again = await admin.post("network", path, {key: {"project_id": project}})
    again.refused(409, f"already exists for project '{project}'")
    listed = (await neutron.user.get("network", path)).ok()[key]
    assert [one["project_id"] for one in listed] == [project]


async def test_qos_rules_by_their_own_id(admin: Any, admin_neutron: Neutron, demo: Any) -> None:
    policy = (await admin.post("network", "/v2.0/qos/policies", {"policy": {"name": "q"}})).ok(201)["policy"]
    rules = f"/v2.0/qos/policies/{policy['id']}/bandwidth_limit_rules"
    made = (await admin.post("network", rules, {"bandwidth_limit_rule": {"max_kbps": 100}})).ok(201)
    rule = made["bandwidth_limit_rule"]
    for name in ("alias_bandwidth_limit_rules", "alias-bandwidth-limit-rules"):
        path = f"/v2.0/qos/{name}/{rule['id']}"
        assert (await admin.get("network", path)).ok() == {"alias_bandwidth_limit_rule": rule}
    body = {"alias_bandwidth_limit_rule": {"max_kbps": 200}}
    assert (await admin.put("network", path, body)).ok()["alias_bandwidth_limit_rule"]["max_kbps"] == 200
    (await demo.get("network", path)).refused(404)
    (await admin.delete("network", path)).ok(204)
    (await admin.get("network", path)).refused(404, f"QoS rule {rule['id']} for policy ")


async def test_service_providers(demo: Any) -> None:
    listed = (await demo.get("network", "/v2.0/service-providers?service_type=L3_ROUTER_NAT")).ok()
    assert {one["name"] for one in listed["service_providers"]} == {"dvrha", "dvr", "ha", "single_node"}


async def test_a_project_with_a_range_of_its_own_gets_its_ids(admin: Any, admin_neutron: Neutron) -> None:
    fields = {"network_type": "geneve", "shared": False, "project_id": admin.project_id}
    fields |= {"minimum": 9001, "maximum": 9002}  # no network of the seed has one of these: they get the first 256
    (await admin.post("network", "/v2.0/network-segment-ranges", {"network_segment_range": fields})).ok(201)
    made = [await admin_neutron.create("networks") for _ in range(2)]
    assert {network["provider:segmentation_id"] for network in made} == {9001, 9002}
    (await admin_neutron.post("networks")).refused(409, "No project network is available for allocation")


async def test_a_speaker_on_an_agent(admin: Any, admin_neutron: Neutron) -> None:
    agents = (await admin.get("network", "/v2.0/agents")).ok()["agents"]
    bgp, l3 = (next(a["id"] for a in agents if a["agent_type"].startswith(kind)) for kind in ("BGP", "L3"))
    speaker = await admin_neutron.create("bgp-speakers", ip_version=4, local_as=1)
    body = {"bgp_speaker_id": speaker["id"]}
    (await admin.post("network", f"/v2.0/agents/{l3}/bgp-drinstances", body)).refused(404, "is invalid or has been")
    (await admin.post("network", f"/v2.0/agents/{bgp}/bgp-drinstances", body)).ok(201)
    (await admin.post("network", f"/v2.0/agents/{bgp}/bgp-drinstances", body)).refused(409, "already associated")
    listed = (await admin.get("network", f"/v2.0/agents/{bgp}/bgp-drinstances")).ok()["bgp_speakers"]
    hosting = (await admin.get("network", f"/v2.0/bgp-speakers/{speaker['id']}/bgp-dragents")).ok()["agents"]
    assert ([one["id"] for one in listed], [one["id"] for one in hosting]) == ([speaker["id"]], [bgp])
    (await admin.delete("network", f"/v2.0/agents/{bgp}/bgp-drinstances/{speaker['id']}")).ok(204)
    (await admin.delete("network", f"/v2.0/agents/{bgp}/bgp-drinstances/{speaker['id']}")).refused(404, "not hosted")


async def test_agents_tell_what_they_host(neutron: Any, admin_neutron: Any) -> None:
    async def told() -> dict[str, int]:
        agents = await admin_neutron.list("agents")
        return {key: value for agent in agents for key, value in agent["configurations"].items() if key in COUNTED}

    before = await told()
    network, subnet = await neutron.network("10.60.0.0/24")
    external = (await neutron.list("networks", "router:external=true"))[0]["id"]
    router = await neutron.create("routers", name="r", external_gateway_info={"network_id": external})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    port = await neutron.create("ports", network_id=network["id"])
    await admin_neutron.update("ports", port["id"], **{"binding:host_id": "devstack"})
    await neutron.create("floatingips", floating_network_id=external, port_id=port["id"])
    now = await told()
    more = {key: now[key] - before[key] for key in COUNTED}
    assert more == {
        "networks": 1, "subnets": 1, "ports": 2, "routers": 1, "ex_gw_ports": 1, "interfaces": 1, "floating_ips": 1,
        "devices": 3,
    }  # fmt: skip
