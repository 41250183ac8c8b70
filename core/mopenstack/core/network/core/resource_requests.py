"""What a port asks Placement for (neutron.services.qos.qos_plugin, neutron_lib.placement.utils).

The minimum rules of its QoS policy, or else of its network's, are resources; where they must be, traits: a group of
the request for bandwidth and one for packets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from mopenstack.core.engine.call import Call
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.qos.qos_rules_pb2 import MinimumBandwidthRule, MinimumPacketRateRule

BANDWIDTH = {"ingress": "NET_BW_IGR_KILOBIT_PER_SEC", "egress": "NET_BW_EGR_KILOBIT_PER_SEC"}
PACKETS = {
    "ingress": "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    "egress": "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "any": "NET_PACKET_RATE_KILOPACKET_PER_SEC",
}
TUNNEL = "CUSTOM_NETWORK_TUNNEL_PROVIDER"
_NOT_IN_TRAITS = re.compile(r"[^0-9A-Za-z]+")


async def resource_request(call: Call, port: Port) -> dict[str, Any] | None:
    """The value of the attribute `resource_request`; None: the port asks for nothing."""
    policy_id = port.qos_policy_id or port.qos_network_policy_id
    vnic = _trait(f"VNIC_TYPE_{port.vnic_type}")
    groups = []
    bandwidth = await call.tx.query(MinimumBandwidthRule, qos_policy_id=policy_id)
    if bandwidth:
        where = _network_trait(await call.tx.query(Segment, network_id=port.network_id))
        groups.append(_group(port, bandwidth, BANDWIDTH, "min_kbps", [where, vnic]))
    packets = await call.tx.query(MinimumPacketRateRule, qos_policy_id=policy_id)
    if packets:
        groups.append(_group(port, packets, PACKETS, "min_kpps", [vnic]))
    return {"request_groups": groups, "same_subtree": [group["id"] for group in groups]} if groups else None


def _group(
    port: Port, rules: Sequence[Any], classes: Mapping[str, str], amount: str, traits: list[str]
) -> dict[str, Any]:
    return {
        "id": str(uuid5(UUID(port.id), ":".join(rule.id for rule in rules))),
        "required": traits,
        "resources": {classes[rule.direction]: getattr(rule, amount) for rule in rules},
    }


def _network_trait(segments: Sequence[Segment]) -> str:
    """Of a network's first segment."""
    first = min(segments, key=lambda one: (one.created_at.seconds, one.created_at.nanos), default=None)
    if first is None or not first.physical_network:
        return TUNNEL
    return _trait(f"PHYSNET_{first.physical_network}")


def _trait(name: str) -> str:
    """os_traits.normalize_name."""
    return "CUSTOM_" + _NOT_IN_TRAITS.sub("_", name).upper()
