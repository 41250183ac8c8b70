"""The library over HTTP and gRPC: the gateway's whole way from a request to an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from aiohttp import web
from mopenstack_tests.library.v1 import books_pb2

from mopenstack.contract.addresses import cloud_path
from mopenstack.contract.calls import Page
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.server import create_server
from mopenstack.core.engine.whole_answers import asked_fields, whole
from mopenstack.gateway.app import App
from mopenstack.gateway.remote import RemoteCore
from tests.conftest import Reply, User
from tests.engine.conftest import SERVED, Library

ALICE = "alice red member,reader"
ADMIN = "hypatia museum admin,member,reader"


@pytest_asyncio.fixture(scope="session")
async def addresses(
    administration: Administration, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """URLs of a gateway beside the engine, and of one that reaches it over gRPC."""
    socket = f"unix:{tmp_path_factory.mktemp('library') / 'core.sock'}"
    server = create_server(administration.engine)
    server.add_insecure_port(socket)
    await server.start()
    remote = RemoteCore(socket, SERVED)
    runners, urls = [], {"grpc": socket}
    for name, core in (("beside", administration.engine), ("remote", remote)):
        runner = web.ServerRunner(web.Server(App(core, SERVED)))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        urls[name] = site.name
    yield urls
    for runner in runners:
        await runner.cleanup()
    await remote.close()
    await server.stop(0)


@pytest_asyncio.fixture(params=["beside", "remote"])
async def client(request: pytest.FixtureRequest, library: Library, addresses: dict[str, str]) -> AsyncIterator[Any]:
    """`await client("GET", "/v1/books")`: alice at a gateway of either kind."""
    async with aiohttp.ClientSession() as session:
        url = addresses[request.param] + cloud_path(library.cloud.name)

        async def send(
            verb: str, path: str, body: Any = None, token: str = ALICE, version: str = "latest", **more: Any
        ) -> Reply:
            headers = {"OpenStack-API-Version": f"library {version}", **more.pop("headers", {})}
            return await User(session, url, token).send(verb, "library", path, body, headers=headers, **more)

        yield send


async def _book(client: Any, **fields: Any) -> Any:
    return (await client("POST", "/v1/books", {"book": {"title": "t", **fields}})).ok(202)["book"]


async def test_create_show_list_update_delete(client: Any) -> None:
    made = await _book(client, pages=7, binding={"thread": None})
    assert (made["status"], made["pages"], made["binding"]) == ("available", 7, {"color": "", "thread": None})
    path = f"/v1/books/{made['id']}"
    assert (await client("GET", path)).ok(200)["book"] == made
    assert (await client("GET", "/v1/books/detail")).ok(200)["books"] == [made]
    changed = (await client("PUT", path, {"book": {"summary": None, "pages": 8}})).ok(200)["book"]
    assert (changed["summary"], changed["pages"], changed["title"]) == (None, 8, "t")
    assert (await client("DELETE", path)).ok(204) == ""
    (await client("GET", path)).refused(404, "could not be found")


async def test_microversions(client: Any) -> None:
    """Statuses, keys and operations that came later; what the version does not have is refused."""
    body = {"book": {"title": "t", "mark": "x"}}
    (await client("POST", "/v1/books", body, version="1.1")).ok(201)
    old = (await client("GET", "/v1/books", version="1.1")).ok(200)["books"][0]
    new = (await client("GET", "/v1/books")).ok(200)["books"][0]
    assert (old["mark"], new["mark"], "pages" in old, "pages" in new) == ("x", "", False, True)
    repair = f"/v1/books/{new['id']}/action"
    (await client("POST", repair, {"repair": None}, version="1.2")).refused(404, "is not supported on this method")
    (await client("POST", repair, {"repair": None}, version="1.3")).ok(202)
    (await client("GET", "/v1/books", version="1.10")).refused(406, "not supported by the API")
    (await client("GET", "/v1/books", version="one")).refused(400, "of invalid format")


async def test_lists(client: Any) -> None:
    """Filters, order, fields, and the links to the next page."""
    for number in range(4):
        await _book(client, title=f"t{number}", pages=number % 2)
    first = (await client("GET", "/v1/books?sort=title:desc&limit=3&fields=title&fields=pages")).ok(200)
    assert first["books"] == [{"title": f"t{n}", "pages": n % 2} for n in (3, 2, 1)]
    (link,) = first["books_links"]
    assert (link["rel"], "marker=" in link["href"], "sort=title" in link["href"]) == ("next", True, True)
    rest = (await client("GET", "/" + link["href"].partition("/library/")[2])).ok(200)
    assert [book["title"] for book in rest["books"]] == ["t0"]
    assert "books_links" not in rest
    found = (await client("GET", "/v1/books?pages=1&sort_key=title&sort_dir=asc")).ok(200)["books"]
    assert [book["title"] for book in found] == ["t1", "t3"]
    (await client("GET", "/v1/books?limit=-1")).refused(400)


async def test_a_query_that_is_strict(client: Any) -> None:
    (await client("GET", "/v1/books?nonsense=1", version="1.5")).ok(200)
    (await client("GET", "/v1/books?all_projects=1")).ok(200)
    (await client("GET", "/v1/books?nonsense=1")).refused(400, "nonsense")


async def test_actions(client: Any) -> None:
    path = f"/v1/books/{(await _book(client))['id']}/action"
    assert (await client("POST", path, {"lend": {}})).ok(202)["book"]["status"] == "AVAILABLE"
    (await client("POST", path, {"lend": {}})).refused(409, "Cannot give out")
    (await client("POST", path, {"return": None})).ok(202)
    assert (await client("POST", path, {"stamp": {"text": "x"}})).ok(200)["book"]["place"] == "x"
    (await client("POST", path, {"stamp": {}})).refused(400, "'text' is a required property")
    (await client("POST", path, {"eat": {}})).refused(400, "no such action: eat")
    (await client("POST", path, {"lend": {}, "return": {}})).refused(400)
    (await client("POST", path, {"burn": None})).refused(403, "book:burn")
    (await client("POST", path, {"burn": None}, token=ADMIN)).ok(202)


async def test_outcomes_and_locations(client: Any) -> None:
    shelf = (await client("POST", "/v1/shelves", {"shelf": {"name": "A", "color": "blue"}})).ok(201)
    id = shelf["shelf"]["id"]
    assert shelf["shelf"]["color"] == "blue"
    assert shelf["shelf"]["links"][0]["href"].endswith(f"/library/v1/shelves/{id}")
    path = f"/v1/shelves/{id}/labels/color"
    made = await client("PUT", path, {"label": {"color": "red"}})
    assert made.ok(201) == {"label": {"color": "red"}}
    assert made.headers["Location"].endswith(f"/library{path}")
    again = await client("PUT", path, {"label": {"color": "red"}})
    assert again.ok(200)
    assert "Location" not in again.headers


async def test_headers_and_answers_without_a_body(client: Any) -> None:
    book = await _book(client)
    path = f"/v1/books/{book['id']}"
    (await client("POST", f"{path}/card", headers={"X-Book-Card-Author": "Theo"})).ok(204)
    card = await client("HEAD", path)
    assert (card.ok(204), card.headers["X-Book-Card-Author"]) == ("", "Theo")


async def test_paths(client: Any) -> None:
    """A tail, encoded slashes, a project in the path, and a path that is not there."""
    id = (await client("POST", "/v1/shelves", {"shelf": {"name": "A"}})).ok(201)["shelf"]["id"]
    assert (await client("GET", f"/v1/shelves/{id}/places/left/top/b.txt")).ok(200) == {"place": "left/top/b.txt"}
    (await client("GET", "/v1/books/nowhere/at/all")).refused(404)
    wrong = await client("PATCH", "/v1/books")
    wrong.refused(405)
    assert wrong.headers["Allow"] == "GET, POST"
    foreign = await client("GET", "/v1/0a1b/books")
    foreign.refused(400, "Malformed request url")


async def test_bytes(client: Any) -> None:
    path = f"/v1/books/{(await _book(client))['id']}/scan"
    content = bytes(range(256)) * 1000
    (await client("PUT", path, data=content)).ok(204)
    answer = await client("GET", path)
    assert (answer.status, answer.content, answer.headers["X-Title"]) == (200, content, "t")


async def test_refusals(client: Any) -> None:
    """A bad token outranks a bad body; the words are the contract's."""
    for body in ({"book": {"title": 7}}, {"book": {"title": "t"}}):
        (await client("POST", "/v1/books", body, token="nonsense")).refused(401)
    (await client("POST", "/v1/books", {"book": {"title": 7}})).refused(400, "7 is not of type 'string'")
    (await client("POST", "/v1/books", data=b"{")).refused(400, "Malformed request body")
    (await client("POST", "/v1/books")).refused(400)
    (await client("POST", "/v1/books", {"book": {"title": "t", "locked": True}})).refused(403, "book:create")
    (await client("POST", "/v1/forget")).refused(501, "Forget")


async def test_for_whom_an_answer_is(client: Any) -> None:
    made = (await client("POST", "/v1/shelves", {"shelf": {"name": "A", "building": "b"}}, token=ADMIN)).ok(201)
    assert made["shelf"]["building"] == "b"
    path = f"/v1/shelves/{made['shelf']['id']}"
    (await client("PATCH", path, {"shelf": {"public": True}}, token=ADMIN)).ok(200)
    assert "building" not in (await client("GET", path)).ok(200)["shelf"]


# -- over gRPC


async def test_grpc_refusals_have_their_facts(library: Library, addresses: dict[str, str]) -> None:
    """A status of the refusal's code, with its reason, domain and facts."""
    from google.rpc import error_details_pb2, status_pb2

    async with grpc.aio.insecure_channel(addresses["grpc"]) as channel:
        show = channel.unary_unary(
            "/mopenstack_tests.library.v1.Books/GetBook",
            books_pb2.BookRequest.SerializeToString,
            books_pb2.BookResponse.FromString,
        )
        metadata = (("x-auth-token", ALICE), ("x-mopenstack-cloud", library.cloud.name))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await show(books_pb2.BookRequest(book_id="nowhere"), metadata=metadata)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    packed = dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]
    info = error_details_pb2.ErrorInfo()
    assert isinstance(packed, bytes)
    status_pb2.Status.FromString(packed).details[0].Unpack(info)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        *("BOOK_NOT_FOUND", "mopenstack_tests.library.v1"),
        {"id": "nowhere"},
    )


@pytest.mark.parametrize(
    ("audience", "fields", "shown"),
    [
        ("", (), {"id", "name", "wood"}),
        ("admin", (), {"id", "name", "wood", "building"}),
        ("", ("name", "id"), {"id", "name"}),
        ("admin", ("tenant_id", "building"), {"building"}),
    ],
)
async def test_whole_messages(library: Library, audience: str, fields: Any, shown: set[str]) -> None:
    """What leaves the core over gRPC: nothing internal, nothing for others' eyes, nothing that was not asked for."""
    from mopenstack_tests.library.v1 import shelves_pb2 as pb

    shelf = pb.Shelf(id="s", name="n", wood=pb.Shelf.OAK, building="b", readers=["x"], books=7)
    show, lists = library.operation("GetShelf"), library.operation("ListShelves")
    one: Any = whole(show, shelf, audience, asked_fields(show, pb.ShelfRequest(fields=fields), shelf))
    query = pb.ListShelvesRequest()
    query.query.fields.extend(fields)
    listed = Page([shelf], next_marker="s")
    page: Any = whole(lists, listed, audience, asked_fields(lists, query, listed))
    assert page.page.next_marker == "s"
    for found in (one.shelf, page.shelves[0]):
        assert {field.name for field, _ in found.ListFields()} == shown
