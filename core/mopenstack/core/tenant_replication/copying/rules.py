"""What becomes of a tenant's things in another cloud: the bodies of what is made there. Nothing here asks a cloud."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from typing import Any

Json = dict[str, Any]
FIRST, LAST = 10, 200
"""Where the pool of a remapped subnet begins and ends, in its first 256 addresses."""


@dataclass(frozen=True, slots=True)
class Mappings:
    """What is to differ from the source.

    volume_types  name of a volume type there -> its name here
    subnets       CIDR there -> CIDR here
    networks      ids of the networks that are copied; none: all
    """

    volume_types: Mapping[str, str] = field(default_factory=dict)
    subnets: Mapping[str, str] = field(default_factory=dict)
    networks: Collection[str] = ()
    sync_instance_ports: bool = False
    skip_connection_extnet: bool = False

    def cidr(self, cidr: str) -> str:
        """A CIDR of the source as it is here."""
        return self.subnets.get(cidr, cidr)


def chosen(networks: Iterable[Json], mappings: Mappings) -> list[Json]:
    """The networks that are copied: no external ones, and those that are named, if any are."""
    wanted = {one.replace("-", "") for one in mappings.networks}
    own = [one for one in networks if not one.get("router:external")]
    return [one for one in own if not wanted or one["id"].replace("-", "") in wanted]


def network(source: Json) -> Json:
    """Networks keep name, description and MTU."""
    kept = {key: source[key] for key in ("name", "description", "admin_state_up") if key in source}
    return kept | ({"mtu": source["mtu"]} if source.get("mtu") else {})


def subnet(source: Json, network_id: str, mappings: Mappings) -> Json:
    """Subnets keep name, gateway, DNS servers, host routes and pools; with another CIDR the pool is x.10 to x.200."""
    names = ("name", "description", "ip_version", "enable_dhcp", "dns_nameservers", "host_routes")
    body = {key: source[key] for key in names if key in source} | {"network_id": network_id}
    body |= {key: source[key] for key in ("ipv6_address_mode", "ipv6_ra_mode") if source.get(key)}
    body["cidr"] = mappings.cidr(source["cidr"])
    if source["gateway_ip"] is None:
        body["gateway_ip"] = None
    if body["cidr"] != source["cidr"]:
        return body | {"allocation_pools": [pool(body["cidr"])]}
    return body | {"gateway_ip": source["gateway_ip"], "allocation_pools": source["allocation_pools"]}


def pool(cidr: str) -> Json:
    """The addresses x.10 to x.200 of a network, as far as it has them."""
    found = IPv4Network(cidr)
    last = min(int(found.network_address) + LAST, int(found.broadcast_address) - 1)
    first = min(int(found.network_address) + FIRST, last)
    return {"start": str(type(found.network_address)(first)), "end": str(type(found.network_address)(last))}


RULE = ("direction", "ethertype", "protocol", "port_range_min", "port_range_max")


def rule(source: Json, groups: Mapping[str, str], mappings: Mappings) -> Json | None:
    """A rule of a security group, by the new ids of the groups; None where its remote group is none of them."""
    body: Json = {key: source.get(key) for key in RULE}
    body |= {"security_group_id": groups[source["security_group_id"]], "description": source.get("description") or ""}
    prefix = source.get("remote_ip_prefix")
    body["remote_ip_prefix"] = mappings.cidr(prefix) if prefix else None
    remote = source.get("remote_group_id")
    if remote and remote not in groups:
        return None
    body["remote_group_id"] = groups[remote] if remote else None
    return body


def identity(rule: Json) -> tuple[Any, ...]:
    """What tells two rules apart."""
    return tuple(rule.get(key) for key in (*RULE, "security_group_id", "remote_ip_prefix", "remote_group_id"))


def routes(source: Json, cidrs: Iterable[str]) -> list[Json]:
    """Routers keep the routes whose destination lies in a subnet of the destination."""
    known = [ip_network(cidr) for cidr in cidrs]

    def lies(destination: str) -> bool:
        inner = ip_network(destination, strict=False)
        return any(inner.version == one.version and inner.subnet_of(one) for one in known)  # type: ignore[arg-type]

    return [route for route in source.get("routes") or () if lies(route["destination"])]


def is_of_instance(port: Json) -> bool:
    """Whether a port is one of an instance's, or a free one that waits for an instance."""
    owner = port.get("device_owner") or ""
    free = not owner and not port.get("device_id") and port.get("status") == "DOWN"
    return owner.startswith("compute:") or free


def port(source: Json, networks: Mapping[str, str], subnets: Mapping[str, str], groups: Mapping[str, str]) -> Json:
    """A free port with the MAC address, the addresses and the groups of one; the maps have the new ids.

    Raises KeyError, with the id, for what was not copied.
    """
    return {
        "network_id": networks[source["network_id"]],
        "name": source.get("name", ""),
        "description": source.get("description", ""),
        "admin_state_up": source.get("admin_state_up", True),
        "mac_address": source["mac_address"],
        "device_owner": "compute:nova",
        "fixed_ips": [
            {"subnet_id": subnets[one["subnet_id"]], "ip_address": one["ip_address"]} for one in source["fixed_ips"]
        ],
        "security_groups": [groups[id] for id in source.get("security_groups") or ()],
    }


def volume_limits(limits: Mapping[str, int], mappings: Mappings, types: Collection[str]) -> tuple[Json, list[str]]:
    """The quotas of Cinder: those of volume types are summed for each type that they become here.

    `types` are the names of those that there are here; quotas of others are left out, and named. -1 is no limit, and
    so is a sum with it.
    """
    found: dict[str, int] = {}
    lost: list[str] = []
    for key, value in limits.items():
        resource, typed, name = key.partition("_")
        if not typed:
            found[key] = value
            continue
        here = mappings.volume_types.get(name, name)
        if here not in types:
            if value != -1:
                lost.append(name)
            continue
        key = f"{resource}_{here}"
        found[key] = -1 if value == -1 or found.get(key) == -1 else found.get(key, 0) + value
    return found, list(dict.fromkeys(lost))
