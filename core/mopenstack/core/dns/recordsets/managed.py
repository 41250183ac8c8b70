"""Record sets that the service writes itself: SOA, and the NS records at the top of a zone."""

from __future__ import annotations

from collections.abc import Sequence

from mopenstack.core.dns.lifecycle import ACTIVE, NONE, RECORDSETS
from mopenstack.core.engine.call import Call
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.zones_pb2 import Zone

STEP = 1e-5
"""SOA and NS records are made in this order: lists show the former first."""


async def add(call: Call, zone: Zone, type: str, records: Sequence[str]) -> RecordSet:
    """A record set at the top of a zone. It is PENDING with the zone that is being made."""
    made = RecordSet(
        id=call.ids.uuid(),
        zone_id=zone.id,
        project_id=call.caller.project_id or zone.project_id,
        name=zone.name,
        key=zone.key,
        zone_name=zone.name,
        type=type,
        records=records,
        managed=True,
        version=1,
    )
    call.stamp(made.created_at, call.time + (STEP if type != "SOA" else 0))
    await call.tx.claim(f"recordset/{zone.id}", f"{type} {made.key}", made)
    await RECORDSETS.begin(call, made, "create")
    return made


async def write(call: Call, zone: Zone, type: str, records: Sequence[str]) -> None:
    """Make the record set of a type at the top of a zone hold these records."""
    found = [one for one in await call.tx.query(RecordSet, zone_id=zone.id) if one.type == type and one.key == zone.key]
    if not found:
        await add(call, zone, type, records)
        return
    if list(found[0].records) == list(records):
        return
    kept = await call.tx.edit(RecordSet, found[0].id)
    del kept.records[:]
    kept.records.extend(records)
    kept.version += 1
    kept.status, kept.action = ACTIVE, NONE
    call.stamp(kept.changed_at)
    await call.tx.put(kept)
