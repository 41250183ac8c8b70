"""Host aggregates. Source: nova/api/openstack/compute/aggregates.py, nova/compute/api.py (AggregateAPI)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.hosts import aggregates_pb2 as pb
from mopenstack.compute.v2.servers import servers_pb2
from mopenstack.contract.faults import Fault, InvalidField
from mopenstack.contract.values import plain
from mopenstack.core.compute.hosts.services import Services
from mopenstack.core.compute.servers import claims
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.core.store.transaction import Taken

ZONE = "availability_zone"
_ZONE_CHANGE = (
    "The host cannot be {done} the aggregate as the availability zone of the host would change from "
    "'{old}' to '{new}' but the host already has {count} instance(s). Changing the AZ of an existing instance is not "
    "supported by this action. Move the instances away from this host then try again. If you need to move the "
    "instances between AZs then you can use shelve_offload and unshelve to achieve this."
)
_NAMES = "compute/aggregate/name"


class Aggregates(ResourceServicer[pb.Aggregate]):
    """Numbered, not named by UUID. A host's aggregates never disagree about its zone."""

    service = pb.DESCRIPTOR.services_by_name["Aggregates"]
    message = pb.Aggregate
    not_found = refusals.AggregateNotFound
    page_max = None
    stamps_update: ClassVar[bool] = False

    async def find(self, call: Call, id: str) -> pb.Aggregate | None:
        try:
            number = int(id)
        except ValueError:
            raise refusals.InvalidAggregateId() from None
        return await call.tx.get(pb.Aggregate, str(number))

    async def insert(
        self, call: Call, obj: pb.Aggregate, request: Any = None, given: set[str] | None = None
    ) -> pb.Aggregate:
        obj.number = await call.tx.add("compute/aggregate/number", 1)
        obj.id = str(obj.number)
        obj.uuid = call.take_id() or call.ids.uuid()
        return await super().insert(call, obj, request, given)

    async def prepare(self, call: Call, obj: pb.Aggregate, request: Any, given: set[str]) -> None:
        if obj.HasField(ZONE):
            _check_zone_name(obj.availability_zone)
            obj.metadata[ZONE] = obj.availability_zone
        await self._claim_name(call, obj)

    async def check_request(self, call: Call, request: Any) -> None:
        """What Nova looks at before it looks for the aggregate."""
        if isinstance(request, pb.UpdateAggregateRequest) and not envelope(request)[1]:
            raise InvalidField(("aggregate",), {}, "any_of", ["name", ZONE])
        if isinstance(request, pb.SetAggregateMetadataRequest):
            _metadata(request)
        elif isinstance(request, pb.AddAggregateHostRequest):
            await self.find(call, request.aggregate_id)
            if await call.service(Services).compute_of(call, request.add_host.host) is None:
                raise refusals.ComputeHostNotFound(host=request.add_host.host)
        elif isinstance(request, pb.RemoveAggregateHostRequest):
            found, host = await self.find(call, request.aggregate_id), request.remove_host.host
            if found is None or await call.service(Services).compute_of(call, host) is None:
                raise refusals.CannotRemoveHost(host=host, id=request.aggregate_id)
        elif isinstance(request, pb.CacheAggregateImagesRequest):
            ids = [image.id for image in request.cache]
            if not ids:
                raise InvalidField(("cache",), [], "min_items", 1)
            await self.find(call, request.aggregate_id)
            if len(set(ids)) != len(ids):
                raise refusals.DuplicateImages()

    async def change(self, call: Call, old: pb.Aggregate, new: pb.Aggregate, request: Any, given: set[str]) -> None:
        if "name" in given:
            new.name = new.name.strip()
            if not new.name or not new.name.isprintable():
                raise refusals.InvalidName(reason="printable characters with at least one non space character")
            if new.name != old.name:
                await call.tx.release(_NAMES, old.name)
                await self._claim_name(call, new)
        if ZONE in given:
            zone = new.availability_zone if new.HasField(ZONE) else None
            if zone is not None:
                _check_zone_name(zone)
            await self._check_zone(call, new, {ZONE: zone}, list(new.hosts), refusals.AggregateUpdateRefused, True)
            _set_zone(new, zone)

    async def remove(self, call: Call, obj: pb.Aggregate) -> None:
        if obj.hosts:
            raise refusals.AggregateDeleteRefused(id=obj.id, reason="Host aggregate is not empty")

    # -- actions

    async def add_aggregate_host(self, call: Call, request: pb.AddAggregateHostRequest) -> Result:
        host = request.add_host.host
        aggregate = await call.tx.edit(pb.Aggregate, call.target.id)
        await self._check_zone(call, aggregate, aggregate.metadata, [host], refusals.AggregateAddRefused, False)
        if host in aggregate.hosts:
            raise refusals.AggregateHostExists(id=aggregate.id, host=host)
        new = aggregate.metadata.get(ZONE)
        old = await self._zone_elsewhere(call, host, aggregate)
        count = await self._instances(call, [host])
        if count and new is not None and old != new:
            reason = _ZONE_CHANGE.format(done="added to", old=old, new=new, count=count)
            raise refusals.AggregateAddRefused(id=aggregate.id, reason=reason)
        aggregate.hosts.append(host)
        await call.tx.put(aggregate)
        await claims.mirror_aggregate(call, host, aggregate.uuid, member=True)
        return aggregate

    async def remove_aggregate_host(self, call: Call, request: pb.RemoveAggregateHostRequest) -> Result:
        host = request.remove_host.host
        aggregate = await call.tx.edit(pb.Aggregate, call.target.id)
        old = aggregate.metadata.get(ZONE)
        new = await self._zone_elsewhere(call, host, aggregate)
        count = await self._instances(call, [host])
        if count and old is not None and old != new:
            reason = _ZONE_CHANGE.format(done="removed from", old=old, new=new, count=count)
            raise refusals.AggregateRemoveRefused(id=aggregate.id, reason=reason)
        if host not in aggregate.hosts:
            raise refusals.CannotRemoveHost(host=host, id=request.aggregate_id)
        aggregate.hosts.remove(host)
        await call.tx.put(aggregate)
        await claims.mirror_aggregate(call, host, aggregate.uuid, member=False)
        return aggregate

    async def set_aggregate_metadata(self, call: Call, request: pb.SetAggregateMetadataRequest) -> Result:
        changes = _metadata(request)
        aggregate = await call.tx.edit(pb.Aggregate, call.target.id)
        await self._check_zone(call, aggregate, changes, list(aggregate.hosts), refusals.AggregateMetadataRefused, True)
        for key, text in changes.items():
            if text is None:
                aggregate.metadata.pop(key, None)
            else:
                aggregate.metadata[key] = text
        if ZONE in changes:
            _set_zone(aggregate, changes[ZONE])
        await self.save(call, aggregate)
        return aggregate

    async def cache_aggregate_images(self, call: Call, request: pb.CacheAggregateImagesRequest) -> Result:
        """The hosts would fetch the images ahead of time; here there is nothing to fetch."""
        return EMPTY

    # -- inside

    @staticmethod
    async def _claim_name(call: Call, aggregate: pb.Aggregate) -> None:
        try:
            await call.tx.claim(_NAMES, aggregate.name, aggregate)
        except Taken:
            raise refusals.AggregateNameExists(name=aggregate.name) from None

    @staticmethod
    async def _instances(call: Call, hosts: list[str]) -> int:
        return sum([len(await call.tx.query(servers_pb2.Server, host=host)) for host in hosts])

    @staticmethod
    async def _zone_elsewhere(call: Call, host: str, but: pb.Aggregate) -> str | None:
        """The zone that the host's other aggregates give it."""
        for aggregate in await call.tx.scan(pb.Aggregate):
            if aggregate.id != but.id and host in aggregate.hosts and ZONE in aggregate.metadata:
                return aggregate.metadata[ZONE]
        return None

    async def _check_zone(
        self,
        call: Call,
        aggregate: pb.Aggregate,
        metadata: Mapping[str, str | None],
        hosts: list[str],
        refusal: type[Fault],
        empty_hosts: bool,
    ) -> None:
        """AggregateAPI.is_safe_to_update_az: no host in two zones, no server whose zone changes under it."""
        if ZONE not in metadata:
            return
        zone = metadata[ZONE]
        if not zone:
            reason = f"Aggregate {aggregate.name} does not support empty named availability zone"
            raise refusal(id=aggregate.id, reason=reason)
        others = [
            other.metadata[ZONE]
            for other in await call.tx.scan(pb.Aggregate)
            if other.id != aggregate.id and ZONE in other.metadata and not set(hosts).isdisjoint(other.hosts)
        ]
        conflicting = [other for other in others if other != zone]
        if conflicting:
            reason = f"One or more hosts already in availability zone(s) {conflicting}"
            raise refusal(id=aggregate.id, reason=reason)
        if empty_hosts and aggregate.metadata.get(ZONE) != zone and await self._instances(call, hosts):
            raise refusal(id=aggregate.id, reason="One or more hosts contain instances in this zone")


def _metadata(request: pb.SetAggregateMetadataRequest) -> dict[str, str | None]:
    """The metadata to set, None for a key to remove; raises InvalidField for values of other types."""
    changes: dict[str, str | None] = {}
    for key, value in request.set_metadata.metadata.fields.items():
        given = plain(value)
        if given is not None and not isinstance(given, str):
            raise InvalidField(("set_metadata", "metadata", key), given, "type", ["string", "null"])
        changes[key] = given
    return changes


def _set_zone(aggregate: pb.Aggregate, zone: str | None) -> None:
    if zone is None:
        aggregate.metadata.pop(ZONE, None)
        aggregate.ClearField(ZONE)
    else:
        aggregate.metadata[ZONE] = zone
        aggregate.availability_zone = zone


def _check_zone_name(zone: str) -> None:
    if not zone or ":" in zone or zone.strip() != zone or not zone.isprintable() or len(zone) > 255:
        raise InvalidField(("aggregate", ZONE), zone, "one_of_schemas")
