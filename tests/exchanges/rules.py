"""What the store keeps of objects beyond what is shown of them, and how those are made up that no recording shows."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mopenstack.core.network.security.security_groups import DEFAULT_SCOPE
from mopenstack.identity.v3.resource.projects_pb2 import Project
from tests.exchanges import (
    compute_rules,
    dns_rules,
    identity_rules,
    image_rules,
    load_balancer_rules,
    network_rules,
    placement_rules,
    quota_rules,
    shared_file_system_rules,
    volume_rules,
)
from tests.exchanges.planting import fill

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

ALIASES = {
    "imageRef": "image", "flavorRef": "flavor", "source_volid": "volume", "uuid": "", "instance_uuid": "server",
    "server_uuid": "server", "id": "", "tenant_id": "project", "project_id": "project", "user_id": "user",
    "security_groups": "security_group", "gw_port_id": "port", "owner": "project", "device_id": "",
    "default_project_id": "", "parent_id": "", "domain_id": "domain", "remote_group_id": "security_group",
    "tap_mirror_id": "tap_mirror", "policy_id": "qos_policy", "qos_id": "qos_specs", "type_id": "volume_type",
    "endpoints": "subnet", "object_id": "network", "ports": "port", "subnets": "subnet",
    "firewall_policies": "firewall_policy", "service_profiles": "", "flavor_id": "",
    **load_balancer_rules.ALIASES,
    **dns_rules.ALIASES,
    **shared_file_system_rules.ALIASES,
}  # fmt: skip
"""Keys that refer to objects of a kind that their name does not say; "" for those that refer to nothing we plant."""

BEFORE = {
    "network", "subnet", "subnetpool", "address_scope", "security_group", "flavor", "image", "volume_type", "role",
    "project", "user", "service", "region", "domain", "volume", "snapshot", "qos_policy", "firewall_rule",
    "firewall_policy", "address_group", "bgpvpn", "server_group",
}  # fmt: skip
"""Kinds of what the answer to a create names although it was there before."""

BRIEF = {
    "server", "volume", "snapshot", "flavor", "image", "volume_type", "keypair", "aggregate",
    *shared_file_system_rules.RULES,
}  # fmt: skip
"""Kinds that different views show different parts of."""

NEVER = {"hypervisor", "compute_service", "agent", "volume_service", "resource_provider", "default_security_group_rule"}
"""Kinds that stand in every world."""


def _network(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    if picture.get("router:external"):
        picture["external_for"] = ["*"]
        picture.setdefault("is_default", False)
    else:
        picture.pop("is_default", None)
    if picture.get("shared"):
        picture["shared_with"] = ["*"]


def _in_network(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    network = stage.pictures.get(("network", picture.get("network_id", "")), {})
    picture["network_project_id"] = network.get("project_id", "")
    picture["shared"] = bool(network.get("shared"))
    if network.get("shared"):
        picture["shared_with"] = ["*"]


def _rule_of_group(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    group = stage.pictures.get(("security_group", picture.get("security_group_id", "")), {})
    picture["group_project_id"] = group.get("project_id", picture.get("project_id", ""))


def _image_member(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    picture["__id"] = id


def _image(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    own = stage.own.get(("image", id))
    if own is not None and stage.exchange.section == "image":  # its other properties are keys beside these
        for key in picture.keys() - own.keys():
            picture.pop(key)


def _part(kind: str) -> Callable[[Staging, str, dict[str, Any]], None]:
    def rule(stage: Staging, id: str, picture: dict[str, Any]) -> None:
        stage.set_from_path(id, picture, kind)

    return rule


RULES: dict[str, Callable[[Staging, str, dict[str, Any]], None]] = {
    "network": _network,
    "router": network_rules.router,
    "port": _in_network,
    "subnet": _in_network,
    "security_group_rule": _rule_of_group,
    "server": compute_rules.server,
    "volume": volume_rules.volume,
    "snapshot": volume_rules.snapshot,
    "volume_attachment": volume_rules.attachment,
    "image_member": _image_member,
    "image": _image,
    "keypair": compute_rules.keypair,
    "aggregate": compute_rules.aggregate,
    "server_group": compute_rules.server_group,
    "instance_action": compute_rules.instance_action,
    **load_balancer_rules.RULES,
    **dns_rules.RULES,
    **shared_file_system_rules.RULES,
}


def _firewall_rule(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    picture.pop("firewall_policy_id", None)  # it follows from the policies


RULES["firewall_rule"] = _firewall_rule
for _kind in (
    "access_rule", "application_credential", "qos_bandwidth_limit_rule", "qos_dscp_marking_rule",
    "qos_minimum_bandwidth_rule", "port_forwarding",
    "bgpvpn_network_association", "bgpvpn_router_association", "bgpvpn_port_association",
):  # fmt: skip
    RULES[_kind] = _part(_kind)

PREPARE = (
    compute_rules.PREPARE
    | load_balancer_rules.PREPARE
    | dns_rules.PREPARE
    | network_rules.PREPARE
    | identity_rules.PREPARE
    | image_rules.PREPARE
    | volume_rules.PREPARE
    | quota_rules.PREPARE
    | placement_rules.PREPARE
)
"""What operations need, by verb and path."""


# -- objects that no recording shows


def _plain(stage: Staging, picture: dict[str, Any], where: dict[str, Any]) -> None:
    """Like the one that it is made after."""


def _new_network(stage: Staging, picture: dict[str, Any], where: dict[str, Any]) -> None:
    picture |= {"subnets": [], "shared": False, "router:external": False, "name": "network_1"}


def _new_subnet(stage: Staging, picture: dict[str, Any], where: dict[str, Any]) -> None:
    address = str(where.get("ip_address") or "")
    for outer in (stage.exchange.line.get("request"), stage.exchange.line.get("response")):
        for inner in (outer or {}).values() if isinstance(outer, dict) else ():
            if isinstance(inner, dict) and inner.get("network_id"):
                picture["network_id"] = inner["network_id"]
            for one in (inner.get("fixed_ips") or ()) if isinstance(inner, dict) else ():
                if one.get("subnet_id") == picture["id"]:
                    address = address or str(one.get("ip_address") or "")
    picture |= {"ipv6_address_mode": None, "ipv6_ra_mode": None}
    if not address and picture.get("ip_version") == 6:
        address = "10.0.0.9"
    if address:
        version = ipaddress.ip_address(address).version
        net = ipaddress.ip_network(f"{address}/{24 if version == 4 else 64}", strict=False)
        first = net.network_address
        picture |= {
            "cidr": str(net), "ip_version": version, "gateway_ip": str(first + 1), "subnetpool_id": None,
            "allocation_pools": [{"start": str(first + 2), "end": str(first + 254)}],
        }  # fmt: skip


def _new_group(stage: Staging, picture: dict[str, Any], where: dict[str, Any]) -> None:
    default = "security_group" not in stage.exchange.path and "security-group" not in stage.exchange.path
    picture |= {"name": "default" if default else "group", "security_group_rules": []}


SYNTHETIC: dict[str, Callable[[Staging, dict[str, Any], dict[str, Any]], None]] = {
    "network": _new_network,
    "subnet": _new_subnet,
    "security_group": _new_group,
}
for _kind in (
    "port", "router", "qos_policy", "subnetpool", "firewall_policy", "firewall_rule", "firewall_group", "volume",
    "volume_type", "image", "ikepolicy", "ipsecpolicy", "vpn_endpoint_group", "bgpvpn", "bgpvpn_router_association",
    "bgp_peer", "trunk", "server", "snapshot", "qos_specs", "server_group", "qos_bandwidth_limit_rule",
    "qos_dscp_marking_rule", "qos_minimum_bandwidth_rule", "group", "address_group", "keypair", "aggregate",
    "bgpvpn_network_association", "vpnservice", "tap_mirror", "domain", "project", "registered_limit",
    *load_balancer_rules.RULES, "load_balancer_flavor", "load_balancer_flavor_profile", "load_balancer_zone",
    "load_balancer_zone_profile",
    "user", "application_credential", "access_rule", "zone", "recordset", "zone_transfer_request", "zone_share",
    "zone_import", "zone_export", "tld", "blacklist", "tsigkey", *shared_file_system_rules.RULES,
):  # fmt: skip
    SYNTHETIC[_kind] = _plain


def _domain(stage: Staging, id: str, picture: dict[str, Any]) -> None:
    stage.plant("project", id, fill(Project(), {**picture, "is_domain": True, "options": {}, "tags": []}))


RULES["domain"] = _domain


def claims_of(kind: str, message: Any) -> Iterator[tuple[str, str]]:
    """Scope and key of what an object alone may have."""
    if kind == "security_group" and message.name == "default":
        yield DEFAULT_SCOPE, message.project_id
    if kind in ("user", "project"):
        yield f"{kind}_name/{message.domain_id}", message.name.lower()
    yield from load_balancer_rules.claims_of(kind, message)
    yield from dns_rules.claims_of(kind, message)
