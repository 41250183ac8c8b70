"""Names and ids of objects of other services: what a property may name, found as Heat's clients find it.

`LOOKUPS` says for each kind of object which RPCs show and list it, and what Heat says of one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mopenstack.contract.faults import BadRequest, Fault, NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, ResourceFailure

_DOMAIN = re.compile(r"\{(.*?)\}\Z")


@dataclass(frozen=True, slots=True)
class Lookup:
    """How an object is found.

    get, list    RPCs; "" where there is none
    missing      what is said of one that is not there; {value} is what was given
    many         what is said where several have the name; "" takes the first
    filters      what a list is asked besides
    key          the id in the object's document
    name         the key of the name
    only_ids     the get is asked for ids alone
    """

    get: str
    list: str
    missing: str
    many: str = ""
    key: str = "id"
    name: str = "name"
    only_ids: bool = False
    kind: str = "EntityNotFound"
    filters: Mapping[str, str] = field(default_factory=dict)
    microversion: int | None = None


def _network(service: str, noun: str, plural: str, word: str) -> Lookup:
    return Lookup(
        f"mopenstack.network.v2.{service}.Get{noun}",
        f"mopenstack.network.v2.{service}.List{plural}",
        f"Unable to find {word} with name or id '{{value}}'",
        f"Multiple {word} matches found for name '{{value}}', use an ID to be more specific.",
        kind="NeutronClientException",
    )


def _balancer(service: str, noun: str, plural: str) -> Lookup:
    return Lookup(
        f"mopenstack.load_balancer.v2.{service}.Get{noun}",
        f"mopenstack.load_balancer.v2.{service}.List{plural}",
        "{value} not found",
        "Multiple matches found for {value}",
        kind="NotFound",
    )


def _identity(service: str, noun: str, entity: str) -> Lookup:
    return Lookup(
        f"mopenstack.identity.v3.{service}.Get{noun}",
        f"mopenstack.identity.v3.{service}.List{service}",
        f"The {entity} ({{value}}) could not be found.",
    )


def _entity(package: str, service: str, noun: str, entity: str, **more: Any) -> Lookup:
    return Lookup(
        f"mopenstack.{package}.{service}.Get{noun}",
        f"mopenstack.{package}.{service}.List{service}",
        f"The {entity} ({{value}}) could not be found.",
        **more,
    )


LOOKUPS: Mapping[str, Lookup] = {
    "neutron.network": _network("Networks", "Network", "Networks", "network"),
    "neutron.subnet": _network("Subnets", "Subnet", "Subnets", "subnet"),
    "neutron.port": _network("Ports", "Port", "Ports", "port"),
    "neutron.router": _network("Routers", "Router", "Routers", "router"),
    "neutron.subnetpool": _network("Subnetpools", "Subnetpool", "Subnetpools", "subnetpool"),
    "neutron.address_scope": _network("AddressScopes", "AddressScope", "AddressScopes", "address_scope"),
    "neutron.security_group": _network("SecurityGroups", "SecurityGroup", "SecurityGroups", "security_group"),
    "neutron.qos_policy": _network("QosPolicies", "QosPolicy", "QosPolicies", "policy"),
    "neutron.floatingip": _network("Floatingips", "Floatingip", "Floatingips", "floatingip"),
    "neutron.segment": _network("Segments", "Segment", "Segments", "segment"),
    "neutron.port_pair": _network("PortPairs", "PortPair", "PortPairs", "port_pair"),
    "neutron.port_pair_group": _network("PortPairGroups", "PortPairGroup", "PortPairGroups", "port_pair_group"),
    "neutron.flow_classifier": _network("FlowClassifiers", "FlowClassifier", "FlowClassifiers", "flow_classifier"),
    "neutron.taas.tap_service": _network("TapServices", "TapService", "TapServices", "tap_service"),
    "neutron.taas.tap_flow": _network("TapFlows", "TapFlow", "TapFlows", "tap_flow"),
    "octavia.loadbalancer": _balancer("LoadBalancers", "LoadBalancer", "LoadBalancers"),
    "octavia.listener": _balancer("Listeners", "Listener", "Listeners"),
    "octavia.pool": _balancer("Pools", "Pool", "Pools"),
    "octavia.l7policy": _balancer("L7Policies", "L7Policy", "L7Policies"),
    "octavia.flavor": _balancer("Flavors", "Flavor", "Flavors"),
    "octavia.flavorprofile": _balancer("FlavorProfiles", "FlavorProfile", "FlavorProfiles"),
    "octavia.availabilityzone": _balancer("AvailabilityZones", "AvailabilityZone", "AvailabilityZones"),
    "octavia.availabilityzoneprofile": _balancer(
        "AvailabilityZoneProfiles", "AvailabilityZoneProfile", "AvailabilityZoneProfiles"
    ),
    "nova.server": _entity("compute.v2", "Servers", "Server", "Server"),
    "nova.flavor": Lookup(
        "mopenstack.compute.v2.Flavors.GetFlavor",
        "mopenstack.compute.v2.Flavors.ListFlavorsDetail",
        "No Flavor matching {{'name': '{value}'}}. (HTTP 404)",
        kind="NotFound",
    ),
    "nova.keypair": Lookup(
        "mopenstack.compute.v2.Keypairs.GetKeypair", "", "The Key ({value}) could not be found.", key="name"
    ),
    "nova.host": Lookup(
        "mopenstack.compute.v2.Hypervisors.SearchHypervisors",
        "",
        "No hypervisor matching '{value}' could be found. (HTTP 404)",
        kind="NotFound",
        microversion=1,
    ),
    "glance.image": Lookup(
        "mopenstack.image.v2.Images.GetImage",
        "mopenstack.image.v2.Images.ListImages",
        "No images matching {{'name': '{value}'}}.",
        "No images unique match found for {{'name': '{value}'}}.",
        only_ids=True,
        kind="EntityMatchNotFound",
    ),
    "cinder.volume": _entity("volume.v3", "Volumes", "Volume", "Volume"),
    "cinder.snapshot": _entity("volume.v3", "Snapshots", "Snapshot", "VolumeSnapshot"),
    "cinder.backup": _entity("volume.v3", "Backups", "Backup", "Volume backup"),
    "cinder.vtype": _entity("volume.v3", "Types", "Type", "VolumeType", only_ids=True, filters={"is_public": "None"}),
    "cinder.qos_specs": Lookup(
        "mopenstack.volume.v3.QosSpecs.GetQosSpecs",
        "mopenstack.volume.v3.QosSpecs.ListQosSpecs",
        "No QoSSpecs matching {{'name': '{value}'}}. (HTTP 404)",
        kind="NotFound",
    ),
    "keystone.project": _identity("Projects", "Project", "KeystoneProject"),
    "keystone.domain": _identity("Domains", "Domain", "KeystoneDomain"),
    "keystone.user": _identity("Users", "User", "KeystoneUser"),
    "keystone.group": _identity("Groups", "Group", "KeystoneGroup"),
    "keystone.role": _identity("Roles", "Role", "KeystoneRole"),
    "keystone.service": _identity("Services", "Service", "KeystoneService"),
    "keystone.region": Lookup(
        "mopenstack.identity.v3.Regions.GetRegion", "", "The KeystoneRegion ({value}) could not be found."
    ),
    "designate.zone": _entity("dns.v2", "Zones", "Zone", "Designate Zone"),
    "manila.share_network": _entity("shared_file_system.v2", "ShareNetworks", "ShareNetwork", "share network"),
    "manila.share_type": _entity("shared_file_system.v2", "ShareTypes", "ShareType", "share type"),
    "manila.security_service": _entity(
        "shared_file_system.v2", "SecurityServices", "SecurityService", "security service"
    ),
    "manila.share_snapshot": _entity("shared_file_system.v2", "Snapshots", "Snapshot", "share snapshot"),
    "magnum.cluster_template": _entity(
        "container_infra.v1", "ClusterTemplates", "ClusterTemplate", "ClusterTemplate", key="uuid"
    ),
    "mistral.workflow": _entity("workflow.v2", "Workflows", "Workflow", "Workflow"),
    "trove.flavor": Lookup(
        "mopenstack.compute.v2.Flavors.GetFlavor",
        "mopenstack.compute.v2.Flavors.ListFlavorsDetail",
        "No Flavor matching {{'name': '{value}'}}.",
        kind="NotFound",
    ),
}

ALIASES: Mapping[str, str] = {"nova.network": "neutron.network", "neutron.subnet_pool": "neutron.subnetpool"}
_FINDERS: Mapping[tuple[str, str], str] = {
    ("cinder", "get_volume_type"): "cinder.vtype",
    ("glance", "find_image_by_name_or_id"): "glance.image",
    ("nova", "find_flavor_by_name_or_id"): "nova.flavor",
    ("trove", "find_flavor_by_name_or_id"): "trove.flavor",
    ("neutron", "get_qos_policy_id"): "neutron.qos_policy",
    ("openstack", "find_network_segment"): "neutron.segment",
    ("openstack", "find_network_ip"): "neutron.floatingip",
    ("openstack", "find_network_port"): "neutron.port",
}
_ENTITIES: Mapping[str, str] = {"tap_service": "taas.tap_service", "subnet_pool": "subnetpool"}


def lookup_of(client: str, finder: str, entity: str | None) -> str:
    """The lookup that a finder of a client plugin stands for ("neutron.network")."""
    known = _FINDERS.get((client, finder))
    if known is not None:
        return known
    word = entity or finder.removeprefix("get_").removesuffix("_id")
    return f"{client}.{_ENTITIES.get(word, word)}"


async def find(context: Context, kind: str, value: str) -> str:
    """The id of an object that is given by its name or id; raises ResourceFailure with Heat's words."""
    kind = ALIASES.get(kind, kind)
    lookup = LOOKUPS[kind]
    if kind.startswith("keystone.") and lookup.list:
        return await _of_identity(context, kind, lookup, value)
    found = await _get(context, lookup, value)
    if found is None and lookup.list:
        found = _one(lookup, value, await _list(context, lookup, {lookup.name: value}, value))
    if found is None:
        raise _missing(lookup, value)
    return str(found.get(lookup.key, value))


async def _of_identity(context: Context, kind: str, lookup: Lookup, value: str) -> str:
    """Of Keystone: a name may say its domain, "demo{default}"."""
    given, filters = value, {}
    inner = _DOMAIN.search(value)
    if inner is not None and kind != "keystone.domain":
        value = value[: inner.start()]
        try:
            filters["domain_id"] = await find(context, "keystone.domain", inner.group(1))
        except ResourceFailure:
            raise _missing(lookup, given) from None
    found = await _get(context, lookup, value)
    if found is None:
        named = await _list(context, lookup, {"name": value, **filters}, value)
        found = named[0] if named else None
    if found is None:
        raise _missing(lookup, value)
    return str(found["id"])


async def _get(context: Context, lookup: Lookup, value: str) -> dict[str, Any] | None:
    if not lookup.get or not value or (lookup.only_ids and not is_uuid(value)):
        return None
    try:
        found = await rpcs.call(context, lookup.get, [value], microversion=lookup.microversion)
    except (NotFound, BadRequest):
        return None
    except Fault as error:
        raise ResourceFailure(error.text, lookup.kind) from None
    return found if isinstance(found, dict) else {}


async def _list(context: Context, lookup: Lookup, filters: Mapping[str, str], value: str) -> list[dict[str, Any]]:
    try:
        every = {**lookup.filters, **filters}
        found = await rpcs.listed(context, lookup.list, every, microversion=lookup.microversion)
    except Fault as error:
        raise ResourceFailure(error.text, lookup.kind) from None
    return [one for one in found if one.get(lookup.name) == value]


def _one(lookup: Lookup, value: str, found: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    if len(found) > 1 and lookup.many:
        raise ResourceFailure(lookup.many.format(value=value), lookup.kind)
    return found[0] if found else None


def _missing(lookup: Lookup, value: str) -> ResourceFailure:
    return ResourceFailure(lookup.missing.format(value=value), lookup.kind)


def is_uuid(value: str) -> bool:
    """Whether a text looks like a UUID, with dashes or without."""
    try:
        UUID(value)
    except ValueError:
        return False
    return True
