"""Availability zones of networks and routers (neutron.db.availability_zone)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import listing
from mopenstack.core.engine.servicer import Servicer
from mopenstack.network.v2.core import availability_zones_pb2 as pb
from mopenstack.network.v2.core.availability_zones_pb2 import AvailabilityZone
from mopenstack.network.v2.refusals import AvailabilityZoneNotFound

ZONES = ("nova",)
_ALL = [AvailabilityZone(state="available", name=name, resource=of) for name in ZONES for of in ("network", "router")]


class AvailabilityZones(Servicer):
    service = pb.DESCRIPTOR.services_by_name["AvailabilityZones"]

    async def list_availability_zones(self, call: Call, request: Any) -> Page:
        found = _ALL
        for item in request.query.filters:
            test = listing(AvailabilityZone).filter(item.key, item.values)
            if test is not None:
                found = [zone for zone in found if test(zone)]
        return Page(found)


def check_hints(hints: Iterable[str]) -> None:
    """Refuse a hint to a zone that there is not."""
    for hint in hints:
        if hint not in ZONES:
            raise AvailabilityZoneNotFound(availability_zone=hint)
