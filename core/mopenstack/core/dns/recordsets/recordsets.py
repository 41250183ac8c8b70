"""Record sets (designate.api.v2.controllers.zones.recordsets, designate.central.service)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.calls import Outcome, Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.dns import names, record_types
from mopenstack.core.dns.base import DnsResource, check_same, says
from mopenstack.core.dns.lifecycle import ACTIVE, CREATE, DELETE, NONE, RECORDSETS
from mopenstack.core.dns.quotas import check_quota
from mopenstack.core.dns.recordsets import rules
from mopenstack.core.dns.zones.zones import Zones
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.recordsets import recordsets_pb2 as pb
from mopenstack.dns.v2.zones.zones_pb2 import Zone

SOA, TLSA = "SOA", "TLSA"
_SORT_KEYS_OF_ALL = ("created_at", "updated_at", "zone_id", "tenant_id", "name", "type", "ttl")


class RecordSets(DnsResource[pb.RecordSet], ChildServicer[pb.RecordSet]):
    service = pb.DESCRIPTOR.services_by_name["RecordSets"]
    message = pb.RecordSet
    lifecycle = RECORDSETS
    not_found = refusals.RecordsetNotFound
    filters = ("name", "type", "ttl", "data", "status", "description")
    sort_keys = ("created_at", "id", "updated_at", "zone_id", "tenant_id", "name", "type", "ttl", "records")
    counted = True

    async def check_request(self, call: Call, request: Any) -> None:
        """A record set that is not there comes before its zone; a bad one before a zone that is not there."""
        if isinstance(request, pb.CreateRecordSetRequest):
            request.recordset.records[:] = dict.fromkeys(request.recordset.records)
            rules.check(request.recordset)
            if request.recordset.type == SOA:
                raise refusals.SoaNotAllowed(doing="Creating a SOA recordset")
            if request.recordset.type == TLSA:
                record_types.check_tlsa_name(request.recordset.name)
        elif isinstance(request, pb.GetRecordSetRequest | pb.UpdateRecordSetRequest | pb.DeleteRecordSetRequest):
            found = await call.tx.get(pb.RecordSet, request.recordset_id)
            if found is None or found.zone_id != request.zone_id:
                raise refusals.RecordsetNotFound()

    # -- lists

    async def children(self, call: Call, parent_id: str) -> Sequence[pb.RecordSet]:
        found = await call.tx.query(pb.RecordSet, zone_id=parent_id)
        zone: Zone = call.target
        mine = call.caller.project_id
        if says(call, "all_projects") or mine == zone.project_id or mine in zone.shared_with:
            return found
        return [one for one in found if one.project_id == mine]

    async def list_all_record_sets(self, call: Call, request: pb.ListAllRecordSetsRequest) -> Result:
        self._check_query(call, request.query, _SORT_KEYS_OF_ALL)
        return await ResourceServicer.list(self, call, request)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.RecordSet]:
        if call.target is not None:
            return await super().candidates(call, query)
        found = await ResourceServicer.candidates(self, call, query)
        return [one for one in found if self.visibility.visible(call.caller, one)]

    async def list(self, call: Call, request: pb.ListRecordSetsRequest) -> Result:
        others = [item for item in request.query.filters if item.key != "zone_id"]  # which the path says
        del request.query.filters[:]
        request.query.filters.extend(others)
        return await super().list(call, request)

    async def find_record_set(self, call: Call, request: pb.FindRecordSetRequest) -> Result:
        found: pb.RecordSet = call.target
        await call.service(Zones).fetch(call, found.zone_id)
        return pb.FindRecordSetResponse(
            code=301, title="Moved Permanently", zone_id=found.zone_id, recordset_id=found.id
        )

    def compared(self, obj: pb.RecordSet, key: str) -> Sequence[str]:
        return list(obj.records) if key == "data" else super().compared(obj, key)

    # -- create

    async def create(self, call: Call, request: Any) -> Result:
        made = await super().create(call, request)
        # A record set without records is nothing that name servers must be told.
        return Outcome("unchanged", made) if made.status == ACTIVE else made  # type: ignore[return-value, union-attr]

    async def prepare(self, call: Call, obj: pb.RecordSet, request: Any, given: set[str]) -> None:
        zone: Zone = call.target
        await super().prepare(call, obj, request, given)
        if zone.action == DELETE:
            raise refusals.ZoneBeingDeleted()
        await check_quota(call, zone.project_id, zone_recordsets=await call.tx.count(pb.RecordSet, zone_id=zone.id) + 1)
        await rules.check_place(call, zone, obj)
        rules.check_count(obj)
        if obj.records:
            await rules.check_records(call, zone, obj)
        obj.key, obj.zone_name = obj.name.lower(), zone.name
        obj.above.extend(above_in(zone, obj.key))
        obj.version, obj.status, obj.action = 1, ACTIVE, NONE
        try:
            await call.tx.claim(f"recordset/{zone.id}", f"{obj.type} {obj.key}", obj)
        except Taken:
            raise refusals.DuplicateRecordset() from None

    async def created(self, call: Call, obj: pb.RecordSet, request: Any) -> None:
        if obj.records:
            await RECORDSETS.begin(call, await call.tx.edit(pb.RecordSet, obj.id), "create")
            await call.service(Zones).touch(call, obj.zone_id, 0 if obj.managed else len(obj.records))

    async def take(self, call: Call, zone: Zone, recordset: pb.RecordSet) -> None:
        """A record set out of a zone file, in a zone that is being made."""
        rules.check(recordset)
        call.target = await call.tx.get(Zone, zone.id)
        await self.insert(call, recordset, None, {field.name for field, _ in recordset.ListFields()})

    async def store(self, call: Call, zone: Zone, recordset: pb.RecordSet) -> None:
        """A record set that came from a master: nothing of it is checked, and there is nothing to be told."""
        recordset.id = call.ids.uuid()
        recordset.zone_id, recordset.project_id, recordset.zone_name = zone.id, zone.project_id, zone.name
        recordset.key, recordset.version = recordset.name.lower(), 1
        recordset.above.extend(above_in(zone, recordset.key))
        recordset.status, recordset.action = ACTIVE, NONE
        recordset.managed = recordset.type == SOA
        call.stamp(recordset.created_at)
        await call.tx.put(recordset, fresh=True)

    # -- update

    async def update(self, call: Call, request: Any) -> Result:
        zone: Zone = call.target
        kept = await call.tx.get(pb.RecordSet, request.recordset_id)
        assert kept is not None
        await self._check_change(call, zone, kept, "updated")
        if kept.type == SOA:
            raise refusals.SoaNotAllowed(doing="Updating SOA recordsets")
        if kept.type == "NS" and kept.key == zone.key:
            raise refusals.SoaNotAllowed(doing="Updating a root zone NS record")
        changed = await super().update(call, request)
        return Outcome("unchanged", changed) if changed.status == ACTIVE else changed  # type: ignore[return-value, union-attr]

    async def change(self, call: Call, old: pb.RecordSet, new: pb.RecordSet, request: Any, given: set[str]) -> None:
        zone = await call.tx.get(Zone, old.zone_id)
        assert zone is not None
        check_same(old, new, given, "name", "type")
        new.records[:] = dict.fromkeys(new.records)
        rules.check(new)
        await rules.check_place(call, zone, new)
        rules.check_count(new)
        await rules.check_records(call, zone, new, len(old.records))
        new.version += 1
        call.stamp(new.changed_at)

    async def changed(self, call: Call, old: pb.RecordSet, new: pb.RecordSet) -> None:
        more = 0 if new.managed else len(new.records) - len(old.records)
        kept = await call.tx.edit(pb.RecordSet, new.id)
        if kept.records:
            await RECORDSETS.begin(call, kept, "create" if kept.action == CREATE else "update")
        else:
            await RECORDSETS.force(call, kept, ACTIVE)
        await call.service(Zones).touch(call, new.zone_id, more)

    # -- delete

    async def delete_record_set(self, call: Call, request: pb.DeleteRecordSetRequest) -> Result:
        zone: Zone = call.target
        kept = await call.tx.get(pb.RecordSet, request.recordset_id)
        assert kept is not None
        if kept.type == SOA:
            raise refusals.SoaNotAllowed(doing="Deleting a SOA recordset")
        await self._check_change(call, zone, kept, "deleted")
        gone = pb.RecordSet()
        gone.CopyFrom(await self.drop(call, kept))
        if not gone.records:
            gone.status, gone.action = ACTIVE, NONE  # a state is that of the records
        return gone

    async def drop(self, call: Call, recordset: pb.RecordSet) -> pb.RecordSet:
        """Begin to delete a record set; its zone gets a new serial."""
        copy = await call.tx.edit(pb.RecordSet, recordset.id)
        if copy.action != DELETE:
            copy.version += 1
            call.stamp(copy.changed_at)
            await RECORDSETS.begin(call, copy, "delete")
            await call.service(Zones).touch(call, copy.zone_id, 0 if copy.managed else -len(copy.records))
        return await call.tx.get(pb.RecordSet, copy.id) or copy

    async def _check_change(self, call: Call, zone: Zone, recordset: pb.RecordSet, done: str) -> None:
        """Who may change a record set: the zone's project or the set's, in primary zones; administrators in any."""
        if zone.action == DELETE:
            raise refusals.ZoneBeingDeleted()
        caller = call.caller
        mine = "member" in caller.roles and caller.project_id in (zone.project_id, recordset.project_id)
        primary = zone.type == Zone.PRIMARY
        if not ((mine and primary) or (caller.is_admin and zone.type != Zone.CATALOG)):
            raise refusals.Forbidden()
        if recordset.managed and not says(call, "edits_managed"):
            raise refusals.ManagedRecords(done=done)


def above_in(zone: Zone, key: str) -> Sequence[str]:
    """The names between a name and its zone."""
    return [name for name in names.above(key) if name != zone.key and names.is_below(name, zone.key)]
