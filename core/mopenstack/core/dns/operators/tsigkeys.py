"""TSIG keys (designate.objects.tsigkey)."""

from __future__ import annotations

import uuid
from typing import Any

from mopenstack.core.dns.base import DnsResource, broken, invalid
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators import tsigkeys_pb2 as pb
from mopenstack.dns.v2.operators.pools_pb2 import Pool
from mopenstack.dns.v2.zones.zones_pb2 import Zone

SCOPE = "tsigkey"


class TsigKeys(DnsResource[pb.TsigKey]):
    service = pb.DESCRIPTOR.services_by_name["TsigKeys"]
    message = pb.TsigKey
    not_found = refusals.TsigkeyNotFound
    filters = ("name", "algorithm", "scope")
    sort_keys = ("created_at", "id", "updated_at", "name")

    async def prepare(self, call: Call, obj: pb.TsigKey, request: Any, given: set[str]) -> None:
        _check(obj)
        await _check_scope(call, obj)
        await _claim(call, obj)

    async def change(self, call: Call, old: pb.TsigKey, new: pb.TsigKey, request: Any, given: set[str]) -> None:
        _check(new)
        if (new.scope, new.resource_id) != (old.scope, old.resource_id):
            await _check_scope(call, new)
        if new.name != old.name:
            await _claim(call, new)
            await call.tx.release(SCOPE, old.name.lower())


def _check(key: pb.TsigKey) -> None:
    try:
        uuid.UUID(key.resource_id)
    except ValueError:
        raise invalid("badly formed hexadecimal UUID string") from None
    if not key.secret:
        raise broken(("type",), "'secret' should not be empty", "value", ["secret"])


async def _check_scope(call: Call, key: pb.TsigKey) -> None:
    """A key is for a zone or a pool that is there."""
    message: Any = Zone if key.scope == "ZONE" else Pool
    if await call.tx.get(message, key.resource_id) is None:
        raise refusals.InvalidTsigkey(id=key.resource_id, kind=key.scope.lower())


async def _claim(call: Call, key: pb.TsigKey) -> None:
    try:
        await call.tx.claim(SCOPE, key.name.lower(), key)
    except Taken:
        raise refusals.DuplicateTsigkey() from None
