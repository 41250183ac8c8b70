"""Lists that are kept in their order show what a sort of everything shows: random work, filters, orders and pages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine import lists
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller_patterns import caller_pattern
from mopenstack.core.engine.line_patterns import lines_matching
from mopenstack.core.engine.snapshots import Snapshots
from mopenstack.core.store import kept_lists
from mopenstack.core.store.orders import id_of, order_of
from mopenstack.core.store.texts import joined
from tests.engine.library.core.books import Books
from tests.engine.library.core.callers import ALICE, BOB, LIBRARIAN
from tests.engine.library.core.shelves import Shelves

Book, Shelf = books_pb2.Book, shelves_pb2.Shelf
WORDS = ("", "a", "A", "ab", "aB", "b", "é", "É", "a\nb", "a\0b", "\n", "ſ", "\N{KELVIN SIGN}", "k", "zz", "\U0001f600")
SORTS = ("title", "pages", "created_at", "id", "status", "authors", "project_id")
CHUNK = 4


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lists are kept from one object on, in pieces of a few; the id of each marker that a walk began at."""
    monkeypatch.setattr(lists, "KEPT_FROM", 1)
    monkeypatch.setattr(kept_lists, "CHUNK", CHUNK)
    began: list[str] = []
    walked = lists.walked

    async def counted(walk: Any, query: common.Query, *more: Any) -> Any:
        began.append(query.marker)
        return await walked(walk, query, *more)

    monkeypatch.setattr(lists, "walked", counted)
    return began


class Work:
    """Random books and shelves in one cloud, in transactions of which some fail."""

    def __init__(self, seed: int) -> None:
        self.lot = random.Random(seed)

    def book(self) -> Any:
        lot = self.lot
        book = Book(
            id=self.id(), title=lot.choice(WORDS), project_id=lot.choice(("red", "blue")), pages=lot.randrange(3)
        )
        book.created_at.seconds, book.created_at.nanos = lot.randrange(-2, 3), lot.randrange(2)
        book.status = lot.choice((Book.AVAILABLE, Book.LENT))
        book.authors.extend(lot.sample(WORDS[1:4], lot.randrange(3)))
        return book

    def shelf(self) -> Any:
        lot = self.lot
        shelf = Shelf(id=self.id(), name=lot.choice(WORDS), project_id=lot.choice(("red", "blue")))
        shelf.public = lot.random() < 0.3
        shelf.readers.extend(lot.sample(("red", "blue"), lot.randrange(3)))
        return shelf

    def id(self) -> str:
        return f"b{self.lot.randrange(40):02}"

    async def change(self, call: Call) -> None:
        """Put and delete a few; part of it may be undone."""
        for _ in range(self.lot.randrange(1, 6)):
            message = self.lot.choice((self.book, self.book, self.shelf))()
            if self.lot.random() < 0.3:
                await call.tx.delete(type(message), message.id)
            else:
                await call.tx.put(message)

    def query(self) -> common.Query:
        lot = self.lot
        query = common.Query(limit=lot.choice((0, 0, 1, 3, 7)), page_reverse=lot.random() < 0.2)
        if lot.random() < 0.4:
            query.marker = self.id()
        if lot.random() < 0.2:
            query.offset = lot.randrange(5)
        query.nothing = lot.random() < 0.02
        for key in lot.sample(SORTS, lot.choice((0, 0, 1, 2, 3))):
            query.sort.add(key=key, descending=lot.random() < 0.5)
        if lot.random() < 0.5:
            query.filters.add(key="title", values=lot.sample(WORDS, lot.choice((1, 1, 2))))
            query.filters.add(key="name", values=query.filters[0].values)
        if lot.random() < 0.3:
            query.filters.add(key="pages", values=[str(lot.randrange(3))])
        if lot.random() < 0.1:
            query.filters.add(key="authors", values=["a"])
        return query

    async def compare(self, call: Call) -> None:
        """A list as it is kept, and as it is when all is sorted."""
        for _ in range(6):
            servicer: Any = call.service(self.lot.choice((Books, Shelves)))
            asked = call.elevated(self.lot.choice((ALICE, BOB, LIBRARIAN)))
            query = self.query()
            kept = await _shown(servicer, asked, query)
            servicer.walks = False
            try:
                plain = await _shown(servicer, asked, query)
            finally:
                servicer.walks = True
            assert kept == plain, query


async def _shown(servicer: Any, call: Call, query: common.Query) -> Any:
    try:
        page, _ = await lists.list_page(servicer, call, query)
    except BadRequest as refused:
        return str(refused)
    assert isinstance(page, Page)
    return [item.id for item in page.items], page.next_marker, page.previous_marker  # type: ignore[attr-defined]


class Undone(Exception):
    """What was begun is not kept."""


async def _undone(work: Work, call: Call) -> None:
    """A part of a transaction that does not hold."""
    with suppress(Undone):
        async with call.part():
            await work.change(call)
            await work.compare(call)
            raise Undone


@pytest.mark.parametrize("seed", range(8))
async def test_as_if_all_were_sorted(seed: int, administration: Administration, short: list[str]) -> None:
    """Before, in and after transactions that hold or fail, in clouds of several layers."""
    engine, snapshots = administration.engine, Snapshots(administration.engine)
    await administration.create_cloud("kept")
    work, context = Work(seed), RequestContext(cloud="kept")

    async def run(call: Call) -> None:
        for step in (work.compare, work.change, work.compare):
            await step(call)
        if work.lot.random() < 0.4:
            await _undone(work, call)
            await work.compare(call)
        if work.lot.random() < 0.3:
            raise Undone

    for turn in range(30):
        with suppress(Undone):
            await engine.transact(engine.clouds["kept"], context, run)
        await engine.transact(engine.clouds["kept"], context, work.compare)
        if turn % 10 == 5:
            await snapshots.save("kept", "before", replace=True)
        if turn % 10 == 9:
            await snapshots.load("kept", "before")
            await engine.transact(engine.clouds["kept"], context, work.compare)
    assert len(short) > 200  # so many lists were read as they are kept
    assert any(short)
    await snapshots.delete("before")
    await administration.delete_cloud("kept")


async def test_a_fork_has_lists_of_its_own(administration: Administration) -> None:
    engine, work = administration.engine, Work(7)
    await administration.create_cloud("kept")

    async def run(name: str, *steps: Any) -> None:
        for step in steps:
            await engine.transact(engine.clouds[name], RequestContext(cloud=name), step)

    await run("kept", work.change, work.compare)
    await Snapshots(engine).fork("cloud:kept", "fork")
    for _ in range(20):
        await run("kept", work.change, work.compare)
        await run("fork", work.change, work.compare)
    for name in ("kept", "fork"):
        await administration.delete_cloud(name)
    assert len(engine.store.lists) == 0


async def test_what_is_not_read_is_let_go(administration: Administration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_lists, "UNREAD_MAX", 5)
    engine = administration.engine
    cloud = await administration.create_cloud("kept")
    order = order_of(Book, (("id", False),))
    assert order is not None

    async def write(call: Call) -> None:
        for number in range(4):
            await call.tx.put(Book(id=f"b{number}"))

    async def clear(call: Call) -> None:
        for number in range(4):
            await call.tx.delete(Book, f"b{number}")

    async def keep(call: Call) -> None:
        await call.tx.keep(Book, [kept_lists.ALL], order)

    context = RequestContext(cloud="kept")
    for step, left in ((write, 0), (keep, 1), (clear, 1), (write, 1), (clear, 0)):
        await engine.transact(cloud, context, step)
        assert len(engine.store.lists) == left
    await administration.delete_cloud("kept")


async def test_lists_take_no_more_than_they_may(
    administration: Administration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read longest ago goes, by number and by size; one alone may be larger."""
    engine = administration.engine
    cloud, context = await administration.create_cloud("kept"), RequestContext(cloud="kept")
    orders = [order_of(Book, ((name, False), ("id", False))) for name in ("title", "pages", "status")]

    async def kept(call: Call) -> list[bool]:
        return [call.tx.walk(Book, [kept_lists.ALL], order) is not None for order in reversed(orders) if order]

    async def keep(call: Call) -> None:
        for order in orders:
            assert order is not None
            await call.tx.keep(Book, [kept_lists.ALL], order)

    await engine.transact(cloud, context, lambda call: call.tx.put(Book(id="b", title="t")))
    for name, most in (("LISTS_MAX", 2), ("BYTES_MAX", 200), ("BYTES_MAX", 1)):
        await engine.transact(cloud, context, lambda call: call.tx.delete(Book, "b"))
        engine.store.lists.drop_cloud("kept")
        await engine.transact(cloud, context, lambda call: call.tx.put(Book(id="b", title="t")))
        with monkeypatch.context() as patch:
            patch.setattr(kept_lists, name, most)
            await engine.transact(cloud, context, keep)
        found = await engine.transact(cloud, context, kept)
        assert found == [True, most > 1, False]
    await administration.delete_cloud("kept")


def _keys(lot: random.Random) -> Iterator[tuple[tuple[str, bool], ...]]:
    names = ("title", "pages", "created_at", "status", "locked")
    for _ in range(60):
        some = lot.sample(names, lot.randrange(4))
        yield (*((name, lot.random() < 0.5) for name in some), ("id", lot.random() < 0.5))


def test_entries_lie_as_the_objects_do() -> None:
    lot, work = random.Random(1), Work(1)
    books: list[Any] = [*{book.id: book for book in (work.book() for _ in range(200))}.values()]
    for keys in _keys(lot):
        order = order_of(Book, keys)
        assert order is not None
        expected = list(books)
        for name, descending in reversed(keys):
            expected.sort(key=lambda book: _value(book, name), reverse=descending)
        entries = sorted((order.entry(book) for book in books), reverse=order.reverse)
        assert [id_of(entry) for entry in entries] == [book.id for book in expected], keys


def _value(book: Any, name: str) -> Any:
    value = getattr(book, name)
    return (value.seconds, value.nanos) if name == "created_at" else value


@pytest.mark.parametrize(
    "keys", [(), (("title", False),), (("authors", False), ("id", False)), (("weight", True), ("id", True))]
)
def test_orders_that_texts_cannot_say(keys: Any) -> None:
    """Of equals, of lists, of what is no whole number."""
    assert order_of(Book, keys) is None


PATTERNS = (
    *("a", "^a", "a$", "^a$", "^", "$", "^$", ".", ".*", "a.b", "x*", r"a\.b", r"\-"),
    *(r"\s", r"[^a]", r"[^a]+", r"\Ba", r"\bab\b", r"[\s\S]*", r"a\s*|b"),
    *("^the one$", "the|one", r"the\|one", "(the|one)", "(?:o)n", r"\W", "S", "K", "É", "é", "e{2}", "[a-z]+$"),
)  # fmt: skip
UNSAFE = (r"\Aa", r"a\z", "(?i)a", "(?s)a.b", "(?-m:^a)", r"[[:upper:]]", r"\pL", r"a\nb", "a\nb", r"\Qa\E", r"[\n]")
NAMES = (
    "", "a", "A", "ab", "aab", "the one", "The One", "one", "a.b", "axb", "ſ", "s", "\N{KELVIN SIGN}", "k", "é", "É",
)  # fmt: skip


@pytest.mark.parametrize("ignore_case", [True, False])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_lines_hold_what_a_pattern_finds(pattern: str, ignore_case: bool) -> None:
    """Every name in which the pattern is found is among the lines, and words find no other."""
    lot = random.Random(pattern)
    alone = caller_pattern(pattern, ignore_case=ignore_case)
    wanted = lines_matching("title", pattern, ignore_case=ignore_case)
    assert wanted is not None
    for count in range(12):
        for names in (NAMES, NAMES[:10]):
            some = [lot.choice(names) for _ in range(count)]
            text = joined([wanted.column.value(Book(title=name)) for name in some])
            assert text is not None
            found = list(wanted.lines(text))
            assert found == sorted(set(found))
            matching = [number for number, name in enumerate(some) if alone.search(name)]
            assert set(matching) <= set(found) <= set(range(count)), some
            if wanted.words:
                assert matching == found


@pytest.mark.parametrize("pattern", UNSAFE)
def test_patterns_that_mean_something_else_in_lines(pattern: str) -> None:
    assert lines_matching("title", pattern, ignore_case=True) is None
