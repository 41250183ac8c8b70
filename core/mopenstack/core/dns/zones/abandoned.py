"""Zones that were abandoned: no API has them any more, and the name servers go on answering."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from mopenstack.core.engine.call import Call
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.abandoned_zones_pb2 import AbandonedZone
from mopenstack.dns.v2.zones.zones_pb2 import Zone


async def keep(call: Call, zone: Zone, recordsets: Sequence[RecordSet]) -> None:
    """What the name servers have of a zone stays with them; what has expired goes."""
    for one in await call.tx.scan(AbandonedZone):
        if one.key == zone.key or one.expires_at.seconds <= call.time:
            await call.tx.delete(AbandonedZone, one.id)
    kept = AbandonedZone(id=call.ids.uuid(), key=zone.key, zone=zone, recordsets=recordsets)
    kept.expires_at.FromDatetime(call.now + timedelta(seconds=zone.expire))
    await call.tx.put(kept)


async def forget(call: Call, key: str) -> None:
    """A zone of this name is served anew."""
    for one in await call.tx.query(AbandonedZone, key=key):
        await call.tx.delete(AbandonedZone, one.id)


async def served(call: Call, key: str) -> AbandonedZone | None:
    """The abandoned zone of a name that has not expired."""
    for one in await call.tx.query(AbandonedZone, key=key):
        if one.expires_at.seconds > call.time:
            return one
    return None
