"""Messages to JSON: keys by microversion, audience and answer; values as the contract writes them; what is kept."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf import json_format, struct_pb2
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.contract.times import format_time
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.values import plain
from mopenstack.gateway.codec import kept as kept_module
from mopenstack.gateway.codec.encode import encoder
from mopenstack.gateway.codec.headers import has_headers, header_fields
from mopenstack.gateway.codec.kept import Kept
from mopenstack.identity.v3.auth import tokens_pb2

BASE = "http://cloud/library"
LATEST = 9
Book = books_pb2.Book


def document(message: Any, microversion: int = LATEST, audience: str = "", answer: str = "BookResponse") -> Any:
    return encoder(message.DESCRIPTOR, microversion, audience, answer).document(message, BASE)


def keys(message: Any, *where: Any, **more: Any) -> set[str]:
    return set(document(message, *where, **more))


WHOLE = {
    *("id", "project_id", "title", "shelf_id", "status", "condition", "task", "place", "locked", "summary", "pages"),
    *("mark", "authors", "language", "weight"),
}


@pytest.mark.parametrize(
    ("microversion", "answer", "shown", "hidden"),
    [
        (9, "BookResponse", WHOLE, {"isbn", "owner_key", "scan", "card", "binding", "notes", "created_at"}),
        (1, "ListBooksResponse", WHOLE - {"summary", "pages"}, {"summary", "pages"}),
        (7, "ListBooksResponse", WHOLE - {"summary", "pages"}, {"pages"}),
        (8, "ListBooksResponse", WHOLE - {"summary"}, {"summary"}),
        (4, "ListBooksDetailResponse", WHOLE - {"summary"}, {"summary"}),
        (5, "ListBooksDetailResponse", WHOLE, set()),
    ],
)
def test_keys(microversion: int, answer: str, shown: set[str], hidden: set[str]) -> None:
    """An unset message or optional field is left out, or null where it says so; others are always there."""
    found = keys(Book(), microversion, answer=answer)
    assert found == shown
    assert found.isdisjoint(hidden)


def test_one_key_of_two_fields() -> None:
    book = Book(shelfmark="old", call_number="new")
    assert [document(book, version)["mark"] for version in (1, 2, 3, 9)] == ["old", "old", "new", "new"]


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"title": "ä"}, "title", "ä"),
        ({"status": Book.LENT}, "status", "lent"),
        ({"status": Book.LENDING}, "status", "AVAILABLE"),  # several states may show as one word
        ({"status": Book.IN_REPAIR}, "status", "in-repair"),
        ({}, "status", None),
        ({}, "task", None),
        ({"task": ""}, "task", ""),
        ({"summary": "s"}, "summary", "s"),
        ({"isbn": "1"}, "isbn", "1"),
        ({"binding": {"color": "red"}}, "binding", {"color": "red", "thread": None}),
        ({"binding": {"stitches": 7}}, "binding", {"color": "", "thread": None, "stitches": 7}),
        ({"authors": ["a", "b"]}, "authors", ["a", "b"]),
        ({"weight": 1.5}, "weight", 1.5),
        ({"notes": {"a": [1, 2.5, None, {"b": True}]}}, "notes", {"a": [1, 2.5, None, {"b": True}]}),
        ({"created_at": "2026-01-02T03:04:05.000006Z"}, "created_at", "2026-01-02T03:04:05.000006"),  # as the API says
        ({"printed_at": "2026-01-02T03:04:05Z"}, "printed_at", "2026-01-02T03:04:05Z"),  # as the field says
    ],
)
def test_values(fields: dict[str, Any], key: str, value: Any) -> None:
    names = ("status",)
    book = json_format.ParseDict({name: one for name, one in fields.items() if name not in names}, Book())
    book.MergeFrom(Book(**{name: one for name, one in fields.items() if name in names}))
    assert document(book)[key] == value


def test_audience() -> None:
    """A field for administrators is null, or left out, for others."""
    shelf = shelves_pb2.Shelf(building="main")
    assert document(shelf, audience="admin")["building"] == "main"
    assert "building" not in document(shelf)
    assert document(shelves_pb2.Shelf(), audience="admin")["building"] is None


def test_free_keys_links_and_second_keys() -> None:
    shelf = shelves_pb2.Shelf(id="7", project_id="p", readers=["x"])
    shelf.extras["color"].string_value = "blue"
    shelf.extras["sizes"].list_value.values.add().number_value = 2
    found = document(shelf)
    assert (found["project_id"], found["tenant_id"]) == ("p", "p")
    assert (found["color"], found["sizes"]) == ("blue", [2])
    assert found["links"] == [
        {"rel": "self", "href": f"{BASE}/v1/shelves/7"},
        {"rel": "books", "href": f"{BASE}/v1/books?shelf_id=7"},
    ]
    assert {"extras", "readers", "books", "labels"}.isdisjoint(found)


def test_maps_are_in_order() -> None:
    shelf = shelves_pb2.Shelf(labels={"b": "2", "a": "1"})
    assert list(document(shelf)["labels"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (annotations_pb2.TIME_FORMAT_UNSPECIFIED, "2001-09-09T01:46:40Z"),
        (annotations_pb2.TIME_FORMAT_SECONDS_Z, "2001-09-09T01:46:40Z"),
        (annotations_pb2.TIME_FORMAT_SECONDS, "2001-09-09T01:46:40"),
        (annotations_pb2.TIME_FORMAT_MICROS, "2001-09-09T01:46:40.000007"),
        (annotations_pb2.TIME_FORMAT_MICROS_Z, "2001-09-09T01:46:40.000007Z"),
        (annotations_pb2.TIME_FORMAT_SPACE, "2001-09-09 01:46:40"),
        (annotations_pb2.TIME_FORMAT_SPACE_MICROS, "2001-09-09 01:46:40.000007"),
        (annotations_pb2.TIME_FORMAT_HTTP_DATE, "Sun, 09 Sep 2001 01:46:40 GMT"),
    ],
)
def test_times(style: int, text: str) -> None:
    assert format_time(1_000_000_000, 7_999, style) == text


@pytest.mark.parametrize("value", [None, True, 0, 7, 1.5, "x", [], [1, [2]], {}, {"a": {"b": None}}])
def test_values_of_any_type(value: Any) -> None:
    found = plain(json_format.ParseDict(value, struct_pb2.Value()))
    assert found == value
    assert type(found) is type(value)


def test_headers() -> None:
    """What travels as headers has no key in the body; empty ones are left out."""
    card = books_pb2.Card(shelf="s", entries={"author": "Theo", "year-of-print": "400"})
    assert has_headers(card.DESCRIPTOR)
    assert not has_headers(Book.DESCRIPTOR)
    assert header_fields(card.DESCRIPTOR, LATEST, BASE, card) == {
        "X-Book-Shelf": "s",
        "X-Book-Card-Author": "Theo",
        "X-Book-Card-Year-Of-Print": "400",
    }
    assert header_fields(card.DESCRIPTOR, LATEST, BASE, books_pb2.Card()) == {}
    assert keys(card) == {"book_id"}


def test_one_plan_for_the_same_view() -> None:
    """An answer's name makes a plan of its own only where fields ask for it."""
    shelf, book = shelves_pb2.Shelf.DESCRIPTOR, Book.DESCRIPTOR
    assert encoder(shelf, 9, "", "A") is encoder(shelf, 9, "", "B")
    assert encoder(book, 9, "", "BookResponse") is not encoder(book, 9, "", "ListBooksResponse")
    assert encoder(shelf, 9, "", "A") is not encoder(shelf, 9, "admin", "A")


class Held:
    """What a core holds."""

    def __init__(self, *messages: Any) -> None:
        self.messages = [*messages]

    def __call__(self, message: Any) -> bool:
        return any(message is one for one in self.messages)


def _renders(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every message that is really rendered."""
    done: list[int] = []

    def counted(document: Any) -> bytes:
        done.append(1)
        return orjson.dumps(document)

    monkeypatch.setattr(kept_module, "dumps", counted)
    return done


def test_rendered_bytes_are_kept_as_long_as_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """By view and address; what the core does not hold, or drops, is rendered anew."""
    held, other = Book(title="held"), Book(title="other")
    kept, done = Kept(Held(held)), _renders(monkeypatch)
    plan, brief = encoder(Book.DESCRIPTOR, 9, "", "BookResponse"), encoder(Book.DESCRIPTOR, 1, "", "ListBooksResponse")
    for _ in range(3):
        assert b'"held"' in kept.render(held, plan, BASE)
        assert b'"held"' in kept.render(held, brief, BASE)
        assert b'"held"' in kept.render(held, plan, "http://elsewhere")
    assert len(done) == 3
    for _ in range(2):
        kept.render(other, plan, BASE)
    assert len(done) == 5
    kept.forget(id(held))
    kept.forget(id(other))
    kept.render(held, plan, BASE)
    assert len(done) == 6


def test_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is full, everything goes."""
    monkeypatch.setattr(kept_module, "KEPT_BYTES_MAX", 1)
    one, two = Book(title="one"), Book(title="two")
    kept, done = Kept(Held(one, two)), _renders(monkeypatch)
    plan = encoder(Book.DESCRIPTOR, 9, "", "BookResponse")
    for book in (one, one, two, two, one):
        kept.render(book, plan, BASE)
    assert len(done) == 3


def test_a_catalog_is_written_once() -> None:
    """Of all tokens that have the same one."""

    def written(user: str, *services: str) -> Any:
        token = tokens_pb2.Token(user={"id": user}, catalog={"services": [{"name": name} for name in services]})
        return encoder(token.DESCRIPTOR, LATEST, "", "TokenResponse").document(token, BASE)

    ann, bob, other = written("ann", "nova"), written("bob", "nova"), written("ann", "nova", "glance")
    assert (ann["user"]["id"], bob["user"]["id"]) == ("ann", "bob")
    assert bob["catalog"] is ann["catalog"]
    assert [[one["name"] for one in token["catalog"]] for token in (ann, other)] == [["nova"], ["nova", "glance"]]
