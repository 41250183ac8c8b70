"""Flow classifiers (networking_sfc.db.flowclassifier_db): no two of them may mean the same traffic."""

from __future__ import annotations

import ipaddress
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.ports import Ports
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import (
    FlowClassifierInConflict,
    FlowClassifierInUse,
    FlowClassifierInvalidEthertype,
    FlowClassifierInvalidPortRange,
    FlowClassifierInvalidProtocol,
    FlowClassifierIpPrefixFormatConflictWithEthertype,
    FlowClassifierNotFound,
    FlowClassifierPortNotFound,
    FlowClassifierProtocolRequiredWithPorts,
)
from mopenstack.network.v2.sfc import flow_classifiers_pb2 as pb
from mopenstack.network.v2.sfc.flow_classifiers_pb2 import FlowClassifier
from mopenstack.network.v2.sfc.port_chains_pb2 import PortChain

ETHERTYPES = ["IPv4", "IPv6"]
PROTOCOLS = ["tcp", "udp", "icmp"]
SIDES = ("source", "destination")


class FlowClassifiers(NeutronResource[FlowClassifier]):
    service = pb.DESCRIPTOR.services_by_name["FlowClassifiers"]
    message = FlowClassifier
    not_found = FlowClassifierNotFound

    async def prepare(self, call: Call, obj: FlowClassifier, request: Any, given: set[str]) -> None:
        _convert(obj)
        for side in SIDES:
            _check_ports(obj, side)
        for side in SIDES:
            prefix = getattr(obj, f"{side}_ip_prefix")
            if prefix and f"IPv{_net(prefix).version}" != obj.ethertype:
                raise FlowClassifierIpPrefixFormatConflictWithEthertype(ip_prefix=prefix, ethertype=obj.ethertype)
        for side in SIDES:
            id = getattr(obj, f"logical_{side}_port")
            port = await call.tx.get(Port, id) if id else None
            if id and (port is None or not call.service(Ports).visible(call, port)):
                raise FlowClassifierPortNotFound(id=id)
        for other in await call.tx.scan(FlowClassifier):
            if self.visible(call, other) and same_traffic(obj, other) and _same_ports(obj, other):
                raise FlowClassifierInConflict(id=other.id)
        obj.l7_parameters.SetInParent()

    async def remove(self, call: Call, obj: FlowClassifier) -> None:
        if await call.tx.count(PortChain, flow_classifiers=obj.id):
            raise FlowClassifierInUse(id=obj.id)


def same_traffic(one: FlowClassifier, two: FlowClassifier) -> bool:
    """Whether a packet can be meant by both (flowclassifier_basic_conflict)."""
    if one.ethertype != two.ethertype:
        return False
    if one.HasField("protocol") and two.HasField("protocol") and one.protocol != two.protocol:
        return False
    return all(_prefixes_meet(one, two, side) and _ranges_meet(one, two, side) for side in SIDES)


def _prefixes_meet(one: FlowClassifier, two: FlowClassifier, side: str) -> bool:
    first, second = getattr(one, f"{side}_ip_prefix"), getattr(two, f"{side}_ip_prefix")
    if not first or not second:
        return True
    return bool(_net(first).version == _net(second).version and _net(first).overlaps(_net(second)))


def _ranges_meet(one: FlowClassifier, two: FlowClassifier, side: str) -> bool:
    return _reaches(one, two, side) and _reaches(two, one, side)


def _reaches(one: FlowClassifier, two: FlowClassifier, side: str) -> bool:
    """Whether the one begins no later than the other ends."""
    low, high = f"{side}_port_range_min", f"{side}_port_range_max"
    return not (one.HasField(low) and two.HasField(high)) or bool(getattr(one, low) <= getattr(two, high))


def _same_ports(one: FlowClassifier, two: FlowClassifier) -> bool:
    for side in SIDES:
        first, second = getattr(one, f"logical_{side}_port"), getattr(two, f"logical_{side}_port")
        if first and second and first != second:
            return False
    return True


def _net(prefix: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(prefix, strict=False)


def _convert(obj: FlowClassifier) -> None:
    found = next((name for name in ETHERTYPES if name.lower() == obj.ethertype.lower()), "")
    if not found:
        raise FlowClassifierInvalidEthertype(ethertype=obj.ethertype, values=ETHERTYPES)
    obj.ethertype = found
    if obj.HasField("protocol"):
        if obj.protocol.lower() not in PROTOCOLS:
            raise FlowClassifierInvalidProtocol(protocol=obj.protocol, values=PROTOCOLS)
        obj.protocol = obj.protocol.lower()


def _check_ports(obj: FlowClassifier, side: str) -> None:
    names = (f"{side}_port_range_min", f"{side}_port_range_max")
    low, high = (getattr(obj, name) if obj.HasField(name) else None for name in names)
    if low is not None and high is not None and low > high:
        raise FlowClassifierInvalidPortRange(port_range_min=low, port_range_max=high)
    if (low is not None or high is not None) and obj.protocol not in ("tcp", "udp"):
        raise FlowClassifierProtocolRequiredWithPorts()
