"""Networks, ports, routers, floating IPs and security groups."""

from __future__ import annotations

from soak.clients import Client
from soak.ledger import Entry

MOST = {"network": 4, "port": 8, "router": 2, "floating_ip": 4, "security_group": 3}
"""Of one client at once."""
TAGGED = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "router": "routers",
    "security_group": "security-groups",
}


async def create_network(client: Client) -> bool:
    if len(client.own("network")) >= MOST["network"]:
        return False
    network = client.new("network")
    step = client.shared.ledger.step(f"create {network.name}")
    with step.creates(network, name=network.name, tags=frozenset()):
        reply = await client.send("POST", "network", "/v2.0/networks", {"network": {"name": network.name}})
        network.id = reply.body["network"]["id"]
    return True


async def create_subnet(client: Client) -> bool:
    network = client.pick("network", lambda network: not _subnets(client, network))
    if network is None:
        return False
    subnet = client.new("subnet")
    # Not two the same for one client: a router takes all of them.
    number = int(subnet.name.rpartition("-")[2]) % 4000
    cidr = f"10.{number // 250}.{number % 250}.0/24"
    body = {"name": subnet.name, "network_id": network.id, "cidr": cidr, "ip_version": 4, "enable_dhcp": False}
    client.place[subnet.name] = network.id
    step = client.shared.ledger.step(f"create {subnet.name} in {network.name}")
    with step.creates(subnet, name=subnet.name, tags=frozenset()):
        reply = await client.send("POST", "network", "/v2.0/subnets", {"subnet": body})
        subnet.id = reply.body["subnet"]["id"]
    return True


def _subnets(client: Client, network: Entry) -> list[Entry]:
    return [subnet for subnet in client.own("subnet") if client.place.get(subnet.name) == network.id]


async def delete_network(client: Client) -> bool:
    """With its subnets; refused while something has a port there."""
    network = client.pick("network")
    if network is None or not client.knows("subnet"):
        return False
    step = client.shared.ledger.step(f"delete {network.name}").deletes(network)
    for subnet in _subnets(client, network):
        step.deletes(subnet)
    with step:
        await client.send("DELETE", "network", f"/v2.0/networks/{network.id}")
    return True


async def create_port(client: Client) -> bool:
    subnet = client.pick("subnet")
    if subnet is None or len(client.own("port")) >= MOST["port"]:
        return False
    port = client.new("port")
    # A network may have another subnet too, of a request that had no answer.
    body = {"name": port.name, "network_id": client.place[subnet.name], "fixed_ips": [{"subnet_id": subnet.id}]}
    client.place[port.name] = subnet.name
    step = client.shared.ledger.step(f"create {port.name} in {subnet.name}")
    with step.creates(port, name=port.name, tags=frozenset(), server=None):
        reply = await client.send("POST", "network", "/v2.0/ports", {"port": body})
        port.id = reply.body["port"]["id"]
    return True


async def delete_port(client: Client) -> bool:
    port = client.pick("port", lambda port: port["server"] is None)
    if port is None or not client.knows("floating_ip"):
        return False
    step = client.shared.ledger.step(f"delete {port.name}").deletes(port)
    for address in client.own("floating_ip"):
        if address["port"] == port.name:
            step.changes(address, port=None)
    with step:
        await client.send("DELETE", "network", f"/v2.0/ports/{port.id}")
    return True


async def tag(client: Client) -> bool:
    kind = client.random.choice(sorted(TAGGED))
    one = client.pick(kind)
    if one is None:
        return False
    tags = client.words()
    with client.shared.ledger.step(f"tags of {one.name}").changes(one, tags=tags):
        await client.send("PUT", "network", f"/v2.0/{TAGGED[kind]}/{one.id}/tags", {"tags": sorted(tags)})
    return True


async def create_router(client: Client) -> bool:
    if len(client.own("router")) >= MOST["router"]:
        return False
    router = client.new("router")
    body = {"name": router.name, "external_gateway_info": {"network_id": client.shared.external}}
    step = client.shared.ledger.step(f"create {router.name}")
    with step.creates(router, name=router.name, tags=frozenset(), subnets=frozenset()):
        reply = await client.send("POST", "network", "/v2.0/routers", {"router": body})
        router.id = reply.body["router"]["id"]
    return True


async def add_interface(client: Client) -> bool:
    """A subnet that no router has."""
    taken = frozenset[str]().union(*(router["subnets"] for router in client.own("router")))
    router = client.pick("router")
    subnet = client.pick("subnet", lambda subnet: subnet.name not in taken)
    if router is None or subnet is None:
        return False
    step = client.shared.ledger.step(f"add {subnet.name} to {router.name}")
    with step.changes(router, subnets=router["subnets"] | {subnet.name}):
        path = f"/v2.0/routers/{router.id}/add_router_interface"
        await client.send("PUT", "network", path, {"subnet_id": subnet.id})
    return True


async def remove_interface(client: Client) -> bool:
    """Refused while a floating IP needs it."""
    router = client.pick("router", lambda router: bool(router["subnets"]))
    if router is None:
        return False
    subnet = client.pick("subnet", lambda subnet: subnet.name in router["subnets"])
    if subnet is None:
        return False
    step = client.shared.ledger.step(f"remove {subnet.name} from {router.name}")
    with step.changes(router, subnets=router["subnets"] - {subnet.name}):
        path = f"/v2.0/routers/{router.id}/remove_router_interface"
        await client.send("PUT", "network", path, {"subnet_id": subnet.id})
    return True


async def delete_router(client: Client) -> bool:
    router = client.pick("router", lambda router: not router["subnets"])
    if router is None:
        return False
    with client.shared.ledger.step(f"delete {router.name}").deletes(router):
        await client.send("DELETE", "network", f"/v2.0/routers/{router.id}")
    return True


async def create_floating_ip(client: Client) -> bool:
    if len(client.own("floating_ip")) >= MOST["floating_ip"]:
        return False
    address = client.new("floating_ip")
    body = {"floating_network_id": client.shared.external, "description": address.name}
    step = client.shared.ledger.step(f"create {address.name}")
    with step.creates(address, name=address.name, port=None):
        reply = await client.send("POST", "network", "/v2.0/floatingips", {"floatingip": body})
        address.id = reply.body["floatingip"]["id"]
    return True


async def associate(client: Client) -> bool:
    """A floating IP to a port whose subnet has a router, or from its port."""
    address = client.pick("floating_ip")
    if address is None:
        return False
    port = None
    if address["port"] is None:
        reached = frozenset[str]().union(*(router["subnets"] for router in client.own("router")))
        taken = {other["port"] for other in client.own("floating_ip")}
        port = client.pick("port", lambda port: client.place.get(port.name) in reached and port.name not in taken)
        if port is None:
            return False
    step = client.shared.ledger.step(f"{address.name} to {port and port.name}")
    with step.changes(address, port=port and port.name):
        body = {"floatingip": {"port_id": port and port.id}}
        await client.send("PUT", "network", f"/v2.0/floatingips/{address.id}", body)
    return True


async def delete_floating_ip(client: Client) -> bool:
    address = client.pick("floating_ip")
    if address is None:
        return False
    with client.shared.ledger.step(f"delete {address.name}").deletes(address):
        await client.send("DELETE", "network", f"/v2.0/floatingips/{address.id}")
    return True


async def create_security_group(client: Client) -> bool:
    if len(client.own("security_group")) >= MOST["security_group"]:
        return False
    group = client.new("security_group")
    step = client.shared.ledger.step(f"create {group.name}")
    with step.creates(group, name=group.name, tags=frozenset()):
        body = {"security_group": {"name": group.name}}
        reply = await client.send("POST", "network", "/v2.0/security-groups", body)
        group.id = reply.body["security_group"]["id"]
    return True


async def delete_security_group(client: Client) -> bool:
    group = client.pick("security_group")
    if group is None:
        return False
    with client.shared.ledger.step(f"delete {group.name}").deletes(group):
        await client.send("DELETE", "network", f"/v2.0/security-groups/{group.id}")
    return True
