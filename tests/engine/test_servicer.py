"""The generic create, show, update and delete: what the engine keeps of every object."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Library
from tests.engine.library.core.books import errors
from tests.engine.library.core.callers import LIBRARIAN


async def test_a_create_completes_the_object(library: Library) -> None:
    """Id, owner, times and defaults; the cloud's clock says when."""
    library.cloud.clock.set(1_000_000_000.0)
    shelf = await library.shelf()
    assert (len(shelf.id), shelf.project_id, shelf.revision_number) == (36, "red", 0)
    assert shelf.wood == shelf.OAK
    assert shelf.created_at == shelf.updated_at
    assert abs(shelf.created_at.seconds - 1_000_000_000) <= 1
    assert shelf.created_at.nanos % 1000 == 0, "whole microseconds"


async def test_an_update_changes_what_was_given(library: Library) -> None:
    """By the mask, or where there is none by what is set; times and revision follow."""
    shelf = await library.shelf("A", caller=LIBRARIAN, building="main", wood="RED_CEDAR")
    library.cloud.clock.advance(10)
    changed = await library.ask("UpdateShelf", LIBRARIAN, shelf_id=shelf.id, shelf={"name": "B"})
    assert (changed.name, changed.building, changed.wood) == ("B", "main", shelf.RED_CEDAR)
    assert changed.revision_number == shelf.revision_number + 1
    assert changed.updated_at.seconds - shelf.updated_at.seconds >= 10
    assert changed.created_at == shelf.created_at
    cleared = await library.ask(
        "UpdateShelf", LIBRARIAN, shelf_id=shelf.id, shelf={"name": "C", "wood": "OAK"}, mask="building,name"
    )
    assert (cleared.name, cleared.HasField("building"), cleared.wood) == ("C", False, shelf.RED_CEDAR)


async def test_what_a_request_may_not_write(library: Library) -> None:
    """State of the core and what answers alone have is not taken from a request, be it in the mask."""
    shelf = await library.shelf(id="mine", books=7, readers=["blue"], revision_number=9)
    kept = await library.stored("shelf", shelf.id)
    assert (kept.id != "mine", kept.books, list(kept.readers), kept.revision_number) == (True, 0, [], 0)
    await library.ask("UpdateShelf", shelf_id=shelf.id, shelf={"books": 7}, mask="books")
    assert (await library.stored("shelf", shelf.id)).books == 0


async def test_nested_messages_and_lists_are_replaced(library: Library) -> None:
    book = await library.book(binding={"color": "red", "thread": "silk"}, authors=["a", "b"])
    changed = await library.ask(
        "UpdateBook", book_id=book.id, book={"binding": {"color": "blue"}, "authors": ["c"]}, mask="binding,authors"
    )
    assert (changed.binding.color, changed.binding.HasField("thread")) == ("blue", False)
    assert list(changed.authors) == ["c"]


async def test_free_keys_are_keys_of_the_object(library: Library) -> None:
    """Each by itself: an update leaves those that it does not give, whatever the mask says of declared ones."""
    shelf = await library.shelf(extras={"a": 1, "b": [None]})
    update = {"name": "B", "extras": {"a": "2", "c": {"d": "e"}}}
    changed = await library.ask("UpdateShelf", shelf_id=shelf.id, shelf=update, mask="name")
    kinds = {key: value.WhichOneof("kind") for key, value in changed.extras.items()}
    assert kinds == {"a": "string_value", "b": "list_value", "c": "struct_value"}


@pytest.mark.parametrize(
    ("rpc", "fields"),
    [("GetBook", {}), ("UpdateBook", {"book": {"pages": 1}}), ("DeleteBook", {}), ("LendBook", {})],
)
async def test_a_target_that_is_not_there(library: Library, rpc: str, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.BookNotFound, match="Book nowhere could not be found"):
        await library.ask(rpc, book_id="nowhere", **fields)


async def test_for_whom_an_answer_is_written(library: Library) -> None:
    book = await library.book()
    assert (await library.reply("GetBook", book_id=book.id)).audience == ""
    assert (await library.reply("GetBook", LIBRARIAN, book_id=book.id)).audience == "admin"


async def test_ids_of_a_seed(library: Library) -> None:
    """A cloud with a seed gives the same ids in every run."""
    found = []
    for _ in range(2):
        library.cloud.ids.__init__(7)  # type: ignore[misc]
        book = await library.book()
        found.append(book.id)
        await library.ask("DeleteBook", book_id=book.id)
    assert found[0] == found[1]
    assert library.cloud.ids.word(8) != library.cloud.ids.word(8)
