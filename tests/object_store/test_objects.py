"""Objects: bytes in and out, conditions and ranges, metadata, their end, copies, links."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
API = "object-store"


def account(user: User) -> str:
    return f"/v1/AUTH_{user.project_id}"


@pytest.fixture
async def box(demo: User) -> str:
    """The path of a container."""
    path = f"{account(demo)}/box"
    (await demo.put(API, path)).ok(201)
    return path


async def test_what_goes_in_comes_out(demo: User, box: str) -> None:
    data = b"hello world" * 1000
    headers = {"Content-Type": "text/plain", "X-Object-Meta-Color": "blue"}
    made = await demo.put(API, f"{box}/a/b c", data=data, headers=headers)
    made.ok(201)
    etag = hashlib.md5(data).hexdigest()
    assert made.headers["Etag"] == etag
    got = await demo.get(API, f"{box}/a/b c")
    assert got.content == data
    assert got.headers["Content-Type"] == "text/plain"
    assert got.headers["X-Object-Meta-Color"] == "blue"
    head = await demo.send("HEAD", API, f"{box}/a/b c")
    assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", str(len(data)))
    listed = (await demo.get(API, f"{box}?format=json")).ok(200)
    assert [(one["name"], one["bytes"], one["hash"]) for one in listed] == [("a/b c", len(data), etag)]


async def test_bytes_come_in_pieces(demo: User, box: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(64):
            yield bytes([number]) * 65536

    (await demo.put(API, f"{box}/o", data=pieces())).ok(201)
    got = await demo.get(API, f"{box}/o")
    assert len(got.content) == 4 * 1024 * 1024
    assert got.content[-1] == 63


async def test_a_wrong_etag_leaves_what_was_there(cloud: Cloud, demo: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"old")).ok(201)
    keys = cloud.serving.engine.blobs.keys(cloud.name)
    (await demo.put(API, f"{box}/o", data=b"new", headers={"Etag": "0" * 32})).refused(422)
    assert (await demo.get(API, f"{box}/o")).content == b"old"
    assert cloud.serving.engine.blobs.keys(cloud.name) == keys


async def test_bytes_go_with_the_last_object_that_has_them(cloud: Cloud, demo: User, box: str) -> None:
    blobs = cloud.serving.engine.blobs
    (await demo.put(API, f"{box}/o", data=b"data")).ok(201)
    (await demo.send("COPY", API, f"{box}/o", headers={"Destination": "box/copy"})).ok(201)
    assert len(blobs.keys(cloud.name)) == 1
    (await demo.delete(API, f"{box}/o")).ok(204)
    assert (await demo.get(API, f"{box}/copy")).content == b"data"
    (await demo.put(API, f"{box}/copy", data=b"")).ok(201)
    assert not blobs.keys(cloud.name)


@pytest.mark.parametrize(
    ("asked", "status", "content", "said"),
    [
        ("bytes=0-4", 206, b"01234", "bytes 0-4/10"),
        ("BYTES = 0 - 4", 206, b"01234", "bytes 0-4/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=x", 200, b"0123456789", None),
        ("bytes=4-2", 200, b"0123456789", None),
    ],
)
async def test_ranges(demo: User, box: str, asked: str, status: int, content: Any, said: Any) -> None:
    (await demo.put(API, f"{box}/o", data=b"0123456789")).ok(201)
    got = await demo.get(API, f"{box}/o", headers={"Range": asked})
    assert (got.status, got.headers.get("Content-Range")) == (status, said)
    assert content is None or got.content == content


async def test_several_ranges(demo: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"0123456789", headers={"Content-Type": "text/x"})).ok(201)
    got = await demo.get(API, f"{box}/o", headers={"Range": "bytes=0-1,8-9"})
    kind, _, boundary = got.headers["Content-Type"].partition(";boundary=")
    assert (got.status, kind) == (206, "multipart/byteranges")
    part = "--{}\r\nContent-Type: text/x\r\nContent-Range: bytes {}/10\r\n\r\n{}\r\n"
    expected = part.format(boundary, "0-1", "01") + part.format(boundary, "8-9", "89") + f"--{boundary}--"
    assert got.content.decode() == expected
    assert got.headers["Content-Length"] == str(len(expected))


async def test_conditions(demo: User, box: str) -> None:
    etag = (await demo.put(API, f"{box}/o", data=b"x")).headers["Etag"]
    modified = (await demo.get(API, f"{box}/o")).headers["Last-Modified"]
    for header, value, status in (
        ("If-None-Match", etag, 304),
        ("If-None-Match", '"other"', 200),
        ("If-Match", "other", 412),
        ("If-Match", f'"{etag}", "other"', 200),
        ("If-Modified-Since", modified, 304),
        ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT", 412),
    ):
        assert (await demo.get(API, f"{box}/o", headers={header: value})).status == status, header
    (await demo.put(API, f"{box}/o", data=b"y", headers={"If-None-Match": "*"})).refused(412)
    (await demo.put(API, f"{box}/o", data=b"y", headers={"If-None-Match": etag})).refused(400, "only supports *")


async def test_metadata_are_replaced_by_a_post(demo: User, box: str) -> None:
    headers = {"X-Object-Meta-One": "1", "Content-Disposition": "inline", "X-Delete-After": "1000"}
    (await demo.put(API, f"{box}/o", data=b"x", headers=headers)).ok(201)
    (await demo.post(API, f"{box}/o", headers={"X-Object-Meta-Two": "2"})).ok(202)
    got = (await demo.get(API, f"{box}/o")).headers
    assert got["X-Object-Meta-Two"] == "2"
    assert not {"X-Object-Meta-One", "Content-Disposition", "X-Delete-At"} & set(got)


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({f"X-Object-Meta-{'a' * 129}": "x"}, "Metadata name too long"),
        ({"X-Object-Meta-A": "x" * 257}, "Metadata value longer than 256"),
        ({f"X-Object-Meta-{number}": "x" for number in range(91)}, "Too many metadata items; max 90"),
        ({f"X-Object-Meta-{number}": "x" * 250 for number in range(17)}, "Total metadata too large; max 4096"),
        ({"X-Delete-At": "yesterday"}, "Non-integer X-Delete-At"),
        ({"X-Delete-At": "5"}, "X-Delete-At in past"),
        ({"X-Delete-After": "-5"}, "X-Delete-After in past"),
        ({"X-Object-Manifest": "nothing"}, "X-Object-Manifest must be in the format container/prefix"),
    ],
)
async def test_what_headers_may_not_say(demo: User, box: str, headers: dict[str, str], text: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"x", headers=headers)).refused(400, text)
    (await demo.get(API, f"{box}/o")).refused(404)


async def _advance(cloud: Cloud, seconds: int) -> None:
    root = type(cloud.anonymous)(cloud.session, cloud.serving.url)
    (await root.post("_mopenstack", f"/clouds/{cloud.name}/clock/advance", {"seconds": seconds})).ok()


async def test_objects_end_by_the_clouds_clock(cloud: Cloud, demo: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"x", headers={"X-Delete-After": "60"})).ok(201)
    await _advance(cloud, 61)
    (await demo.get(API, f"{box}/o")).refused(404)
    assert (await demo.send("HEAD", API, box)).headers["X-Container-Object-Count"] == "0"
    assert not cloud.serving.engine.blobs.keys(cloud.name)


async def test_links(demo: User, box: str) -> None:
    etag = (await demo.put(API, f"{box}/o", data=b"data")).headers["Etag"]
    link = {"X-Symlink-Target": "box/o"}
    (await demo.put(API, f"{box}/soft", data=b"", headers=link)).ok(201)
    (await demo.put(API, f"{box}/hard", data=b"", headers={**link, "X-Symlink-Target-Etag": etag})).ok(201)
    wrong = {**link, "X-Symlink-Target-Etag": "0" * 32}
    (await demo.put(API, f"{box}/wrong", data=b"", headers=wrong)).refused(409, "does not match")
    got = await demo.get(API, f"{box}/soft")
    assert (got.content, got.headers["Content-Location"]) == (b"data", f"{box}/o")
    shown = await demo.send("HEAD", API, f"{box}/hard?symlink=get")
    assert (shown.headers["X-Symlink-Target"], shown.headers["X-Symlink-Target-Etag"]) == ("box/o", etag)
    (await demo.put(API, f"{box}/o", data=b"other")).ok(201)
    assert (await demo.get(API, f"{box}/soft")).content == b"other"
    (await demo.get(API, f"{box}/hard")).refused(409)
    (await demo.post(API, f"{box}/soft", headers={"X-Object-Meta-A": "b"})).refused(307, "applied to a symlink")
    for number in range(3):
        to = f"box/{number - 1 if number else 'o'}"
        (await demo.put(API, f"{box}/{number}", data=b"", headers={"X-Symlink-Target": to})).ok(201)
    (await demo.get(API, f"{box}/2")).refused(409, "Too many levels of symbolic links")


async def test_copies_across_accounts(cloud: Cloud, demo: User, box: str) -> None:
    other = await cloud.user("alt_demo")
    (await demo.put(API, f"{box}/o", data=b"data", headers={"X-Object-Meta-A": "b"})).ok(201)
    (await other.put(API, f"{account(other)}/theirs")).ok(201)
    source = {"X-Copy-From": "box/o", "X-Copy-From-Account": f"AUTH_{demo.project_id}"}
    (await other.put(API, f"{account(other)}/theirs/o", data=b"", headers=source)).refused(403)
    (await demo.post(API, box, headers={"X-Container-Read": f"{other.project_id}:*"})).ok(204)
    copied = await other.put(API, f"{account(other)}/theirs/o", data=b"", headers=source)
    copied.ok(201)
    assert copied.headers["X-Copied-From"] == "box/o"
    got = await other.get(API, f"{account(other)}/theirs/o")
    assert (got.content, got.headers["X-Object-Meta-A"]) == (b"data", "b")


async def test_what_has_expired_may_be_opened(cloud: Cloud, demo: User, box: str) -> None:
    """Where the operator lets clients, and as long as the expirer has not been there; a POST keeps it."""
    opened = {"X-Open-Expired": "true"}
    for allowed, status in (("false", 404), ("true", 200)):
        await cloud.set_options(object_store__allow_open_expired=allowed)
        (await demo.put(API, f"{box}/o", data=b"data", headers={"X-Delete-After": "60"})).ok(201)
        await _advance(cloud, 61)
        (await demo.get(API, f"{box}/o")).refused(404)
        assert (await demo.get(API, f"{box}/o", headers=opened)).status == status
    (await demo.delete(API, f"{box}/o", headers=opened)).refused(404)
    (await demo.post(API, f"{box}/o", headers={"X-Delete-After": "60", **opened})).ok(202)
    assert (await demo.get(API, f"{box}/o")).ok(200) == "data"
    await _advance(cloud, 360)
    (await demo.get(API, f"{box}/o", headers=opened)).refused(404)


async def test_tags_in_quotes(demo: User, box: str) -> None:
    """As the container says, else the account."""
    (await demo.put(API, f"{box}/o", data=b"data")).ok(201)
    plain = hashlib.md5(b"data").hexdigest()

    async def tag() -> str:
        return str((await demo.send("HEAD", API, f"{box}/o")).headers["Etag"])

    assert await tag() == plain
    (await demo.post(API, account(demo), headers={"X-Account-Rfc-Compliant-Etags": "yes"})).ok(204)
    assert (await demo.send("HEAD", API, account(demo))).headers["X-Account-Rfc-Compliant-Etags"] == "True"
    assert await tag() == f'"{plain}"'
    (await demo.get(API, f"{box}/o", headers={"If-None-Match": await tag()})).ok(304)
    (await demo.post(API, box, headers={"X-Container-Rfc-Compliant-Etags": "no"})).ok(204)
    assert await tag() == plain
    (await demo.post(API, box, headers={"X-Remove-Container-Rfc-Compliant-Etags": "x"})).ok(204)
    assert await tag() == f'"{plain}"'


async def test_no_realm_has_this_cluster(demo: User, box: str) -> None:
    refused = await demo.put(API, f"{box}/o", data=b"x", headers={"X-Container-Sync-Auth": "realm nonce sig"})
    refused.refused(401, "X-Container-Sync-Auth header not valid; contact cluster operator for support.")
    assert refused.headers["WWW-Authenticate"].startswith(f'SwiftContainerSync realm="AUTH_{demo.project_id}"')
