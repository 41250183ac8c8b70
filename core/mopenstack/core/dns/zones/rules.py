"""Where a zone may be: names, TLDs, blacklists, the zones above and below (designate.central.service)."""

from __future__ import annotations

from mopenstack.core.dns import names
from mopenstack.core.dns.base import broken
from mopenstack.core.dns.operators.blacklists import is_blacklisted
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators.tlds_pb2 import Tld
from mopenstack.dns.v2.zones.zones_pb2 import Zone

SCOPE = "zone/"
"""Zones claim their names in their pool."""


def check_kind(zone: Zone, given: set[str]) -> None:
    """What the type of a zone asks for, and forbids (designate.objects.Zone.validate)."""
    if zone.type == Zone.PRIMARY:
        if zone.masters:
            raise broken(("type",), "'masters' has more items than allowed", "maxItems", ["masters"])
        if not zone.email:
            raise broken(("type", "email"), "'email' is a required property", "required", "email")
    if zone.type == Zone.SECONDARY:
        if not zone.masters:
            raise broken(("type", "masters"), "'masters' is a required property", "required", ["masters"])
        for name in ("email", "ttl"):
            if name in given:
                message = f"'{name}' can't be specified when type is SECONDARY"
                raise broken(("type",), message, "not_allowed", name)


async def check_name(call: Call, name: str) -> None:
    """More than one label, below a TLD if there are any, and on no blacklist."""
    labels = name.strip(".").split(".")
    if len(labels) <= 1:
        raise refusals.InvalidZoneName("More than one label is required")
    tlds = {tld.name.lower() for tld in await call.tx.scan(Tld)}
    if tlds:
        endings = [".".join(labels[place:]).lower() for place in range(len(labels))]
        if tlds.isdisjoint(endings):
            raise refusals.InvalidZoneName("Invalid TLD")
        if endings[0] in tlds:
            raise refusals.InvalidZoneName("Zone name cannot be the same as a TLD")
    if not call.caller.is_admin and await is_blacklisted(call, name):
        raise refusals.InvalidZoneName("Blacklisted zone name")


async def place(call: Call, zone: Zone) -> list[Zone]:
    """Find the zone above and those below, all of which must be of the same project; the latter are returned."""
    for name in names.above(zone.name):
        above = next((one for one in await call.tx.query(Zone, key=name) if one.pool_id == zone.pool_id), None)
        if above is not None:
            if above.project_id != zone.project_id:
                raise refusals.IllegalChild()
            zone.parent_zone_id = above.id
            break
    below = [one for one in await call.tx.query(Zone, above=zone.name.lower()) if one.pool_id == zone.pool_id]
    if any(one.project_id != zone.project_id for one in below):
        raise refusals.IllegalParent()
    return below


async def claim_name(call: Call, zone: Zone) -> None:
    """A name is one zone's in a pool."""
    try:
        await call.tx.claim(SCOPE + zone.pool_id, zone.key, zone)
    except Taken:
        raise refusals.DuplicateZone() from None
