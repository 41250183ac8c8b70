"""Containers and accounts: lists, metadata, access lists, versions, quotas, policies."""

from __future__ import annotations

import io
import json
import tarfile
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


NAMES = ("a", "b/1", "b/2", "b/2/x", "c", "é")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", list(NAMES)),
        ("?limit=2", ["a", "b/1"]),
        ("?marker=b/1&limit=2", ["b/2", "b/2/x"]),
        ("?end_marker=b/2", ["a", "b/1"]),
        ("?prefix=b/", ["b/1", "b/2", "b/2/x"]),
        ("?delimiter=/", ["a", "b/", "c", "é"]),
        ("?delimiter=/&prefix=b/", ["b/1", "b/2", "b/2/"]),
        ("?path=b", ["b/1", "b/2"]),
        ("?reverse=on", list(reversed(NAMES))),
        ("?reverse=on&marker=c", ["b/2/x", "b/2", "b/1", "a"]),
        ("?reverse=on&delimiter=/", ["é", "c", "b/", "a"]),
        ("?delimiter=/&marker=b/", ["c", "é"]),
        ("?limit=0", []),
    ],
)
async def test_lists(demo: User, box: str, query: str, names: list[str]) -> None:
    for name in NAMES:
        (await demo.put(API, f"{box}/{name}", data=b"")).ok(201)
    text = await demo.get(API, f"{box}{query}", headers={"Accept": "text/plain"})
    assert text.content.decode().splitlines() == names
    assert text.status == (200 if names else 204)
    shown = (await demo.get(API, box + query)).ok()
    assert [one.get("name", one.get("subdir")) for one in shown or ()] == names
    page = await demo.get(API, f"{box}{query or '?'}&format=xml")
    assert page.content.decode().startswith('<?xml version="1.0" encoding="UTF-8"?>\n<container name="box">')
    (await demo.get(API, f"{box}?limit=10001")).refused(412, "Maximum limit is 10000")


async def test_a_list_of_many_is_read_in_parts(demo: User, box: str) -> None:
    """A delimiter passes over all that is behind it, however much that is."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for number in range(1200):
            entry = tarfile.TarInfo(f"{number // 400}/{number:04d}")
            entry.size = 1
            tar.addfile(entry, io.BytesIO(b"x"))
    report = (await demo.put(API, f"{box}?extract-archive=tar", data=io.BytesIO(archive.getvalue()))).ok(200)
    assert (report["Number Files Created"], report["Response Status"]) == (1200, "201 Created")
    shown = (await demo.get(API, f"{box}?delimiter=/&format=json")).ok()
    assert shown == [{"subdir": "0/"}, {"subdir": "1/"}, {"subdir": "2/"}]
    names = [f"{number // 400}/{number:04d}" for number in range(1200)]
    for query, found in (("", names), ("?reverse=on", names[::-1]), ("?marker=1/0500&delimiter=4/0", names[501:])):
        listed = await demo.get(API, box + query, headers={"Accept": "text/plain"})
        assert listed.content.decode().split() == found
        assert listed.headers["X-Container-Object-Count"] == "1200"
    listed = await demo.get(API, f"{box}?limit=1100&delimiter=99", headers={"Accept": "text/plain"})
    parts = dict.fromkeys(name[: name.find("99") + 2] if "99" in name else name for name in names)
    assert listed.content.decode().split() == list(parts)[:1100]
    lines = "\n".join(f"box/{name}" for name in names).encode() + b"\nbox"
    options = {"data": lines, "headers": {"Content-Type": "text/plain"}}
    report = (await demo.post(API, f"{account(demo)}?bulk-delete", **options)).ok(200)
    assert (report["Number Deleted"], report["Errors"]) == (1201, [])
    (await demo.get(API, box)).refused(404)


async def test_the_path_of_a_bulk_delete_says_nothing(demo: User, box: str) -> None:
    """Source: swift.common.middleware.bulk, which looks at the verb and the query alone."""
    (await demo.put(API, f"{box}/o", data=b"x")).ok(201)
    options = {"data": b"box/o", "headers": {"Content-Type": "text/plain", "Accept": "application/json"}}
    for path in (f"{account(demo)}/other", f"{account(demo)}/other/object", account(demo)):
        report = (await demo.delete(API, f"{path}?bulk-delete", **options)).ok(200)
        assert (report["Response Status"], report["Errors"]) == ("200 OK", [])
    (await demo.get(API, f"{box}/o")).refused(404)


async def test_the_account_counts(demo: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"12345")).ok(201)
    (await demo.put(API, f"{account(demo)}/coded", headers={"X-Storage-Policy": "ec-2-1"})).ok(201)
    head = (await demo.send("HEAD", API, account(demo))).headers
    assert (head["X-Account-Container-Count"], head["X-Account-Bytes-Used"]) == ("2", "5")
    assert head["X-Account-Storage-Policy-Silver-Container-Count"] == "1"
    shown = (await demo.get(API, account(demo))).ok()
    assert [(one["name"], one["count"], one["bytes"]) for one in shown] == [("box", 1, 5), ("coded", 0, 0)]
    (await demo.put(API, box, headers={"X-Storage-Policy": "ec-2-1"})).refused(409)
    (await demo.put(API, f"{account(demo)}/x", headers={"X-Storage-Policy": "gold"})).refused(400)
    (await demo.delete(API, box)).refused(409)


async def test_who_may_read(cloud: Cloud, demo: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"x")).ok(201)
    other, nobody = await cloud.user("alt_demo"), cloud.anonymous
    refused = await nobody.get(API, f"{box}/o")
    refused.refused(401)
    assert f'Swift realm="AUTH_{demo.project_id}"' in refused.headers["WWW-Authenticate"]
    (await other.get(API, f"{box}/o")).refused(403)
    for acl, may in (
        (".r:*", (True, False, True)),
        (".r:*,.rlistings", (True, True, True)),
        (f"{other.project_id}:{other.user_id}", (False, False, True)),
        ("alt_demo:alt_demo", (False, False, True)),
        (f"{other.project_id}:nobody", (False, False, False)),
        (".r:.example.com", (False, False, False)),
    ):
        (await demo.post(API, box, headers={"X-Container-Read": acl})).ok(204)
        found = [await nobody.get(API, f"{box}/o"), await nobody.get(API, box), await other.get(API, f"{box}/o")]
        assert tuple(one.status < 300 for one in found) == may, acl
        assert (await demo.send("HEAD", API, box)).headers["X-Container-Read"] == acl
    here, there = ({"Referer": f"http://{host}/page"} for host in ("www.example.org", "www.example.com"))
    assert (await nobody.get(API, f"{box}/o", headers=here)).status == 401
    assert (await nobody.get(API, f"{box}/o", headers=there)).status == 200
    (await demo.post(API, box, headers={"X-Container-Write": ".r:*"})).refused(400, "Referrers not allowed")


async def test_temp_auth(cloud: Cloud, demo: User, box: str) -> None:
    """A user of Keystone, and one of Swift's own sample; the keys of others are refused."""
    for user, key in (("demo:demo", "secret"), ("test:tester", "testing")):
        signed = await cloud.anonymous.get(API, "/auth/v1.0", headers={"X-Auth-User": user, "X-Auth-Key": key})
        signed.ok(200)
        url = signed.headers["X-Storage-Url"]
        headers = {"X-Auth-Token": signed.headers["X-Auth-Token"], "Accept": "application/json"}
        async with cloud.session.get(url, headers=headers) as answer:
            assert answer.status == 200
            assert [one["name"] for one in await answer.json()] == (["box"] if user == "demo:demo" else [])
        wrong = {"X-Auth-User": user, "X-Auth-Key": "wrong"}
        (await cloud.anonymous.get(API, "/auth/v1.0", headers=wrong)).refused(401)


async def test_versions(cloud: Cloud, demo: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"before")).ok(201)
    (await demo.post(API, box, headers={"X-Versions-Enabled": "true"})).ok(204)
    first = (await demo.put(API, f"{box}/o", data=b"first")).headers["X-Object-Version-Id"]
    second = (await demo.put(API, f"{box}/o", data=b"second")).headers["X-Object-Version-Id"]
    assert float(first) < float(second)
    assert (await demo.get(API, f"{box}/o?version-id={first}")).content == b"first"
    gone = await demo.delete(API, f"{box}/o")
    gone.ok(204)
    (await demo.get(API, f"{box}/o")).refused(404)
    listed = (await demo.get(API, f"{box}?versions&format=json")).ok()
    assert [one["version_id"] for one in listed][:3] == [gone.headers["X-Object-Version-Id"], second, first]
    assert [one["is_latest"] for one in listed] == [True, False, False, False]
    assert (await demo.send("HEAD", API, box)).headers["X-Container-Bytes-Used"] == str(len("beforefirstsecond"))
    (await demo.put(API, f"{box}/o?version-id={first}", data=b"")).ok(201)
    assert (await demo.get(API, f"{box}/o")).content == b"first"
    (await demo.delete(API, f"{box}/o?version-id={first}")).ok(204)
    (await demo.get(API, f"{box}/o")).refused(404)
    (await demo.delete(API, box)).refused(409, "Delete all versions before deleting container.")
    for one in (await demo.get(API, f"{box}?versions&format=json")).ok():
        (await demo.delete(API, f"{box}/o?version-id={one['version_id']}")).ok(204)
    (await demo.delete(API, box)).ok(204)
    assert not cloud.serving.engine.blobs.keys(cloud.name)


@pytest.mark.parametrize("header", ["X-Versions-Location", "X-History-Location"])
async def test_versions_in_a_container(demo: User, box: str, header: str) -> None:
    old = f"{account(demo)}/old"
    (await demo.put(API, old)).ok(201)
    (await demo.post(API, box, headers={header: "old"})).ok(204)
    assert (await demo.send("HEAD", API, box)).headers[header] == "old"
    for data in (b"1", b"2", b"3"):
        (await demo.put(API, f"{box}/o", data=data)).ok(201)
    names = [one["name"] for one in (await demo.get(API, old)).ok()]
    assert len(names) == 2
    assert all(name.startswith("001o/") for name in names)
    (await demo.delete(API, f"{box}/o")).ok(204)
    if header == "X-Versions-Location":
        assert (await demo.get(API, f"{box}/o")).content == b"2"
        return
    (await demo.get(API, f"{box}/o")).refused(404)
    (await demo.delete(API, f"{box}/o")).refused(404)
    assert len((await demo.get(API, old)).ok()) == 5


async def test_quotas(cloud: Cloud, demo: User, admin: User, box: str) -> None:
    quota = {"X-Container-Meta-Quota-Bytes": "4", "X-Container-Meta-Quota-Count": "2"}
    (await demo.post(API, box, headers=quota)).ok(204)
    (await demo.put(API, f"{box}/o", data=b"12345")).refused(413, "Upload exceeds quota.")
    (await demo.put(API, f"{box}/o", data=b"1234")).ok(201)
    (await demo.post(API, box, headers={"X-Container-Meta-Quota-Bytes": "x"})).refused(400, "Invalid bytes quota.")
    (await demo.post(API, account(demo), headers={"X-Account-Quota-Bytes": "4"})).refused(403)
    (await admin.post(API, account(demo), headers={"X-Account-Quota-Bytes": "4"})).ok(204)
    assert (await demo.send("HEAD", API, account(demo))).headers["X-Account-Quota-Bytes"] == "4"
    (await demo.put(API, f"{account(demo)}/other")).ok(201)
    (await demo.put(API, f"{account(demo)}/other/o", data=b"1")).refused(413, "Upload exceeds quota.")


async def test_an_account_is_deleted_with_all_that_it_has(cloud: Cloud, demo: User, admin: User, box: str) -> None:
    (await demo.put(API, f"{box}/o", data=b"12345")).ok(201)
    (await demo.delete(API, account(demo))).refused(403)
    (await admin.delete(API, account(demo))).ok(204)
    assert (await demo.get(API, account(demo))).status == 410
    assert not cloud.serving.engine.blobs.keys(cloud.name)
    (await demo.put(API, box)).ok(201)
    assert json.loads((await demo.get(API, account(demo))).content)[0]["name"] == "box"


async def test_accounts_of_services(cloud: Cloud, demo: User) -> None:
    """They take a service's token beside the user's; one that does not work makes nobody of the caller."""
    path = f"/v1/SERVICE_{demo.project_id}"
    service = {"X-Service-Token": (await cloud.user("nova", "service")).token}
    (await demo.put(API, f"{path}/box")).refused(403)
    (await demo.put(API, f"{path}/box", headers=service)).ok(201)
    (await demo.get(API, f"{path}/box")).refused(403)
    (await demo.get(API, path, headers={"X-Service-Token": demo.token})).refused(403)
    (await demo.get(API, path, headers={"X-Service-Token": "wrong"})).refused(401)
    shown = await demo.send("HEAD", API, path, headers=service)
    assert (shown.status, shown.headers["X-Account-Project-Domain-Id"]) == (204, "default")
