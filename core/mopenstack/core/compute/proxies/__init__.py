"""What Nova showed of other services before their clients spoke to them: thin views, up to 2.35.

Each operation is an operation of the service itself (`call.invoke`), whose rules, quotas and refusals hold, and a
translation of its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call

T = TypeVar("T")

PAGE_MAX = 1000


async def listed(call: Call, operation: str, request: Any, filters: Mapping[str, str] | None = None) -> list[Any]:
    """Every object that a list operation of another service shows to the caller: all its pages."""
    found: list[Any] = []
    for key, value in (filters or {}).items():
        request.query.filters.add(key=key, values=[value])
    while True:
        page = await call.invoke(operation, request)
        assert isinstance(page, Page)
        found += page.items
        if not page.next_marker:
            return found
        request.query.marker = page.next_marker


def limited(items: Sequence[T], query: common.Query) -> Sequence[T]:
    """nova.api.openstack.common.limited: by number, not by marker."""
    if query.nothing:
        return items[:0]
    return items[query.offset : query.offset + min(query.limit or PAGE_MAX, PAGE_MAX)]
