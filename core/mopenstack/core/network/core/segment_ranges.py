"""Ranges of segmentation ids (neutron.services.network_segment_range.plugin).

The cloud's configuration gives ranges of its own, which are shown and never change; an admin adds others.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.provider import TUNNEL_RANGE, TUNNELS, VLAN_PHYSICAL_NETWORKS, VLAN_RANGE
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core import network_segment_ranges_pb2 as pb
from mopenstack.network.v2.core.network_segment_ranges_pb2 import NetworkSegmentRange
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    NetworkSegmentRangeDefaultReadOnly,
    NetworkSegmentRangeNetTypeNotSupported,
    NetworkSegmentRangeNotFound,
    NetworkSegmentRangeOverlaps,
    NetworkSegmentRangeReferencedByProject,
    RequestFailed,
)

CREATED = "network/network_segment_ranges"
"""Counter: whether the ranges of the configuration are stored."""

LARGEST = {"vlan": 4094, "vxlan": 2**24 - 1, "geneve": 2**24 - 1, "gre": 2**32 - 1}
SHOWN_MAX = 65_536
"""Most ids that `available` lists; Neutron has a row for each, and shows them all."""


class NetworkSegmentRanges(NeutronResource[NetworkSegmentRange]):
    service = pb.DESCRIPTOR.services_by_name["NetworkSegmentRanges"]
    message = NetworkSegmentRange
    not_found = NetworkSegmentRangeNotFound

    async def before(self, call: Call, request: Any) -> None:
        await super().before(call, request)
        if not await call.tx.counter(CREATED):
            await call.tx.add(CREATED, 1)
            await self._create_defaults(call)

    @staticmethod
    async def _create_defaults(call: Call) -> None:
        configured = [("vlan", physical, VLAN_RANGE) for physical in VLAN_PHYSICAL_NETWORKS]
        configured += [(tunnel, "", TUNNEL_RANGE) for tunnel in TUNNELS]
        for kind, physical, (first, last) in configured:
            one = NetworkSegmentRange(
                id=call.ids.uuid(),
                default=True,
                shared=True,
                network_type=kind,
                physical_network=physical,
                minimum=first,
                maximum=last,
            )
            call.stamp(one.created_at)
            await call.tx.put(one, fresh=True)

    async def view(self, call: Call, obj: NetworkSegmentRange) -> Message:
        seen = copy_of(obj)
        for number, project in (await self._used(call, obj)).items():
            seen.used[str(number)] = project
        for number in range(obj.minimum, min(obj.maximum, obj.minimum + SHOWN_MAX - 1) + 1):
            if str(number) not in seen.used:
                seen.available.append(number)
        return seen

    async def prepare(self, call: Call, obj: NetworkSegmentRange, request: Any, given: set[str]) -> None:
        if obj.network_type not in LARGEST:
            raise NetworkSegmentRangeNetTypeNotSupported(type=obj.network_type)
        if obj.network_type != "vlan":
            obj.physical_network = ""
        elif not obj.physical_network:
            msg = "Network type vlan requires 'physical_network' to be specified while creating new range"
            raise BadResourceRequest(resource="network_segment_range", msg=msg)
        await self._check(call, obj)
        obj.description = obj.description
        if obj.shared:
            obj.ClearField("project_id")

    async def change(
        self, call: Call, old: NetworkSegmentRange, new: NetworkSegmentRange, request: Any, given: set[str]
    ) -> None:
        self._check_own(old)
        if any(not new.minimum <= number <= new.maximum for number in await self._used(call, old)):
            raise NetworkSegmentRangeReferencedByProject(range_id=old.id)
        await self._check(call, new)

    async def remove(self, call: Call, obj: NetworkSegmentRange) -> None:
        self._check_own(obj)
        if await self._used(call, obj):
            raise NetworkSegmentRangeReferencedByProject(range_id=obj.id)

    @staticmethod
    def _check_own(obj: NetworkSegmentRange) -> None:
        if obj.default:
            raise NetworkSegmentRangeDefaultReadOnly(range_id=obj.id)

    @staticmethod
    async def _check(call: Call, obj: NetworkSegmentRange) -> None:
        if not 1 <= obj.minimum <= obj.maximum <= LARGEST[obj.network_type]:
            raise RequestFailed()  # Neutron has no status for NetworkVlanRangeError and NetworkTunnelRangeError
        same = (obj.network_type, obj.physical_network)
        overlapping = [
            one.id
            for one in await call.tx.query(NetworkSegmentRange, network_type=obj.network_type)
            if not one.default
            and one.id != obj.id
            and (one.network_type, one.physical_network) == same
            and obj.minimum <= one.maximum
            and obj.maximum >= one.minimum
        ]
        if overlapping:
            raise NetworkSegmentRangeOverlaps(range_id=", ".join(overlapping))

    @staticmethod
    async def _used(call: Call, obj: NetworkSegmentRange) -> dict[int, str]:
        """Segmentation id of the range -> the project whose network has it."""
        found = {}
        for segment in await call.tx.scan(Segment):
            if segment.network_type != obj.network_type or segment.physical_network != obj.physical_network:
                continue
            if obj.minimum <= segment.segmentation_id <= obj.maximum:
                network = await call.tx.get(Network, segment.network_id)
                found[segment.segmentation_id] = "" if network is None else network.project_id
        return found
