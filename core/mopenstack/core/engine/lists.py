"""The page of a list: read from what the store keeps in its order, or else found, filtered and sorted as a whole.

A list that is kept is read object by object until the page is full. That is so where `scopes` says what the candidates
are and every object is judged by itself, in an exclusive store, from a certain length on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import Listing, fold_of, page_length
from mopenstack.core.store import Transaction
from mopenstack.core.store.kept_lists import KEPT_FROM, Scope
from mopenstack.core.store.orders import Order
from mopenstack.core.store.texts import Wanted
from mopenstack.core.store.walks import Walk, in_scopes

M = TypeVar("M", bound=Message)
Passes = Callable[[Any], Awaitable[bool]]
"""Whether a list has an object of its scopes."""

JUDGES_ALL = ("filtered", "refine", "beside")
"""Methods of a servicer that look at all objects of a list together."""


class Lists(Protocol):
    """A ResourceServicer, as far as it lists."""

    walks: bool
    listing: Listing

    @property
    def message(self) -> type[Message]: ...
    @property
    def page_max(self) -> int | None: ...
    def visible(self, call: Call, obj: Any) -> bool: ...
    async def scopes(self, call: Call, query: common.Query) -> Sequence[Scope] | None: ...
    async def candidates(self, call: Call, query: common.Query) -> Iterable[Any]: ...
    async def filtered(self, call: Call, found: Sequence[Any], query: common.Query) -> list[Any]: ...
    async def matches(self, call: Call, obj: Any, key: str, values: Sequence[str]) -> bool: ...
    async def tests(self, call: Call, query: common.Query) -> Sequence[Callable[[Any], bool]]: ...
    async def refine(self, call: Call, found: list[Any], query: common.Query) -> list[Any]: ...
    def wanted(self, call: Call, query: common.Query) -> Wanted | None: ...
    def missing_marker(self, marker: str) -> Exception: ...


def can_walk(servicer: type, base: type) -> bool:
    """Whether a servicer's lists can be read object by object: `scopes` says what `candidates` does."""

    def says(name: str) -> type:
        return next(one for one in servicer.__mro__ if name in vars(one))

    return issubclass(says("scopes"), says("candidates")) and all(says(name) is base for name in JUDGES_ALL)


async def list_page(servicer: Lists, call: Call, query: common.Query) -> tuple[Page, Sequence[Any]]:
    """A page of a servicer's list, and all that is in the list, where it was not read object by object."""
    scopes, order = None, None
    if servicer.walks and query.limit >= 0 <= query.offset:
        scopes, order = await servicer.scopes(call, query), servicer.listing.order(query.sort)
    if scopes is None or order is None:
        return await _sorted(servicer, call, query, await servicer.candidates(call, query))
    found, walk = await find(call.tx, servicer.message, scopes, order)
    if walk is None:
        return await _sorted(servicer, call, query, found)
    passes = await _judge(servicer, call, query)
    wanted = servicer.wanted(call, query)
    items = await walked(walk, query, servicer.page_max, passes, wanted, servicer.missing_marker)
    return servicer.listing.page_of(items, query, servicer.page_max), ()


async def find(
    tx: Transaction, message: type[M], scopes: Sequence[Scope], order: Order
) -> tuple[list[M], Walk[M] | None]:
    """A walk through some scopes, or else all that they have, in no particular order."""
    walk = tx.walk(message, scopes, order)
    if walk is not None:
        return [], walk
    found = await in_scopes(tx, message, scopes)
    if len(found) < KEPT_FROM:
        return found, None
    await tx.keep(message, scopes, order)
    return found, tx.walk(message, scopes, order)


async def walked(
    walk: Walk[M],
    query: common.Query,
    page_max: int | None,
    passes: Passes,
    wanted: Wanted | None,
    missing_marker: Callable[[str], Exception],
) -> list[Message]:
    """What is on a page, in the order in which it was found; in the list are the objects that `passes` takes."""
    found: list[Message] = []
    if query.nothing:
        return found
    marker = None
    if query.marker:
        marker = await walk.find(query.marker)
        if marker is None or not await passes(marker):
            raise missing_marker(query.marker)
    most, skipped = page_length(query, page_max), 0
    await walk.begin(marker, backwards=query.page_reverse, wanted=wanted)
    while (most is None or len(found) < most) and (obj := await walk.next()) is not None:
        if not await passes(obj):
            continue
        if skipped < query.offset:
            skipped += 1
        else:
            found.append(obj)
    return found


async def _judge(servicer: Lists, call: Call, query: common.Query) -> Passes:
    """What judges each object of a list, by the same steps as all of them together."""
    fold, tests = fold_of(call.cloud), await servicer.tests(call, query)
    filters = [(item.key, item.values, servicer.listing.filter(item.key, item.values, fold)) for item in query.filters]

    async def passes(obj: Any) -> bool:
        if not servicer.visible(call, obj):
            return False
        for key, values, test in filters:
            if not (test(obj) if test is not None else await servicer.matches(call, obj, key, values)):
                return False
        return all(test(obj) for test in tests)

    return passes


async def _sorted(
    servicer: Lists, call: Call, query: common.Query, candidates: Iterable[Any]
) -> tuple[Page, Sequence[Any]]:
    found = [obj for obj in candidates if servicer.visible(call, obj)]
    found = await servicer.filtered(call, found, query)
    for test in await servicer.tests(call, query):
        found = [obj for obj in found if test(obj)]
    found = await servicer.refine(call, found, query)
    return servicer.listing.page(found, query, servicer.page_max, servicer.missing_marker), found
