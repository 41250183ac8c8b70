"""Paths to operations: literals before variables, variables before a tail, going back where a way leads nowhere."""

from __future__ import annotations

import pytest
from mopenstack_tests.library.v1 import books_pb2

from mopenstack.contract.operations import LATEST
from mopenstack.gateway.router import Router
from mopenstack.gateway.surface import Endpoint, surfaces
from tests.engine.conftest import CONTRACT

ACTIONS = [f"{word}Book" for word in ("Lend", "Return", "Repair", "Burn", "Stamp", "Bind", "Recall")]
TEMPLATES = (
    "/",
    "/books",
    "/books/{id}",
    "/books/{id}/pages",
    "/books/{id}/pages/{page}",
    "/books/new",
    "/books/new/{draft}/print",
    "/books/{id}/{part}/copy",
    "/files/{path=**}",
    "/files/{id}/about",
    "/files/list",
    "/files/list/{id}/tree/{rest=**}",
)


@pytest.fixture(scope="module")
def router() -> Router[str]:
    """A router whose values are the templates."""
    made: Router[str] = Router()
    for template in TEMPLATES:
        made.add("GET", template, template)
    return made


def find(router: Router[str], path: str) -> tuple[str, list[str]] | None:
    """(template, values of its variables)"""
    found = router.find(path)
    return None if found is None else (found[0].leaves["GET"][0][1], found[1])


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/", "/", []),
        ("/books", "/books", []),
        ("/books/7", "/books/{id}", ["7"]),
        ("/books/new", "/books/new", []),
        ("/books/new/pages", "/books/{id}/pages", ["new"]),  # back from the literal
        ("/books/new/pages/3", "/books/{id}/pages/{page}", ["new", "3"]),
        ("/books/new/x/print", "/books/new/{draft}/print", ["x"]),
        ("/books/new/x/copy", "/books/{id}/{part}/copy", ["new", "x"]),  # back from two levels down
        ("/books/7/pages/copy", "/books/{id}/pages/{page}", ["7", "copy"]),  # the literal `pages` wins
        ("/books/a%2Fb", "/books/{id}", ["a/b"]),  # an encoded slash parts no segments
        ("/books/a%20b/pages", "/books/{id}/pages", ["a b"]),
        ("/b%6Foks", "/books", []),
        ("/files/a", "/files/{path=**}", ["a"]),
        ("/files/a/b/c.txt", "/files/{path=**}", ["a/b/c.txt"]),
        ("/files/a%2Fb/c", "/files/{path=**}", ["a/b/c"]),
        ("/files/a/about", "/files/{id}/about", ["a"]),  # what is said exactly wins over the tail
        ("/files/a/about/b", "/files/{path=**}", ["a/about/b"]),
        ("/files/list", "/files/list", []),
        ("/files/list/x", "/files/{path=**}", ["list/x"]),
        ("/files/list/7/tree/a/b", "/files/list/{id}/tree/{rest=**}", ["7", "a/b"]),
        ("/files/list/7/tree", "/files/{path=**}", ["list/7/tree"]),
        ("/files/a//b", "/files/{path=**}", ["a//b"]),
    ],
)
def test_found(router: Router[str], path: str, template: str, values: list[str]) -> None:
    assert find(router, path) == (template, values)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/books/", "/books//pages", "/books/7/nothing", "/books/7/pages/3/4", "/files", "/files/", "/x/y"],
)
def test_not_found(router: Router[str], path: str) -> None:
    """A variable is never empty, and a tail holds something."""
    assert find(router, path) is None


def test_verbs_share_a_path() -> None:
    """Each verb has its own values, and names of the variables of its own."""
    router: Router[str] = Router()
    router.add("GET", "/a/{x}", "one")
    router.add("PUT", "/a/{y}", "two")
    leaves = router.add("GET", "/a/{z}", "three")
    assert leaves == [(("x",), "one"), (("z",), "three")]
    found = router.find("/a/7")
    assert found is not None
    assert found[0].leaves["PUT"] == [(("y",), "two")]


# -- the surface of an API


def _endpoints(path: str, verb: str) -> list[Endpoint]:
    (surface,) = surfaces(CONTRACT)
    found = surface.router.find(path)
    return [] if found is None else [endpoint for _, endpoint in found[0].leaves.get(verb, [])]


@pytest.mark.parametrize(
    ("verb", "path", "rpcs", "alone"),
    [
        ("GET", "/v1/books", ["ListBooks"], True),
        ("GET", "/v1/books/detail", ["ListBooksDetail"], True),
        ("GET", "/v1/books/7", ["GetBook"], True),
        ("HEAD", "/v1/books/7", ["GetCard"], True),
        ("POST", "/v1/books/7/action", ACTIONS, False),
        ("GET", "/v1/shelves/7/places/left/top", ["GetPlace"], True),
        ("DELETE", "/v1/books", [], True),
    ],
)
def test_operations_of_a_path(verb: str, path: str, rpcs: list[str], alone: bool) -> None:
    """Those that share a verb and path are told apart by the action in the body."""
    found = _endpoints(path, verb)
    assert [endpoint.operation.method for endpoint in found] == rpcs
    assert all(endpoint.alone is alone for endpoint in found)


@pytest.mark.parametrize(
    ("verb", "path", "field", "envelope"),
    [
        ("GET", "/v1/books", "books", "books"),
        ("GET", "/v1/books/7", "book", "book"),
        ("DELETE", "/v1/books/7", "", ""),
        ("GET", "/v1/shelves/7/words", "", ""),
    ],
)
def test_envelopes(verb: str, path: str, field: str, envelope: str) -> None:
    (endpoint,) = _endpoints(path, verb)
    assert (endpoint.envelope_field, endpoint.envelope) == (field, envelope)


def test_statuses_and_locations() -> None:
    (label,) = _endpoints("/v1/shelves/7/labels/color", "PUT")
    assert (label.status(9), label.status(9, "created"), label.located) == (200, 201, True)
    assert label.location("") is None
    (create,) = _endpoints("/v1/books", "POST")
    assert (create.status(3), create.status(4), create.status(LATEST), create.located) == (201, 202, 202, False)
    (shelf,) = _endpoints("/v1/shelves", "POST")
    fill = shelf.location("")
    assert fill is not None
    assert fill(shelf.operation.request(), books_pb2.Book(id="a b")) == "/v1/shelves/a%20b"


@pytest.mark.parametrize(
    ("path", "plain", "project"),
    [
        ("/v1/0a1b/books", "/v1/books", "0a1b"),
        ("/v1/0a1b/books/7", "/v1/books/7", "0a1b"),
        ("/v1/books", "/v1/books", ""),  # no hexadecimal digits
        ("/v1/0a1b", "/v1/0a1b", ""),  # nothing follows
        ("/v1", "/v1", ""),
    ],
)
def test_an_optional_project(path: str, plain: str, project: str) -> None:
    (surface,) = surfaces(CONTRACT)
    assert surface.without_project(path) == (plain, project)
    found, named = surface.find_with_project(path)
    assert named == project
    assert (found is not None) is bool(project)


def test_one_plan_a_microversion_and_audience() -> None:
    (endpoint,) = _endpoints("/v1/books/7", "GET")
    assert endpoint.item_plan(3, "admin") is endpoint.item_plan(3, "admin")
    assert endpoint.item_plan(3, "admin") is not endpoint.item_plan(4, "admin")
    assert endpoint.decoder(3) is endpoint.decoder(3)


def test_collections_are_spelled_both_ways() -> None:
    """Collections are, above and before variables; an action behind a variable is not."""
    router: Router[str] = Router()
    templates = (
        "/v1/book_shelves",
        "/v1/book-cards/{id}",
        "/v1/shelves/{id}/book_marks/{mark}",
        "/v1/shelves/{id}/tidy_up",
    )
    for template in templates:
        router.add("GET", template, template)
    router.spell_both_ways()
    assert find(router, "/v1/book-shelves") == find(router, "/v1/book_shelves") == ("/v1/book_shelves", [])
    assert find(router, "/v1/book_cards/a-b") == ("/v1/book-cards/{id}", ["a-b"])
    assert find(router, "/v1/shelves/a_b/book-marks/c-d") == ("/v1/shelves/{id}/book_marks/{mark}", ["a_b", "c-d"])
    assert find(router, "/v1/shelves/a/tidy-up") is None
