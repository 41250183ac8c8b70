"""Networks, routers and ports of BGP VPNs (networking_bgpvpn.neutron.services.plugin, db.bgpvpn_db)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.base import invalid
from mopenstack.core.network.bgpvpn.bgpvpns import Bgpvpns
from mopenstack.core.network.common.subresource import SubResource
from mopenstack.core.network.core.addresses import parse_net
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.network.l3.router_interfaces import interfaces
from mopenstack.core.network.l3.routers import Routers
from mopenstack.network.v2.bgpvpn import (
    bgpvpn_network_associations_pb2,
    bgpvpn_port_associations_pb2,
    bgpvpn_router_associations_pb2,
)
from mopenstack.network.v2.bgpvpn.bgpvpn_network_associations_pb2 import BgpvpnNetworkAssociation
from mopenstack.network.v2.bgpvpn.bgpvpn_port_associations_pb2 import BgpvpnPortAssociation
from mopenstack.network.v2.bgpvpn.bgpvpn_router_associations_pb2 import BgpvpnRouterAssociation
from mopenstack.network.v2.bgpvpn.bgpvpns_pb2 import Bgpvpn
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    BgpvpnNetAssocAlreadyExists,
    BgpvpnNetAssocNotFound,
    BgpvpnPortAssocAlreadyExists,
    BgpvpnPortAssocNotFound,
    BgpvpnPortAssocRouteBgpvpnTypeDiffer,
    BgpvpnPortAssocRouteNoSuchBgpvpn,
    BgpvpnPortAssocRouteWrongBgpvpnTenant,
    BgpvpnRouterAssocAlreadyExists,
    BgpvpnRouterAssocNotFound,
    QosNotAuthorized,
    RouterInterfaceAttachmentConflict,
)

M = TypeVar("M", bound=Message)

LOCAL_PREF_MAX = 2**32 - 1


def _bad(msg: str) -> BadResourceRequest:
    return BadResourceRequest(resource="bgpvpn", msg=msg)


class Associations(SubResource[M]):
    """`field` names the associated object, `members` is the BGP VPN's list of them."""

    field: ClassVar[str]
    members: ClassVar[str]
    exists: ClassVar[type[Fault]]

    def audience(self, call: Call) -> str:
        return call.service(Bgpvpns).audience(call)

    def absent(self, call: Call, id: str) -> Exception:
        return self.not_found(id=id, bgpvpn_id=call.target.id)

    async def list(self, call: Call, request: Any) -> Result:
        bgpvpn = await call.service(Bgpvpns).find(call, request.bgpvpn_id)
        if bgpvpn is None or not call.service(Bgpvpns).visible(call, bgpvpn):
            return Page([])
        call.target = bgpvpn
        query = request.query
        if query.limit and query.marker and await self.child(call, bgpvpn.id, query.marker) is None:
            return Page(
                []
            )  # the plugin knows no pages: the API cuts, and finds nothing behind a marker that is not there
        return await super().list(call, request)

    async def prepare(self, call: Call, obj: Any, request: Any, given: set[str]) -> None:
        await super().prepare(call, obj, request, given)
        bgpvpn: Bgpvpn = call.target
        await self.check_member(call, bgpvpn, obj)
        if obj.project_id != bgpvpn.project_id:
            raise QosNotAuthorized()
        id = getattr(obj, self.field)
        changed = await call.tx.edit(Bgpvpn, bgpvpn.id)
        if id in getattr(changed, self.members):
            raise self.exists(id=id, bgpvpn_id=bgpvpn.id)
        getattr(changed, self.members).append(id)
        await call.tx.put(changed)

    async def check_member(self, call: Call, bgpvpn: Bgpvpn, obj: Any) -> None:
        """Refuse what the caller does not see, or what is not the owner's."""
        raise NotImplementedError

    async def remove(self, call: Call, obj: Any) -> None:
        changed = await call.tx.edit(Bgpvpn, obj.bgpvpn_id)
        getattr(changed, self.members).remove(getattr(obj, self.field))
        await call.tx.put(changed)


class BgpvpnNetworkAssociations(Associations[BgpvpnNetworkAssociation]):
    service = bgpvpn_network_associations_pb2.DESCRIPTOR.services_by_name["BgpvpnNetworkAssociations"]
    message = BgpvpnNetworkAssociation
    not_found = BgpvpnNetAssocNotFound
    field, members, exists = "network_id", "networks", BgpvpnNetAssocAlreadyExists

    async def check_member(self, call: Call, bgpvpn: Bgpvpn, obj: Any) -> None:
        network = await call.service(Networks).fetch(call, obj.network_id)
        for port in await call.tx.query(Port, network_id=network.id):
            if port.device_owner != "network:router_interface":
                continue
            linked = [one.id for one in await _with(call, network.project_id, "routers", port.device_id)]
            if linked:
                raise _bad(
                    f"Network {network.id} is linked to a router which is already associated to bgpvpn(s) {linked}"
                )
        if network.project_id != bgpvpn.project_id:
            raise QosNotAuthorized()


class BgpvpnRouterAssociations(Associations[BgpvpnRouterAssociation]):
    service = bgpvpn_router_associations_pb2.DESCRIPTOR.services_by_name["BgpvpnRouterAssociations"]
    message = BgpvpnRouterAssociation
    not_found = BgpvpnRouterAssocNotFound
    field, members, exists = "router_id", "routers", BgpvpnRouterAssocAlreadyExists

    async def check_member(self, call: Call, bgpvpn: Bgpvpn, obj: Any) -> None:
        router = await call.service(Routers).fetch(call, obj.router_id)
        for port in await interfaces(call, router.id):
            linked = [one.id for one in await _with(call, router.project_id, "networks", port.network_id)]
            if linked:
                raise _bad(
                    f"router {router.id} has an attached network {port.network_id} "
                    f"which is already associated to bgpvpn(s) {linked}"
                )
        if bgpvpn.type != "l3":
            raise _bad("Router associations require the bgpvpn to be of type l3")
        if router.project_id != bgpvpn.project_id:
            raise QosNotAuthorized()


class BgpvpnPortAssociations(Associations[BgpvpnPortAssociation]):
    service = bgpvpn_port_associations_pb2.DESCRIPTOR.services_by_name["BgpvpnPortAssociations"]
    message = BgpvpnPortAssociation
    not_found = BgpvpnPortAssocNotFound
    field, members, exists = "port_id", "ports", BgpvpnPortAssocAlreadyExists

    async def check_member(self, call: Call, bgpvpn: Bgpvpn, obj: Any) -> None:
        _check_routes(obj.routes)
        port = await call.service(Ports).fetch(call, obj.port_id)
        if port.project_id != bgpvpn.project_id or obj.project_id != bgpvpn.project_id:
            raise QosNotAuthorized()
        await self._check_leaks(call, bgpvpn, obj)

    async def change(
        self, call: Call, old: BgpvpnPortAssociation, new: BgpvpnPortAssociation, request: Any, given: set[str]
    ) -> None:
        if "routes" not in given:
            del new.routes[:]  # the service writes all routes anew, and takes none for an empty list
        _check_routes(new.routes)
        bgpvpn = await call.service(Bgpvpns).fetch(call, old.bgpvpn_id)
        await self._check_leaks(call, bgpvpn, new)

    @staticmethod
    async def _check_leaks(call: Call, bgpvpn: Bgpvpn, obj: BgpvpnPortAssociation) -> None:
        """Routes of another BGP VPN come from one of the same type and project."""
        for route in obj.routes:
            if route.type != "bgpvpn":
                continue
            other = await call.service(Bgpvpns).find(call, route.bgpvpn_id)
            if other is None or not call.service(Bgpvpns).visible(call, other):
                raise BgpvpnPortAssocRouteNoSuchBgpvpn(bgpvpn_id=route.bgpvpn_id)
            if other.type != bgpvpn.type:
                raise BgpvpnPortAssocRouteBgpvpnTypeDiffer(route_bgpvpn_type=other.type, bgpvpn_type=bgpvpn.type)
            if other.project_id != obj.project_id:
                raise BgpvpnPortAssocRouteWrongBgpvpnTenant(bgpvpn_id=other.id)


def _check_routes(routes: Sequence[BgpvpnPortAssociation.Route]) -> None:
    for route in routes:
        prefix = route.type == "prefix" and parse_net(route.prefix) is not None and not route.HasField("bgpvpn_id")
        leak = route.type == "bgpvpn" and bool(route.bgpvpn_id) and not route.HasField("prefix")
        preferred = not route.HasField("local_pref") or 0 <= route.local_pref <= LOCAL_PREF_MAX
        if not (prefix or leak) or not preferred:
            shown = {field.name: value for field, value in route.ListFields()}
            raise invalid("routes", f"No valid key specs matched for: {shown}")


async def _with(call: Call, project_id: str, members: str, id: str) -> list[Bgpvpn]:
    """A project's BGP VPNs that something is associated with."""
    found = await call.tx.query(Bgpvpn, **{members: id})
    return [one for one in found if one.project_id == project_id]


KINDS: dict[str, type[Associations[Any]]] = {
    "network": BgpvpnNetworkAssociations,
    "router": BgpvpnRouterAssociations,
    "port": BgpvpnPortAssociations,
}


@subscribes("before_delete", *KINDS)
async def _member_removed(call: Call, obj: Any) -> None:
    """What goes leaves its BGP VPNs."""
    for kind, servicer in KINDS.items():
        if type(obj).__name__.lower() == kind:
            owner = call.service(servicer)
            message: type[Any] = owner.message
            for association in await call.tx.query(message, **{owner.field: obj.id}):
                await owner.discard(call, association)


@subscribes("before_attachment", "router")
async def _interface_added(call: Call, router: Router, network_id: str) -> None:
    """A router of a BGP VPN takes no network of one: traffic would have two ways."""
    vpns = call.service(Bgpvpns)
    routers = [one for one in await call.tx.query(Bgpvpn, routers=router.id) if vpns.visible(call, one)]
    networks = [one for one in await call.tx.query(Bgpvpn, networks=network_id) if vpns.visible(call, one)]
    if routers and any(one.type == "l3" for one in networks):
        why = _bad(
            "It is not allowed to add an interface to a router if both the router and the network are bound to an "
            "L3 BGPVPN."
        )
        raise RouterInterfaceAttachmentConflict(
            reason="cannot perform router interface attachment due to Callback "
            "networking_bgpvpn.neutron.services.plugin.BGPVPNPlugin._notify_adding_interface_to_router "
            f'failed with "{why}"'
        )
