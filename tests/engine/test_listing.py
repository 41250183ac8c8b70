"""Lists: filters, order, pages and markers, from the annotations of the fields; defaults of a create."""

from __future__ import annotations

from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.listing import listing
from tests.engine.conftest import Library

BOOKS: list[dict[str, Any]] = [
    {"title": "Algebra", "pages": 300, "authors": ["Hypatia"]},
    {"title": "Bees", "pages": 20, "authors": ["Aristotle", "Theo"]},
    {"title": "Conics", "pages": 100, "authors": ["Hypatia", "Theo"]},
    {"title": "Dreams", "pages": 100, "authors": []},
]


async def _books(library: Library) -> dict[str, str]:
    """Title -> id of four books."""
    return {book["title"]: (await library.book(**book)).id for book in BOOKS}


def query(*filters: tuple[str, str], sort: str = "", **more: Any) -> dict[str, Any]:
    """A list's query; `sort` is "pages:desc,title"."""
    keys = [part.partition(":") for part in sort.split(",") if part]
    grouped: dict[str, list[str]] = {}
    for key, value in filters:
        grouped.setdefault(key, []).append(value)
    return {
        "filters": [{"key": key, "values": values} for key, values in grouped.items()],
        "sort": [{"key": key, "descending": direction == "desc"} for key, _, direction in keys],
        **more,
    }


async def titles(library: Library, *filters: tuple[str, str], **more: Any) -> str:
    """The first letters of the titles of a list, in order."""
    found = await library.ask("ListBooks", query=query(*filters, **more))
    return "".join(book.title[0] for book in found)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], "ABCD"),
        ([("title", "Bees")], "B"),
        ([("title", "Bees"), ("title", "Dreams")], "BD"),  # any of the values
        ([("pages", "100")], "CD"),
        ([("pages", "100"), ("title", "Dreams")], "D"),  # every one of the filters
        ([("authors", "Hypatia")], "AC"),
        ([("authors", "Hypatia"), ("authors", "Aristotle")], "ABC"),
        ([("status", "available")], "ABCD"),  # the word on the wire, in any case
        ([("status", "in-repair")], ""),
        ([("status", "LENDING")], ""),  # the name of a value is no word on the wire
        ([("pages", "many")], ""),
        ([("nonsense", "x")], "ABCD"),  # an unknown key matches everything
    ],
)
async def test_filters(library: Library, filters: list[tuple[str, str]], expected: str) -> None:
    await _books(library)
    assert await titles(library, *filters) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", "ABCD"),  # the resource's own order
        ("title:desc", "DCBA"),
        ("pages,title:desc", "BDCA"),
        ("pages:desc", "ACDB"),  # equals keep the resource's order
        ("created_at:desc", "DCBA"),
        ("status", "ABCD"),
        ("authors", "DBAC"),
    ],
)
async def test_order(library: Library, sort: str, expected: str) -> None:
    await _books(library)
    assert await titles(library, sort=sort) == expected


async def test_a_key_that_is_no_field_sorts_nothing(library: Library) -> None:
    with pytest.raises(BadRequest, match="Sort key color is not supported"):
        await titles(library, sort="color")


@pytest.mark.parametrize(
    ("page", "expected", "following", "previous"),
    [
        ({"limit": 2}, "AB", "B", ""),
        ({"limit": 2, "marker": "B"}, "CD", "D", "C"),  # a full page has a next one, be it empty
        ({"limit": 2, "marker": "D"}, "", "", ""),
        ({"limit": 3, "marker": "B"}, "CD", "", "C"),
        ({"limit": 1, "offset": 2}, "C", "C", "C"),
        ({"offset": 9}, "", "", ""),
        ({"limit": 2, "marker": "C", "page_reverse": True}, "AB", "B", "A"),
        ({"limit": 2, "page_reverse": True}, "CD", "D", ""),
        ({"limit": 2, "marker": "C", "sort": "title:desc"}, "BA", "A", "B"),
        ({"nothing": True}, "", "", ""),
    ],
)
async def test_pages(library: Library, page: dict[str, Any], expected: str, following: str, previous: str) -> None:
    ids = await _books(library)
    by_letter = {title[0]: id for title, id in ids.items()} | {"": ""}
    if "marker" in page:
        page = {**page, "marker": by_letter[page["marker"]]}
    found = (await library.reply("ListBooks", query=query(**page))).result
    assert "".join(book.title[0] for book in found.items) == expected  # type: ignore[union-attr]
    assert found.next_marker == by_letter[following]  # type: ignore[union-attr]
    assert found.previous_marker == by_letter[previous]  # type: ignore[union-attr]


async def test_a_marker_that_is_not_in_the_list(library: Library) -> None:
    ids = await _books(library)
    with pytest.raises(BadRequest, match=r"marker \[nowhere\] not found"):
        await titles(library, marker="nowhere")
    with pytest.raises(BadRequest):
        await titles(library, ("title", "Bees"), marker=ids["Algebra"])


async def test_the_most_that_a_page_has(library: Library) -> None:
    """`page_max` of the servicer holds with and without a limit."""
    for number in range(7):
        await library.shelf(f"s{number}")
    for limit, length in ((0, 5), (3, 3), (6, 5)):
        assert len(await library.ask("ListShelves", query={"limit": limit})) == length
    page = (await library.reply("ListShelves")).result
    assert page.next_marker == page.items[-1].id  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("wood", "red-cedar")], {"cedar"}),
        ([("wood", "oak"), ("wood", "red-cedar")], {"oak", "cedar"}),
        ([("public", "false")], {"oak", "cedar"}),
        ([("public", "True")], set()),
        ([("tenant_id", "red")], {"oak", "cedar"}),  # by a field's second key
        ([("project_id", "blue")], set()),
        ([("empty", "true")], {"cedar"}),  # by the servicer's own word
        ([("empty", "false"), ("name", "oak")], {"oak"}),
    ],
)
async def test_further_filters(library: Library, filters: list[tuple[str, str]], expected: set[str]) -> None:
    oak = await library.shelf("oak")
    await library.shelf("cedar", wood="RED_CEDAR")
    await library.book(shelf_id=oak.id)
    assert {shelf.name for shelf in await library.ask("ListShelves", query=query(*filters))} == expected


@pytest.mark.parametrize(
    ("message", "filters", "expected"),
    [
        (shelves_pb2.Shelf, [("name", "a")], ("name", "a")),
        (shelves_pb2.Shelf, [("tenant_id", "p")], ("project_id", "p")),
        (shelves_pb2.Shelf, [("name", "a"), ("name", "b")], None),  # two values are two queries
        (shelves_pb2.Shelf, [("public", "yes")], ("public", "1")),
        (shelves_pb2.Shelf, [("public", "no")], None),  # what is not so has no row in an index
        (shelves_pb2.Shelf, [("wood", "oak"), ("name", "a")], ("name", "a")),
        (books_pb2.Book, [("shelf_id", "")], None),
        (books_pb2.Book, [("pages", "1")], None),
    ],
)
def test_the_index_that_answers_a_filter(message: Any, filters: list[tuple[str, str]], expected: Any) -> None:
    found = common.Query()
    for item in query(*filters)["filters"]:
        found.filters.add(**item)
    assert listing(message).best_index(found) == expected


@pytest.mark.parametrize(
    ("given", "fields", "pages", "status"),
    [
        (set(), {}, 1, books_pb2.Book.AVAILABLE),
        ({"pages"}, {}, 0, books_pb2.Book.AVAILABLE),  # 0 was given
        (set(), {"pages": 7, "status": books_pb2.Book.LOST}, 7, books_pb2.Book.LOST),
    ],
)
def test_defaults(given: set[str], fields: dict[str, Any], pages: int, status: int) -> None:
    book = books_pb2.Book(**fields)
    listing(books_pb2.Book).apply_defaults(book, given)
    assert (book.pages, book.status) == (pages, status)


def test_what_fields_say() -> None:
    of_books = listing(books_pb2.Book)
    assert of_books.sortable() == ["created_at", "pages", "status", "title"]
    assert (of_books.filterable("shelf_id"), of_books.filterable("place")) == (True, False)
    assert (of_books.indexed("project_id"), of_books.indexed("title"), of_books.indexed("x")) == (True, False, False)
