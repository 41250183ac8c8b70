"""Pools of name servers (designate.objects.pool, designate.central.service)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.faults import InvalidField
from mopenstack.core.dns.base import DnsResource, check_same
from mopenstack.core.dns.names import check_domain
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators import pools_pb2 as pb
from mopenstack.dns.v2.zones.zones_pb2 import DELETE, Zone

SCOPE = "pool"
DEFAULT = "default"
DEFAULT_ID = "794ccc2c-d751-44fe-b57f-8894c9f5c842"
"""default_pool_id of designate.conf: where the scheduler puts every zone."""


class Pools(DnsResource[pb.Pool]):
    service = pb.DESCRIPTOR.services_by_name["Pools"]
    message = pb.Pool
    not_found = refusals.PoolNotFound
    filters = ("name",)
    sort_keys = ("created_at", "id", "updated_at", "name")

    async def prepare(self, call: Call, obj: pb.Pool, request: Any, given: set[str]) -> None:
        if obj.name == DEFAULT and call.caller.is_internal:
            obj.id = DEFAULT_ID
            obj.ClearField("project_id")
        await _claim(call, obj)
        _check(obj)

    async def change(self, call: Call, old: pb.Pool, new: pb.Pool, request: Any, given: set[str]) -> None:
        check_same(old, new, given, "project_id")
        _check(new)
        if new.name != old.name:
            await _claim(call, new)
            await call.tx.release(SCOPE, old.name.lower())
        if "ns_records" in given and not new.ns_records:
            raise refusals.LastServerDeleteNotAllowed()

    async def changed(self, call: Call, old: pb.Pool, new: pb.Pool) -> None:
        """The NS records of the pool's zones follow."""
        if {one.hostname for one in old.ns_records} == {one.hostname for one in new.ns_records}:
            return
        zones = call.owner_of("zone")
        for zone in await zones_of(call, new.id):
            if zone.action != DELETE:
                await zones.write_nameservers(call, zone.id)

    async def remove(self, call: Call, obj: pb.Pool) -> None:
        if any(zone.action != DELETE for zone in await zones_of(call, obj.id)):
            raise refusals.PoolHasZones()


async def nameservers(call: Call, pool_id: str) -> Sequence[pb.NsRecord]:
    """The name servers of a pool, by priority."""
    pool = await call.tx.get(pb.Pool, pool_id)
    return sorted(pool.ns_records, key=lambda one: (one.priority, one.hostname)) if pool is not None else ()


async def zones_of(call: Call, pool_id: str) -> Sequence[Zone]:
    """The zones of a pool."""
    return [zone for zone in await call.tx.scan(Zone) if zone.pool_id == pool_id]


def _check(pool: pb.Pool) -> None:
    for server in pool.ns_records:
        check_domain(server.hostname)
        if not server.priority:
            raise InvalidField(("priority",), 0, "minimum", 1)


async def _claim(call: Call, pool: pb.Pool) -> None:
    try:
        await call.tx.claim(SCOPE, pool.name.lower(), pool)
    except Taken:
        raise refusals.DuplicatePool() from None
