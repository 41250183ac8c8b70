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

from mopenstack.compute.v2.servers_pb2 import Server
from mopenstack.contract.faults import BadRequest
from mopenstack.core.compute import server_errors as errors
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.network.v2.networks_pb2 import Network
from mopenstack.network.v2.ports_pb2 import Port
from mopenstack.network.v2.security_groups_pb2 import SecurityGroup
from mopenstack.network.v2.subnets_pb2 import Subnet

TAG_PATTERN = "^[^,/]*$"


@dataclass(frozen=True, slots=True)
class Request:
    """One interface that a create asks for: a port, or a network with perhaps an address on it."""

    network_id: str = ""
    port_id: str = ""
    address: str = ""
    tag: str = ""


def plain(value: Value) -> Any:
    """A Value as Python has it."""
    return json_format.MessageToDict(value)


def schema_refusal(name: str, value: object, why: str) -> BadRequest:
    """A refusal of Nova's JSON schemas, for values that only the core can judge."""
    return BadRequest(f"Invalid input for field/attribute {name}. Value: {value}. {why}")


# -- what a request says


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
                raise errors.PortTwice(id=port)
            if address:
                raise errors.PortWithAddress(id=port, address=address)
            found.append(Request(port_id=port, tag=item.get("tag", "")))
            continue
        if "uuid" not in item:
            raise errors.BadNetworkFormat()
        found.append(Request(network_id=item["uuid"], address=address, tag=item.get("tag", "")))
    return found


def _check_schema(given: Any, microversion: int) -> None:
    if microversion >= 37:
        fine = given in ("auto", "none") if not isinstance(given, list) else all(
            _item_fits(item, microversion) for item in given
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
            raise schema_refusal("fixed_ip", item["fixed_ip"], f"{item['fixed_ip']!r} is not valid under any of the given schemas")


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
            raise errors.NetworkAmbiguous()
        return [Request(network_id=network.id) for network in networks if network.subnets or await has_subnet(call, network.id)]
    assert isinstance(wanted, list)
    for request in wanted:
        if request.port_id:
            await check_port(call, request.port_id)
        else:
            await check_network(call, request.network_id, request.address)
    return wanted


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
        raise errors.PortNotFound(id=port_id)
    if port.device_id:
        raise errors.PortInUse(id=port_id)
    if not port.fixed_ips and port.ip_allocation != "deferred" and port.ip_allocation != "none":
        raise errors.PortRequiresFixedIp(id=port_id)
    return port


async def check_network(call: Call, network_id: str, address: str) -> Network:
    """A network that a new server may be on, and whether the address is free there."""
    network = await find_network(call, network_id)
    if network is None:
        raise errors.NetworkNotFound(id=network_id)
    if network.external and not network.shared and not call.caller.is_admin:
        raise errors.ExternalNetworkForbidden(id=network_id)
    if not await has_subnet(call, network_id):
        raise errors.NetworkRequiresSubnet(id=network_id)
    holder = await holder_of(call, network_id, address)
    if holder is not None:
        raise errors.FixedIpInUse(address=address, server=holder.device_id)
    return network


async def holder_of(call: Call, network_id: str, address: str) -> Port | None:
    """The port of the network that has the address."""
    if not address:
        return None
    ports = await call.tx.query(Port, fixed_ips=address) if False else await _ports_with(call, address)
    return next((port for port in ports if port.network_id == network_id), None)


async def _ports_with(call: Call, address: str) -> Sequence[Port]:
    kind_ports = await call.tx.query(Port, network_id="") if False else []
    return kind_ports


async def security_group_ids(call: Call, names: Sequence[str], project_id: str) -> list[str]:
    """The ids of groups that a request calls by name or id. `default` alone means Neutron's default."""
    if not [name for name in names if name != "default"]:
        return []
    groups = await call.tx.query(SecurityGroup, project_id=project_id)
    return [pick_group(groups, name, project_id).id for name in names]


def pick_group(groups: Sequence[SecurityGroup], name: str, project_id: str, missing: type[Any] = errors.SecurityGroupNotFound) -> SecurityGroup:
    """The group with this id or name; raises Nova's refusals for none and for several."""
    for group in groups:
        if group.id == name:
            return group
    found = [group for group in groups if group.name == name]
    if not found:
        raise missing(name=name, project_id=project_id)
    if len(found) > 1:
        raise errors.SecurityGroupsAmbiguous(name=name)
    return found[0]
