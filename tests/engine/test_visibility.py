"""Which objects a caller may know of: others are not found and not listed."""

from __future__ import annotations

from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.visibility import Visibility
from tests.engine.conftest import Library
from tests.engine.library.core.callers import ALICE, BOB, LIBRARIAN
from tests.engine.library.core.shelves import errors

VISITOR = Caller(user_id="v", project_id="green", roles=frozenset({"reader"}))


async def _names(library: Library, caller: Caller, **query: Any) -> set[str]:
    return {shelf.name for shelf in await library.ask("ListShelves", caller, query=query)}


async def test_declared(library: Library) -> None:
    """Own, public and shared objects, each found by its index; all of them where an alternative names no index."""
    await library.shelf("own")
    await library.shelf("public", LIBRARIAN, public=True)
    await library.shelf("hidden", LIBRARIAN)
    shared = await library.shelf("shared")
    await library.ask("AddReader", shelf_id=shared.id, project="blue")
    assert await _names(library, ALICE) == {"own", "public", "shared"}
    assert await _names(library, BOB) == {"public", "shared"}
    assert await _names(library, VISITOR) == {"public"}
    assert await _names(library, LIBRARIAN) == {"own", "public", "hidden", "shared"}
    await library.ask("RemoveReader", shelf_id=shared.id, project="blue")
    assert await _names(library, BOB) == {"public"}


async def test_what_is_not_visible_is_not_found(library: Library) -> None:
    hidden = await library.shelf("hidden", LIBRARIAN)
    for rpc in ("GetShelf", "DeleteShelf"):
        with pytest.raises(errors.ShelfNotFound, match=hidden.id):
            await library.ask(rpc, shelf_id=hidden.id)
    with pytest.raises(errors.ShelfNotFound):
        await library.book(shelf_id=hidden.id)


async def test_visible_is_not_permitted(library: Library) -> None:
    """Others see a public shelf, and may not change it."""
    from mopenstack.contract.faults import PolicyRefused

    public = await library.shelf("public", LIBRARIAN, public=True)
    assert (await library.ask("GetShelf", VISITOR, shelf_id=public.id)).name == "public"
    with pytest.raises(PolicyRefused):
        await library.ask("UpdateShelf", BOB, shelf_id=public.id, shelf={"name": "mine"})


async def test_undeclared(library: Library) -> None:
    """Without a declaration: the objects of the caller's project, all of them for an admin."""
    book = await library.book()
    assert [one.id for one in await library.ask("ListBooks")] == [book.id]
    assert await library.ask("ListBooks", BOB) == []
    assert [one.id for one in await library.ask("ListBooks", LIBRARIAN)] == [book.id]
    with pytest.raises(errors.BookNotFound):
        await library.ask("GetBook", BOB, book_id=book.id)


def test_of_one_object() -> None:
    """An object without an owner is of no project, not of every caller's."""
    shelves, books = Visibility(shelves_pb2.Shelf), Visibility(books_pb2.Book)
    without_project = Caller(user_id="x")
    assert not shelves.visible(ALICE, shelves_pb2.Shelf())
    assert shelves.visible(ALICE, shelves_pb2.Shelf(public=True))
    assert shelves.visible(BOB, shelves_pb2.Shelf(project_id="red", readers=["blue"]))
    assert not shelves.visible(without_project, shelves_pb2.Shelf(project_id="red"))
    assert books.visible(LIBRARIAN, books_pb2.Book(project_id="red"))
    assert not books.visible(BOB, books_pb2.Book(project_id="red"))
    assert Visibility(books_pb2.Chapter).visible(BOB, books_pb2.Chapter())
