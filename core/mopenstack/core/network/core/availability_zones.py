"""Availability zones of networks and routers (neutron.db.availability_zone)."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.network.v2.core import availability_zones_pb2 as pb
from mopenstack.network.v2.core.availability_zones_pb2 import AvailabilityZone
from mopenstack.network.v2.refusals import AvailabilityZoneNotFound

ZONES = ("nova",)
_ALL = [AvailabilityZone(state="available", name=name, resource=of) for name in ZONES for of in ("network", "router")]


class AvailabilityZones(ComputedServicer[AvailabilityZone]):
    service = pb.DESCRIPTOR.services_by_name["AvailabilityZones"]
    message = AvailabilityZone

    async def candidates(self, call: Call, query: common.Query) -> Iterable[AvailabilityZone]:
        return _ALL


def check_hints(hints: Iterable[str]) -> None:
    """Refuse a hint to a zone that there is not."""
    for hint in hints:
        if hint not in ZONES:
            raise AvailabilityZoneNotFound(availability_zone=hint)
