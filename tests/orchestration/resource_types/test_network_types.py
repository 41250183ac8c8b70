"""Neutron's types: what a template says is really there, is changed in place, and is gone."""

from __future__ import annotations

import pytest

from mopenstack.core.orchestration.resource_types.base import ResourceFailure
from tests.conftest import Cloud
from tests.orchestration.resource_types.bench import bench


async def test_a_network_with_a_router_and_a_floating_ip(cloud: Cloud) -> None:
    """Names are resolved, tags set, updates done in place; all is gone at the end."""
    work, user = await bench(cloud), await cloud.user()
    net = await work.create("OS::Neutron::Net", name="n", tags=["a"], value_specs={"description": "d"})
    shown = (await user.get("network", f"/v2.0/networks/{net.physical_id}")).ok()["network"]
    assert (shown["name"], shown["tags"], shown["description"]) == ("n", ["a"], "d")
    subnet = await work.create(
        "OS::Neutron::Subnet",
        network="n",
        cidr="10.5.0.0/24",
        allocation_pools=[{"start": "10.5.0.10", "end": "10.5.0.20"}],
        dns_nameservers=["8.8.8.8"],
    )
    assert await work.attribute(subnet, "cidr") == "10.5.0.0/24"
    assert await work.attribute(subnet, "allocation_pools", 0, "start") == "10.5.0.10"
    assert (await work.attribute(subnet, "name")).startswith("stack-r1-")
    router = await work.create("OS::Neutron::Router", external_gateway_info={"network": "public"})
    assert (await work.attribute(router, "external_gateway_info"))["enable_snat"] is True
    interface = await work.create("OS::Neutron::RouterInterface", router=router.physical_id, subnet=subnet.physical_id)
    assert interface.physical_id == f"{router.physical_id}:subnet_id={subnet.physical_id}"
    group = await work.create(
        "OS::Neutron::SecurityGroup",
        rules=[{"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, {"remote_mode": "remote_group_id"}],
    )
    port = await work.create(
        "OS::Neutron::Port",
        network=net.physical_id,
        fixed_ips=[{"subnet": subnet.physical_id, "ip_address": "10.5.0.15"}],
        security_groups=[group.physical_id],
    )
    assert await work.attribute(port, "fixed_ips", 0, "ip_address") == "10.5.0.15"
    assert (await work.attribute(port, "subnets"))[0]["id"] == subnet.physical_id
    assert (await work.attribute(port, "network"))["name"] == "n"
    floating = await work.create("OS::Neutron::FloatingIP", floating_network="public", port_id=port.physical_id)
    assert await work.attribute(floating, "fixed_ip_address") == "10.5.0.15"
    await work.update(floating, port_id=None)
    assert await work.attribute(floating, "port_id") is None
    link = await work.create(
        "OS::Neutron::FloatingIPAssociation", floatingip_id=floating.physical_id, port_id=port.physical_id
    )
    assert await work.attribute(floating, "port_id") == port.physical_id
    routes = await work.create(
        "OS::Neutron::ExtraRouteSet",
        router=router.physical_id,
        routes=[{"destination": "10.9.0.0/24", "nexthop": "10.5.0.15"}],
    )
    await work.update(routes, routes=[{"destination": "10.8.0.0/24", "nexthop": "10.5.0.15"}])
    shown = (await user.get("network", f"/v2.0/routers/{router.physical_id}")).ok()["router"]
    assert [one["destination"] for one in shown["routes"]] == ["10.8.0.0/24"]
    await work.update(net, name="m", tags=["b", "c"])
    await work.update(subnet, dns_nameservers=["1.1.1.1"])
    await work.update(port, security_groups=None)
    await work.update(group, rules=[{"direction": "egress", "protocol": "udp"}])
    rules = (await user.get("network", f"/v2.0/security-groups/{group.physical_id}")).ok()["security_group"]
    assert [(one["direction"], one["protocol"]) for one in rules["security_group_rules"]] == [("egress", "udp")]
    shown = (await user.get("network", f"/v2.0/subnets/{subnet.physical_id}")).ok()["subnet"]
    assert shown["dns_nameservers"] == ["1.1.1.1"]
    assert sorted((await work.attribute(net, "show"))["tags"]) == ["b", "c"]
    for one in (routes, link, floating, port, group, interface, router, subnet, net):
        await work.delete(one)
    names = {one["name"] for one in (await user.get("network", "/v2.0/networks")).ok()["networks"]}
    assert not names & {"n", "m"}


async def test_other_objects(cloud: Cloud) -> None:
    """Each of the plain rows makes its object, and takes it away again."""
    work = await bench(cloud, "admin")
    net = await work.create("OS::Neutron::Net")
    ports = [await work.create("OS::Neutron::Port", network=net.physical_id) for _ in range(3)]
    trunk = await work.create(
        "OS::Neutron::Trunk",
        port=ports[0].physical_id,
        sub_ports=[{"port": ports[1].physical_id, "segmentation_id": 10, "segmentation_type": "vlan"}],
    )
    await work.update(
        trunk,
        sub_ports=[{"port": ports[2].physical_id, "segmentation_id": 11, "segmentation_type": "vlan"}],
    )
    assert [one["segmentation_id"] for one in (await work.attribute(trunk, "show"))["sub_ports"]] == [11]
    policy = await work.create("OS::Neutron::QoSPolicy", description="d")
    rule = await work.create("OS::Neutron::QoSBandwidthLimitRule", policy=policy.physical_id, max_kbps=100)
    await work.update(rule, max_kbps=200)
    assert (await work.attribute(policy, "rules"))[0]["max_kbps"] == 200
    mark = await work.create("OS::Neutron::QoSDscpMarkingRule", policy=policy.physical_id, dscp_mark=16)
    scope = await work.create("OS::Neutron::AddressScope", name="scope")
    pool = await work.create(
        "OS::Neutron::SubnetPool", prefixes=["10.6.0.0/16"], address_scope="scope", default_prefixlen=24
    )
    subnet = await work.create("OS::Neutron::Subnet", network=net.physical_id, subnetpool=pool.physical_id)
    rbac = await work.create(
        "OS::Neutron::RBACPolicy",
        object_type="network",
        object_id=net.physical_id,
        action="access_as_shared",
        target_tenant="*",
    )
    quota = await work.create("OS::Neutron::Quota", project="demo", subnet=3)
    group = await work.create("OS::Neutron::SecurityGroup", name="sg")
    single = await work.create("OS::Neutron::SecurityGroupRule", security_group="sg", protocol="icmp")
    provider = await work.create(
        "OS::Neutron::ProviderNet", network_type="vxlan", segmentation_id=77, router_external=False
    )
    label = await work.create("OS::Neutron::MeteringLabel", name="l")
    metering = await work.create(
        "OS::Neutron::MeteringRule", metering_label_id=label.physical_id, remote_ip_prefix="10.0.0.0/8"
    )
    ike = await work.create("OS::Neutron::IKEPolicy", name="i")
    ipsec = await work.create("OS::Neutron::IPsecPolicy", name="p")
    made = (metering, label, ike, ipsec, provider, single, group, quota, rbac, subnet, pool, scope, mark, rule, policy)
    for one in (*made, trunk, *ports, net):
        await work.delete(one)


CONTRADICTIONS: tuple[tuple[str, dict[str, object], str], ...] = (
    (
        "OS::Neutron::Subnet",
        {"network": "public"},
        "At least one of the following properties must be specified: subnetpool, cidr.",
    ),
    ("OS::Neutron::SecurityGroup", {"name": "default"}, 'Security groups cannot be assigned the name "default".'),
    (
        "OS::Neutron::Segment",
        {"network": "public", "network_type": "vlan"},
        "physical_network is required for vlan provider network.",
    ),
    (
        "OS::Neutron::SubnetPool",
        {"prefixes": [], "min_prefixlen": 9, "max_prefixlen": 8},
        "Illegal prefix bounds: max_prefixlen=8, min_prefixlen=9.",
    ),
    (
        "OS::Neutron::FloatingIP",
        {"floating_network": "public", "fixed_ip_address": "10.0.0.1"},
        "fixed_ip_address cannot be specified without port_id.",
    ),
)


@pytest.mark.parametrize(("kind", "given", "text"), CONTRADICTIONS)
async def test_what_contradicts_itself(cloud: Cloud, kind: str, given: dict[str, object], text: str) -> None:
    """What no schema can say is refused in Heat's words."""
    with pytest.raises(ResourceFailure) as refused:
        await (await bench(cloud)).create(kind, **given)
    assert refused.value.text == text
