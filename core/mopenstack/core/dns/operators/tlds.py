"""Top level domains (designate.objects.tld)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.dns.base import DnsResource, invalid
from mopenstack.core.dns.names import is_tld
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators import tlds_pb2 as pb

SCOPE = "tld"


class Tlds(DnsResource[pb.Tld]):
    service = pb.DESCRIPTOR.services_by_name["Tlds"]
    message = pb.Tld
    not_found = refusals.TldNotFound
    filters = ("name",)
    sort_keys = ("created_at", "id", "updated_at", "name")

    async def prepare(self, call: Call, obj: pb.Tld, request: Any, given: set[str]) -> None:
        await _claim(call, obj)

    async def change(self, call: Call, old: pb.Tld, new: pb.Tld, request: Any, given: set[str]) -> None:
        if new.name != old.name:
            await _claim(call, new)
            await call.tx.release(SCOPE, old.name.lower())


async def _claim(call: Call, tld: pb.Tld) -> None:
    if not is_tld(tld.name):
        raise invalid(f"{tld.name} is not a TLD")
    try:
        await call.tx.claim(SCOPE, tld.name.lower(), tld)
    except Taken:
        raise refusals.DuplicateTld() from None
