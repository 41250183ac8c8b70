"""AWS::EC2 on Neutron: a VPC is a network and a router of the same name, a route table a router of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from mopenstack.contract.faults import Conflict, NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import BUILT, Mapped, soon
from mopenstack.core.orchestration.resource_types.services.security import group_ids

_V2 = "mopenstack.network.v2."
_TABLE = "AWS::EC2::RouteTable"


async def external_network(context: Context) -> str:
    """The one network that leads outside; raises ResourceFailure where there are none or several."""
    found = await rpcs.listed(context, f"{_V2}Networks.ListNetworks", {"router:external": "true"})
    if len(found) != 1:
        raise ResourceFailure(f"Expected 1 external network, found {len(found)}")
    return str(found[0]["id"])


async def router_of(context: Context, network: str) -> dict[str, Any] | None:
    """The router of a VPC, which has the name of its network."""
    name = (await rpcs.call(context, f"{_V2}Networks.GetNetwork", [network]))["name"]
    found = await rpcs.listed(context, f"{_V2}Routers.ListRouters", {"name": name})
    if len(found) > 1:
        raise ResourceFailure(f"Multiple routers found with name {name}")
    return dict(found[0]) if found else None


async def set_gateway(context: Context, router: str, network: str) -> None:
    """Give a router its gateway."""
    body = {"external_gateway_info": {"network_id": network}}
    await rpcs.call(context, f"{_V2}Routers.UpdateRouter", [router], body)


async def _interface(context: Context, verb: str, router: str, subnet: str) -> None:
    await rpcs.call(context, f"{_V2}Routers.{verb}RouterInterface", [router], {"subnet_id": subnet})


class Plain(Mapped):
    """A type without attributes of its own, which no update changes."""

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        return

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return None

    async def show(self, context: Context, resource: Resource) -> Any:
        return None


class Vpc(Plain):
    """AWS::EC2::VPC."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        name = {"name": context.physical_name(resource, self.limit)}
        network = await rpcs.call(context, f"{_V2}Networks.CreateNetwork", body=name)
        await rpcs.call(context, f"{_V2}Routers.CreateRouter", body=name)
        return str(network["id"])

    async def created(self, context: Context, resource: Resource) -> float | None:
        router = await router_of(context, resource.physical_id)
        ready = BUILT.look(await self.document(context, resource)) and router is not None and BUILT.look(router)
        return None if ready else soon(context)

    async def delete(self, context: Context, resource: Resource) -> None:
        router = await router_of(context, resource.physical_id)
        if router is not None:
            await rpcs.call(context, f"{_V2}Routers.DeleteRouter", [router["id"]])
        await super().delete(context, resource)


class Subnet(Plain):
    """AWS::EC2::Subnet: on the router of its VPC."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        network = resource.properties["VpcId"]
        body = {"network_id": network, "cidr": resource.properties["CidrBlock"], "ip_version": 4}
        named = {**body, "name": context.physical_name(resource, self.limit)}
        made = await rpcs.call(context, self.rpc("Create"), body=named)
        router = await router_of(context, network)
        if router is not None:
            await _interface(context, "Add", router["id"], made["id"])
        return str(made["id"])

    async def delete(self, context: Context, resource: Resource) -> None:
        with suppress(NotFound):
            router = await router_of(context, resource.properties["VpcId"])
            if router is not None:
                await _interface(context, "Remove", router["id"], resource.physical_id)
        await super().delete(context, resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return resource.properties.get("AvailabilityZone")


class RouteTable(Plain):
    """AWS::EC2::RouteTable: a router, whose gateway is that of its VPC."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        name = {"name": context.physical_name(resource, self.limit)}
        return str((await rpcs.call(context, self.rpc("Create"), body=name))["id"])

    async def created(self, context: Context, resource: Resource) -> float | None:
        if not BUILT.look(await self.document(context, resource)):
            return soon(context)
        router = await router_of(context, resource.properties["VpcId"])
        if router is not None and router.get("external_gateway_info"):
            await set_gateway(context, resource.physical_id, router["external_gateway_info"]["network_id"])
        return None


class TableAssociation(Plain):
    """AWS::EC2::SubnetRouteTableAssociation: a subnet leaves the router of its VPC for another one."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        subnet = resource.properties["SubnetId"]
        router = await self._of(context, subnet)
        if router is not None:
            with suppress(NotFound):
                await _interface(context, "Remove", router["id"], subnet)
        await _interface(context, "Add", resource.properties["RouteTableId"], subnet)
        return None

    async def delete(self, context: Context, resource: Resource) -> None:
        subnet = resource.properties["SubnetId"]
        for verb in ("Remove", "Add"):
            try:
                router = {"id": resource.properties["RouteTableId"]} if verb == "Remove" else None
                router = router or await self._of(context, subnet)
                if router is not None:
                    await _interface(context, verb, router["id"], subnet)
            except NotFound:
                continue

    @staticmethod
    async def _of(context: Context, subnet: str) -> dict[str, Any] | None:
        found = await rpcs.call(context, f"{_V2}Subnets.GetSubnet", [subnet])
        return await router_of(context, found["network_id"])


class InternetGateway(Plain):
    """AWS::EC2::InternetGateway: a name for the external network."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        return context.physical_name(resource, self.limit)

    async def delete(self, context: Context, resource: Resource) -> None:
        return


class GatewayAttachment(Plain):
    """AWS::EC2::VPCGatewayAttachment: the gateway of all route tables of a VPC in its stack."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return [one.name for one in self._tables(resource, others)]

    async def create(self, context: Context, resource: Resource) -> str | None:
        network = await external_network(context)
        for table in self._tables(resource, await context.peers()):
            await set_gateway(context, table.physical_id, network)
        return None

    async def delete(self, context: Context, resource: Resource) -> None:
        for table in self._tables(resource, await context.peers()):
            try:
                body: dict[str, Any] = {"external_gateway_info": {}}
                await rpcs.call(context, f"{_V2}Routers.UpdateRouter", [table.physical_id], body)
            except NotFound:
                continue

    @staticmethod
    def _tables(resource: Resource, others: Sequence[Resource]) -> list[Resource]:
        wanted = resource.properties.get("VpcId")
        return [one for one in others if one.type == _TABLE and one.properties.get("VpcId") == wanted]


class NetworkInterface(Plain):
    """AWS::EC2::NetworkInterface: a port on a subnet."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = resource.properties
        fixed = {"subnet_id": given["SubnetId"]}
        if given.get("PrivateIpAddress"):
            fixed["ip_address"] = given["PrivateIpAddress"]
        name = context.physical_name(resource, self.limit)
        made = await make_port(context, given["SubnetId"], given.get("GroupSet"), name=name, fixed_ips=[fixed])
        return str(made["id"])

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        groups = new.get("GroupSet")
        ids = await group_ids(context, ["default"] if groups is None else groups)
        await rpcs.call(context, self.rpc("Update"), [resource.physical_id], {"security_groups": ids})

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        return fixed_address(await self.document(context, resource))


def fixed_address(port: Mapping[str, Any]) -> str | None:
    """The first address of a port."""
    return next((str(one["ip_address"]) for one in port.get("fixed_ips") or ()), None)


async def make_port(context: Context, subnet: str, groups: list[str] | None, **more: Any) -> dict[str, Any]:
    """Make a port on a subnet."""
    network = (await rpcs.call(context, f"{_V2}Subnets.GetSubnet", [subnet]))["network_id"]
    body = {"admin_state_up": True, "network_id": network, "fixed_ips": [{"subnet_id": subnet}], **more}
    if groups is not None:
        body["security_groups"] = await group_ids(context, groups)
    made: dict[str, Any] = await rpcs.call(context, f"{_V2}Ports.CreatePort", body=body)
    return made


class SecurityGroup(Plain):
    """AWS::EC2::SecurityGroup: with its rules, which are all of IPv4."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = resource.properties
        body = {"name": context.physical_name(resource, self.limit), "description": given["GroupDescription"]}
        made = await rpcs.call(context, self.rpc("Create"), body=body)
        if given.get("SecurityGroupEgress"):
            await self._drop(context, [one for one in made["security_group_rules"] if one["direction"] == "egress"])
        await self._add(context, made["id"], [*_rules(given, "ingress"), *_rules(given, "egress")])
        return str(made["id"])

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        found = (await self.document(context, resource))["security_group_rules"]
        wanted = [*_rules(new, "egress"), *_rules(new, "ingress")]
        there = [{key: _text(one.get(key)) for key in _KEYS} for one in found]
        await self._drop(context, [one for one, rule in zip(found, there, strict=True) if rule not in wanted])
        await self._add(context, resource.physical_id, [one for one in wanted if one not in there])

    async def delete(self, context: Context, resource: Resource) -> None:
        await self._drop(context, (await self.document(context, resource))["security_group_rules"])
        await super().delete(context, resource)

    @staticmethod
    async def _add(context: Context, group: str, rules: Sequence[Mapping[str, Any]]) -> None:
        for rule in rules:
            body = {key: value for key, value in rule.items() if value is not None}
            for key in ("port_range_min", "port_range_max"):
                if key in body:
                    body[key] = int(body[key])
            try:
                more = {"ethertype": "IPv4", "security_group_id": group}
                await rpcs.call(context, f"{_V2}SecurityGroupRules.CreateSecurityGroupRule", body={**body, **more})
            except Conflict:
                continue

    @staticmethod
    async def _drop(context: Context, rules: Sequence[Mapping[str, Any]]) -> None:
        for rule in rules:
            try:
                await rpcs.call(context, f"{_V2}SecurityGroupRules.DeleteSecurityGroupRule", [rule["id"]])
            except NotFound:
                continue


_KEYS = ("direction", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")


def _rules(properties: Mapping[str, Any], direction: str) -> list[dict[str, Any]]:
    """The rules of a direction as Neutron has them, all values as texts."""
    found = []
    for one in properties.get(f"SecurityGroup{direction.capitalize()}") or ():
        low, high = one.get("FromPort"), one.get("ToPort")
        anything = low is None and high is None
        found.append(
            {
                "direction": direction,
                "protocol": one.get("IpProtocol"),
                "port_range_min": None if low is None or int(low) < 0 else str(int(low)),
                "port_range_max": None if high is None or int(high) < 0 else str(int(high)),
                "remote_ip_prefix": None if anything else one.get("CidrIp"),
                "remote_group_id": one.get("SourceSecurityGroupId") or one.get("SourceSecurityGroupName"),
            }
        )
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


class ElasticIp(Plain):
    """AWS::EC2::EIP: a floating IP. Its reference is its address."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        body = {"floating_network_id": await external_network(context)}
        made = await rpcs.call(context, self.rpc("Create"), body=body)
        if resource.properties.get("InstanceId"):
            await float_server(context, made["id"], resource.properties["InstanceId"])
        return str(made["id"])

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await float_server(context, resource.physical_id, new.get("InstanceId"))

    async def reference(self, context: Context, resource: Resource) -> Any:
        if not resource.physical_id:
            return resource.name
        try:
            return (await self.document(context, resource))["floating_ip_address"]
        except NotFound:
            return resource.name

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return resource.physical_id or None


async def float_server(context: Context, floating_ip: str, server: str | None) -> None:
    """Put a floating IP at the first interface of a server, or at none."""
    body: dict[str, Any] = {"port_id": None, "fixed_ip_address": None}
    if server:
        port = await port_of(context, server)
        address = next(one["ip_address"] for one in port["fixed_ips"] if ":" not in one["ip_address"])
        body = {"port_id": port["id"], "fixed_ip_address": address}
    await rpcs.call(context, f"{_V2}Floatingips.UpdateFloatingip", [floating_ip], body)


async def port_of(context: Context, server: str) -> dict[str, Any]:
    found = await rpcs.listed(context, f"{_V2}Ports.ListPorts", {"device_id": server})
    if not found:
        raise ResourceFailure(f"No network interface found for server ({server}).", "InterfaceNotFound")
    return dict(found[0])


async def of_address(context: Context, address: str) -> str:
    """The id of a floating IP by its address."""
    found = await rpcs.listed(context, f"{_V2}Floatingips.ListFloatingips", {"floating_ip_address": address})
    if not found:
        text = f"No floatingip matching {{'ip_address': '{address}'}}."
        raise ResourceFailure(text, "EntityMatchNotFound")
    return str(found[0]["id"])
