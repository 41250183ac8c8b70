"""Network interfaces of servers: the networks that a request names, and the Neutron ports.

After nova.network.neutron (validate_networks, allocate_for_instance, deallocate_for_instance) and the
schema of `networks` in nova.api.openstack.compute.schemas.servers. Ports are created, bound and deleted
by the operations of the network API, in the name of the cloud. Those of a server are read from the store, as
Nova reads them from its network info cache; so are the networks and security groups that a create chooses from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server, ServerCreate
from mopenstack.contract.faults import BadRequest, Fault, NotFound
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.network.v2.core.auto_allocated_topologies_pb2 import (
    AutoAllocatedTopologyResponse,
    GetAutoAllocatedTopologyRequest,
)
from mopenstack.network.v2.core.networks_pb2 import GetNetworkRequest, Network
from mopenstack.network.v2.core.ports_pb2 import (
    CreatePortRequest,
    DeletePortRequest,
    FixedIp,
    GetPortRequest,
    Port,
    UpdatePortRequest,
)
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import InvalidIpForNetwork, IpAddressGenerationFailure
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

PORTS = "mopenstack.network.v2.Ports"
GET_NETWORK = "mopenstack.network.v2.Networks.GetNetwork"
GET_AUTO_ALLOCATED = "mopenstack.network.v2.AutoAllocatedTopologies.GetAutoAllocatedTopology"


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One interface of a request: an existing port, or a network with an optional address."""

    network_id: str = ""
    port_id: str = ""
    address: str = ""
    tag: str = ""


def ordered(value: Any) -> Any:
    """A JSON value with `uuid` before the other keys: what a refusal quotes, in an order that does not change."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=lambda key: (key != "uuid", key))}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def schema_refusal(name: str, value: object, why: str) -> BadRequest:
    """A refusal of Nova's JSON schemas, for values that only the core can judge."""
    return BadRequest(f"Invalid input for field/attribute {name}. Value: {value}. {why}")


# -- the networks of a request


def requested_networks(body: ServerCreate, microversion: int) -> list[NetworkRequest] | str | None:
    """The `networks` of a create; None: it has none."""
    for name in ("networks", "networks_or_default"):
        if body.HasField(name):
            return parse_networks(getattr(body, name), microversion)
    return None


def parse_networks(value: Value, microversion: int) -> list[NetworkRequest] | str:
    """The `networks` of a create: "auto", "none", or interfaces in order; raises Nova's refusals."""
    given = ordered(plain(value))
    _check_schema(given, microversion)
    if isinstance(given, str):
        return given
    found: list[NetworkRequest] = []
    for item in given:
        port, address = item.get("port") or "", item.get("fixed_ip") or ""
        if port:
            if any(port == other.port_id for other in found):
                raise refusals.PortTwice(id=port)
            if address:
                raise refusals.PortWithAddress(id=port, address=address)
            found.append(NetworkRequest(port_id=port, tag=item.get("tag", "")))
            continue
        if "uuid" not in item:
            raise refusals.BadNetworkFormat()
        if not is_format("uuid", item["uuid"]):
            raise refusals.BadNetworkUuid(id=item["uuid"])
        found.append(NetworkRequest(network_id=item["uuid"], address=address, tag=item.get("tag", "")))
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
        if "uuid" in item and not isinstance(item["uuid"], str):
            raise schema_refusal("uuid", item["uuid"], f"{item['uuid']!r} is not of type 'string'")
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


# -- the networks of the cloud


async def validate_networks(
    call: Call, wanted: list[NetworkRequest] | str | None, project_id: str
) -> list[NetworkRequest]:
    """The interfaces to create; without `networks` that of the project's only network. Raises Nova's refusals."""
    if wanted == "none":
        return []
    if not wanted or wanted == "auto":
        networks = await available_networks(call, project_id)
        if len(networks) > 1:
            raise refusals.NetworkAmbiguous()
        if not networks and wanted == "auto":
            return [NetworkRequest(network_id=await _auto_allocated(call, project_id))]
        return [
            NetworkRequest(network_id=network.id)
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


async def _auto_allocated(call: Call, project_id: str) -> str:
    """The network that Neutron allocates for a project that has none; raises UnableToAutoAllocateNetwork."""
    request = GetAutoAllocatedTopologyRequest(project=project_id)
    try:
        made: AutoAllocatedTopologyResponse = await call.invoke(GET_AUTO_ALLOCATED, request)
    except Fault:
        raise refusals.UnableToAutoAllocateNetwork(project_id=project_id) from None
    return made.auto_allocated_topology.id


async def available_networks(call: Call, project_id: str) -> list[Network]:
    """The networks that Nova chooses from: the project's own and the shared ones."""
    own = await call.tx.query(Network, project_id=project_id)
    shared = await call.tx.query(Network, shared=True)
    return [*own, *(network for network in shared if network.project_id != project_id)]


async def has_subnet(call: Call, network_id: str) -> bool:
    return bool(await call.tx.query(Subnet, network_id=network_id))


async def find_port(call: Call, port_id: str) -> Port | None:
    """A port that the caller may see."""
    try:
        port: Port = await call.invoke(f"{PORTS}.GetPort", GetPortRequest(port_id=port_id))
    except NotFound:
        return None
    return port


async def find_network(call: Call, network_id: str) -> Network | None:
    """A network that the caller may see."""
    try:
        network: Network = await call.invoke(GET_NETWORK, GetNetworkRequest(network_id=network_id))
    except NotFound:
        return None
    return network


async def check_port(call: Call, port_id: str) -> Port:
    """A port for a new server; raises Nova's refusals."""
    port = await find_port(call, port_id)
    if port is None:
        raise refusals.PortNotFound(id=port_id)
    if port.device_id:
        raise refusals.PortInUse(id=port_id)
    if not port.fixed_ips and port.ip_allocation != "deferred" and port.ip_allocation != "none":
        raise refusals.PortRequiresFixedIp(id=port_id)
    return port


async def check_network(call: Call, network_id: str, address: str) -> Network:
    """A network for a new server, with an address that is not in use there; raises Nova's refusals."""
    network = await find_network(call, network_id)
    if network is None:
        raise refusals.NetworkNotFound(id=network_id)
    if network.external and not network.shared and not call.caller.is_admin:
        raise refusals.ExternalNetworkForbidden(id=network_id)
    if not await has_subnet(call, network_id):
        raise refusals.NetworkRequiresSubnet(id=network_id)
    holder = await port_with_address(call, network_id, address)
    if holder is not None:
        raise refusals.FixedIpInUse(address=address, server=holder.device_id)
    return network


async def port_with_address(call: Call, network_id: str, address: str) -> Port | None:
    """The port of the network that has the address."""
    if not address:
        return None
    ports = await call.tx.query(Port, fixed_ips=address)
    return next((port for port in ports if port.network_id == network_id), None)


async def security_group_ids(call: Call, names: Sequence[str], project_id: str) -> list[str]:
    """The ids of the security groups that a request names, by name or id. `default` alone is left to Neutron."""
    if not [name for name in names if name != "default"]:
        return []
    groups = await call.tx.query(SecurityGroup, project_id=project_id)
    return [find_security_group(groups, name, project_id).id for name in names]


def find_security_group(
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
    call: Call, server: Server, requests: Sequence[NetworkRequest], group_ids: Sequence[str], host: str
) -> None:
    """Bind or create the ports of a server (a private copy), in order, and add them to it.

    Raises Neutron's refusal, after the ports that were created before it have been deleted.
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
    """Bind an existing port to the server."""
    owner, name = f"compute:{zone_of(server)}", server.hostname
    await update_port(call, port_id, device_id=server.id, device_owner=owner, host_id=host, dns_name=name)


async def release(call: Call, server: Server, port_id: str) -> None:
    """Delete a port that Nova created for the server, unbind another one. It may be deleted already."""
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
        await call.invoke(f"{PORTS}.DeletePort", DeletePortRequest(port_id=port_id), elevated=True)
        return
    await update_port(call, port_id, device_id="", device_owner="", host_id="", dns_name="")


async def release_all(call: Call, server: Server) -> None:
    """Delete or unbind every port of a server that is deleted."""
    for port in await ports_of(call, server):
        await release(call, server, port.id)


async def ports_of(call: Call, server: Server) -> list[Port]:
    """The ports of a server in the order in which they were attached; none of other projects that name it."""
    ports = [port for port in await call.tx.query(Port, device_id=server.id) if port.project_id == server.project_id]
    order = {port_id: place for place, port_id in enumerate(server.port_ids)}
    return sorted(ports, key=lambda port: (order.get(port.id, len(order)), port.id))


def zone_of(server: Server) -> str:
    return server.availability_zone or "nova"


async def _make_port(call: Call, server: Server, request: NetworkRequest, group_ids: Sequence[str], host: str) -> str:
    values: dict[str, Any] = {
        "network_id": request.network_id,
        "project_id": server.project_id,
        "device_id": server.id,
        "device_owner": f"compute:{zone_of(server)}",
        "host_id": host,
        "dns_name": server.hostname,
        "admin_state_up": True,
    }
    if request.address:
        values["fixed_ips"] = [FixedIp(ip_address=request.address)]
    if group_ids:
        network = await call.tx.get(Network, request.network_id)
        if network is not None and not network.port_security_enabled:
            raise refusals.SecurityGroupCannotBeApplied()
        values["security_groups"] = group_ids
    body = CreatePortRequest(port=Port(**values), mask=FieldMask(paths=values))
    try:
        made: Port = await call.invoke(f"{PORTS}.CreatePort", body, elevated=True)
    except InvalidIpForNetwork:
        raise refusals.InvalidFixedIp(address=request.address, network=request.network_id) from None
    except IpAddressGenerationFailure:
        raise refusals.NoMoreFixedIps(network=request.network_id) from None
    server.own_ports.append(made.id)
    return made.id


async def update_port(call: Call, port_id: str, **values: Any) -> None:
    """Set fields of a port through Neutron, in the name of the cloud; raises Neutron's refusals."""
    request = UpdatePortRequest(port_id=port_id, port=Port(**values), mask=FieldMask(paths=values))
    await call.invoke(f"{PORTS}.UpdatePort", request, elevated=True)
