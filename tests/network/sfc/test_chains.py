"""Service function chaining: port pairs, groups, classifiers, chains and graphs."""

from __future__ import annotations

from typing import Any

import pytest

PAIRS, GROUPS, CHAINS = "sfc/port_pairs", "sfc/port_pair_groups", "sfc/port_chains"
CLASSIFIERS, GRAPHS = "sfc/flow_classifiers", "sfc/service_graphs"


async def _ports(neutron: Any, count: int) -> list[str]:
    """Ports of one device."""
    network, _ = await neutron.network()
    ports = [await neutron.create("ports", network_id=network["id"], device_id="vm") for _ in range(count)]
    return [port["id"] for port in ports]


@pytest.fixture
async def groups(neutron: Any) -> list[str]:
    """Three groups of a pair each, whose functions understand MPLS."""
    found = []
    for port in await _ports(neutron, 3):
        knows = {"correlation": "mpls"}
        pair = await neutron.create(PAIRS, ingress=port, egress=port, service_function_parameters=knows)
        found.append((await neutron.create(GROUPS, port_pairs=[pair["id"]]))["id"])
    return found


async def test_a_pair_of_ports(neutron: Any) -> None:
    first, second = await _ports(neutron, 2)
    pair = await neutron.create(PAIRS, ingress=first, egress=second)
    assert pair["service_function_parameters"] == {"correlation": None, "weight": 1}
    (await neutron.post(PAIRS, ingress=first, egress=second)).refused(
        400,
        f"Port Pair with ingress port {first} and egress port {second} is already used by another "
        f"Port Pair {pair['id']}.",
    )
    network, _ = await neutron.network("10.61.0.0/24")
    loose = (await neutron.create("ports", network_id=network["id"]))["id"]
    text = f"Port Pair egress port {loose} does not belong to a host."
    (await neutron.post(PAIRS, ingress=first, egress=loose)).refused(400, text)
    group = await neutron.create(GROUPS, port_pairs=[pair["id"]])
    assert group["port_pair_group_parameters"] == {
        "lb_fields": [],
        "ppg_n_tuple_mapping": {"ingress_n_tuple": {}, "egress_n_tuple": {}},
    }
    (await neutron.delete(PAIRS, pair["id"])).refused(409, f"Port Pair {pair['id']} in use.")
    (await neutron.post(GROUPS, port_pairs=[pair["id"]])).refused(409, f"Port Pair {pair['id']} in use.")


async def test_classifiers_are_told_apart(neutron: Any) -> None:
    web = await neutron.create(CLASSIFIERS, protocol="TCP", destination_port_range_min=80)
    assert (web["protocol"], web["ethertype"], web["l7_parameters"]) == ("tcp", "IPv4", {})
    (await neutron.post(CLASSIFIERS, protocol="tcp", source_ip_prefix="10.0.0.0/8")).refused(
        400, f"Flow Classifier conflicts with another Flow Classifier {web['id']}."
    )
    await neutron.create(CLASSIFIERS, protocol="udp")
    (await neutron.post(CLASSIFIERS, protocol="icmp", source_port_range_min=1)).refused(
        400, "IP protocol must be TCP or UDP, if port range is given."
    )
    (await neutron.post(CLASSIFIERS, ethertype="ipv6", source_ip_prefix="10.0.0.0/8")).refused(
        400, "IP prefix 10.0.0.0/8 format conflicts with ethertype IPv6."
    )


async def test_a_chain(neutron: Any, groups: list[str]) -> None:
    web = await neutron.create(CLASSIFIERS, protocol="tcp")
    chain = await neutron.create(CHAINS, port_pair_groups=groups[:2], flow_classifiers=[web["id"]])
    assert (chain["chain_id"], chain["chain_parameters"]) == (1, {"correlation": "mpls", "symmetric": False})
    (await neutron.post(CHAINS, port_pair_groups=groups[:2])).refused(409, "in use by Port Chain")
    (await neutron.post(CHAINS, port_pair_groups=groups[2:], flow_classifiers=[web["id"]])).refused(
        409, f"Flow Classifier {web['id']} in use."
    )
    (await neutron.delete(GROUPS, groups[0])).refused(409, f"Port Pair Group {groups[0]} in use.")
    changed = await neutron.update(CHAINS, chain["id"], port_pair_groups=groups[1:], flow_classifiers=[])
    assert changed["port_pair_groups"] == groups[1:]
    (await neutron.delete(CLASSIFIERS, web["id"])).ok(204)
    (await neutron.delete(GROUPS, groups[0])).ok(204)


async def test_a_graph_of_chains(neutron: Any, groups: list[str]) -> None:
    one, two, three = [(await neutron.create(CHAINS, port_pair_groups=[group]))["id"] for group in groups]
    (await neutron.post(GRAPHS, port_chains={one: [two], two: [one]})).refused(
        400, "Service Graph defined contains at least one port chain loop."
    )
    graph = await neutron.create(GRAPHS, port_chains={one: [two, three]})
    assert graph["port_chains"] == {one: [two, three]}
    (await neutron.put(CHAINS, two, flow_classifiers=[])).refused(409, f"Port Chain {two} in use.")
    assert (await neutron.update(CHAINS, two, name="n"))["name"] == "n"
    (await neutron.delete(CHAINS, three)).refused(409, f"Port Chain {three} in use.")
    (await neutron.delete(GRAPHS, graph["id"])).ok(204)
    (await neutron.delete(CHAINS, three)).ok(204)
