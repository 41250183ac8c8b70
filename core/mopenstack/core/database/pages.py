"""Pages of Trove's lists (trove/common/pagination.py, trove/db/sqlalchemy/api.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.database.v1 import refusals

PAGE_MAX = 20
"""trove.conf: instances_page_size and its like."""

T = TypeVar("T")


def by_marker(found: Iterable[T], query: common.Query, key: Callable[[T], str]) -> tuple[list[T], str]:
    """The objects behind a marker in the order of their keys, at most a page of them; the marker of the next page."""
    ordered = sorted((one for one in found if key(one) > query.marker), key=key)
    limit = min(query.limit or PAGE_MAX, PAGE_MAX)
    return ordered[:limit], key(ordered[limit - 1]) if len(ordered) > limit else ""


def by_offset(call: Call, found: Sequence[T], query: common.Query) -> tuple[list[T], str]:
    """The same of backups, whose marker is a number; raises InstanceFault for one that is none."""
    if query.marker and not query.marker.isdecimal():
        raise broken(call)
    begin = min(int(query.marker[:9] or 0), 10**9)
    limit = query.limit or PAGE_MAX
    page = list(found[begin : begin + limit])
    return page, str(begin + limit) if len(page) == limit else ""


def page(items: Sequence[Message], marker: str = "") -> Page:
    return Page(items, next_marker=marker)


def asked(query: common.Query, key: str) -> str:
    """The value of a parameter of a list; "" where it has none."""
    return next((item.values[0] for item in query.filters if item.key == key and item.values), "")


def is_true(text: str) -> bool:
    """What oslo.utils takes for true."""
    return text.strip().lower() in ("1", "t", "true", "on", "y", "yes")


def broken(call: Call) -> Any:
    """What Trove answers where it breaks on a request."""
    return refusals.InstanceFault(id=call.ids.uuid())
