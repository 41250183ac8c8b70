"""Routers (neutron.db.l3_db, neutron.db.l3_gwmode_db, neutron.db.extraroute_db).

The gateway is a port on an external network that belongs to nobody; what `external_gateway_info` says of
addresses is read from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network import device_ports, router_interfaces, router_routes
from mopenstack.core.network.availability_zones import ZONES, check_hints
from mopenstack.core.network.flavors import NetworkFlavors
from mopenstack.core.network.l3_errors import (
    PolicyNotAuthorized,
    RouterExternalGatewayInUseByFloatingIp,
    RouterInUse,
    RouterNotFound,
)
from mopenstack.core.network.networks import Networks
from mopenstack.core.network.resource import NeutronResource, check_qos_policy, invalid
from mopenstack.core.network.router_interfaces import GATEWAY_OWNER, bad_router
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2 import routers_pb2 as pb
from mopenstack.network.v2.conntrack_helpers_pb2 import ConntrackHelper
from mopenstack.network.v2.floatingips_pb2 import Floatingip
from mopenstack.network.v2.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.routers_pb2 import ExtraroutesResponse, Router, RouterInFull
from mopenstack.network.v2.subnets_pb2 import Subnet

Gateway = Router.ExternalGatewayInfo
GATEWAY = "external_gateway_info"
ADMIN_FIELDS = ("external_fixed_ips", "enable_snat")
"""Keys of external_gateway_info that only an administrator may give, in the order of the policy's text."""


class Routers(NeutronResource[Router]):
    service = pb.DESCRIPTOR.services_by_name["Routers"]
    message = Router
    not_found = RouterNotFound

    async def view(self, call: Call, obj: Router) -> Message:
        async def build() -> Router:
            found = await call.tx.get(Router, obj.id)
            seen = copy_of(obj if found is None else found)
            ports = await call.tx.query(Port, device_id=obj.id)
            # An agent takes a router up with its first port; the zone is the agent's.
            seen.availability_zones.extend(ZONES if ports else ())
            for fixed in (fixed for port in ports if port.id == seen.gw_port_id for fixed in port.fixed_ips):
                seen.external_gateway_info.external_fixed_ips.add(
                    subnet_id=fixed.subnet_id, ip_address=fixed.ip_address
                )
            for helper in await call.tx.query(ConntrackHelper, router_id=obj.id):
                copy_fields(helper, seen.conntrack_helpers.add(), Router.ShownHelper.DESCRIPTOR.fields_by_name)
            if seen.qos_policy_id:
                seen.external_gateway_info.qos_policy_id = seen.qos_policy_id
            return seen

        return await call.tx.view(("router", obj.id), build)

    # -- create, update, delete

    async def prepare(self, call: Call, obj: Router, request: Any, given: set[str]) -> None:
        check_hints(obj.availability_zone_hints)
        if obj.flavor_id:
            await call.service(NetworkFlavors).check_usable(call, obj.flavor_id)
        obj.status, obj.revision_number = "ACTIVE", 1
        wanted = self._wanted(call, obj, given)
        obj.ClearField(GATEWAY)
        if wanted is not None:
            await self._set_gateway(call, obj, wanted)
            obj.revision_number += 1

    async def change(self, call: Call, old: Router, new: Router, request: Any, given: set[str]) -> None:
        self._check_flags(old, new)
        if GATEWAY in given:
            wanted = self._wanted(call, new, given)
            copy_fields(old, new, [GATEWAY])
            await self._set_gateway(call, new, wanted)
        if "routes" in given:
            await self._set_routes(call, new, router_routes.pairs(new.routes))

    async def remove(self, call: Call, obj: Router) -> None:
        inner = await router_interfaces.interfaces(call, obj.id)
        if inner:
            names = ", ".join(port.id for port in inner)
            raise RouterInUse(router_id=obj.id, why=f"has ports still attached: {names}")
        if obj.gw_port_id:
            await self._drop_gateway(call, copy_of(obj))
        for helper in await call.tx.query(ConntrackHelper, router_id=obj.id):
            await call.tx.delete(ConntrackHelper, helper.id)

    @staticmethod
    def _check_flags(old: Router, new: Router) -> None:
        if old.distributed != new.distributed and new.admin_state_up:
            raise bad_router(
                "Cannot change the 'distributed' attribute of active routers. "
                "Please set router admin_state_up to False prior to upgrade"
            )
        if old.ha != new.ha and new.admin_state_up:
            raise bad_router(
                "Cannot change HA attribute of active routers. "
                "Please set router admin_state_up to False prior to upgrade"
            )

    @staticmethod
    async def _set_routes(call: Call, router: Router, routes: Sequence[router_routes.Route]) -> None:
        router_routes.check_values(routes)
        await router_routes.check_reachable(call, router.id, routes)
        router_routes.write(router, routes)

    # -- the gateway

    @staticmethod
    def _wanted(call: Call, router: Router, given: set[str]) -> Gateway | None:
        """The gateway that a request asks for; None for none."""
        if GATEWAY not in given or not router.HasField("external_gateway_info"):
            return None
        wanted = copy_of(router.external_gateway_info)
        keys = {field.name for field, _ in wanted.ListFields()}
        if not keys:
            return None
        if "network_id" not in keys:
            provided = "{" + ", ".join(f"'{key}'" for key in sorted(keys)) + "}"
            raise invalid(
                GATEWAY,
                f"Validation of dictionary's keys failed. Expected keys: {{'network_id'}} Provided keys: {provided}",
            )
        refused = [key for key in ADMIN_FIELDS if key in keys]
        if refused and not call.caller.is_admin and call.operation is not None:
            raise _refusal(call.operation.options.policy.name, refused)
        return wanted

    async def _set_gateway(self, call: Call, router: Router, wanted: Gateway | None) -> None:
        port = await call.tx.get(Port, router.gw_port_id) if router.gw_port_id else None
        subnets = await self._check_gateway(call, router, wanted)
        asked = [_fixed(item) for item in wanted.external_fixed_ips] if wanted is not None else []
        same = port is not None and wanted is not None and port.network_id == wanted.network_id
        if same and port is not None:
            if asked and _differs(port, asked):
                await device_ports.set_addresses(call, port, asked)
        else:
            if port is not None:
                await self._drop_gateway(call, router)
            if wanted is not None:
                await router_interfaces.check_overlap(call, router, subnets)
                await self._make_gateway(call, router, wanted, asked)
        if wanted is not None:
            snat = router.external_gateway_info.enable_snat if same else True
            info = Gateway(network_id=wanted.network_id)
            info.enable_snat = wanted.enable_snat if wanted.HasField("enable_snat") else snat
            router.external_gateway_info.CopyFrom(info)
            if wanted.HasField("qos_policy_id"):
                router.qos_policy_id = wanted.qos_policy_id
                await check_qos_policy(call, router)

    async def _check_gateway(self, call: Call, router: Router, wanted: Gateway | None) -> Sequence[Subnet]:
        subnets: Sequence[Subnet] = ()
        if wanted is not None:
            network = await call.service(Networks).fetch(call, wanted.network_id)
            if not network.external:
                raise bad_router(f"Network {network.id} is not an external network")
            subnets = await call.tx.query(Subnet, network_id=network.id)
            gateways = {subnet.gateway_ip for subnet in subnets if subnet.gateway_ip}
            for item in wanted.external_fixed_ips:
                if item.ip_address in gateways:
                    raise bad_router(f"External IP {item.ip_address} is the same as the gateway IP")
        if router.routes:
            await router_routes.check_reachable(call, router.id, router_routes.pairs(router.routes), subnets)
        return subnets

    @staticmethod
    async def _make_gateway(call: Call, router: Router, wanted: Gateway, asked: Sequence[FixedIp]) -> None:
        port = Port(
            network_id=wanted.network_id, device_id=router.id, device_owner=GATEWAY_OWNER, host_id=device_ports.HOST
        )
        router.gw_port_id = (await device_ports.make(call, port, asked or None)).id

    @staticmethod
    async def _drop_gateway(call: Call, router: Router) -> None:
        if await call.tx.count(Floatingip, router_id=router.id):
            raise RouterExternalGatewayInUseByFloatingIp(
                router_id=router.id, net_id=router.external_gateway_info.network_id
            )
        port_id = router.gw_port_id
        router.gw_port_id = router.qos_policy_id = ""
        router.ClearField(GATEWAY)
        await device_ports.drop(call, port_id)

    # -- actions

    async def add_router_interface(self, call: Call, request: Any) -> Message:
        answer = await router_interfaces.add(call, call.target, request)
        await self._touch(call)
        return answer

    async def remove_router_interface(self, call: Call, request: Any) -> Message:
        answer = await router_interfaces.remove(call, call.target, request)
        await self._touch(call)
        return answer

    async def add_extraroutes(self, call: Call, request: Any) -> Message:
        routes = [*router_routes.pairs(call.target.routes), *router_routes.pairs(request.router.routes)]
        return await self._extraroutes(call, request, sorted(set(routes)))

    async def remove_extraroutes(self, call: Call, request: Any) -> Message:
        gone = set(router_routes.pairs(request.router.routes))
        kept = [route for route in router_routes.pairs(call.target.routes) if route not in gone]
        return await self._extraroutes(call, request, kept)

    async def _extraroutes(self, call: Call, request: Any, routes: Sequence[router_routes.Route]) -> Message:
        router_routes.check_values(router_routes.pairs(request.router.routes))
        router = await call.tx.edit(Router, call.target.id)
        await self._set_routes(call, router, routes)
        await self.save(call, router)
        return ExtraroutesResponse(router=await self._in_full(call, router))

    async def _in_full(self, call: Call, router: Router) -> RouterInFull:
        full = RouterInFull(enable_snat=True)
        seen = await self.view(call, router)
        copy_fields(seen, full, RouterInFull.DESCRIPTOR.fields_by_name)
        if router.HasField("external_gateway_info"):
            full.enable_snat = router.external_gateway_info.enable_snat
        if not router.gw_port_id:
            full.ClearField("gw_port_id")
        return full

    async def _touch(self, call: Call) -> None:
        """A change of a router's ports is a change of the router (neutron.services.revisions)."""
        await self.save(call, await call.tx.edit(Router, call.target.id))


def _refusal(policy: str, keys: Sequence[str]) -> PolicyNotAuthorized:
    """Neutron names the rules of the nested keys within those of the attribute."""
    nested = " and ".join(f"rule:{policy}:{GATEWAY}:{key}" for key in ("network_id", *keys))
    return PolicyNotAuthorized(action=f"(rule:{policy} and (rule:{policy}:{GATEWAY} and ({nested})))")


def _fixed(item: Router.FixedIp) -> FixedIp:
    return FixedIp(subnet_id=item.subnet_id, ip_address=item.ip_address)


def _differs(port: Port, asked: Sequence[FixedIp]) -> bool:
    """Whether other subnets or addresses are asked for than the gateway has."""
    if {fixed.subnet_id for fixed in port.fixed_ips} != {fixed.subnet_id for fixed in asked if fixed.subnet_id}:
        return True
    return {fixed.ip_address for fixed in port.fixed_ips} != {fixed.ip_address for fixed in asked if fixed.ip_address}
