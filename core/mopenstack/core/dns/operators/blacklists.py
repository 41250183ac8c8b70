"""Blacklists: regular expressions of names that zones may not have (designate.objects.blacklist).

Patterns are matched in linear time (RE2), so that none keeps the others waiting; one that RE2 does not take
(a lookahead, a back reference) counts as no regular expression.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from mopenstack.core.dns.base import DnsResource, invalid
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators import blacklists_pb2 as pb

SCOPE = "blacklist"


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None


class Blacklists(DnsResource[pb.Blacklist]):
    service = pb.DESCRIPTOR.services_by_name["Blacklists"]
    message = pb.Blacklist
    not_found = refusals.BlacklistNotFound
    filters = ("pattern",)
    sort_keys = ("created_at", "id", "updated_at", "pattern")

    async def prepare(self, call: Call, obj: pb.Blacklist, request: Any, given: set[str]) -> None:
        await _claim(call, obj)

    async def change(self, call: Call, old: pb.Blacklist, new: pb.Blacklist, request: Any, given: set[str]) -> None:
        if new.pattern != old.pattern:
            await _claim(call, new)
            await call.tx.release(SCOPE, old.pattern)


async def is_blacklisted(call: Call, name: str) -> bool:
    """Whether a zone of this name is for administrators."""
    for blacklist in await call.tx.scan(pb.Blacklist):
        pattern = _compiled(blacklist.pattern)
        if pattern is not None and pattern.search(name) is not None:
            return True
    return False


async def _claim(call: Call, blacklist: pb.Blacklist) -> None:
    for pattern in (blacklist.pattern, *([blacklist.description] if blacklist.HasField("description") else [])):
        # The description is read as a pattern too: designate declares it so.
        if not pattern or _compiled(pattern) is None:
            raise invalid(f"{pattern} is not a valid regular expression")
    try:
        await call.tx.claim(SCOPE, blacklist.pattern, blacklist)
    except Taken:
        raise refusals.DuplicateBlacklist() from None
