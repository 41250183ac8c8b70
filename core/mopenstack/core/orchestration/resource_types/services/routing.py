"""What rows cannot say of Neutron's routers: interfaces, gateways, routes, floating IPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, conflict, unspecified, without_nulls
from mopenstack.core.orchestration.resource_types.services import follows

_V2 = "mopenstack.network.v2."


class Router(Mapped):
    """OS::Neutron::Router: with the agents that serve it."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        gateway = resource.properties.get("external_gateway_info") or {}
        return follows.subnets_of(others, gateway.get("network"))

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        # Without a network there is no gateway; Heat sends the empty map.
        body = super().sent(values)
        if "external_gateway_info" in body and not body["external_gateway_info"]:
            body["external_gateway_info"] = {}
        return body

    async def create(self, context: Context, resource: Resource) -> str | None:
        physical_id = str(await super().create(context, resource))
        wanted = _agents(resource.properties)
        if wanted:
            await self._move(context, physical_id, wanted)
        return physical_id

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        words = {"l3_agent_id", "l3_agent_ids"}
        if changed & words:
            await self._move(context, resource.physical_id, _agents(new))
        await super().update(context, resource, new, changed - words)

    @staticmethod
    async def _move(context: Context, physical_id: str, wanted: list[str]) -> None:
        for agent in await rpcs.listed(context, f"{_V2}AgentSchedulers.ListL3Agents", path=[physical_id]):
            await rpcs.call(context, f"{_V2}AgentSchedulers.RemoveL3Router", [agent["id"], physical_id])
        for one in wanted:
            await rpcs.call(context, f"{_V2}AgentSchedulers.AddL3Router", [one], {"router_id": physical_id})


def _agents(properties: Mapping[str, Any]) -> list[str]:
    one = properties.get("l3_agent_id")
    return list(properties.get("l3_agent_ids") or ([one] if one else []))


class RouterInterface(Mapped):
    """OS::Neutron::RouterInterface: its id names router and subnet or port."""

    async def validate(self, context: Context, resource: Resource) -> None:
        conflict(resource, "subnet", "port")
        if not {"subnet_id", "port_id"} & resource.given:
            unspecified(resource, "subnet", "port")

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = without_nulls(dict(resource.properties))
        for old in ("router_id", "subnet_id", "port_id"):
            given.setdefault(old.removesuffix("_id"), given.get(old))
        given = await self.resolved(context, without_nulls(given))
        key, value = ("subnet_id", given["subnet"]) if given.get("subnet") else ("port_id", given.get("port"))
        await rpcs.call(context, f"{_V2}Routers.AddRouterInterface", [given["router"]], {key: value})
        return f"{given['router']}:{key}={value}"

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        return

    async def delete(self, context: Context, resource: Resource) -> None:
        router, _, rest = resource.physical_id.partition(":")
        key, _, value = rest.partition("=")
        await rpcs.call(context, f"{_V2}Routers.RemoveRouterInterface", [router], {key: value})

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return None

    async def show(self, context: Context, resource: Resource) -> Any:
        return None


class RouterGateway(RouterInterface):
    """OS::Neutron::RouterGateway, which old stacks have: the gateway of a router."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return follows.interfaces_of(others, resource.properties.get("router_id")) + follows.subnets_of(
            others, follows.network(resource.properties)
        )

    async def validate(self, context: Context, resource: Resource) -> None:
        return

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = without_nulls(dict(resource.properties))
        given.setdefault("network", given.get("network_id"))
        given = await self.resolved(context, given)
        body = {"external_gateway_info": {"network_id": given["network"]}}
        await rpcs.call(context, f"{_V2}Routers.UpdateRouter", [given["router_id"]], body)
        return f"{given['router_id']}:{given['network']}"

    async def delete(self, context: Context, resource: Resource) -> None:
        router = resource.physical_id.partition(":")[0]
        await rpcs.call(context, f"{_V2}Routers.UpdateRouter", [router], {"external_gateway_info": {}})


class FloatingIp(Mapped):
    """OS::Neutron::FloatingIP."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        given = resource.properties
        external = given.get("floating_network") or given.get("floating_network_id")
        return follows.gateways_of(others, external) + follows.interfaces_below(
            others, resource.properties.get("port_id")
        )

    async def validate(self, context: Context, resource: Resource) -> None:
        if "port_id" not in resource.given and resource.properties.get("fixed_ip_address") is not None:
            raise ResourceFailure("fixed_ip_address cannot be specified without port_id.", "ResourcePropertyDependency")

    def change(
        self, context: Context, resource: Resource, values: dict[str, Any], new: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {"port_id": new.get("port_id"), "fixed_ip_address": new.get("fixed_ip_address")}


class FloatingIpAssociation(Mapped):
    """OS::Neutron::FloatingIPAssociation: a floating IP at a port."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return follows.interfaces_below(others, resource.properties.get("port_id"))

    async def create(self, context: Context, resource: Resource) -> str | None:
        await self._bind(context, resource.properties)
        return resource.uuid

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if "floatingip_id" in changed:
            await self._free(context, resource.properties["floatingip_id"])
        await self._bind(context, new)

    async def delete(self, context: Context, resource: Resource) -> None:
        await self._free(context, resource.properties["floatingip_id"])

    @staticmethod
    async def _bind(context: Context, properties: Mapping[str, Any]) -> None:
        body = {"port_id": properties["port_id"]}
        if properties.get("fixed_ip_address"):
            body["fixed_ip_address"] = properties["fixed_ip_address"]
        await rpcs.call(context, f"{_V2}Floatingips.UpdateFloatingip", [properties["floatingip_id"]], body)

    @staticmethod
    async def _free(context: Context, floating_ip: str) -> None:
        try:
            await rpcs.call(context, f"{_V2}Floatingips.UpdateFloatingip", [floating_ip], {"port_id": None})
        except NotFound:
            return

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return None

    async def show(self, context: Context, resource: Resource) -> Any:
        return None


class ExtraRoute(RouterInterface):
    """OS::Neutron::ExtraRoute: one route of a router."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return follows.interfaces_of(others, resource.properties.get("router_id"))

    async def validate(self, context: Context, resource: Resource) -> None:
        return

    async def create(self, context: Context, resource: Resource) -> str | None:
        router = str(resource.properties["router_id"])
        routes, mine = await _routes(context, router), _route(resource.properties)
        if mine in routes:
            raise ResourceFailure("Route duplicates an existing route.")
        await rpcs.call(context, f"{_V2}Routers.UpdateRouter", [router], {"routes": [*routes, mine]})
        return f"{router}:{mine['destination']}:{mine['nexthop']}"

    async def delete(self, context: Context, resource: Resource) -> None:
        router = str(resource.properties["router_id"])
        routes, mine = await _routes(context, router), _route(resource.properties)
        if mine in routes:
            left = [one for one in routes if one != mine]
            await rpcs.call(context, f"{_V2}Routers.UpdateRouter", [router], {"routes": left})


class ExtraRouteSet(RouterInterface):
    """OS::Neutron::ExtraRouteSet: routes of a router that it does not share with others."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return follows.interfaces_of(others, resource.properties.get("router"))

    async def validate(self, context: Context, resource: Resource) -> None:
        return

    async def create(self, context: Context, resource: Resource) -> str | None:
        router = str(resource.properties["router"])
        await self._change(context, router, "Add", [_route(one) for one in resource.properties["routes"] or ()])
        return router

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        router = str(resource.properties["router"])
        old = [_route(one) for one in resource.properties["routes"] or ()]
        wanted = [_route(one) for one in new["routes"] or ()]
        await self._change(context, router, "Remove", [one for one in old if one not in wanted])
        await self._change(context, router, "Add", [one for one in wanted if one not in old])

    async def delete(self, context: Context, resource: Resource) -> None:
        routes = [_route(one) for one in resource.properties["routes"] or ()]
        await self._change(context, str(resource.properties["router"]), "Remove", routes)

    @staticmethod
    async def _change(context: Context, router: str, verb: str, routes: list[dict[str, str]]) -> None:
        if verb == "Add":
            there = await _routes(context, router)
            double = next((one for one in routes if one in there), None)
            if double is not None:
                name = f"{router},{double['destination']}={double['nexthop']}"
                raise ResourceFailure(f"The physical resource for ({name}) exists.", "PhysicalResourceExists")
        await rpcs.call(context, f"{_V2}Routers.{verb}Extraroutes", [router], {"routes": routes})


def _route(given: Mapping[str, Any]) -> dict[str, str]:
    return {"destination": given["destination"], "nexthop": given["nexthop"]}


async def _routes(context: Context, router: str) -> list[dict[str, str]]:
    found = await rpcs.call(context, f"{_V2}Routers.GetRouter", [router])
    return [_route(one) for one in found.get("routes") or ()]
