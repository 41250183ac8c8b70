"""Segments of networks (neutron.services.segments)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.networks import Networks, show_segments
from mopenstack.core.network.core.provider import ProviderSegment, check_all, reserve_provider_segment
from mopenstack.network.v2.core import segments_pb2 as pb
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import SegmentInUse, SegmentNotFound


class Segments(NeutronResource[Segment]):
    service = pb.DESCRIPTOR.services_by_name["Segments"]
    message = Segment
    not_found = SegmentNotFound

    async def prepare(self, call: Call, obj: Segment, request: Any, given: set[str]) -> None:
        network = await call.service(Networks).fetch(call, obj.network_id)
        asked = ProviderSegment.of(obj)
        check_all([asked])
        for name in ("physical_network", "segmentation_id"):
            obj.ClearField(name)
        if not obj.HasField("description"):
            obj.description = ""
        await reserve_provider_segment(call, obj, asked, network.project_id)

    async def created(self, call: Call, obj: Segment, request: Any) -> None:
        await self._show(call, obj.network_id)

    async def remove(self, call: Call, obj: Segment) -> None:
        subnets = await call.tx.query(Subnet, segment_id=obj.id)
        if subnets:
            ids = ", ".join(subnet.id for subnet in subnets)
            raise SegmentInUse(segment_id=obj.id, why=f"The segment is still associated with subnet(s) {ids}")

    async def discard(self, call: Call, obj: Segment) -> None:
        await super().discard(call, obj)
        await self._show(call, obj.network_id)

    @staticmethod
    async def _show(call: Call, network_id: str) -> None:
        segments = await call.tx.query(Segment, network_id=network_id)
        network = await call.tx.edit(Network, network_id)
        show_segments(network, sorted(segments, key=lambda one: (one.created_at.seconds, one.created_at.nanos)))
        await call.tx.put(network)
