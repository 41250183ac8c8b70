"""Reads lists out of the store: names in their order, a piece at a time.

Behind a delimiter the reading goes on at the next name that does not share the part up to it. A long list is read in
several transactions, so that it holds neither the store nor the event loop.
Source: swift.container.backend.ContainerBroker.list_objects_iter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.object_store.listing import Asked, Entry, bounds, next_behind, rendered
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Request, Response

PIECE = 1000
"""Objects that are read in one transaction; with a delimiter fewer at once, which may all be behind the same one."""
DELIMITED_PIECE = 20

Show = Callable[[Any], Entry | None]
"""Makes the entry of a stored object; None: it is in no list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Stored objects whose ids begin with `base`, what is asked of them, and how their entries are made."""

    message: type[Any]
    base: str
    ask: Asked
    show: Show


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list is read: names in [low, high) are left, as many entries are wanted, `piece` names come next."""

    low: str
    high: str
    wanted: int
    piece: int

    @property
    def is_end(self) -> bool:
        return self.wanted <= 0 or self.low >= self.high


def beginning(listed: Listed) -> Place:
    low, high = bounds(listed.ask)
    return Place(low, high, listed.ask.limit, PIECE if listed.ask.plain else DELIMITED_PIECE)


async def entries(call: Call, listed: Listed) -> list[Entry]:
    """All entries, in the transaction of a call."""
    found: list[Entry] = []
    place = beginning(listed)
    while not place.is_end:
        more, place = await some(call, listed, place)
        found += more
        await asyncio.sleep(0)
    return found


async def entries_outside(work: Outside, listed: Listed) -> list[Entry]:
    """All entries, in as many transactions as it takes: what changes meanwhile may be in the list or not."""
    found: list[Entry] = []
    place = beginning(listed)
    while not place.is_end:
        more, place = await work.transact(partial(_some_of, listed=listed, place=place))
        found += more
        await asyncio.sleep(0)
    return found


async def respond(req: Request, listed: Listed, there: int, form: str, headers: dict[str, str]) -> Response:
    """The list in a form, with headers; where there are many objects, it is read when the transaction is over."""
    document, name = ("container", req.container) if req.container else ("account", req.account)
    work = Outside(req)

    async def answer(found: list[Entry]) -> Response:
        body = await rendered(found, form, document, name)
        return Response(200 if body else 204, headers, body)

    async def make() -> Response:
        return await answer(await entries_outside(work, listed))

    if min(there, listed.ask.limit) > PIECE or (there > PIECE and not listed.ask.plain):
        return Response(200, headers, later=make)
    return await answer(await entries(req.call, listed))


async def _some_of(req: Request, listed: Listed, place: Place) -> tuple[list[Entry], Place]:
    return await some(req.call, listed, place)


async def some(call: Call, listed: Listed, place: Place) -> tuple[list[Entry], Place]:
    """The next entries, out of about PIECE objects, and where to go on."""
    found: list[Entry] = []
    read = 0
    while read < PIECE and not place.is_end:
        count = min(place.piece, place.wanted) if listed.ask.plain else place.piece
        low, high = listed.base + place.low, listed.base + place.high
        rows = await call.tx.between(listed.message, low, high, count, descending=listed.ask.reverse)
        more, place = _of_rows(listed, place, rows)
        found += more
        read += len(rows)
        if len(rows) < count:
            return found, replace(place, wanted=0)
    return found, place


def _of_rows(listed: Listed, place: Place, rows: list[Any]) -> tuple[list[Entry], Place]:
    """The entries of what was read, and the place behind it."""
    ask, show = listed.ask, listed.show
    reverse, begin = ask.reverse, len(listed.base)
    low, high = place.low, place.high
    found: list[Entry] = []
    passed = 0
    for row in rows:
        if len(found) >= place.wanted:
            break
        name = row.id[begin:]
        if not low <= name < high:
            passed += 1
            continue
        if reverse:
            high = name
        else:
            low = name + "\x01"
        entry, beyond = _entry(row, name, ask, show)
        if entry is not None:
            found.append(entry)
        if beyond:
            low, high = (low, beyond) if reverse else (next_behind(beyond), high)
    piece = DELIMITED_PIECE if passed * 2 > len(rows) else min(place.piece * 2, PIECE)
    return found, Place(low, high, place.wanted - len(found), piece)


def _entry(row: Any, name: str, ask: Asked, show: Show) -> tuple[Entry | None, str]:
    """The entry of a name, and the part up to the delimiter whose other names are passed over."""
    if ask.plain:
        return show(row), ""
    prefix = ask.prefix or ""
    end = name.find(ask.delimiter, len(prefix))
    if ask.path is not None:
        if name == ask.path:
            return None, ""
        if end >= 0 and len(name) > end + len(ask.delimiter):
            return None, name[: end + 1]
        return show(row), ""
    if end < 0:
        return show(row), ""
    part = name[: end + len(ask.delimiter)]
    if ask.marker == part and not ask.reverse:
        return None, part
    return {"subdir": part}, part
