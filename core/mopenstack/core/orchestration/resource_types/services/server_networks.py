"""Networks and block devices of servers: ports that Heat makes for them, and what an update attaches and detaches."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.described import invalid
from mopenstack.core.orchestration.resource_types.mapped import without_nulls
from mopenstack.core.orchestration.resource_types.services.security import group_ids

_NETWORK = "mopenstack.network.v2."
_INTERFACES = "mopenstack.compute.v2.ServerInterfaces."
_MANAGED = ("port", "network", "fixed_ip", "subnet")


async def network_of(context: Context, net: Mapping[str, Any]) -> str | None:
    """The network of an entry: its own, or that of its subnet."""
    given = net.get("network") or net.get("uuid")
    if given or not net.get("subnet"):
        return str(given) if given else None
    found = await rpcs.call(context, f"{_NETWORK}Subnets.GetSubnet", [net["subnet"]])
    return str(found["network_id"])


async def nics(context: Context, resource: Resource, given: Mapping[str, Any]) -> Any:
    """What Nova is asked for: a list of networks and ports, or "auto" or "none"; None where nothing is said."""
    networks = given.get("networks") or []
    named = next((one["allocate_network"] for one in networks if one.get("allocate_network")), None)
    if named or not networks:
        return named
    made = []
    for number, net in enumerate(networks):
        network = await network_of(context, net)
        if not net.get("port") and net.get("subnet") and net.get("network"):
            await _belongs(context, net["subnet"], net["network"])
        nic: dict[str, Any] = {}
        port = net.get("port")
        if not port and net.get("subnet"):
            port = await _own_port(context, resource, net, network, number, given.get("security_groups") or [])
        if port:
            nic["port"] = port
            await _float(context, net, port)
        else:
            nic["uuid"] = network
            if net.get("fixed_ip"):
                nic["fixed_ip"] = net["fixed_ip"]
        if net.get("tag"):
            nic["tag"] = net["tag"]
        made.append(nic)
    return made


async def _belongs(context: Context, subnet: str, network: str) -> None:
    found = await rpcs.call(context, f"{_NETWORK}Subnets.GetSubnet", [subnet])
    if found["network_id"] != network:
        raise invalid(f"Specified subnet {subnet} does not belongs to network {network}.")


async def _own_port(
    context: Context, resource: Resource, net: Mapping[str, Any], network: str | None, number: int, groups: list[str]
) -> str:
    """Make a port for a server, which is deleted with it."""
    body: dict[str, Any] = {"network_id": network, "name": f"{resource.name}-port-{number}"}
    address = {"ip_address": net.get("fixed_ip"), "subnet_id": net.get("subnet")}
    body["fixed_ips"] = [without_nulls(address)]
    if groups:
        body["security_groups"] = await group_ids(context, groups)
    extra = dict(net.get("port_extra_properties") or {})
    body.update(extra.pop("value_specs", None) or {})
    if extra.pop("no_fixed_ips", None):
        body["fixed_ips"] = []
    body.update({"qos_policy_id" if key == "qos_policy" else key: value for key, value in extra.items()})
    made = await rpcs.call(context, f"{_NETWORK}Ports.CreatePort", body=body)
    resource.data["internal_ports"] = json.dumps([*own_ports(resource), {"id": made["id"]}])
    return str(made["id"])


def own_ports(resource: Resource) -> list[dict[str, str]]:
    """The ports that were made for a server."""
    return list(json.loads(resource.data.get("internal_ports") or "[]"))


async def delete_ports(context: Context, resource: Resource, only: str = "") -> None:
    """Delete the ports that were made for a server, or one of them."""
    left = []
    for port in own_ports(resource):
        if only and port["id"] != only:
            left.append(port)
            continue
        try:
            await rpcs.call(context, f"{_NETWORK}Ports.DeletePort", [port["id"]])
        except NotFound:
            continue
    resource.data["internal_ports"] = json.dumps(left)


async def _float(context: Context, net: Mapping[str, Any], port: str | None) -> None:
    if not net.get("floating_ip"):
        return
    body: dict[str, Any] = {"port_id": port}
    if port and net.get("fixed_ip"):
        body["fixed_ip_address"] = net["fixed_ip"]
    try:
        await rpcs.call(context, f"{_NETWORK}Floatingips.UpdateFloatingip", [net["floating_ip"]], body)
    except NotFound:
        if port:
            raise


# -- updates


async def changes(
    context: Context, resource: Resource, old: Sequence[dict[str, Any]], values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The steps that lead from the old networks to the new ones: first detach, then attach."""
    wanted = [dict(one) for one in values.get("networks") or ()]
    before = [dict(one) for one in old or ()]
    if not wanted and not before:
        return []
    interfaces = await rpcs.listed(context, f"{_INTERFACES}ListServerInterfaces", path=[resource.physical_id])
    there = [_interface(one) for one in interfaces]
    named = next((one["allocate_network"] for one in wanted if one.get("allocate_network")), None)
    if named or not before or any(one.get("allocate_network") for one in before):
        gone = [one["port"] for one in there]
        kept: list[dict[str, Any]] = []
    else:
        gone, kept = await _unmatched(context, resource, before, wanted, there)
    steps = [{"do": "detach", "port_id": port} for port in gone]
    if named == "none":
        return steps
    groups = await group_ids(context, values.get("security_groups") or []) if values.get("security_groups") else []
    if named == "auto":
        only = await _only_network(context)
        return [*steps, {"do": "attach", "net_id": only, "security_groups": groups}]
    if not wanted and not kept:
        return [*steps, {"do": "attach", "security_groups": groups}]
    for number, net in enumerate(wanted):
        network = await network_of(context, net)
        port = net.get("port")
        if not port and net.get("subnet"):
            names = values.get("security_groups") or []
            port = await _own_port(context, resource, net, network, number, names)
        step: dict[str, Any] = {"do": "attach", "port_id": port} if port else {"do": "attach", "net_id": network}
        if not port and groups:
            step["security_groups"] = groups
        if not port and net.get("fixed_ip"):
            step["fixed_ips"] = [{"ip_address": net["fixed_ip"]}]
        if port:
            await _float(context, net, port)
        steps.append(step)
    return steps


def _interface(found: Mapping[str, Any]) -> dict[str, Any]:
    first: Mapping[str, Any] = next(iter(found.get("fixed_ips") or ()), {})
    return {
        "port": found["port_id"],
        "network": found.get("net_id"),
        "fixed_ip": first.get("ip_address"),
        "subnet": first.get("subnet_id"),
    }


async def _unmatched(
    context: Context,
    resource: Resource,
    before: list[dict[str, Any]],
    wanted: list[dict[str, Any]],
    there: list[dict[str, Any]],
) -> tuple[list[str], list[dict[str, Any]]]:
    """The ports of old networks that no new one is like, and those that stay, which are taken out of `wanted`."""
    for net in before:
        if not net.get("port"):
            net["network"] = await network_of(context, net)
        match = _best(there, {key: net[key] for key in _MANAGED if net.get(key)})
        if match is not None:
            net.update(match)
            there.remove(match)
    kept = []
    for net in list(wanted):
        if net.get("network") is None and net.get("uuid"):
            net["network"] = net.pop("uuid")
        match = _best(before, {key: value for key, value in net.items() if value is not None})
        if match is not None:
            kept.append(match)
            wanted.remove(net)
            before.remove(match)
    gone = []
    for net in before:
        if net.get("port"):
            gone.append(net["port"])
            if any(one["id"] == net["port"] for one in own_ports(resource)):
                await delete_ports(context, resource, net["port"])
        await _float(context, net, None)
    return gone, kept


def _best(nets: Sequence[dict[str, Any]], wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first entry that has all that is wanted."""
    return next((one for one in nets if all(one.get(key) == value for key, value in wanted.items())), None)


async def _only_network(context: Context) -> str:
    own = {"project_id": context.project_id, "shared": "False", "admin_state_up": "True"}
    found = await rpcs.listed(context, f"{_NETWORK}Networks.ListNetworks", own)
    found += await rpcs.listed(context, f"{_NETWORK}Networks.ListNetworks", {"shared": "True"})
    if len(found) > 1:
        raise invalid("Unable to automatically allocate a network: Multiple possible networks found.")
    if found:
        return str(found[0]["id"])
    topology = f"{_NETWORK}AutoAllocatedTopologies.GetAutoAllocatedTopology"
    made = await rpcs.call(context, topology, [context.project_id])
    return str(made["id"])


async def let_go(context: Context, resource: Resource) -> None:
    """Detach the ports that a server was given, or that were made for it, before another one takes its place."""
    interfaces = await rpcs.listed(context, f"{_INTERFACES}ListServerInterfaces", path=[resource.physical_id])
    given = {one.get("port") for one in resource.properties.get("networks") or ()}
    mine = given | {one["id"] for one in own_ports(resource)}
    ports = [one["port_id"] for one in interfaces if one["port_id"] in mine]
    for port in ports:
        await rpcs.call(context, f"{_INTERFACES}DeleteServerInterface", [resource.physical_id, port])
    resource.data["detached_ports"] = json.dumps(ports)


async def take_back(context: Context, resource: Resource, successor: Resource | None) -> None:
    """Attach again what was detached; the server that was to take its place lets go of it."""
    if successor is not None and successor.physical_id:
        await let_go(context, successor)
    for port in json.loads(resource.data.pop("detached_ports", "[]")):
        body = {"port_id": port}
        await rpcs.call(context, f"{_INTERFACES}CreateServerInterface", [resource.physical_id], body)


async def is_done(context: Context, resource: Resource, step: Mapping[str, Any]) -> bool:
    """Whether an interface is attached, or detached."""
    if not step.get("port_id"):
        return True
    found = await rpcs.listed(context, f"{_INTERFACES}ListServerInterfaces", path=[resource.physical_id])
    there = any(one["port_id"] == step["port_id"] for one in found)
    return there is (step["do"] == "attach")


# -- block devices


def block_devices(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The block devices of a server, of either property, as block_device_mapping_v2."""
    made = [_old_device(one) for one in given.get("block_device_mapping") or ()]
    made += [_device(one) for one in given.get("block_device_mapping_v2") or ()]
    if given.get("image") and made and not any(one.get("boot_index") == 0 for one in made):
        image = {"uuid": given["image"], "source_type": "image", "destination_type": "local"}
        made.insert(0, {**image, "boot_index": 0, "delete_on_termination": True})
    return made


def _old_device(mapping: Mapping[str, Any]) -> dict[str, Any]:
    snapshot = mapping.get("snapshot_id")
    name = mapping.get("device_name") or ""
    device: dict[str, Any] = {
        "uuid": snapshot or mapping.get("volume_id"),
        "source_type": "snapshot" if snapshot else "volume",
        "destination_type": "volume",
        "device_name": name,
        "boot_index": 0 if name.rpartition("/")[2] == "vda" else -1,
        "delete_on_termination": bool(mapping.get("delete_on_termination")),
    }
    if mapping.get("volume_size"):
        device["volume_size"] = mapping["volume_size"]
    return device


_SOURCES = {"volume_id": "volume", "snapshot_id": "snapshot", "image": "image", "image_id": "image"}


def _device(mapping: Mapping[str, Any]) -> dict[str, Any]:
    source = next((key for key in _SOURCES if mapping.get(key)), None)
    device: dict[str, Any]
    if source is not None:
        device = {"uuid": mapping[source], "source_type": _SOURCES[source], "destination_type": "volume"}
        device.update({"boot_index": 0, "delete_on_termination": False})
    else:
        device = {"source_type": "blank", "destination_type": "local", "boot_index": -1, "delete_on_termination": True}
        if mapping.get("swap_size"):
            device.update({"guest_format": "swap", "volume_size": mapping["swap_size"]})
        if mapping.get("ephemeral_size"):
            device["volume_size"] = mapping["ephemeral_size"]
        if mapping.get("ephemeral_format"):
            device["guest_format"] = mapping["ephemeral_format"]
    told = (
        "device_name",
        "device_type",
        "disk_bus",
        "boot_index",
        "volume_size",
        "delete_on_termination",
        "volume_type",
    )
    device.update({key: mapping[key] for key in (*told, "volume_type") if mapping.get(key) not in (None, "")})
    return device


def version_of(address: str) -> int | None:
    """4 or 6; None for what is no address."""
    try:
        return ipaddress.ip_address(address).version
    except ValueError:
        return None
