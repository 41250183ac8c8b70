"""Calls inside of a call, and events between services: one transaction, and whose policy it is."""

from __future__ import annotations

from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import InvalidField, NotServed, PolicyRefused
from mopenstack.contract.operations import LATEST
from mopenstack.core.engine.call import Call, names_of
from mopenstack.core.engine.caller import SYSTEM
from mopenstack.core.engine.events import subscribes, subscriptions
from tests.engine.conftest import Library
from tests.engine.library.core.books import Books, errors, recorded
from tests.engine.library.core.callers import ALICE, BOB, RITA
from tests.engine.library.core.shelves import Shelves

BOOKS = "mopenstack_tests.library.v1.Books."
SHELVES = "mopenstack_tests.library.v1.Shelves."


async def _statuses(library: Library) -> list[str]:
    return [books_pb2.Book.Status.Name(book.status) for book in await library.ask("ListBooks")]


async def test_all_or_none(library: Library) -> None:
    """What an inner call did goes with the outer one, be the refusal an inner or the outer one's."""
    one, other = await library.book("One"), await library.book("Other")
    for request, refusal in (
        ({"books": [one.id, other.id], "refuse": True}, errors.LoanRefused),
        ({"books": [one.id, "nowhere"]}, errors.BookNotFound),
    ):
        with pytest.raises(refusal):
            await library.ask("CreateLoan", **request)
        assert await _statuses(library) == ["AVAILABLE", "AVAILABLE"]
    assert (await library.ask("CreateLoan", books=[one.id, other.id])).lent == 2
    assert await _statuses(library) == ["LENT", "LENT"]


async def test_the_callers_policy_or_the_clouds(library: Library) -> None:
    """The operation itself is open to all; each inner call asks its own policy, unless it is elevated."""
    book = await library.book()
    with pytest.raises(PolicyRefused) as refused:
        await library.ask("CreateLoan", RITA, books=[book.id])
    assert refused.value.rules == ["book:lend"]
    with pytest.raises(errors.BookNotFound):
        await library.ask("CreateLoan", BOB, books=[book.id])
    assert (await library.ask("CreateLoan", BOB, books=[book.id], elevated=True)).lent == 1


async def test_what_an_inner_call_gives(library: Library) -> None:
    """The bare object, the page of a list, an empty message; the result without its outcome."""
    await library.book("Before")

    async def run(call: Call) -> None:
        request = shelves_pb2.CreateShelfRequest(shelf=shelves_pb2.Shelf(name="s"))
        shelf = await call.invoke(f"{SHELVES}CreateShelf", request, elevated=True)
        assert isinstance(shelf, shelves_pb2.Shelf)
        page = await call.invoke(f"{BOOKS}ListBooks", books_pb2.ListBooksRequest(), elevated=True)
        assert [book.title for book in page.items] == ["Before"]
        label = {"shelf_id": shelf.id, "key": "new", "label": {"new": "1"}}
        operation = "mopenstack_tests.library.v1.Labels.SetLabel"
        answer = await call.invoke(operation, shelves_pb2.LabelRequest(**label), elevated=True)
        assert dict(answer.label) == {"new": "1"}

    await library.transact(run)


async def test_an_inner_call_is_of_the_latest_microversion(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the outer one was; its own body and project are no part of it."""
    seen: list[RequestContext] = []
    nested = Call.nested

    def noted(call: Call, operation: Any, context: RequestContext, caller: Any) -> Call:
        seen.append(context)
        return nested(call, operation, context, caller)

    monkeypatch.setattr(Call, "nested", noted)
    book = await library.book()
    context = RequestContext(cloud=library.cloud.name, microversion=3, document={"x": 1}, project_id="red")
    await library.reply("CreateLoan", context=context, books=[book.id])
    (inner,) = seen
    assert (inner.microversion, inner.document, inner.project_id) == (LATEST, None, "")
    assert (context.microversion, context.project_id) == (3, "red")


async def test_an_inner_call_is_checked(library: Library) -> None:
    async def bad(call: Call) -> None:
        await call.invoke(f"{BOOKS}CreateBook", books_pb2.CreateBookRequest(), elevated=True)

    async def unserved(call: Call) -> None:
        await call.invoke("mopenstack_tests.library.v1.Loans.Forget", books_pb2.CountRequest())

    with pytest.raises(InvalidField, match="book: required"):
        await library.transact(bad)
    with pytest.raises(NotServed, match="Forget"):
        await library.transact(unserved)


async def test_other_servicers(library: Library) -> None:
    """Their plain methods ask no policy: they are of the same service."""
    book = await library.book("Plain")

    async def run(call: Call) -> str:
        assert call.owner_of("nothing") is None
        assert isinstance(call.owner_of("shelf"), Shelves)
        assert call.elevated().caller is SYSTEM
        made = await call.service(Books).insert(call.elevated(ALICE), books_pb2.Book(title="Inserted"))
        found = await call.service(Books).fetch(call.elevated(BOB.__class__(project_id="red")), book.id)
        return f"{made.title} {made.project_id} {found.title}"

    assert await library.transact(run) == "Inserted red Plain"


def test_names_of_a_message() -> None:
    assert names_of(books_pb2.Book(title="t", pages=0, authors=["a"])) == {"title", "authors"}


# -- events


async def test_subscribers_follow(library: Library) -> None:
    """In the same transaction: a shelf counts its books, and goes when there are none."""
    shelf = await library.shelf()
    books = [await library.book(f"b{number}", shelf_id=shelf.id) for number in range(2)]
    assert (await library.stored("shelf", shelf.id)).books == 2
    await library.ask("DeleteBook", book_id=books[0].id)
    assert (await library.stored("shelf", shelf.id)).books == 1


async def test_a_subscriber_refuses(library: Library) -> None:
    shelf = await library.shelf()
    await library.book(shelf_id=shelf.id)
    with pytest.raises(errors.ShelfInUse, match="holds 1 books"):
        await library.ask("DeleteShelf", shelf_id=shelf.id)
    assert await library.stored("shelf", shelf.id)


async def test_what_events_tell(library: Library) -> None:
    """Updates the old and the new object; an event of a service's own what it gives, to those of its kind."""
    book = await library.book("Old")
    recorded.clear()
    await library.ask("UpdateBook", book_id=book.id, book={"title": "New"})
    await library.ask("StampBook", book_id=book.id, stamp={"text": "ex libris"})
    assert recorded == [("after_update", "Old -> New"), ("stamped ex libris", "New")]
    await library.transact(lambda call: call.publish("stamped", "chapter", None, "x"))
    assert len(recorded) == 2


def test_one_function_of_several_events() -> None:
    @subscribes("a", "book", "shelf")
    @subscribes("b", "book")
    async def both(call: Call) -> None:
        """A subscriber."""

    assert set(subscriptions(both)) == {("a", "book"), ("a", "shelf"), ("b", "book")}
    assert subscriptions(test_one_function_of_several_events) == ()


async def test_a_part_is_undone_alone(library: Library) -> None:
    """What a part wrote goes when it raises: objects, claims, counters, what follows the commit; the rest stays."""
    kept, followed = await library.book("Kept"), []

    async def refused_part(call: Call) -> None:
        async with call.part():
            changed = await call.tx.edit(books_pb2.Book, kept.id)
            changed.title = "Changed"
            await call.tx.put(changed)
            await call.tx.claim("shelf", "first", changed)
            await call.tx.add("read", 1)
            new = books_pb2.CreateBookRequest(book={"title": "New"})
            await call.invoke(f"{BOOKS}CreateBook", new, elevated=True)
            call.after_commit(lambda: followed.append("undone"))
            async with call.part():
                await call.tx.delete(books_pb2.Book, kept.id)
            raise errors.LoanRefused()

    async def run(call: Call) -> None:
        await Books.save(call.service(Books), call, await call.tx.edit(books_pb2.Book, kept.id))
        for _ in range(2):
            with pytest.raises(errors.LoanRefused):
                await refused_part(call)
            book = await call.tx.get(books_pb2.Book, kept.id)
            assert book is not None
            assert book.title == "Kept"
        assert await call.tx.claimed("shelf", "first") is None
        assert await call.tx.counter("read") == 0
        assert len(await call.tx.scan(books_pb2.Book)) == 1
        async with call.part():
            await call.tx.add("read", 2)
            call.after_commit(lambda: followed.append("done"))

    await library.transact(run)
    assert followed == ["done"]
    assert [book.title for book in await library.ask("ListBooks")] == ["Kept"]
