"""Compute services and the zones their hosts are in.

Source: nova/api/openstack/compute/services.py, nova/availability_zones.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.hosts import aggregates_pb2
from mopenstack.compute.v2.hosts import services_pb2 as pb
from mopenstack.compute.v2.servers import servers_pb2
from mopenstack.compute.v2.servers.migrations_pb2 import Migration
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.servers import claims
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.transaction import copy_of

COMPUTE = "nova-compute"
FINISHED = ("confirmed", "reverted", "error", "failed", "completed", "cancelled", "done")
"""States of migrations in which nothing more happens to them."""
INTERNAL_ZONE = "internal"
DEFAULT_ZONE = "nova"


class Services(ResourceServicer[pb.Service]):
    """A service reports all the time: `updated_at` is now, `state` up unless it is forced down."""

    service = pb.DESCRIPTOR.services_by_name["Services"]
    message = pb.Service
    not_found = refusals.ServiceNotFound
    page_max = None

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.Service]:
        filters = {item.key: item.values[0] for item in query.filters if item.key in ("host", "binary") and item.values}
        found = await call.tx.scan(pb.Service)
        return [service for service in found if all(getattr(service, key) == filters[key] for key in filters)]

    async def view(self, call: Call, obj: pb.Service) -> pb.Service:
        shown = copy_of(obj)
        shown.zone = await self.zone_of(call, obj)
        call.stamp(shown.updated_at, float(int(call.time)))
        return shown

    # -- what hosts are asked for

    async def computes(self, call: Call) -> list[pb.Service]:
        """The nova-compute services, oldest first."""
        found = await call.tx.query(pb.Service, binary=COMPUTE)
        return sorted(found, key=lambda service: service.number)

    async def enabled(self, call: Call) -> list[pb.Service]:
        """The services of any kind that are not disabled, oldest first."""
        found = [service for service in await call.tx.scan(pb.Service) if service.status != "disabled"]
        return sorted(found, key=lambda service: service.number)

    async def compute_of(self, call: Call, host: str) -> pb.Service | None:
        """The nova-compute service of a host."""
        return next(iter(await call.tx.query(pb.Service, host=host, binary=COMPUTE)), None)

    async def zone_of(self, call: Call, service: pb.Service) -> str:
        """`internal` for what is no compute; else the zone of the host's aggregates, or the default."""
        if service.binary != COMPUTE:
            return INTERNAL_ZONE
        return await self.zone_of_host(call, service.host)

    async def zone_of_host(self, call: Call, host: str) -> str:
        """The availability zone that the host's servers are in."""
        return (await self.zones_of_hosts(call)).get(host, DEFAULT_ZONE)

    async def zones_of_hosts(self, call: Call) -> dict[str, str]:
        """Host -> its availability zone, where an aggregate gives it one; the others are in the default."""
        zones: dict[str, str] = {}
        for aggregate in await call.tx.scan(aggregates_pb2.Aggregate):
            if aggregate.availability_zone:
                for host in aggregate.hosts:
                    zones.setdefault(host, aggregate.availability_zone)
        return zones

    async def register_service(self, call: Call, request: pb.RegisterServiceRequest) -> Result:
        return await self.register(call, request.host, request.binary)

    async def register(self, call: Call, host: str, binary: str) -> pb.Service:
        """A service that starts: the one of that name, or a new one."""
        for known in await call.tx.query(pb.Service, host=host, binary=binary):
            return known
        number = await call.tx.add("compute/service/number", 1)
        service = pb.Service(host=host, binary=binary, number=number, status="enabled", state="up")
        return await self.insert(call, service)

    # -- by host and binary, up to 2.52

    async def disable_service(self, call: Call, request: pb.ServiceActionRequest) -> Result:
        return await self._switch(call, request, "disabled", None)

    async def disable_service_log_reason(self, call: Call, request: pb.ServiceActionRequest) -> Result:
        if not request.HasField("disabled_reason"):
            raise refusals.InvalidServiceUpdate("Missing disabled reason field")
        return await self._switch(call, request, "disabled", request.disabled_reason)

    async def enable_service(self, call: Call, request: pb.ServiceActionRequest) -> Result:
        return await self._switch(call, request, "enabled", None)

    async def force_service_down(self, call: Call, request: pb.ForceServiceDownRequest) -> Result:
        if not request.HasField("forced_down"):
            raise refusals.InvalidServiceUpdate("Missing forced_down field")
        service = await self._named(call, request.host, request.binary)
        _force_down(service, request.forced_down)
        await call.tx.put(service)
        changed = pb.ForceServiceDownResponse.Changed(
            host=request.host, binary=request.binary, forced_down=request.forced_down
        )
        return pb.ForceServiceDownResponse(service=changed)

    async def _switch(self, call: Call, request: pb.ServiceActionRequest, status: str, reason: str | None) -> Result:
        service = await self._named(call, request.host, request.binary)
        _set_status(service, status, reason)
        await call.tx.put(service)
        await claims.mark_disabled(call, service.host, disabled=status == "disabled")
        changed = pb.ServiceActionResponse.Changed(
            host=request.host, binary=request.binary, status=status, disabled_reason=reason
        )
        return pb.ServiceActionResponse(service=changed)

    async def _named(self, call: Call, host: str, binary: str) -> pb.Service:
        if binary != COMPUTE:
            raise refusals.NotAComputeService(binary=binary)
        found = await self.compute_of(call, host)
        if found is None:
            raise refusals.HostMappingNotFound(host=host)
        return copy_of(found)

    # -- by id

    async def update_service(self, call: Call, request: pb.UpdateServiceRequest) -> Result:
        service = await call.tx.get(pb.Service, _uuid(request.service_id))
        if service is None:
            raise refusals.ServiceIdNotFound(id=request.service_id)
        if service.binary != COMPUTE:
            raise refusals.NotAComputeService(binary=service.binary)
        changed = copy_of(service)
        if request.status == "enabled" and request.disabled_reason:
            raise refusals.InvalidServiceUpdate("Specifying 'disabled_reason' with status 'enabled' is invalid.")
        if request.status:
            reason = request.disabled_reason if request.HasField("disabled_reason") else None
            _set_status(changed, request.status, reason)
            await claims.mark_disabled(call, changed.host, disabled=request.status == "disabled")
        if request.HasField("forced_down"):
            _force_down(changed, request.forced_down)
        if not request.status and not request.HasField("forced_down"):
            raise refusals.InvalidServiceUpdate(
                "No updates were requested. Fields 'status' or 'forced_down' should be specified."
            )
        await call.tx.put(changed)
        return await self.view(call, changed)

    async def find(self, call: Call, id: str) -> pb.Service | None:
        if call.at_least(53):
            return await call.tx.get(pb.Service, _uuid(id))
        number = _number(id)
        return next((item for item in await call.tx.scan(pb.Service) if item.number == number), None)

    async def remove(self, call: Call, obj: pb.Service) -> None:
        if obj.binary != COMPUTE:
            return
        if await call.tx.query(servers_pb2.Server, host=obj.host):
            raise refusals.ServiceHostsInstances()
        if any(obj.host in (item.source_compute, item.dest_compute) for item in await _unfinished_migrations(call)):
            raise refusals.ServiceHasMigrations()
        for aggregate in await call.tx.scan(aggregates_pb2.Aggregate):
            if obj.host in aggregate.hosts:
                changed = copy_of(aggregate)
                changed.hosts.remove(obj.host)
                await call.tx.put(changed)
        await claims.unregister(call, obj.host)


async def _unfinished_migrations(call: Call) -> list[Migration]:
    return [item for item in await call.tx.scan(Migration) if item.status not in FINISHED]


def _set_status(service: pb.Service, status: str, reason: str | None) -> None:
    service.status = status
    service.ClearField("disabled_reason")
    if reason is not None:
        service.disabled_reason = reason


def _force_down(service: pb.Service, down: bool) -> None:
    service.forced_down = down
    service.state = "down" if down else "up"


def _uuid(id: str) -> str:
    try:
        return str(uuid.UUID(id))
    except ValueError:
        raise refusals.InvalidUuid(id=id) from None


def _number(id: str) -> int:
    try:
        return int(id)
    except ValueError:
        raise refusals.InvalidAggregateId() from None
