"""What rows cannot say of Neutron's types: networks, subnets, ports, trunks, security groups, pools."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import Conflict, Fault, NotFound
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, conflict, refuse, unspecified, without_nulls
from mopenstack.core.orchestration.resource_types.services import follows
from mopenstack.core.orchestration.resource_types.services.security import group_ids

_V2 = "mopenstack.network.v2."


class Net(Mapped):
    """OS::Neutron::Net: with the agents that serve it."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        physical_id = await super().create(context, resource)
        await self._agents(context, str(physical_id), resource.properties.get("dhcp_agent_ids") or [])
        return physical_id

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if "dhcp_agent_ids" in changed:
            await self._agents(context, resource.physical_id, new.get("dhcp_agent_ids") or [], drop=True)
        await super().update(context, resource, new, changed - {"dhcp_agent_ids"})

    @staticmethod
    async def _agents(context: Context, physical_id: str, wanted: list[str], *, drop: bool = False) -> None:
        if not wanted and not drop:
            return
        found = await rpcs.listed(context, f"{_V2}AgentSchedulers.ListDhcpAgents", path=[physical_id])
        old = {one["id"] for one in found}
        for agent in sorted(set(wanted) - old):
            try:
                await rpcs.call(context, f"{_V2}AgentSchedulers.AddDhcpNetwork", [agent], {"network_id": physical_id})
            except Conflict:
                continue
        for agent in sorted(old - set(wanted)):
            try:
                await rpcs.call(context, f"{_V2}AgentSchedulers.RemoveDhcpNetwork", [agent, physical_id])
            except (Conflict, NotFound):
                continue

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name != "segments" or not resource.physical_id:
            return await super().attribute(context, resource, name)
        found = await rpcs.listed(context, f"{_V2}Segments.ListSegments", {"network_id": resource.physical_id})
        return sorted(found, key=lambda one: one.get("name") is not None)


class ProviderNet(Net):
    """OS::Neutron::ProviderNet: a network with the provider's attributes."""

    async def validate(self, context: Context, resource: Resource) -> None:
        kind = resource.properties.get("network_type")
        refuse(
            bool(resource.properties.get("segmentation_id")) and kind in ("local", "flat"),
            "segmentation_id not allowed for network types: local, flat",
        )
        refuse(
            bool(resource.properties.get("physical_network")) and kind in ("vxlan", "gre", "geneve", "local"),
            "physical_network not allowed for network types: vxlan, gre, geneve, flat",
        )


class Subnet(Mapped):
    """OS::Neutron::Subnet."""

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        conflict(resource, "subnetpool", "cidr")
        unspecified(resource, "subnetpool", "cidr")
        conflict(resource, "prefixlen", "cidr")
        ra_mode, address_mode = given.get("ipv6_ra_mode"), given.get("ipv6_address_mode")
        refuse(
            given.get("ip_version") == 4 and bool(ra_mode or address_mode),
            "ipv6_ra_mode and ipv6_address_mode are not supported for ipv4.",
        )
        refuse(
            bool(ra_mode and address_mode and ra_mode != address_mode),
            "When both ipv6_ra_mode and ipv6_address_mode are set, they must be equal.",
        )
        gateway = given.get("gateway_ip")
        refuse(
            bool(gateway) and gateway not in ("~", "auto") and not _is_ip(gateway),
            f"('Gateway IP address \"%(gateway)s\" is in invalid format.', '{gateway}')",
        )

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        return _gateway(super().body(context, resource, values))

    def change(
        self, context: Context, resource: Resource, values: dict[str, Any], new: Mapping[str, Any]
    ) -> dict[str, Any]:
        if values.get("segment") and resource.properties.get("segment") is not None:
            raise ResourceFailure(
                "Updating the subnet segment assciation only allowed when the current segment_id is None. The subnet "
                "is currently associated with segment. In this state update is not supported for resource.",
                "ResourceActionNotSupported",
            )
        if values.get("gateway_ip") == "auto":
            raise ResourceFailure(
                'The value "auto" for gateway_ip cannot be used to update an existing subnet. It is only supported '
                "during subnet creation. is not supported for resource.",
                "ResourceActionNotSupported",
            )
        if "allocation_pools" in values and values["allocation_pools"] is None:
            values["allocation_pools"] = []
        return _gateway(super().change(context, resource, values, new))


def _is_ip(text: Any) -> bool:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True


def _gateway(body: dict[str, Any]) -> dict[str, Any]:
    """An empty gateway_ip is none; "auto" is left to Neutron."""
    if body.get("gateway_ip") == "auto":
        del body["gateway_ip"]
    elif body.get("gateway_ip") == "":
        body["gateway_ip"] = None
    return body


class Port(Mapped):
    """OS::Neutron::Port."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return follows.subnets_of(others, follows.network(resource.properties))

    async def validate(self, context: Context, resource: Resource) -> None:
        conflict(resource, "fixed_ips", "no_fixed_ips")

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        return new.get("replacement_policy") == "REPLACE_ALWAYS"

    async def give_way(self, context: Context, resource: Resource) -> None:
        try:
            found = await self.document(context, resource)
        except NotFound:
            return
        resource.data["port_fip"] = json.dumps(found.get("fixed_ips") or [])
        await self._set_addresses(context, resource, [])

    async def come_back(self, context: Context, resource: Resource, successor: Resource | None) -> None:
        if successor is not None and successor.physical_id:
            await self._set_addresses(context, successor, [])
        addresses = json.loads(resource.data.get("port_fip") or "[]")
        if addresses and resource.physical_id:
            await self._set_addresses(context, resource, addresses)

    async def _set_addresses(self, context: Context, resource: Resource, addresses: list[Any]) -> None:
        await self.changed(context, resource, {"fixed_ips": addresses})

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        values = await super().resolved(context, values)
        if values.get("qos_policy"):
            values["qos_policy"] = await references.find(context, "neutron.qos_policy", values["qos_policy"])
        if "security_groups" in values:
            wanted = values["security_groups"]
            values["security_groups"] = await group_ids(context, ["default"] if wanted is None else wanted)
        return values

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        return self._prepared(super().body(context, resource, values), bool(values.get("no_fixed_ips")))

    def change(
        self, context: Context, resource: Resource, values: dict[str, Any], new: Mapping[str, Any]
    ) -> dict[str, Any]:
        body = super().change(context, resource, values, new)
        return self._prepared(body, bool(values.get("no_fixed_ips")))

    @staticmethod
    def _prepared(body: dict[str, Any], without_addresses: bool) -> dict[str, Any]:
        if without_addresses:
            body["fixed_ips"] = []
        elif not body.get("fixed_ips"):
            body.pop("fixed_ips", None)  # Heat lets Neutron choose, and keeps what it chose
        if body.get("mac_address"):  # Neutron takes it in several notations
            body["mac_address"] = str(body["mac_address"]).replace("-", ":").lower()
        if "allowed_address_pairs" in body:
            body["allowed_address_pairs"] = body["allowed_address_pairs"] or []
        return body

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name not in ("subnets", "network") or not resource.physical_id:
            return await super().attribute(context, resource, name)
        found = await self.document(context, resource)
        try:
            if name == "network":
                return await rpcs.call(context, f"{_V2}Networks.GetNetwork", [found["network_id"]])
            subnets = [one["subnet_id"] for one in found.get("fixed_ips") or ()]
            return [await rpcs.call(context, f"{_V2}Subnets.GetSubnet", [one]) for one in subnets]
        except Fault:
            return None


class Trunk(Mapped):
    """OS::Neutron::Trunk: an update takes subports away, then adds those that are new."""

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await super().update(context, resource, new, changed - {"sub_ports"})
        if "sub_ports" not in changed:
            return
        old, wanted = list(resource.properties.get("sub_ports") or ()), list(new.get("sub_ports") or ())
        gone, fresh = [one for one in old if one not in wanted], [one for one in wanted if one not in old]
        for verb, parts in (("RemoveSubports", gone), ("AddSubports", fresh)):
            if parts:
                values = await self.resolved(context, {"sub_ports": without_nulls(parts)})
                body = {"sub_ports": self.sent(values)["sub_ports"]}
                if verb == "RemoveSubports":
                    body = {"sub_ports": [{"port_id": one["port_id"]} for one in body["sub_ports"]]}
                await rpcs.call(context, f"{_V2}Trunks.{verb}", [resource.physical_id], body)


class SubnetPool(Mapped):
    """OS::Neutron::SubnetPool."""

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        for low, high, order in (
            ("min_prefixlen", "max_prefixlen", False),
            ("default_prefixlen", "max_prefixlen", False),
            ("min_prefixlen", "default_prefixlen", True),
        ):
            first, second = (low, high) if order else (high, low)
            refuse(
                bool(given.get(low) and given.get(high) and given[low] > given[high]),
                f"Illegal prefix bounds: {first}={given.get(first)}, {second}={given.get(second)}.",
            )

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("address_scope"):
            values["address_scope"] = await references.find(context, "neutron.address_scope", values["address_scope"])
        return values

    def change(
        self, context: Context, resource: Resource, values: dict[str, Any], new: Mapping[str, Any]
    ) -> dict[str, Any]:
        if "prefixes" in values:
            old, wanted = resource.properties["prefixes"] or [], values["prefixes"] or []
            networks = [ipaddress.ip_network(one, strict=False) for one in wanted]
            covered = all(any(_within(one, network) for network in networks) for one in old)
            refuse(
                not covered,
                f"Property prefixes updated value {sorted(wanted)} should be superset of existing value {sorted(old)}.",
            )
        return super().change(context, resource, values, new)


def _within(text: str, network: Any) -> bool:
    inner: Any = ipaddress.ip_network(text, strict=False)
    return bool(inner.version == network.version and inner.subnet_of(network))


class Segment(Mapped):
    """OS::Neutron::Segment."""

    async def validate(self, context: Context, resource: Resource) -> None:
        kind, number = resource.properties.get("network_type"), resource.properties.get("segmentation_id")
        physical = resource.properties.get("physical_network")
        needs, forbids = "{} is required for {} provider network.", "{} is prohibited for {} provider network."
        refuse(kind in ("flat", "vlan") and physical is None, needs.format("physical_network", kind))
        refuse(kind == "vlan" and number is None, needs.format("segmentation_id", kind))
        refuse(kind in ("local", "flat") and number is not None, forbids.format("segmentation_id", kind))
        tunnel = kind in ("vxlan", "gre", "geneve")
        refuse(tunnel and physical is not None, forbids.format("physical_network", kind))
        refuse(
            kind == "vlan" and number is not None and number > 4094,
            "Up to 4094 VLAN network segments can exist on each physical_network.",
        )


class RbacPolicy(Mapped):
    """OS::Neutron::RBACPolicy: its object is of the kind that another property says."""

    actions: Mapping[str, tuple[str, ...]] = {
        "network": ("access_as_shared", "access_as_external"),
        "qos_policy": ("access_as_shared",),
        "security_group": ("access_as_shared",),
        "address_scope": ("access_as_shared",),
        "subnetpool": ("access_as_shared",),
    }

    async def validate(self, context: Context, resource: Resource) -> None:
        kind, action = resource.properties.get("object_type"), resource.properties.get("action")
        known = self.actions.get(str(kind), ())
        refuse(
            bool(kind and action) and action not in known,
            f"Property error: resources.{resource.name}.properties.action: "
            f'Invalid action "{action}" for object type {kind}. Valid actions: {", ".join(known)}',
        )

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("object_id"):
            kind = f"neutron.{values['object_type']}"
            values["object_id"] = await references.find(context, kind, values["object_id"])
        return values


class QosRule(Mapped):
    """A rule of a QoS policy, which is given by its name or id."""

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("policy"):
            values["policy"] = await references.find(context, "neutron.qos_policy", values["policy"])
        return values

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        # A rule belongs to its policy's project: the property is kept for old templates.
        return {name: value for name, value in super().sent(values).items() if name != "tenant_id"}
