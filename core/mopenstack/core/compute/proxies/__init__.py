"""What Nova showed of other services before their clients spoke to them: thin views, up to 2.35.

What they change is changed by the services themselves: their rules, quotas and refusals hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mopenstack.contract.v1 import common_pb2 as common

T = TypeVar("T")

PAGE_MAX = 1000


def limited(items: Sequence[T], query: common.Query) -> Sequence[T]:
    """nova.api.openstack.common.limited: by number, not by marker."""
    if query.nothing:
        return items[:0]
    return items[query.offset : query.offset + min(query.limit or PAGE_MAX, PAGE_MAX)]
