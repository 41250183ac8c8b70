"""Availability zones. Source: nova/api/openstack/compute/availability_zone.py, nova/availability_zones.py."""

from __future__ import annotations

from mopenstack.compute.v2.hosts import availability_zones_pb2 as pb
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.hosts.services import INTERNAL_ZONE, Services
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class AvailabilityZones(Servicer):
    """A zone is available if one of its services is enabled."""

    service = pb.DESCRIPTOR.services_by_name["AvailabilityZones"]

    async def list_availability_zones(self, call: Call, request: pb.ListAvailabilityZonesRequest) -> Result:
        zones = [zone for zone in await self._zones(call) if zone.name != INTERNAL_ZONE]
        for zone in zones:
            zone.ClearField("hosts")
        return pb.ListAvailabilityZonesResponse(availability_zones=zones)

    async def list_availability_zones_detail(self, call: Call, request: pb.ListAvailabilityZonesRequest) -> Result:
        return pb.ListAvailabilityZonesResponse(availability_zones=await self._zones(call))

    async def available(self, call: Call) -> set[str]:
        """The zones that a server may be asked into."""
        return {zone.name for zone in await self._zones(call) if zone.state.available}

    async def _zones(self, call: Call) -> list[pb.AvailabilityZone]:
        """The available ones first, each with the hosts and services that are enabled."""
        services = call.service(Services)
        available: dict[str, pb.AvailabilityZone] = {}
        others: dict[str, pb.AvailabilityZone] = {}
        stored = await services.candidates(call, common.Query())
        for service in sorted(stored, key=lambda item: item.number):
            shown = await services.view(call, service)
            if shown.status != "enabled":
                others.setdefault(shown.zone, pb.AvailabilityZone(name=shown.zone, state={"available": False}))
                continue
            zone = available.setdefault(shown.zone, pb.AvailabilityZone(name=shown.zone, state={"available": True}))
            state = zone.hosts.hosts[shown.host].services[shown.binary]
            state.available = shown.state == "up"
            state.active = True
            state.updated_at.CopyFrom(shown.updated_at)
        return [*available.values(), *(zone for name, zone in others.items() if name not in available)]
