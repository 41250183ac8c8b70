"""Zones (designate.api.v2.controllers.zones, designate.central.service)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.dns import names
from mopenstack.core.dns.base import DnsResource, check_same, says
from mopenstack.core.dns.lifecycle import CREATE, DELETE, ERROR, PENDING, SECONDS, ZONES
from mopenstack.core.dns.operators.pools import DEFAULT_ID, nameservers
from mopenstack.core.dns.recordsets import managed
from mopenstack.core.dns.zones import abandoned, rules
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators.pools_pb2 import Pool
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones import zone_shares_pb2
from mopenstack.dns.v2.zones import zones_pb2 as pb

TTL = 3600
REFRESH, REFRESH_SPREAD = 3500, 100
RETRY, EXPIRE, MINIMUM = 600, 86400, 3600
"""The default_soa_* of designate.conf, in seconds."""
HOSTMASTER = "hostmaster@example.com"
"""managed_resource_email: whom zones name that the service keeps itself."""
SERIAL_MAX = 2**32 - 1


class Zones(DnsResource[pb.Zone]):
    service = pb.DESCRIPTOR.services_by_name["Zones"]
    message = pb.Zone
    lifecycle = ZONES
    not_found = refusals.ZoneNotFound
    filters = ("name", "type", "email", "status", "description", "ttl")
    sort_keys = ("created_at", "id", "updated_at", "name", "tenant_id", "serial", "ttl", "status")
    counted = True

    async def check_request(self, call: Call, request: Any) -> None:
        if isinstance(request, pb.CreateZoneRequest):
            zone, given = request.zone, set(request.mask.paths)
            zone.type = zone.type or pb.Zone.PRIMARY
            names.check_domain(zone.name)
            if "email" in given:
                names.check_email(zone.email)
            rules.check_kind(zone, given)
            if zone.type == pb.Zone.CATALOG:
                raise refusals.CatalogZoneForbidden()

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.Zone]:
        found = await super().candidates(call, query)
        return found if call.caller.is_admin else [zone for zone in found if zone.type != pb.Zone.CATALOG]

    # -- create

    async def prepare(self, call: Call, obj: pb.Zone, request: Any, given: set[str]) -> None:
        obj.type = obj.type or pb.Zone.PRIMARY
        await rules.check_name(call, obj.name)
        obj.pool_id = DEFAULT_ID
        obj.key = obj.name.lower()
        obj.above.extend(names.above(obj.name))
        if not await nameservers(call, obj.pool_id):
            raise refusals.NoServersConfigured()
        below = await rules.place(call, obj)
        await rules.claim_name(call, obj)
        await abandoned.forget(call, obj.key)
        if not obj.HasField("ttl"):
            obj.ttl = TTL
        if obj.type == pb.Zone.SECONDARY:
            obj.email, obj.serial = HOSTMASTER, 1
        obj.serial = obj.serial or int(call.time)
        obj.refresh = REFRESH + int(call.ids.uuid().replace("-", ""), 16) % REFRESH_SPREAD
        obj.retry, obj.expire, obj.minimum = obj.retry or RETRY, obj.expire or EXPIRE, MINIMUM
        obj.version = 1
        for zone in below:
            child = await call.tx.edit(pb.Zone, zone.id)
            child.parent_zone_id = obj.id
            await call.tx.put(child)

    async def created(self, call: Call, obj: pb.Zone, request: Any) -> None:
        zone = await call.tx.edit(pb.Zone, obj.id)
        await ZONES.begin(call, zone, "create")
        servers = await nameservers(call, obj.pool_id)
        await managed.add(call, zone, "SOA", [soa(zone, servers[0].hostname)])
        if obj.type == pb.Zone.PRIMARY:
            await managed.add(call, zone, "NS", [server.hostname for server in servers])
        elif obj.type == pb.Zone.SECONDARY:
            await call.publish("transfer", "zone", obj)

    # -- update

    async def change(self, call: Call, old: pb.Zone, new: pb.Zone, request: Any, given: set[str]) -> None:
        if old.action == DELETE:
            raise refusals.ZoneBeingDeleted()
        check_same(old, new, given, "name", "type", "attributes")
        new.pool_id = old.pool_id
        if "email" in given:
            names.check_email(new.email)
        rules.check_kind(new, given)

    async def changed(self, call: Call, old: pb.Zone, new: pb.Zone) -> None:
        zone = await call.tx.edit(pb.Zone, new.id)
        zone.version += 1
        call.stamp(zone.changed_at)
        zone.increment_serial = zone.type == pb.Zone.PRIMARY
        await ZONES.begin(call, zone, "update")
        if list(old.masters) != list(new.masters):
            await call.publish("transfer", "zone", new)

    async def touch(self, call: Call, zone_id: str, records: int = 0) -> None:
        """A zone's records have changed: it gets a new serial; `records` more count for the quota."""
        zone = await call.tx.edit(pb.Zone, zone_id)
        zone.version += 1
        zone.records += records
        zone.increment_serial = True
        call.stamp(zone.changed_at)
        await ZONES.begin(call, zone, "create" if zone.action == pb.CREATE else "update")

    # -- delete

    async def delete_zone(self, call: Call, request: pb.DeleteZoneRequest) -> Result:
        await self._check_delete(call)
        zone = await call.tx.edit(pb.Zone, call.target.id)
        zone.version += 1
        call.stamp(zone.changed_at)
        await ZONES.begin(call, zone, "delete", seconds=SECONDS)
        answer = pb.Zone()
        answer.CopyFrom(await call.tx.get(pb.Zone, zone.id) or zone)
        answer.shared = call.target.shared  # as it was found
        return answer

    async def abandon_zone(self, call: Call, request: pb.AbandonZoneRequest) -> Result:
        await self._check_delete(call)
        if is_served(call.target):
            await abandoned.keep(call, call.target, await records_of(call, call.target.id))
        await self.discard(call, await call.tx.get(pb.Zone, call.target.id) or call.target)
        return EMPTY

    async def _check_delete(self, call: Call) -> None:
        zone: pb.Zone = call.target
        if zone.shared and not says(call, "deletes_shares"):
            raise refusals.ZoneIsShared()
        if await call.tx.query(pb.Zone, parent_zone_id=zone.id):
            raise refusals.ZoneHasSubZone()
        for share in await call.tx.query(zone_shares_pb2.ZoneShare, zone_id=zone.id) if zone.shared else ():
            await call.tx.delete(zone_shares_pb2.ZoneShare, share.id)
        if zone.shared:
            kept = await call.tx.edit(pb.Zone, zone.id)
            kept.shared = False
            del kept.shared_with[:]
            await call.tx.put(kept)

    # -- tasks

    async def list_zone_nameservers(self, call: Call, request: pb.ListZoneNameserversRequest) -> Result:
        found = await nameservers(call, call.target.pool_id)
        return pb.ListZoneNameserversResponse(
            nameservers=[pb.Nameserver(priority=one.priority, hostname=one.hostname) for one in found]
        )

    async def transfer_zone(self, call: Call, request: pb.TransferZoneRequest) -> Result:
        if call.target.type != pb.Zone.SECONDARY:
            raise refusals.NotSecondary()
        await call.publish("transfer", "zone", call.target)
        return EMPTY

    async def move_zone(self, call: Call, request: pb.MoveZoneRequest) -> Result:
        zone = await call.tx.edit(pb.Zone, call.target.id)
        if zone.action == DELETE:
            raise refusals.ZoneToMoveBeingDeleted()
        if request.pool_id == zone.pool_id:
            raise refusals.SamePool()
        pool_id = request.pool_id or DEFAULT_ID
        if pool_id == zone.pool_id:
            raise refusals.NoValidPool()
        if await call.tx.get(Pool, pool_id) is None:
            raise refusals.NoSuchPool()
        if not await nameservers(call, pool_id):
            raise refusals.NoServersConfigured()
        await call.tx.release(rules.SCOPE + zone.pool_id, zone.key)
        zone.pool_id = pool_id
        await rules.claim_name(call, zone)
        zone.version += 1
        call.stamp(zone.changed_at)
        await ZONES.begin(call, zone, "create")
        await self.write_nameservers(call, zone.id, touch=False)
        return EMPTY

    # -- what the service writes

    async def write_nameservers(self, call: Call, zone_id: str, *, touch: bool = True) -> None:
        """Make SOA and NS records name the servers of the zone's pool."""
        zone = await call.tx.get(pb.Zone, zone_id)
        if zone is None or zone.type != pb.Zone.PRIMARY:
            return
        servers = await nameservers(call, zone.pool_id)
        await managed.write(call, zone, "NS", [server.hostname for server in servers])
        await managed.write(call, zone, "SOA", [soa(zone, servers[0].hostname)])
        if touch:
            await self.touch(call, zone_id)

    async def remove(self, call: Call, obj: pb.Zone) -> None:
        for child in await call.tx.query(pb.Zone, parent_zone_id=obj.id):
            orphan = await call.tx.edit(pb.Zone, child.id)
            orphan.ClearField("parent_zone_id")
            await call.tx.put(orphan)

    async def by_name(self, call: Call, name: str) -> pb.Zone | None:
        """The zone of a name, of whatever project."""
        found = await call.tx.query(pb.Zone, key=name.lower())
        return found[0] if found else None

    async def make(self, call: Call, zone: pb.Zone) -> pb.Zone:
        """Create a zone on behalf of a call, with the checks of one."""
        names.check_domain(zone.name)
        names.check_email(zone.email)
        zone.project_id = zone.project_id or call.caller.project_id
        return await self.insert(call, zone)


def soa(zone: pb.Zone, server: str) -> str:
    """The SOA record of a zone."""
    mailbox, _, domain = zone.email.partition("@")
    mailbox = mailbox.replace(".", "\\.")
    numbers = f"{zone.serial} {zone.refresh} {zone.retry} {zone.expire} {zone.minimum}"
    return f"{server} {mailbox}.{domain}. {numbers}"


def next_serial(zone: pb.Zone, now: float) -> int:
    """The time in seconds, as Designate has it, and always more than before, so that secondaries see each change."""
    return max(int(now), zone.serial + 1) % SERIAL_MAX or 1


@ZONES.on("create", "update")
async def _told(call: Call, zone: pb.Zone) -> None:
    """The name servers have the zone: a new serial if its records changed, and the SOA record with it."""
    zone.version += 1
    call.stamp(zone.changed_at)
    if not zone.increment_serial or zone.type != pb.Zone.PRIMARY:
        return
    zone.increment_serial = False
    zone.serial = next_serial(zone, call.time)
    servers: Sequence[Any] = await nameservers(call, zone.pool_id)
    if servers:
        await managed.write(call, zone, "SOA", [soa(zone, servers[0].hostname)])


def is_served(zone: pb.Zone) -> bool:
    """Whether the name servers have a zone."""
    created = zone.status == PENDING and zone.action == CREATE
    return zone.type != pb.Zone.CATALOG and zone.status != ERROR and not created


async def records_of(call: Call, zone_id: str) -> Sequence[RecordSet]:
    """All record sets of a zone: the SOA, and the others in the order of their creation."""
    found = await call.tx.query(RecordSet, zone_id=zone_id)
    return sorted(found, key=lambda one: (one.type != "SOA", one.created_at.seconds, one.created_at.nanos, one.id))
