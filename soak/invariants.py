"""What must hold of a cloud at rest, whatever happened to it before. Each check gives one text a fault."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from soak.world import World

AT_REST = {
    "server": {"ACTIVE", "SHUTOFF"},
    "volume": {"available", "in-use"},
    "snapshot": {"available"},
    "image": {"active", "queued"},
}
"""The states in which nothing is under way."""
VALUE_SIZES = {"VCPU": "vcpus", "MEMORY_MB": "ram"}
"""Placement's resource class -> the flavor's field."""


def at_rest(world: World, *, shared: bool) -> Iterator[str]:
    """Nothing is half done.

    `shared`: no process may undo what another one has under way, as it seems; an image whose upload was killed stays
    as it was, as Glance leaves it.
    """
    for kind, states in AT_REST.items():
        for one in world[kind].values():
            if one["status"] not in states and not (shared and one["status"] == "saving"):
                yield f"{kind} {one['name']} {one['id']} is {one['status']}"
    for server in world["server"].values():
        if server["OS-EXT-STS:task_state"] is not None:
            yield f"server {server['name']} {server['id']} is busy: {server['OS-EXT-STS:task_state']}"


def unique(world: World) -> Iterator[str]:
    """Addresses and names are given once."""
    ports = world["port"].values()
    yield from _twice("MAC", (port["mac_address"] for port in ports))
    fixed = ((ip["subnet_id"], ip["ip_address"]) for port in ports for ip in port["fixed_ips"])
    yield from _twice("fixed IP", fixed)
    yield from _twice("floating IP", (one["floating_ip_address"] for one in world["floating_ip"].values()))
    for kind in ("project", "user"):
        yield from _twice(f"{kind}'s name", ((one["domain_id"], one["name"]) for one in world[kind].values()))
    devices = ((server, one["device"]) for server, attached in world.server_attachments.items() for one in attached)
    yield from _twice("device", devices)


def _twice(what: str, values: Iterable[Any]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{what} {value} is given {count} times"


def references(world: World) -> Iterator[str]:
    """What an object refers to is there."""
    for subnet in world["subnet"].values():
        yield from _missing(world, subnet, "network", subnet["network_id"])
    for network in world["network"].values():
        own = {one["id"] for one in world["subnet"].values() if one["network_id"] == network["id"]}
        if set(network["subnets"]) != own:
            yield f"network {network['id']} says subnets {network['subnets']}; there are {sorted(own)}"
    for port in world["port"].values():
        yield from _missing(world, port, "network", port["network_id"])
        for ip in port["fixed_ips"]:
            yield from _missing(world, port, "subnet", ip["subnet_id"])
        for group in port["security_groups"]:
            yield from _missing(world, port, "security_group", group)
        owner, device = port["device_owner"], port["device_id"]
        if owner.startswith("compute:"):
            yield from _missing(world, port, "server", device)
        elif owner == "network:floatingip":
            yield from _missing(world, port, "floating_ip", device)
        elif owner.startswith("network:router"):
            yield from _missing(world, port, "router", device)
        elif device:
            yield f"port {port['id']} has device {device} and owner {owner!r}"
        elif not port["name"] and not owner:
            yield f"port {port['id']} is of nothing"
    for address in world["floating_ip"].values():
        if address["port_id"]:
            yield from _missing(world, address, "port", address["port_id"])
            port = world["port"].get(address["port_id"], {"fixed_ips": []})
            if address["fixed_ip_address"] not in [ip["ip_address"] for ip in port["fixed_ips"]]:
                yield f"floating IP {address['id']} leads to {address['fixed_ip_address']}, which its port has not"
    for snapshot in world["snapshot"].values():
        yield from _missing(world, snapshot, "volume", snapshot["volume_id"])


def _missing(world: World, one: Any, kind: str, id: str) -> Iterator[str]:
    if id not in world[kind]:
        yield f"{one.get('name')} {one['id']} refers to {kind} {id}, which is not there"


def attachments(world: World) -> Iterator[str]:
    """Nova and Cinder, Nova and Neutron say the same."""
    nova = {(id, one["volumeId"]) for id, found in world.server_attachments.items() for one in found}
    volumes = world["volume"].values()
    cinder = {(one["server_id"], volume["id"]) for volume in volumes for one in volume["attachments"]}
    yield from (f"Nova alone knows the attachment server {s}, volume {v}" for s, v in nova - cinder)
    yield from (f"Cinder alone knows the attachment server {s}, volume {v}" for s, v in cinder - nova)
    for volume in volumes:
        if (volume["status"] == "in-use") != bool(volume["attachments"]):
            yield f"volume {volume['name']} is {volume['status']} with attachments {volume['attachments']}"
    nova = {(id, one["port_id"]) for id, found in world.server_interfaces.items() for one in found}
    neutron = {
        (port["device_id"], port["id"])
        for port in world["port"].values()
        if port["device_owner"].startswith("compute:")
    }
    yield from (f"Nova alone knows the interface server {s}, port {p}" for s, p in nova - neutron)
    yield from (f"Neutron alone knows the interface server {s}, port {p}" for s, p in neutron - nova)
    for server in world["server"].values():
        shown = Counter(
            ip["addr"] for network in server["addresses"].values() for ip in network if ip["OS-EXT-IPS:type"] == "fixed"
        )
        given = Counter(
            ip["ip_address"]
            for port in world["port"].values()
            if port["device_id"] == server["id"]
            for ip in port["fixed_ips"]
        )
        if shown != given:
            yield f"server {server['name']} shows addresses {dict(shown)}; its ports have {dict(given)}"


def allocations(world: World) -> Iterator[str]:
    """Placement has given each server what its flavor says, and nothing else to others."""
    for id in world.allocations.keys() - world["server"].keys():
        yield f"Placement has an allocation for {id}, which is no server: {world.allocations[id]}"
    for id, server in world["server"].items():
        wanted = {name: server["flavor"][field] for name, field in VALUE_SIZES.items()}
        disk = server["flavor"]["disk"] + server["flavor"]["ephemeral"]
        wanted |= {"DISK_GB": disk} if disk else {}
        if world.allocations.get(id) != wanted:
            yield f"Placement has {world.allocations.get(id)} for server {server['name']} {id} instead of {wanted}"


def quotas(world: World) -> Iterator[str]:
    """What services say is used is what there is."""
    for project, used in world.limits.items():
        servers = [one for one in world["server"].values() if one["tenant_id"] == project]
        wanted = {
            "totalInstancesUsed": len(servers),
            "totalCoresUsed": sum(one["flavor"]["vcpus"] for one in servers),
            "totalRAMUsed": sum(one["flavor"]["ram"] for one in servers),
        }
        yield from _differs("Nova", project, wanted, used)
    for project, counts in world.network_quotas.items():
        wanted = {kind.replace("_", ""): len(_of(world, kind, project)) for kind in ("floating_ip",)} | {
            kind: len(_of(world, kind, project)) for kind in ("network", "subnet", "port", "router", "security_group")
        }
        yield from _differs("Neutron", project, wanted, {name: counts[name]["used"] for name in wanted})
    for project, counts in world.volume_quotas.items():
        volumes, snapshots = (_of(world, kind, project) for kind in ("volume", "snapshot"))
        wanted = {
            "volumes": len(volumes),
            "snapshots": len(snapshots),
            "gigabytes": sum(one["size"] for one in (*volumes, *snapshots)),
        }
        yield from _differs("Cinder", project, wanted, {name: counts[name]["in_use"] for name in wanted})
        reserved = {name: counts[name]["reserved"] for name in wanted if counts[name]["reserved"]}
        if reserved:
            yield f"Cinder still reserves in project {project}: {reserved}"


def _of(world: World, kind: str, project: str) -> list[Any]:
    names = ("project_id", "os-vol-tenant-attr:tenant_id", "os-extended-snapshot-attributes:project_id")
    return [one for one in world[kind].values() if project in [one.get(name) for name in names]]


def _differs(service: str, project: str, wanted: dict[str, int], used: Any) -> Iterator[str]:
    for name, count in wanted.items():
        if used[name] != count:
            yield f"{service} says that project {project} uses {used[name]} {name}; there are {count}"


def blobs(world: World, folder: Path, *, shared: bool) -> Iterator[str]:
    """Size and digest of each image are those of its bytes, and no bytes are of no image.

    `shared`: the folder may be other processes' too, so bytes that were on their way when one was killed stay.
    """
    digests = Counter[str]()
    for id, image in world["image"].items():
        if image["status"] != "active":
            if image["size"] is not None:
                yield f"image {image['name']} {id} is {image['status']} and has size {image['size']}"
            continue
        size, digest = world.images[id]
        if (size, digest) != (image["size"], image["os_hash_value"]):
            said = (image["size"], image["os_hash_value"])
            yield f"image {image['name']} {id} says {said}; its bytes are {(size, digest)}"
        digests[digest] += 1
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at, name)
            if path.suffix == ".part" and not shared:
                yield f"{path} is of an upload that has ended"
                continue
            digest = hashlib.sha512(path.read_bytes()).hexdigest()
            digests[digest] -= 1
            if digests[digest] < 0 and not shared:
                yield f"{path} holds the bytes of no image"


CHECKS: tuple[Callable[[World], Iterator[str]], ...] = (
    unique,
    references,
    attachments,
    allocations,
    quotas,
)


def check(world: World, folder: Path, *, shared: bool) -> list[str]:
    """Everything that does not hold."""
    found = [*at_rest(world, shared=shared), *blobs(world, folder, shared=shared)]
    return found + [text for one in CHECKS for text in one(world)]
