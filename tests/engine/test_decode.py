"""JSON to messages: keys and their types, by microversion and kind of request; what was given goes into the mask."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.contract.faults import InvalidField
from mopenstack.gateway.codec.requests import RequestDecoder
from mopenstack.gateway.codec.values import decode_json

MODES = {
    books_pb2.CreateBookRequest: "create",
    books_pb2.UpdateBookRequest: "update",
    shelves_pb2.CreateShelfRequest: "create",
    shelves_pb2.UpdateShelfRequest: "update",
}


def decoder(request: Any, microversion: int = 9, variables: tuple[str, ...] = (), action: str = "") -> RequestDecoder:
    return RequestDecoder(request, variables, microversion, MODES.get(request, "other"), action)


def decode(request: Any, document: Any, microversion: int = 9) -> Any:
    message = request()
    decoder(request, microversion).body(message, document)
    return message


def book(microversion: int = 9, request: Any = books_pb2.CreateBookRequest, **keys: Any) -> Any:
    """(what is in the book, what the mask has) of a request with these keys."""
    found = decode(request, {"book": {"title": "t", **keys}}, microversion)
    fields = json_format.MessageToDict(found.book, preserving_proto_field_name=True)
    fields.pop("title")
    return fields, set(found.mask.paths) - {"title"}


def refused(microversion: int = 9, request: Any = books_pb2.CreateBookRequest, **keys: Any) -> tuple[Any, ...]:
    """(path, rule, bound) of the refusal of a book with these keys."""
    with pytest.raises(InvalidField) as fault:
        book(microversion, request, **keys)
    assert fault.value.path[0] == "book"
    return fault.value.path[1:], fault.value.rule, fault.value.bound


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ({"pages": 3}, {"pages": 3}),
        ({"pages": "3"}, {"pages": 3}),  # lenient
        ({"pages": 3.0}, {"pages": 3}),
        ({"locked": "yes"}, {"locked": True}),
        ({"locked": 0}, {}),
        ({"weight": "1.5"}, {"weight": 1.5}),
        ({"weight": 2}, {"weight": 2.0}),
        ({"authors": "Theo"}, {"authors": ["Theo"]}),  # a text for a list of one
        ({"authors": None}, {"authors": ["anon"]}),  # coerce_null
        ({"summary": None}, {}),
        ({"summary": ""}, {"summary": ""}),
        ({"binding": {"color": "red", "stitches": 7}}, {"binding": {"color": "red", "stitches": 7}}),
        ({"binding": {"thread": None}}, {"binding": {}}),
        ({"printed_at": "2026-01-02T03:04:05+01:00"}, {"printed_at": "2026-01-02T02:04:05Z"}),
        ({"printed_at": "2026-01-02"}, {"printed_at": "2026-01-02T00:00:00Z"}),
        ({"notes": {"a": [1, None, {"b": True}]}}, {"notes": {"a": [1.0, None, {"b": True}]}}),
    ],
)
def test_values(keys: dict[str, Any], fields: dict[str, Any]) -> None:
    assert book(**keys)[0] == fields


@pytest.mark.parametrize(
    ("keys", "path", "rule", "bound"),
    [
        ({"title": 7}, ("title",), "type", "string"),
        ({"title": None}, ("title",), "type", "string"),
        ({"summary": 7}, ("summary",), "type", ["string", "null"]),
        ({"pages": "many"}, ("pages",), "type", "integer"),
        ({"pages": True}, ("pages",), "type", "integer"),
        ({"pages": 1.5}, ("pages",), "type", "integer"),
        ({"pages": 2**31}, ("pages",), "maximum", 2**31 - 1),
        ({"pages": -(2**31) - 1}, ("pages",), "minimum", -(2**31)),
        ({"locked": "perhaps"}, ("locked",), "type", "boolean"),
        ({"locked": 7}, ("locked",), "type", "boolean"),
        ({"weight": "heavy"}, ("weight",), "type", "number"),
        ({"authors": [7.5]}, ("authors", 0), "type", "string"),
        ({"authors": {"a": 1}}, ("authors",), "type", "array"),
        ({"binding": []}, ("binding",), "type", "object"),
        ({"binding": {"stitches": "7"}}, ("binding", "stitches"), "type", "integer"),  # not lenient
        ({"binding": {"smell": "old"}}, ("binding",), "unknown", ["smell"]),
        ({"printed_at": "yesterday"}, ("printed_at",), "format", "date-time"),
        ({"printed_at": 7}, ("printed_at",), "type", "string"),
        ({"notes": []}, ("notes",), "type", "object"),
        ({"smell": "old", "taste": "dry"}, (), "unknown", ["smell", "taste"]),
        ({"title": "\ud800"}, ("title",), "type", "string"),
    ],
)
def test_wrong_values(keys: dict[str, Any], path: tuple[Any, ...], rule: str, bound: Any) -> None:
    assert refused(**keys) == (path, rule, bound)


@pytest.mark.parametrize("key", ["id", "status", "task", "created_at", "scan", "card"])
def test_what_no_request_may_give(key: str) -> None:
    """An output field is unknown, and named as one that the object has; the core's state is not even named."""
    with pytest.raises(InvalidField) as fault:
        book(9, **{key: "x"})
    assert (fault.value.rule, fault.value.bound) == ("unknown", [key])
    assert fault.value.known == (() if key in ("scan", "card") else (key,))


def test_what_creates_alone_may_give() -> None:
    assert book(shelf_id="s", isbn="1")[0] == {"shelf_id": "s", "isbn": "1"}
    assert refused(request=books_pb2.UpdateBookRequest, shelf_id="s") == ((), "unknown", ["shelf_id"])


@pytest.mark.parametrize(
    ("microversion", "keys", "fields"),
    [
        (1, {"mark": "old"}, {"shelfmark": "old"}),
        (2, {"mark": "old", "isbn": "1"}, {"shelfmark": "old", "isbn": "1"}),
        (3, {"mark": "new"}, {"call_number": "new"}),  # one key, two fields with disjoint ranges
        (1, {"isbn": "1"}, None),
        (9, {"shelfmark": "x"}, None),
    ],
)
def test_microversions(microversion: int, keys: dict[str, Any], fields: dict[str, Any] | None) -> None:
    if fields is None:
        assert refused(microversion, **keys)[1] == "unknown"
    else:
        assert book(microversion, **keys)[0] == fields


@pytest.mark.parametrize(
    ("keys", "mask"),
    [
        ({}, set()),
        ({"pages": 0, "authors": []}, {"pages", "authors"}),  # what an empty value cannot tell
        ({"summary": None}, {"summary"}),
        ({"mark": "x"}, {"call_number"}),  # by the proto's name
        ({"binding": {"color": "red"}}, {"binding"}),
        ({"binding": {"color": "red", "thread": None}}, {"binding", "binding.thread"}),
    ],
)
def test_the_mask(keys: dict[str, Any], mask: set[str]) -> None:
    """Null and absent differ: in the envelope, and one level deeper."""
    assert book(**keys)[1] == mask


def test_what_is_required() -> None:
    for document, path, bound in (({}, ("book",), "book"), ({"book": {}}, ("book", "title"), "title")):
        with pytest.raises(InvalidField) as fault:
            decode(books_pb2.CreateBookRequest, document)
        assert (fault.value.path, fault.value.rule, fault.value.bound) == (path, "required", bound)
    with pytest.raises(InvalidField, match="book"):
        decode(books_pb2.UpdateBookRequest, {})
    assert decode(books_pb2.UpdateBookRequest, {"book": {}}).HasField("book")


@pytest.mark.parametrize("document", [[], "x", 7, None, {"book": []}, {"book": None}, {"book": "x"}])
def test_what_is_no_object(document: Any) -> None:
    with pytest.raises(InvalidField) as fault:
        decode(books_pb2.CreateBookRequest, document)
    assert (fault.value.rule, fault.value.bound) == ("type", "object")


def test_keys_beside_the_envelope() -> None:
    with pytest.raises(InvalidField) as fault:
        decode(books_pb2.CreateBookRequest, {"book": {"title": "t"}, "more": 1})
    assert (fault.value.path, fault.value.rule, fault.value.bound) == ((), "unknown", ["more"])


def shelf(**keys: Any) -> Any:
    return decode(shelves_pb2.CreateShelfRequest, {"shelf": {"name": "s", **keys}}).shelf


def test_free_keys_are_kept() -> None:
    """What no field declares goes into the inline map, nulls included."""
    found = shelf(color="blue", height=2, gone=None)
    assert json_format.MessageToDict(found)["extras"] == {"color": "blue", "height": 2.0, "gone": None}


def test_words_of_an_enum() -> None:
    assert shelf(wood="red-cedar").wood == shelves_pb2.Shelf.RED_CEDAR
    for word in ("RED_CEDAR", "pine", 1, None):
        with pytest.raises(InvalidField) as fault:
            shelf(wood=word)
        assert (fault.value.rule, fault.value.bound) == ("one_of", ["oak", "red-cedar"])


def test_a_second_key() -> None:
    """Two keys of one field must say the same."""
    assert shelf(tenant_id="p").project_id == "p"
    assert shelf(tenant_id="p", project_id="p").project_id == "p"
    with pytest.raises(InvalidField) as fault:
        shelf(tenant_id="p", project_id="q")
    assert (fault.value.rule, fault.value.bound) == ("twice", ["project_id", "tenant_id"])


# -- path, query, headers


def test_path_variables_are_no_keys_of_the_body() -> None:
    """Text of a path is text, whatever it looks like."""
    plan = decoder(shelves_pb2.LabelRequest, variables=("shelf_id", "key"))
    message: Any = plan.from_path(("shelf_id", "key"), ("7", "color"), {})
    plan.body(message, {"label": {"color": "red"}})
    assert (message.shelf_id, message.key, dict(message.label)) == ("7", "color", {"color": "red"})
    with pytest.raises(InvalidField, match="unknown"):
        plan.body(message, {"shelf_id": "8"})


def test_query_parameters_that_are_fields() -> None:
    plan = decoder(books_pb2.CountRequest)
    message: Any = books_pb2.CountRequest()
    plan.query(message, [("times", "7"), ("refuse", "on"), ("nonsense", "x")])
    assert (message.times, message.refuse, set(plan.query_keys)) == (7, True, {"times", "refuse"})
    with pytest.raises(InvalidField):
        plan.query(message, [("times", "often")])
    repeated: Any = shelves_pb2.ShelfRequest()
    decoder(shelves_pb2.ShelfRequest).query(repeated, [("fields", "a"), ("fields", "b")])
    assert list(repeated.fields) == ["a", "b"]


def test_headers() -> None:
    """A field of its own, and all with a prefix as a map of lower-case keys."""
    headers = {"X-Book-Shelf": "s", "x-book-card-Author": "Theo", "X-BOOK-CARD-YEAR": "400", "X-Book-Card-": "nameless"}
    message: Any = decoder(books_pb2.Card, variables=("book_id",)).from_path(("book_id",), ("7",), headers)
    assert (message.book_id, message.shelf) == ("7", "s")
    assert dict(message.entries) == {"author": "Theo", "year": "400", "": "nameless"}


def test_an_action_that_takes_no_value() -> None:
    message: Any = books_pb2.BookRequest()
    decoder(books_pb2.BookRequest, action="lend").body(message, {"lend": {"whatever": 1}})
    assert message == books_pb2.BookRequest()
    stamp: Any = books_pb2.StampBookRequest()
    decoder(books_pb2.StampBookRequest, action="stamp").body(stamp, {"stamp": {"text": "x"}})
    assert stamp.stamp.text == "x"


def test_whether_a_body_is_needed() -> None:
    assert decoder(books_pb2.StampBookRequest).needs_body
    assert not decoder(books_pb2.BookRequest).needs_body


# -- bytes to JSON


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"a": NaN}', b"\xff", b"[" * 40 + b"]" * 40])
def test_bad_json(body: bytes) -> None:
    with pytest.raises(InvalidField) as fault:
        decode_json(body)
    assert fault.value.rule == "json"


def test_good_json() -> None:
    assert decode_json(b'{"a": ["[[[", 1e3]}') == {"a": ["[[[", 1000.0]}
