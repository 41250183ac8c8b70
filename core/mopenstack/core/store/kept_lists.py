"""Sorted lists of the objects of a kind, kept from one call to the next: a page reads what it shows and no more.

A list is of one value of an index, or of all objects of a kind, in one order. It is made when a long list is asked for,
follows every commit, and is let go when nothing reads it any more.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from google.protobuf.message import Message

from mopenstack.core.store.orders import Keys, Order
from mopenstack.core.store.texts import Column, Wanted, joined, with_line, without_line

log = logging.getLogger(__name__)

Scope = tuple[str, str]
"""(field, value): the objects with this value in an index."""
ALL: Scope = ("", "")
"""All objects of a kind."""

CHUNK = 512
LISTS_MAX = 256
BYTES_MAX = 64 * 1024 * 1024
"""What all lists take together, about; one that takes more is kept alone."""
ENTRY_BYTES = 60
"""What an entry takes beside its letters."""
COLUMNS_MAX = 4
"""Fields of a list that are kept as text."""
KEPT_FROM = 128
"""Objects from which a list is kept: to sort fewer costs less than to keep them sorted."""
UNREAD_MAX = 1000
"""Changes since a list was read last, beside twice its length, after which it is let go."""


class Changed(Protocol):
    """What a commit made of one object (store/unsaved.py)."""

    before: Message | None
    message: Message | None
    old: AbstractSet[Scope]
    new: AbstractSet[Scope]


class Chunk:
    """Neighbours in a list, and what they have in some fields, a line each, in the order in which a list shows them."""

    __slots__ = ("entries", "texts")

    def __init__(self, entries: list[str]) -> None:
        self.entries = entries
        self.texts: dict[Column, bytes | None] = {}
        """None: what the objects have in this field cannot be written in lines."""

    def write(self, column: Column, lines: Sequence[str]) -> None:
        """Keep a field as text; the lines are those of the entries, in the order in which the list shows them."""
        if len(self.texts) >= COLUMNS_MAX:
            self.texts.clear()
        self.texts[column] = joined(lines)


class KeptList:
    """The entries of objects (store/orders.py), ascending."""

    __slots__ = ("_lasts", "bytes", "chunks", "order", "unread")

    def __init__(self, order: Order, entries: list[str]) -> None:
        self.order = order
        self.chunks = [Chunk(entries[place : place + CHUNK]) for place in range(0, len(entries), CHUNK)]
        self._lasts = [chunk.entries[-1] for chunk in self.chunks]
        self.bytes = sum(map(len, entries)) + ENTRY_BYTES * len(entries)
        self.unread = 0
        """Changes since it was read last."""

    def __len__(self) -> int:
        return sum(len(chunk.entries) for chunk in self.chunks)

    def __iter__(self) -> Iterator[str]:
        return (entry for chunk in self.chunks for entry in chunk.entries)

    # -- reading

    def entries(self, after: str | None, wanted: Wanted | None, *, up: bool) -> Iterator[str]:
        """Entries behind one that need not be there, ascending or descending: those that may have what is wanted."""
        number, chunks = 0, self.chunks
        if after is not None:
            number = bisect_right(self._lasts, after) if up else bisect_left(self._lasts, after)
        for place in range(number, len(chunks)) if up else range(self._last(number, after), -1, -1):
            chunk = chunks[place]
            some: Iterable[int] = self._places(chunk, wanted, up=up)
            if place == number and after is not None:
                if up:
                    begin = bisect_right(chunk.entries, after)
                    some = (one for one in some if one >= begin) if wanted else range(begin, len(chunk.entries))
                else:
                    end = bisect_left(chunk.entries, after)
                    some = (one for one in some if one < end) if wanted else range(end - 1, -1, -1)
            for one in some:
                yield chunk.entries[one]

    def _last(self, number: int, after: str | None) -> int:
        return len(self.chunks) - 1 if after is None else min(number, len(self.chunks) - 1)

    def _places(self, chunk: Chunk, wanted: Wanted | None, *, up: bool) -> Iterable[int]:
        count = len(chunk.entries)
        text = chunk.texts.get(wanted.column) if wanted is not None else None
        if wanted is None or text is None:
            return range(count) if up else range(count - 1, -1, -1)
        lines = wanted.lines(text)
        if up is self.order.reverse:  # against the order in which the lines are
            lines = reversed(list(lines))
        return (count - 1 - line for line in lines) if self.order.reverse else lines

    # -- changing

    def add(self, entry: str, message: Message) -> None:
        """Add an object."""
        self.unread += 1
        self.bytes += len(entry) + ENTRY_BYTES
        if not self.chunks:
            self.chunks.append(Chunk([entry]))
            self._lasts.append(entry)
            return
        number = min(bisect_left(self._lasts, entry), len(self.chunks) - 1)
        chunk = self.chunks[number]
        place = bisect_left(chunk.entries, entry)
        chunk.entries.insert(place, entry)
        self._lasts[number] = chunk.entries[-1]
        count = len(chunk.entries)
        if count > 2 * CHUNK:
            self.chunks[number : number + 1] = [Chunk(chunk.entries[:CHUNK]), Chunk(chunk.entries[CHUNK:])]
            self._lasts[number : number + 1] = [chunk.entries[CHUNK - 1], chunk.entries[-1]]
            return
        line = self._line(chunk, place)
        for column, text in chunk.texts.items():
            if text is not None:
                chunk.texts[column] = with_line(text, line, column.value(message))

    def remove(self, entry: str) -> None:
        """Take an object away; raises KeyError where it is not there."""
        self.unread += 1
        number, place = self._find(entry)
        self.bytes -= len(entry) + ENTRY_BYTES
        chunk = self.chunks[number]
        line = self._line(chunk, place)
        del chunk.entries[place]
        if not chunk.entries:
            del self.chunks[number], self._lasts[number]
            return
        self._lasts[number] = chunk.entries[-1]
        for column, text in chunk.texts.items():
            if text is not None:
                chunk.texts[column] = without_line(text, line)

    def change(self, entry: str, before: Message, after: Message) -> None:
        """An object has become another one, at the same place."""
        number, place = self._find(entry)
        chunk = self.chunks[number]
        for column, text in chunk.texts.items():
            if text is not None and column.value(before) != (value := column.value(after)):
                line = self._line(chunk, place)
                chunk.texts[column] = with_line(without_line(text, line), line, value)

    def _find(self, entry: str) -> tuple[int, int]:
        """The number of the chunk, and the place in it."""
        number = bisect_left(self._lasts, entry)
        if number < len(self.chunks):
            entries = self.chunks[number].entries
            place = bisect_left(entries, entry)
            if entries[place] == entry:
                return number, place
        raise KeyError(entry)

    def _line(self, chunk: Chunk, place: int) -> int:
        return len(chunk.entries) - 1 - place if self.order.reverse else place


class KeptLists:
    """The kept lists of all clouds of an exclusive store; the one that was read longest ago goes when it is full."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str, Scope, Keys], KeptList] = {}
        self._of: defaultdict[tuple[str, str], dict[Keys, dict[Scope, KeptList]]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._lists)

    def get(self, cloud: str, kind: str, scope: Scope, order: Order) -> KeptList | None:
        """The list, which is read now; None where it is not kept."""
        key = (cloud, kind, scope, order.keys)
        found = self._lists.pop(key, None)
        if found is not None:
            found.unread = 0
            self._lists[key] = found
        return found

    def put(self, cloud: str, kind: str, scope: Scope, order: Order, messages: Iterable[Message]) -> None:
        """Keep the list of these objects, which are all that the cloud has in this scope."""
        same = self._of[(cloud, kind)].get(order.keys, {})
        known = {entry: entry for other in same.values() for entry in other}
        entries = sorted(order.entry(message) for message in messages)
        made = KeptList(order, [known.get(entry, entry) for entry in entries])
        room = BYTES_MAX - made.bytes - sum(one.bytes for one in self._lists.values())
        while self._lists and (room < 0 or len(self._lists) >= LISTS_MAX):
            oldest = next(iter(self._lists))
            room += self._lists[oldest].bytes
            self._drop(oldest)
        self._lists[(cloud, kind, scope, order.keys)] = made
        self._of[(cloud, kind)].setdefault(order.keys, {})[scope] = made

    def changed(self, cloud: str, kind: str, objects: Iterable[Changed]) -> None:
        """Follow what a commit wrote."""
        kept = self._of.get((cloud, kind))
        if not kept:
            return
        for keys, lists in list(kept.items()):
            try:
                for item in objects:
                    _follow(lists, item)
            except KeyError as entry:  # what the store has was changed in place
                log.error("%s: the list of %s has no %s and is made anew", cloud, kind, entry)
                dropped = list(lists)
            else:
                dropped = [scope for scope, one in lists.items() if one.unread > UNREAD_MAX + 2 * len(one)]
            for scope in dropped:
                self._drop((cloud, kind, scope, keys))

    def drop_kind(self, cloud: str, kind: str) -> None:
        """Let go of all lists of a kind, of which another process wrote objects."""
        for key in [key for key in self._lists if key[:2] == (cloud, kind)]:
            self._drop(key)

    def drop_cloud(self, cloud: str) -> None:
        """Let go of all lists of a cloud."""
        for key in [key for key in self._lists if key[0] == cloud]:
            self._drop(key)

    def _drop(self, key: tuple[str, str, Scope, Keys]) -> None:
        cloud, kind, scope, keys = key
        del self._lists[key]
        of_kind = self._of[(cloud, kind)]
        del of_kind[keys][scope]
        if not of_kind[keys]:
            del of_kind[keys]
        if not of_kind:
            del self._of[(cloud, kind)]


def _follow(lists: dict[Scope, KeptList], item: Changed) -> None:
    """Bring what became of one object into the lists of one order."""
    order = next(iter(lists.values())).order
    before, after = item.before, item.message
    old = order.entry(before) if before is not None else ""
    new = order.entry(after) if after is not None else ""
    for scope, kept in lists.items():
        was = before is not None and (scope == ALL or scope in item.old)
        now = after is not None and (scope == ALL or scope in item.new)
        if was and now and old == new:
            assert before is not None
            assert after is not None
            kept.change(old, before, after)
            continue
        if was:
            kept.remove(old)
        if now:
            assert after is not None
            kept.add(new, after)
