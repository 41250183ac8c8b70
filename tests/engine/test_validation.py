"""What the contract says a value must be: checked for every client, the first breach in the order of the fields."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format
from mopenstack_tests.library.v1 import books_pb2 as pb

from mopenstack.contract.faults import InvalidField
from mopenstack.core.engine.validation import is_format, validate
from tests.engine.conftest import Library

TITLE = {"title": "t"}


def breach(message: type[Any], mode: str, microversion: int = 9, **fields: Any) -> tuple[Any, ...] | None:
    """(path, rule, bound) of the first breach; None: there is none."""
    try:
        validate(json_format.ParseDict(fields, message()), mode, microversion)
    except InvalidField as fault:
        return fault.path, fault.rule, fault.bound
    return None


@pytest.mark.parametrize(
    ("book", "path", "rule", "bound"),
    [
        ({}, ("title",), "required", "title"),
        ({"title": ""}, ("title",), "required", "title"),
        ({"title": "x" * 41}, ("title",), "max_length", 40),
        ({"title": "a/b"}, ("title",), "pattern", "^[^/]*$"),
        ({**TITLE, "authors": ["a", "b", "c", "d"]}, ("authors",), "max_items", 3),
        ({**TITLE, "authors": ["a", "a"]}, ("authors",), "unique_items", True),
        ({**TITLE, "authors": ["a", "x" * 21]}, ("authors", 1), "max_length", 20),
        ({**TITLE, "language": "el"}, ("language",), "one_of", ["en", "la"]),
        ({**TITLE, "ownerKey": "no"}, ("owner_key",), "format", "uuid"),
        ({**TITLE, "binding": {"color": "ultramarine!"}}, ("binding", "color"), "max_length", 10),
        ({**TITLE, "binding": {"stitches": 0}}, ("binding", "stitches"), "minimum", 1),
        ({**TITLE, "binding": {"stitches": 100}}, ("binding", "stitches"), "maximum", 99),
    ],
)
def test_a_breach_is_named(book: dict[str, Any], path: tuple[Any, ...], rule: str, bound: Any) -> None:
    assert breach(pb.CreateBookRequest, "create", book=book) == (("book", *path), rule, bound)


@pytest.mark.parametrize(
    "book",
    [
        TITLE,
        {**TITLE, "authors": ["a", "b", "c"], "language": "la"},
        {**TITLE, "binding": {"stitches": 1, "color": "red"}},
        {**TITLE, "ownerKey": "0c9b0a35-1f0e-4a65-9a37-6c3c9a9d6c61"},
        {**TITLE, "status": "LOST", "task": "x" * 1000},  # what no request may give is not looked at
    ],
)
def test_good_values_pass(book: dict[str, Any]) -> None:
    assert breach(pb.CreateBookRequest, "create", book=book) is None


def test_the_envelope_is_required_in_updates_too() -> None:
    assert breach(pb.CreateBookRequest, "create") == (("book",), "required", "book")
    assert breach(pb.UpdateBookRequest, "update", bookId="b") == (("book",), "required", "book")


def test_an_update_needs_no_field_and_checks_those_it_has() -> None:
    assert breach(pb.UpdateBookRequest, "update", book={"pages": 3}) is None
    assert breach(pb.UpdateBookRequest, "update", book={"title": "x" * 41}) == (("book", "title"), "max_length", 40)


@pytest.mark.parametrize(
    ("mask", "book", "found"),
    [
        ("title,authors", {"title": "t"}, (("book", "authors"), "min_items", 1)),  # an empty list was given
        ("title", {"title": "t"}, None),  # none was given
        ("title,language", {"title": "t"}, (("book", "language"), "one_of", ["en", "la"])),  # an empty text was given
        ("title", {"title": "t", "language": "el"}, None),  # what the mask does not name is not looked at
        ("pages", {"title": "t"}, (("book", "title"), "required", "title")),
    ],
)
def test_the_mask_tells_what_was_given(mask: str, book: dict[str, Any], found: Any) -> None:
    assert breach(pb.CreateBookRequest, "create", mask=mask, book=book) == found


def test_fields_are_checked_where_they_exist() -> None:
    """A rule holds at the microversions of its field alone."""
    book = {"title": "t", "isbn": "x" * 14}
    assert breach(pb.CreateBookRequest, "create", 1, book=book) is None
    assert breach(pb.CreateBookRequest, "create", 2, book=book) == (("book", "isbn"), "max_length", 13)


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("uuid", "{0C9B0A351F0E4A659A376C3C9A9D6C61}", "0c9b0a35"),
        ("ip", "fe80::1", "1.2.3"),
        ("ipv4", "10.0.0.1", "fe80::1"),
        ("ipv6", "fe80::1", "10.0.0.1"),
        ("cidr", "10.0.0.1/8", "10.0.0.0/33"),
        ("mac", "fa:16:3E:00:00:01", "fa:16:3e:00:00"),
        ("hostname", "a-b.c_d", "-a"),
        ("uri", "x+y:z", "//x"),
        ("base64", "aGk=", "aGk"),
        ("date-time", "2026-01-02T03:04:05Z", "yesterday"),
        ("name", "a b", " a"),
        ("name", "ä", "a\n"),
        ("name", "0", ""),
    ],
)
def test_formats(format: str, good: str, bad: str) -> None:
    assert is_format(format, good)
    assert not is_format(format, bad)


async def test_the_engine_checks_before_it_looks_for_the_target(library: Library) -> None:
    """A bad value outranks a target that is not there."""
    with pytest.raises(InvalidField, match="title"):
        await library.ask("UpdateBook", book_id="nowhere", book={"title": "x" * 41})


async def test_nested_items_are_checked(library: Library) -> None:
    book = await library.book()
    with pytest.raises(InvalidField) as refused:
        await library.ask("CreateChapter", book_id=book.id, chapter={"number": 1, "heading": " spaced"})
    assert (refused.value.path, refused.value.rule) == (("chapter", "heading"), "format")
