"""Shelves with labels, words and readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack_tests.library.v1 import shelves_pb2 as pb

from mopenstack.contract.calls import Result
from mopenstack.contract.refusals import refusals
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import ResourceServicer

errors: Any = refusals("mopenstack_tests.library.v1")


async def _words_only(call: Call, new: Any, before: dict[str, str], request: Any) -> None:
    """Refuse a label whose key is no word; a removed label leaves a note."""
    for key in new.labels:
        if not key.isalpha():
            raise errors.BadLabel(label=key)
    if set(before) - set(new.labels):
        new.extras["removed"].string_value = ",".join(sorted(set(before) - set(new.labels)))


LABELS = Collection(
    "shelf",
    "labels",
    change=_words_only,
    missing=lambda call, shelf, label: errors.NoSuchLabel(shelf=shelf.id, label=label),
)
WORDS = Collection("shelf", "words", touches=False, ordered=True)


class Shelves(ResourceServicer[Any]):
    service = pb.DESCRIPTOR.services_by_name["Shelves"]
    message = pb.Shelf
    not_found = errors.ShelfNotFound
    page_max = 5

    async def get_place(self, call: Call, request: Any) -> Result:
        found: Result = pb.PlaceResponse(place=request.place)
        return found

    async def matches(self, call: Call, obj: Any, key: str, values: Sequence[str]) -> bool:
        """`empty` is no field: how many books stand there says it."""
        return key != "empty" or (obj.books == 0) == (values[0] == "true")


@subscribes("after_create", "book")
async def count_up(call: Call, book: Any) -> None:
    await _count(call, book.shelf_id, 1)


@subscribes("before_delete", "book")
async def count_down(call: Call, book: Any) -> None:
    await _count(call, book.shelf_id, -1)


@subscribes("before_delete", "shelf")
async def refuse_in_use(call: Call, shelf: Any) -> None:
    if shelf.books:
        raise errors.ShelfInUse(id=shelf.id, count=shelf.books)


async def _count(call: Call, id: str, delta: int) -> None:
    if id:
        shelf = await call.tx.edit(pb.Shelf, id)
        shelf.books += delta
        await call.tx.put(shelf)
