"""Where a record set may be, and how many there may be (designate.central.service)."""

from __future__ import annotations

from mopenstack.core.dns import names, record_types
from mopenstack.core.dns.quotas import check_quota
from mopenstack.core.engine.call import Call
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.zones_pb2 import Zone

CNAME = "CNAME"


def check(recordset: RecordSet) -> None:
    """What a record set says by itself; raises InvalidField and InvalidObject."""
    if recordset.name:
        names.check_host(recordset.name)
    record_types.check(recordset.type, recordset.name, list(recordset.records))


async def check_place(call: Call, zone: Zone, recordset: RecordSet) -> None:
    """Name and type of a record set in its zone."""
    name = recordset.name
    if not name:
        raise refusals.InvalidObject("")
    if len(name) > names.LENGTH_MAX:
        raise refusals.InvalidRecordsetName("Name too long")
    if not names.is_below(name, zone.name):
        raise refusals.InvalidRecordsetLocation("RecordSet is not contained within it's parent zone")
    if recordset.type == CNAME and name == zone.name:
        raise refusals.InvalidRecordsetLocation("CNAME recordsets may not be created at the zone apex")
    same_name = [one for one in await call.tx.query(RecordSet, key=name.lower()) if one.zone_id == zone.id]
    others = [one for one in same_name if one.id != recordset.id]
    if any(CNAME in (recordset.type, one.type) for one in others):
        raise refusals.InvalidRecordsetLocation("CNAME recordsets may not share a name with any other records")
    if name == zone.name:
        return
    for child in await call.tx.query(Zone, parent_zone_id=zone.id):
        if names.is_below(name, child.name):
            raise refusals.InvalidRecordsetLocation(f"RecordSet belongs in a child zone: {child.name}")


def check_count(recordset: RecordSet) -> None:
    """A name has one other name."""
    if recordset.type == CNAME and len(recordset.records) > 1:
        raise refusals.TooManyCnames()


async def check_records(call: Call, zone: Zone, recordset: RecordSet, before: int = 0) -> None:
    """The quotas of the records; `before` is how many of the zone's the record set had."""
    if recordset.managed:
        return
    count = len(recordset.records)
    await check_quota(call, zone.project_id, zone_records=zone.records - before + count)
    await check_quota(call, zone.project_id, recordset_records=count)
