"""Routers (neutron.db.l3_db, neutron.db.l3_gwmode_db, neutron.db.extraroute_db).

The gateway is a port on an external network without a project; what `external_gateway_info` says of
addresses is read from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import NeutronResource, bad_input, nested_nulls
from mopenstack.core.network.common.flavors import NetworkFlavors
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.availability_zones import ZONES, check_hints
from mopenstack.core.network.l3 import ha_networks, ndp_rules, router_gateways, router_interfaces, router_routes
from mopenstack.core.network.l3.router_gateways import GATEWAY, Gateway
from mopenstack.core.network.l3.router_interfaces import bad_router
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.l3 import routers_pb2 as pb
from mopenstack.network.v2.l3.conntrack_helpers_pb2 import ConntrackHelper
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import RouterInUse, RouterNotFound

FLAGS = ("distributed", "ha", "enable_default_route_bfd", "enable_default_route_ecmp")
"""Flags whose null changes nothing."""


class Routers(NeutronResource[Router]):
    service = pb.DESCRIPTOR.services_by_name["Routers"]
    message = Router
    not_found = RouterNotFound

    def audience(self, call: Call) -> str:
        """The actions on extra routes and gateways show all attributes to every caller."""
        shows_all = call.operation is not None and call.operation.response is pb.ExtraroutesResponse
        return "admin" if shows_all else super().audience(call)

    async def view(self, call: Call, obj: Router) -> Message:
        async def build() -> Router:
            found = await call.tx.get(Router, obj.id)
            seen = copy_of(obj if found is None else found)
            ports = await call.tx.query(Port, device_id=obj.id)
            # An agent takes a router up with its first port; the zone is the agent's.
            seen.availability_zones.extend(ZONES if ports else ())
            router_gateways.shown(seen, ports)
            seen.enable_ndp_proxy = seen.enable_ndp_proxy and bool(seen.gw_port_id)
            for helper in await call.tx.query(ConntrackHelper, router_id=obj.id):
                copy_fields(helper, seen.conntrack_helpers.add(), Router.ShownHelper.DESCRIPTOR.fields_by_name)
            if seen.qos_policy_id:
                seen.external_gateway_info.qos_policy_id = seen.qos_policy_id
            return seen

        return await call.tx.view(("router", obj.id), build)

    async def answer(self, call: Call, obj: Router, request: Any) -> Result:
        shown = await super().answer(call, obj, request)
        if isinstance(request, pb.CreateRouterRequest) and isinstance(shown, Router):
            # The agent hears of a new router after the answer.
            shown = copy_of(shown)
            del shown.availability_zones[:]
        return shown

    # -- create, update, delete

    async def prepare(self, call: Call, obj: Router, request: Any, given: set[str]) -> None:
        check_hints(obj.availability_zone_hints)
        if obj.flavor_id:
            await self._check_flavor(call, obj)
        obj.status, obj.revision_number, obj.enable_snat = "ACTIVE", 1, True
        wanted = self._wanted(call, obj, given)
        await ndp_rules.check_new_router(call, obj)
        obj.ClearField(GATEWAY)
        for name in FLAGS:
            setattr(obj, name, getattr(obj, name))
        if wanted is not None:
            await router_gateways.set_first(call, obj, wanted, nested_nulls(request, GATEWAY))
            obj.revision_number += 1

    async def change(self, call: Call, old: Router, new: Router, request: Any, given: set[str]) -> None:
        copy_fields(old, new, [name for name in FLAGS if not new.HasField(name)])
        self._check_flags(old, new)
        if old.flavor_id and (old.distributed, old.ha) != (new.distributed, new.ha):
            why = "Changing the 'ha' and 'distributed' attributes on a router associated with a flavor is not supported"
            raise bad_input(why)
        if GATEWAY in given:
            wanted = self._wanted(call, new, given)
            copy_fields(old, new, [GATEWAY])
            if wanted is None and new.gw_port_id:
                await router_gateways.drop_first(call, new)
            await router_gateways.set_first(call, new, wanted, nested_nulls(request, GATEWAY))
        if "routes" in given:
            await self.set_routes(call, new, router_routes.pairs(new.routes))
        await ndp_rules.check_router(call, old, new, given)

    async def created(self, call: Call, obj: Router, request: Any) -> None:
        if obj.ha:
            await ha_networks.join(call, obj)

    async def changed(self, call: Call, old: Router, new: Router) -> None:
        """Interfaces are called by what their router is."""
        if old.ha != new.ha:
            await (ha_networks.join if new.ha else ha_networks.leave)(call, new)
        owner = router_interfaces.interface_owner(new)
        if owner != router_interfaces.interface_owner(old):
            for port in await router_interfaces.interfaces(call, new.id):
                await device_ports.give(call, port, new.id, owner, device_ports.HOST)

    async def discard(self, call: Call, obj: Router) -> None:
        # Interfaces are looked at before the subscribers are asked.
        inner = await router_interfaces.interfaces(call, obj.id)
        if inner:
            names = ", ".join(port.id for port in inner)
            raise RouterInUse(router_id=obj.id, why=f"has ports still attached: {names}")
        await super().discard(call, obj)

    async def remove(self, call: Call, obj: Router) -> None:
        await router_gateways.drop_all(call, copy_of(obj))
        if obj.ha:
            await ha_networks.leave(call, obj)
        for helper in await call.tx.query(ConntrackHelper, router_id=obj.id):
            await call.tx.delete(ConntrackHelper, helper.id)

    @staticmethod
    async def _check_flavor(call: Call, obj: Router) -> None:
        """What a flavor's driver makes of its routers cannot be asked otherwise (driver_controller)."""
        driver = await call.service(NetworkFlavors).driver_of(call, obj.flavor_id)
        for name, does in (("distributed", driver.distributed), ("ha", driver.ha)):
            if obj.HasField(name) and getattr(obj, name) != does:
                raise bad_input(f"Provider {driver.provider} does not support {name}={getattr(obj, name)}")

    @staticmethod
    def _check_flags(old: Router, new: Router) -> None:
        # Down before the update, not by it (router-admin-state-down-before-update).
        if old.distributed != new.distributed and (old.admin_state_up or new.admin_state_up):
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
    async def set_routes(call: Call, router: Router, routes: Sequence[router_routes.Route]) -> None:
        router_routes.check_values(routes)
        await router_routes.check_reachable(call, router.id, routes)
        router_routes.write(router, routes)

    @staticmethod
    def _wanted(call: Call, router: Router, given: set[str]) -> Gateway | None:
        """The gateway that a request asks for; None for none."""
        if GATEWAY not in given or not router.HasField("external_gateway_info"):
            return None
        info = router.external_gateway_info
        return router_gateways.checked(call, info) if info.ListFields() else None

    # -- actions

    async def add_router_interface(self, call: Call, request: Any) -> Message:
        answer = await router_interfaces.add(call, call.target, request)
        await self._touch(call)
        return answer

    async def remove_router_interface(self, call: Call, request: Any) -> Message:
        answer = await router_interfaces.remove(call, call.target, request)
        await self._touch(call)
        return answer

    async def add_external_gateways(self, call: Call, request: Any) -> Message:
        return await self._change_gateways(call, request, router_gateways.add)

    async def update_external_gateways(self, call: Call, request: Any) -> Message:
        return await self._change_gateways(call, request, router_gateways.update)

    async def remove_external_gateways(self, call: Call, request: Any) -> Message:
        # There are no rules for the parts of a gateway here: what the caller was shown is given back.
        return await self._change_gateways(call, request, router_gateways.remove, admin_fields=())

    async def _change_gateways(
        self, call: Call, request: Any, change: Any, admin_fields: Sequence[str] = router_gateways.ADMIN_FIELDS
    ) -> Message:
        infos = request.router.external_gateways
        wanted = [router_gateways.checked(call, info, router_gateways.GATEWAYS, admin_fields) for info in infos]
        router = await call.tx.edit(Router, call.target.id)
        if router_gateways.GATEWAYS in request.mask.paths or wanted:
            await change(call, router, wanted)
            await self.save(call, router)
        return await self.view(call, router)

    async def _touch(self, call: Call) -> None:
        """A change of a router's ports is a change of the router (neutron.services.revisions)."""
        await self.save(call, await call.tx.edit(Router, call.target.id))


async def _add_routes(call: Call, router: Router, before: object, request: pb.ExtraroutesRequest) -> None:
    router_routes.check_values(router_routes.pairs(request.router.routes))
    await call.service(Routers).set_routes(call, router, sorted(set(router_routes.pairs(router.routes))))


async def _remove_routes(call: Call, router: Router, before: object, request: pb.ExtraroutesRequest) -> None:
    router_routes.check_values(router_routes.pairs(request.router.routes))
    await call.service(Routers).set_routes(call, router, router_routes.pairs(router.routes))


ROUTES = Collection("router", "routes", added=_add_routes, removed=_remove_routes)
