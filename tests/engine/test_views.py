"""Built answers: kept until something that they were built from changes."""

from __future__ import annotations

from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.core.engine.call import Call
from mopenstack.core.store.held import Held
from mopenstack.core.store.views import Views
from tests.engine.conftest import Library
from tests.engine.library.core.shelves import errors


class Shop:
    """Counts how often the view of a book on its shelf is built."""

    def __init__(self, library: Library) -> None:
        self.library, self.built = library, 0

    async def view(self, call: Call, id: str) -> Any:
        async def build() -> Any:
            self.built += 1
            book = await call.tx.edit(books_pb2.Book, id)
            shelf = await call.tx.get(shelves_pb2.Shelf, book.shelf_id)
            neighbours = await call.tx.query(books_pb2.Book, shelf_id=book.shelf_id)
            book.place = f"{shelf.name}, {len(neighbours)}" if shelf is not None else ""
            return book

        return await call.tx.view(("shown", id), build)

    async def show(self, id: str) -> str:
        return str((await self.library.transact(lambda call: self.view(call, id))).place)


async def test_a_view_is_built_once(library: Library) -> None:
    shop, shelf = Shop(library), await library.shelf("A")
    book = await library.book(shelf_id=shelf.id)
    assert [await shop.show(book.id), await shop.show(book.id)] == ["A, 1", "A, 1"]
    assert shop.built == 1


@pytest.mark.parametrize(
    ("change", "shown", "built"),
    [
        ("UpdateBook", "A, 1", 2),  # the object itself
        ("UpdateShelf", "B, 1", 2),  # one that was read
        ("CreateBook", "A, 2", 2),  # the entries of an index that was asked
        ("CreateShelf", "A, 1", 1),  # what has nothing to do with it
    ],
)
async def test_a_view_goes_with_what_it_was_built_from(library: Library, change: str, shown: str, built: int) -> None:
    shop, shelf = Shop(library), await library.shelf("A")
    book = await library.book(shelf_id=shelf.id)
    await shop.show(book.id)
    requests: dict[str, dict[str, Any]] = {
        "UpdateBook": {"book_id": book.id, "book": {"pages": 2}},
        "UpdateShelf": {"shelf_id": shelf.id, "shelf": {"name": "B"}},
        "CreateBook": {"book": {"title": "Next", "shelf_id": shelf.id}},
        "CreateShelf": {"shelf": {"name": "C"}},
    }
    await library.ask(change, **requests[change])
    assert (await shop.show(book.id), shop.built) == (shown, built)


async def test_a_refused_change_keeps_the_view(library: Library) -> None:
    shop, shelf = Shop(library), await library.shelf("A")
    book = await library.book(shelf_id=shelf.id)
    await shop.show(book.id)

    async def change(call: Call) -> None:
        copy = await call.tx.edit(shelves_pb2.Shelf, shelf.id)
        copy.name = "B"
        await call.tx.put(copy)
        assert (await shop.view(call, book.id)).place == "B, 1", "a view of unfinished changes"
        raise errors.ShelfInUse(id=shelf.id, count=1)

    with pytest.raises(errors.ShelfInUse):
        await library.transact(change)
    assert (await shop.show(book.id), shop.built) == ("A, 1", 2)


async def test_a_view_inside_of_a_view(library: Library) -> None:
    """The outer one goes with what the inner one was built from, be that kept from before."""
    shop, shelf = Shop(library), await library.shelf("A")
    book = await library.book(shelf_id=shelf.id)
    await shop.show(book.id)
    outer_built = 0

    async def outer(call: Call) -> Any:
        async def build() -> Any:
            nonlocal outer_built
            outer_built += 1
            return books_pb2.Book(title=(await shop.view(call, book.id)).place)

        return await call.tx.view("outer", build)

    assert (await library.transact(outer)).title == "A, 1"
    await library.ask("UpdateShelf", shelf_id=shelf.id, shelf={"name": "B"})
    assert (await library.transact(outer)).title == "B, 1"
    assert outer_built == 2


async def test_views_are_of_one_cloud() -> None:
    views = Views(Held())
    book = books_pb2.Book()
    for cloud in ("a", "b"):
        views.put(cloud, "key", book, [("kind", "book")])
    views.changed("a", [("kind", "book")])
    assert (views.get("a", "key"), views.get("b", "key")) == (None, book)
    views.drop_cloud("b")
    assert views.get("b", "key") is None


async def test_the_oldest_views_go_when_there_are_too_many() -> None:
    views = Views(Held(), most=10)
    for number in range(11):
        views.put("a", number, books_pb2.Book(), [("object", "book", str(number))])
    assert [number for number in range(11) if views.get("a", number) is None] == [0]


async def test_the_oldest_views_go_when_they_are_too_large() -> None:
    views = Views(most=100, bytes_max=1000)
    for number in range(12):
        views.put("a", number, f"answer {number}", [("object", "book", str(number))], size=100)
    assert [number for number in range(12) if views.get("a", number) is None] == [0]
    views.changed("a", [("object", "book", "5")])
    assert views.get("a", 5) is None
    assert len(views) == 10
