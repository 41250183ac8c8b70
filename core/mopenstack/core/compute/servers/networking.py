"""Servers and their network interfaces: which networks a request means, and the Neutron ports behind them.

After nova.network.neutron (validate_networks, allocate_for_instance, deallocate_for_instance) and the
schema of `networks` in nova.api.openstack.compute.schemas.servers. Ports are made, bound and given
back through the servicers of the network API, in the name of the cloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server, ServerCreate
from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.core.auto_allocation import AutoAllocatedTopologies
from mopenstack.network.v2.core.auto_allocated_topologies_pb2 import (
    AutoAllocatedTopologyResponse,
    GetAutoAllocatedTopologyRequest,
)
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import InvalidIpForNetwork, IpAddressGenerationFailure
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup


@dataclass(frozen=True, slots=True)
class Request:
    """One interface that a create asks for: a port, or a network with perhaps an address on it."""

    network_id: str = ""
    port_id: str = ""
    address: str = ""
    tag: str = ""


def plain(value: Value) -> Any:
    """A Value as Python has it; whole numbers are integers."""
    return _whole(json_format.MessageToDict(value))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(value[key]) for key in sorted(value, key=_rank)}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _rank(key: str) -> tuple[bool, str]:
    """An object's order was lost on the way: what a refusal quotes begins with what names the thing."""
    return key != "uuid", key


def schema_refusal(name: str, value: object, why: str) -> BadRequest:
    """A refusal of Nova's JSON schemas, for values that only the core can judge."""
    return BadRequest(f"Invalid input for field/attribute {name}. Value: {value}. {why}")


# -- what a request says


def requested(body: ServerCreate, microversion: int) -> list[Request] | str | None:
    """The `networks` of a create; None: it says nothing of them."""
    for name in ("networks", "networks_or_default"):
        if body.HasField(name):
            return requests_of(getattr(body, name), microversion)
    return None


def requests_of(value: Value, microversion: int) -> list[Request] | str:
    """The `networks` of a create: "auto", "none", or interfaces in order; raises Nova's refusals."""
    given = plain(value)
    _check_schema(given, microversion)
    if isinstance(given, str):
        return given
    found: list[Request] = []
    for item in given:
        port, address = item.get("port") or "", item.get("fixed_ip") or ""
        if port:
            if any(port == other.port_id for other in found):
                raise refusals.PortTwice(id=port)
            if address:
                raise refusals.PortWithAddress(id=port, address=address)
            found.append(Request(port_id=port, tag=item.get("tag", "")))
            continue
        if "uuid" not in item:
            raise refusals.BadNetworkFormat()
        found.append(Request(network_id=item["uuid"], address=address, tag=item.get("tag", "")))
    return found


def _check_schema(given: Any, microversion: int) -> None:
    if microversion >= 37:
        fine = (
            given in ("auto", "none")
            if not isinstance(given, list)
            else all(_item_fits(item, microversion) for item in given)
        )
        if not fine:
            raise schema_refusal("networks", given, f"{given!r} is not valid under any of the given schemas")
        return
    if not isinstance(given, list):
        raise schema_refusal("networks", given, f"{given!r} is not of type 'array'")
    for place, item in enumerate(given):
        if not isinstance(item, dict):
            raise schema_refusal(str(place), item, f"{item!r} is not of type 'object'")
        unknown = sorted(item.keys() - _keys(microversion))
        if unknown:
            listed, verb = ", ".join(repr(key) for key in unknown), "was" if len(unknown) == 1 else "were"
            why = f"Additional properties are not allowed ({listed} {verb} unexpected)"
            raise schema_refusal(str(place), item, why)
        if item.get("port") is not None and not is_format("uuid", str(item["port"])):
            raise schema_refusal("port", item["port"], f"{item['port']!r} is not a 'uuid'")
        if "fixed_ip" in item and not is_format("ip", str(item["fixed_ip"])):
            raise schema_refusal(
                "fixed_ip", item["fixed_ip"], f"{item['fixed_ip']!r} is not valid under any of the given schemas"
            )


def _keys(microversion: int) -> set[str]:
    return {"fixed_ip", "port", "uuid"} | ({"tag"} if microversion >= 42 or 32 <= microversion < 37 else set())


def _item_fits(item: Any, microversion: int) -> bool:
    if not isinstance(item, dict) or item.keys() - _keys(microversion):
        return False
    port, uuid, address, tag = item.get("port"), item.get("uuid", ""), item.get("fixed_ip"), item.get("tag", "x")
    return (
        (port is None or (isinstance(port, str) and is_format("uuid", port)))
        and ("uuid" not in item or (isinstance(uuid, str) and is_format("uuid", uuid)))
        and ("fixed_ip" not in item or (isinstance(address, str) and is_format("ip", address)))
        and isinstance(tag, str)
        and 0 < len(tag) <= 60
        and not {",", "/"} & set(tag)
    )


# -- what it means in this cloud


async def resolve(call: Call, wanted: list[Request] | str | None, project_id: str) -> list[Request]:
    """The interfaces to make; picks the one network of a request that names none."""
    if wanted == "none":
        return []
    if not wanted or wanted == "auto":
        networks = await available(call, project_id)
        if len(networks) > 1:
            raise refusals.NetworkAmbiguous()
        if not networks and wanted == "auto":
            return [Request(network_id=await _allocated(call, project_id))]
        return [
            Request(network_id=network.id)
            for network in networks
            if network.subnets or await has_subnet(call, network.id)
        ]
    assert isinstance(wanted, list)
    for request in wanted:
        if request.port_id:
            await check_port(call, request.port_id)
        else:
            await check_network(call, request.network_id, request.address)
    return wanted


async def _allocated(call: Call, project_id: str) -> str:
    """The network that Neutron makes for a project that has none; raises Nova's refusal where it cannot."""
    request = GetAutoAllocatedTopologyRequest(project=project_id)
    try:
        made = await call.service(AutoAllocatedTopologies).get_auto_allocated_topology(call, request)
    except Fault:
        raise refusals.UnableToAutoAllocateNetwork(project_id=project_id) from None
    assert isinstance(made, AutoAllocatedTopologyResponse)
    return made.auto_allocated_topology.id


async def available(call: Call, project_id: str) -> list[Network]:
    """The networks that Nova would choose from: the project's own and the shared ones."""
    own = await call.tx.query(Network, project_id=project_id)
    shared = await call.tx.query(Network, shared=True)
    return [*own, *(network for network in shared if network.project_id != project_id)]


async def has_subnet(call: Call, network_id: str) -> bool:
    return bool(await call.tx.query(Subnet, network_id=network_id))


async def find_port(call: Call, port_id: str) -> Port | None:
    """A port that the caller may see."""
    port = await call.tx.get(Port, port_id)
    owner = call.owner_of("port")
    return port if port is not None and (owner is None or owner.visible(call, port)) else None


async def find_network(call: Call, network_id: str) -> Network | None:
    """A network that the caller may see."""
    network = await call.tx.get(Network, network_id)
    owner = call.owner_of("network")
    return network if network is not None and (owner is None or owner.visible(call, network)) else None


async def check_port(call: Call, port_id: str) -> Port:
    """A port that a new server may take."""
    port = await find_port(call, port_id)
    if port is None:
        raise refusals.PortNotFound(id=port_id)
    if port.device_id:
        raise refusals.PortInUse(id=port_id)
    if not port.fixed_ips and port.ip_allocation != "deferred" and port.ip_allocation != "none":
        raise refusals.PortRequiresFixedIp(id=port_id)
    return port


async def check_network(call: Call, network_id: str, address: str) -> Network:
    """A network that a new server may be on, and whether the address is free there."""
    network = await find_network(call, network_id)
    if network is None:
        raise refusals.NetworkNotFound(id=network_id)
    if network.external and not network.shared and not call.caller.is_admin:
        raise refusals.ExternalNetworkForbidden(id=network_id)
    if not await has_subnet(call, network_id):
        raise refusals.NetworkRequiresSubnet(id=network_id)
    holder = await holder_of(call, network_id, address)
    if holder is not None:
        raise refusals.FixedIpInUse(address=address, server=holder.device_id)
    return network


async def holder_of(call: Call, network_id: str, address: str) -> Port | None:
    """The port of the network that has the address."""
    if not address:
        return None
    ports = await call.tx.query(Port, fixed_ips=address)
    return next((port for port in ports if port.network_id == network_id), None)


async def security_group_ids(call: Call, names: Sequence[str], project_id: str) -> list[str]:
    """The ids of groups that a request calls by name or id. `default` alone means Neutron's default."""
    if not [name for name in names if name != "default"]:
        return []
    groups = await call.tx.query(SecurityGroup, project_id=project_id)
    return [pick_group(groups, name, project_id).id for name in names]


def pick_group(
    groups: Sequence[SecurityGroup],
    name: str,
    project_id: str,
    missing: type[Fault] = refusals.SecurityGroupNotFound,
) -> SecurityGroup:
    """The group with this id or name; raises Nova's refusals for none and for several."""
    for group in groups:
        if group.id == name:
            return group
    found = [group for group in groups if group.name == name]
    if not found:
        raise missing(name=name, project_id=project_id)
    if len(found) > 1:
        raise refusals.SecurityGroupsAmbiguous(name=name)
    return found[0]


# -- ports


async def allocate(
    call: Call, server: Server, requests: Sequence[Request], group_ids: Sequence[str], host: str
) -> None:
    """Bind or make the ports of a server, in order; `server` is a private copy that notes them.

    Raises Neutron's refusal; the ports made before it are gone again then.
    """
    done: list[str] = []
    try:
        for request in requests:
            if request.port_id:
                await bind(call, server, request.port_id, host)
                port_id = request.port_id
            else:
                port_id = await _make_port(call, server, request, group_ids, host)
            done.append(port_id)
            server.port_ids.append(port_id)
            if request.tag:
                server.port_tags[port_id] = request.tag
    except Fault:
        for port_id in done:
            await release(call, server, port_id)
        raise


async def bind(call: Call, server: Server, port_id: str, host: str) -> None:
    """Make an existing port the server's."""
    port = await call.tx.edit(Port, port_id)
    port.device_id, port.device_owner, port.host_id = server.id, f"compute:{zone_of(server)}", host
    await modify_port(call, port, {"device_id", "device_owner", "host_id"})


async def release(call: Call, server: Server, port_id: str) -> None:
    """Give a port back: one that the server made goes, another one is only unbound. It may be gone already."""
    own = port_id in server.own_ports
    if own:
        server.own_ports.remove(port_id)
    server.port_tags.pop(port_id, None)
    if port_id in server.port_ids:
        server.port_ids.remove(port_id)
    stored = await call.tx.get(Port, port_id)
    if stored is None or stored.device_id != server.id:
        return
    if own:
        await call.owner_of("port").discard(call.elevated(), stored)
        return
    port = await call.tx.edit(Port, port_id)
    port.device_id, port.device_owner, port.host_id = "", "", ""
    await modify_port(call, port, {"device_id", "device_owner", "host_id"})


async def release_all(call: Call, server: Server) -> None:
    """Give back every port of a server that goes."""
    for port in await call.tx.query(Port, device_id=server.id):
        await release(call, server, port.id)


async def ports_of(call: Call, server: Server) -> list[Port]:
    """The ports of a server in the order in which they were attached."""
    ports = await call.tx.query(Port, device_id=server.id)
    order = {port_id: place for place, port_id in enumerate(server.port_ids)}
    return sorted(ports, key=lambda port: (order.get(port.id, len(order)), port.id))


def zone_of(server: Server) -> str:
    return server.availability_zone or "nova"


async def _make_port(call: Call, server: Server, request: Request, group_ids: Sequence[str], host: str) -> str:
    port = Port(
        network_id=request.network_id,
        project_id=server.project_id,
        device_id=server.id,
        device_owner=f"compute:{zone_of(server)}",
        host_id=host,
        admin_state_up=True,
    )
    given = {"network_id", "project_id", "device_id", "device_owner", "host_id", "admin_state_up"}
    if request.address:
        port.fixed_ips.add(ip_address=request.address)
        given.add("fixed_ips")
    network = await call.tx.get(Network, request.network_id)
    if group_ids and network is not None and network.port_security_enabled:
        port.security_groups.extend(group_ids)
        given.add("security_groups")
    try:
        made = await call.owner_of("port").insert(call.elevated(), port, None, given)
    except InvalidIpForNetwork:
        raise refusals.InvalidFixedIp(address=request.address, network=request.network_id) from None
    except IpAddressGenerationFailure:
        raise refusals.NoMoreFixedIps(network=request.network_id) from None
    server.own_ports.append(made.id)
    return str(made.id)


async def modify_port(call: Call, port: Port, given: set[str]) -> None:
    """Store a port's private copy through Neutron, in the name of the cloud."""
    stored = await call.tx.get(Port, port.id)
    assert stored is not None
    await call.owner_of("port").modify(call.elevated(), stored, port, given=given)


async def set_security_groups(call: Call, port_id: str, group_ids: Sequence[str]) -> None:
    """Give a port these security groups."""
    port = await call.tx.edit(Port, port_id)
    del port.security_groups[:]
    port.security_groups.extend(group_ids)
    await modify_port(call, port, {"security_groups"})
