"""Floating IPs and their pools (neutron.db.l3_db, neutron.services.portforwarding.pf_plugin).

The address is a port without a project on the external network; it is deleted with the floating IP.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.base import NeutronResource, check_qos_policy, invalid
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.addresses import ROUTER_INTERFACE_OWNERS, parse_ip
from mopenstack.core.network.core.dns import check_domain, check_name
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.network.l3.router_gateways import ports_of
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3 import floatingips_pb2 as pb
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip, FloatingipPool
from mopenstack.network.v2.l3.port_forwardings_pb2 import PortForwarding
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    ExternalGatewayForFloatingIpNotFound,
    ExternalIpAddressExhausted,
    FipInUseByPortForwarding,
    FloatingIpNotFound,
    FloatingIpPortAlreadyAssociated,
    HttpBadRequest,
)

OWNER = "network:floatingip"
ASSOCIATION = ("port_id", "fixed_ip_address", "router_id")
UNSERVICED = ("network:", "neutron:LOADBALANCER_HA")
"""Owners whose ports take no floating IP (neutron_lib.utils.net.is_fip_serviced)."""
SERVICED = ("network:router_interface", "network:dhcp", "network:distributed")


def bad_floatingip(why: str) -> BadResourceRequest:
    """neutron_lib.exceptions.BadRequest of a floating IP."""
    return BadResourceRequest(resource="floatingip", msg=why)


class Floatingips(NeutronResource[Floatingip]):
    service = pb.DESCRIPTOR.services_by_name["Floatingips"]
    message = Floatingip
    not_found = FloatingIpNotFound

    async def view(self, call: Call, obj: Floatingip) -> Message:
        async def build() -> Floatingip:
            found = await call.tx.get(Floatingip, obj.id)
            seen = copy_of(obj if found is None else found)
            port = await call.tx.get(Port, seen.port_id) if seen.port_id else None
            if port is not None:
                copy_fields(port, seen.port_details, seen.port_details.DESCRIPTOR.fields_by_name)
            network = await call.tx.get(Network, seen.floating_network_id)
            if network is not None and network.qos_policy_id:
                seen.qos_network_policy_id = network.qos_policy_id
            for item in await call.tx.query(PortForwarding, floatingip_id=seen.id):
                copy_fields(item, seen.port_forwardings.add(), pb.Floatingip.Forwarding.DESCRIPTOR.fields_by_name)
            return seen

        return await call.tx.view(("floatingip", obj.id), build)

    # -- create

    async def prepare(self, call: Call, obj: Floatingip, request: Any, given: set[str]) -> None:
        check_domain(obj.dns_domain)
        check_name(obj.dns_name)
        if not is_format("uuid", obj.floating_network_id):
            raise invalid("floating_network_id", f"'{obj.floating_network_id or None}' is not a valid UUID")
        network = await call.service(Networks).fetch(call, obj.floating_network_id)
        if not network.external:
            raise bad_floatingip(f"Network {network.id} is not a valid external network")
        subnets = await call.tx.query(Subnet, network_id=network.id)
        if not any(subnet.ip_version == 4 for subnet in subnets):
            raise bad_floatingip(f"Network {network.id} does not contain any IPv4 subnet")
        await check_qos_policy(call, obj)
        await self._take_address(call, obj)
        await self._associate(call, Floatingip(), obj, obj.port_id, obj.fixed_ip_address)

    async def _take_address(self, call: Call, obj: Floatingip) -> None:
        asked = None
        if obj.subnet_id or obj.floating_ip_address:
            asked = [FixedIp(subnet_id=obj.subnet_id, ip_address=obj.floating_ip_address)]
        port = Port(network_id=obj.floating_network_id, device_id=obj.id, device_owner=OWNER)
        port = await device_ports.make(call, port, asked)
        address = next((fixed.ip_address for fixed in port.fixed_ips if ":" not in fixed.ip_address), "")
        if not address:
            raise ExternalIpAddressExhausted(net_id=obj.floating_network_id)
        changed = await call.tx.edit(Port, port.id)
        changed.status = "N/A"
        await call.tx.put(changed)
        obj.floating_ip_address, obj.floating_port_id = address, port.id
        obj.ClearField("subnet_id")

    # -- update, delete

    async def change(self, call: Call, old: Floatingip, new: Floatingip, request: Any, given: set[str]) -> None:
        if "subnet_id" in given:
            raise HttpBadRequest("Cannot update read-only attribute subnet_id")
        if "qos_policy_id" in given:
            await check_qos_policy(call, new)
        # An update without attributes takes the association away: port_id was once the only attribute.
        empty = request is not None and not given
        if not empty and not given & {"port_id", "fixed_ip_address"}:
            return
        if empty:
            new.ClearField("port_id")
        asked_port, asked_address = new.port_id, new.fixed_ip_address if "fixed_ip_address" in given else ""
        if new.port_id:
            await call.service(Ports).fetch(call, new.port_id)
        if "port_id" in given and new.port_id and await call.tx.count(PortForwarding, floatingip_id=old.id):
            raise FipInUseByPortForwarding(id=old.id)
        copy_fields(old, new, ASSOCIATION)
        await self._associate(call, old, new, asked_port, asked_address)

    async def remove(self, call: Call, obj: Floatingip) -> None:
        if await call.tx.count(PortForwarding, floatingip_id=obj.id):
            raise FipInUseByPortForwarding(id=obj.id)
        await device_ports.drop(call, obj.floating_port_id)

    # -- association

    async def _associate(self, call: Call, old: Floatingip, new: Floatingip, port_id: str, address: str) -> None:
        """Lead the floating IP to an address of a port, or, without a port, nowhere."""
        if address and not port_id:
            raise bad_floatingip("fixed_ip_address cannot be specified without a port_id")
        if not port_id:
            for name in ASSOCIATION:
                new.ClearField(name)
            if await call.tx.count(PortForwarding, floatingip_id=new.id):
                new.router_id = old.router_id
            new.status = "ACTIVE" if new.router_id else "DOWN"
            return
        port, fixed = await self._inner(call, new, port_id, address)
        subnet = await call.tx.get(Subnet, fixed.subnet_id)
        assert subnet is not None  # a port's addresses are of subnets that there are
        router_id = await find_router(call, port, subnet, new.floating_network_id)
        if port_id != old.port_id:
            await self._check_free(call, new, port_id, fixed.ip_address)
        new.port_id, new.fixed_ip_address, new.router_id = port_id, fixed.ip_address, router_id
        new.status = "ACTIVE"

    @staticmethod
    async def _inner(call: Call, fip: Floatingip, port_id: str, address: str) -> tuple[Port, FixedIp]:
        """The inner port with the address to lead to."""
        port = await call.service(Ports).fetch(call, port_id)
        if port.project_id != fip.project_id and not call.caller.is_admin:
            raise bad_floatingip(
                f"Cannot process floating IP association with Port {port_id}, "
                "since that port is owned by a different project"
            )
        if port.device_owner.startswith(UNSERVICED) and port.device_owner not in SERVICED:
            raise bad_floatingip(f"Port {port_id} is unable to be assigned a floating IP")
        if address:
            return port, _named(port, address)
        found = [fixed for fixed in port.fixed_ips if ":" not in fixed.ip_address]
        if not found:
            raise bad_floatingip(f"Cannot add floating IP to port {port_id} that has no fixed IPv4 addresses")
        if len(found) > 1:
            raise bad_floatingip(
                f"Port {port_id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address "
                "when assigning a floating IP"
            )
        return port, found[0]

    @staticmethod
    async def _check_free(call: Call, fip: Floatingip, port_id: str, address: str) -> None:
        for other in await call.tx.query(Floatingip, port_id=port_id):
            same = other.fixed_ip_address == address and other.floating_network_id == fip.floating_network_id
            if same and other.id != fip.id:
                raise FloatingIpPortAlreadyAssociated(
                    port_id=port_id,
                    fip_id=fip.id,
                    floating_ip_address=fip.floating_ip_address,
                    fixed_ip=address,
                    net_id=fip.floating_network_id,
                )

    async def free(self, call: Call, port: Port) -> None:
        """A port that goes leaves its floating IPs behind, leading nowhere."""
        for fip in await call.tx.query(Floatingip, port_id=port.id):
            freed = copy_of(fip)
            await self._associate(call, fip, freed, "", "")
            await self.save(call, freed)


def _named(port: Port, address: str) -> FixedIp:
    wanted = parse_ip(address)
    if wanted is None or wanted.version != 4:
        raise bad_floatingip(
            f"Cannot process floating IP association with {address}, since that is not an IPv4 address"
        )
    for fixed in port.fixed_ips:
        if parse_ip(fixed.ip_address) == wanted:
            return fixed
    raise bad_floatingip(f"Port {port.id} does not have fixed ip {address}")


async def find_router(call: Call, port: Port, subnet: Subnet, external_network_id: str) -> str:
    """The router that joins the port's subnet with the external network, the subnet's own gateway first."""
    at_gateway = await call.tx.query(Port, fixed_ips=subnet.gateway_ip) if subnet.gateway_ip else []
    for group in (at_gateway, await call.tx.query(Port, network_id=port.network_id)):
        for inner in group:
            if inner.device_owner not in ROUTER_INTERFACE_OWNERS:
                continue
            if not any(fixed.subnet_id == subnet.id for fixed in inner.fixed_ips):
                continue
            router = await call.tx.get(Router, inner.device_id)
            if router is None:
                continue
            if any(out.network_id == external_network_id for out in await ports_of(call, router)):
                return router.id
    raise ExternalGatewayForFloatingIpNotFound(
        subnet_id=subnet.id, external_network_id=external_network_id, port_id=port.id
    )


class FloatingipPools(ComputedServicer[FloatingipPool]):
    """A view of the external networks (neutron.db.l3_fip_pools_db)."""

    service = pb.DESCRIPTOR.services_by_name["FloatingipPools"]
    message = FloatingipPool

    async def candidates(self, call: Call, query: common.Query) -> Iterable[FloatingipPool]:
        networks = call.service(Networks)
        return [
            FloatingipPool(
                subnet_id=subnet.id,
                subnet_name=subnet.name,
                network_id=network.id,
                cidr=subnet.cidr,
                project_id=call.caller.project_id,
            )
            for network in await call.tx.query(Network, external=True)
            if networks.visible(call, network)
            for subnet in await call.tx.query(Subnet, network_id=network.id)
        ]


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    for item in await call.tx.query(PortForwarding, internal_port_id=port.id):
        await call.owner_of("port_forwarding").discard(call, item)
    await call.service(Floatingips).free(call, port)


@subscribes("before_delete", "network")
async def _network_removed(call: Call, network: Network) -> None:
    """Floating IPs that lead nowhere go with their external network (delete_disassociated_floatingips)."""
    if not network.external:
        return
    for fip in await call.tx.query(Floatingip, floating_network_id=network.id):
        if not fip.router_id and not fip.port_id:
            await call.service(Floatingips).discard(call, fip)
