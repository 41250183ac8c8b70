"""Port forwardings of floating IPs (neutron.services.portforwarding.pf_plugin)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.values import whole_number
from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import invalid
from mopenstack.core.network.common.subresource import SubResource
from mopenstack.core.network.core.addresses import parse_ip
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.network.l3.floatingips import find_router
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3 import port_forwardings_pb2 as pb
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.port_forwardings_pb2 import PortForwarding
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    ExternalGatewayForFloatingIpNotFound,
    FloatingIpPortAlreadyAssociated,
    PortForwardingNotFound,
    PortHasBindingFloatingIp,
)

PROTOCOLS = ("dccp", "icmp", "ipv6-icmp", "sctp", "tcp", "udp")
SIDES = ("internal", "external")
PORT_MAX = 65535


def bad_forwarding(why: str) -> BadResourceRequest:
    """neutron_lib.exceptions.BadRequest of a port forwarding."""
    return BadResourceRequest(resource="port_forwarding", msg=why)


class PortForwardings(SubResource[PortForwarding]):
    service = pb.DESCRIPTOR.services_by_name["PortForwardings"]
    message = PortForwarding
    not_found = PortForwardingNotFound

    async def prepare(self, call: Call, obj: PortForwarding, request: Any, given: set[str]) -> None:
        await super().prepare(call, obj, request, given)
        fip: Floatingip = call.target
        self._complete(obj, given)
        await self._check_collisions(call, obj)
        await self._check_port_free(call, obj)
        if fip.port_id:
            raise FloatingIpPortAlreadyAssociated(
                port_id=obj.internal_port_id,
                fip_id=fip.id,
                floating_ip_address=fip.floating_ip_address,
                fixed_ip=obj.internal_ip_address,
                net_id=fip.floating_network_id,
            )
        await self._route(call, fip, obj)

    async def change(self, call: Call, old: PortForwarding, new: PortForwarding, request: Any, given: set[str]) -> None:
        fip = await call.tx.get(Floatingip, old.floatingip_id)
        assert fip is not None  # a forwarding goes with its floating IP
        self._complete(new, given)
        if "internal_port_id" in given:
            await self._check_port_free(call, new)
        port = await call.service(Ports).fetch(call, new.internal_port_id)
        if not any(parse_ip(fixed.ip_address) == parse_ip(new.internal_ip_address) for fixed in port.fixed_ips):
            raise bad_forwarding(
                "The internal IP does not correspond to an address on the internal port, "
                f"which has fixed_ips {_listed(port)}"
            )
        await self._check_collisions(call, new)
        await self._route(call, fip, new)

    async def remove(self, call: Call, obj: PortForwarding) -> None:
        others = [item for item in await self.children(call, obj.floatingip_id) if item.id != obj.id]
        if others:
            return
        fip = await call.tx.edit(Floatingip, obj.floatingip_id)
        fip.ClearField("router_id")
        fip.status = "DOWN"
        await call.owner_of("floatingip").save(call, fip)

    @staticmethod
    def _complete(obj: PortForwarding, given: set[str]) -> None:
        """A port and a range of one port mean the same; the given one decides."""
        obj.protocol = obj.protocol.lower()
        if obj.protocol not in PROTOCOLS:
            raise invalid("protocol", f"{obj.protocol} is not in valid_values")
        for side in SIDES:
            port, span = f"{side}_port", f"{side}_port_range"
            if port in given and obj.HasField(port):
                setattr(obj, span, f"{getattr(obj, port)}:{getattr(obj, port)}")
            first, last = _range(getattr(obj, span), side)
            setattr(obj, span, f"{first}:{last}")
            if first == last:
                setattr(obj, port, first)
            else:
                obj.ClearField(port)
        inner, outer = (_width(getattr(obj, f"{side}_port_range")) for side in SIDES)
        if inner > 0 and inner != outer:
            raise bad_forwarding(
                "Invalid ranges of internal and/or external ports. "
                "The relation between internal and external ports must be N-N or 1-N"
            )

    async def _check_collisions(self, call: Call, obj: PortForwarding) -> None:
        same_port = await call.tx.query(
            PortForwarding,
            internal_port_id=obj.internal_port_id,
            protocol=obj.protocol,
            internal_ip_address=obj.internal_ip_address,
        )
        self._check_ranges(obj, same_port, "internal_port_range")
        same_fip = await call.tx.query(PortForwarding, floatingip_id=obj.floatingip_id, protocol=obj.protocol)
        self._check_ranges(obj, same_fip, "external_port_range")

    @staticmethod
    def _check_ranges(obj: PortForwarding, others: Sequence[PortForwarding], key: str) -> None:
        mine = getattr(obj, key)
        first, last = map(int, mine.split(":"))
        for other in others:
            theirs = getattr(other, key)
            start, end = map(int, theirs.split(":"))
            if other.id != obj.id and max(first, start) <= min(last, end):
                raise bad_forwarding(
                    f"There is a port collision with the {key}. The following ranges collide: {theirs} and {mine}"
                )

    @staticmethod
    async def _check_port_free(call: Call, obj: PortForwarding) -> None:
        for bound in await call.tx.query(Floatingip, port_id=obj.internal_port_id):
            raise PortHasBindingFloatingIp(
                floating_ip_address=bound.floating_ip_address,
                fip_id=bound.id,
                port_id=obj.internal_port_id,
                fixed_ip=obj.internal_ip_address,
            )

    @staticmethod
    async def _route(call: Call, fip: Floatingip, obj: PortForwarding) -> None:
        """Find the router that forwards, and bind the floating IP to it."""
        port = await call.service(Ports).fetch(call, obj.internal_port_id)
        inner = [fixed for fixed in port.fixed_ips if ":" not in fixed.ip_address]
        if not inner:
            raise bad_forwarding(f"Requested internal port {port.id} must allocate an IPv4 address at least.")
        fixed = next((item for item in inner if parse_ip(item.ip_address) == parse_ip(obj.internal_ip_address)), None)
        if fixed is None:
            raise bad_forwarding(
                f"Requested internal IP address {obj.internal_ip_address} is not suitable for internal neutron port "
                f"{port.id}, as its fixed_ips are {_listed(port)}"
            )
        subnet = await call.tx.get(Subnet, fixed.subnet_id)
        assert subnet is not None  # a port's addresses are of subnets that there are
        try:
            router_id = await find_router(call, port, subnet, fip.floating_network_id)
        except ExternalGatewayForFloatingIpNotFound:
            raise bad_forwarding(
                f"External network {fip.floating_network_id} is not reachable from subnet {subnet.id}. "
                f"Cannot set Port forwarding for port {port.id} with Floating IP {fip.id}"
            ) from None
        if fip.router_id and fip.router_id != router_id:
            raise bad_forwarding(
                f"The Floating IP {fip.id} had been set on router {fip.router_id}, "
                f"the internal Neutron port {port.id} can not reach it"
            )
        obj.router_id = router_id
        if not fip.router_id:
            bound = await call.tx.edit(Floatingip, fip.id)
            bound.router_id, bound.status = router_id, "ACTIVE"
            await call.owner_of("floatingip").save(call, bound)


def _range(text: str, side: str) -> tuple[int, int]:
    """First and last port of `80` or `80:90`."""
    parts = text.split(":")
    if not 1 <= len(parts) <= 2 or not all(part.isdecimal() for part in parts):
        raise invalid(f"{side}_port_range", f"Invalid port range: {text or None}")
    first, last = whole_number(parts[0]), whole_number(parts[-1])
    if not (1 <= first <= PORT_MAX and 1 <= last <= PORT_MAX):
        raise bad_forwarding("Invalid port value, the port value must be a value between 1 and 65535")
    if first > last:
        raise invalid(f"{side}_port_range", f"First port in a port range must be lower than the second port: {text}")
    return first, last


def _width(text: str) -> int:
    first, last = map(int, text.split(":"))
    return last - first


def _listed(port: Port) -> list[dict[str, str]]:
    return [{"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address} for fixed in port.fixed_ips]
