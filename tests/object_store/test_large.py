"""Large objects: manifests that list segments, and those that name a prefix."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, TypeAlias

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
API = "object-store"


@pytest.fixture
async def box(demo: User) -> str:
    """The path of a container with the segments s/1, s/2 and s/3."""
    path = f"/v1/AUTH_{demo.project_id}/box"
    (await demo.put(API, path)).ok(201)
    for number in (1, 2, 3):
        (await demo.put(API, f"{path}/s/{number}", data=str(number).encode() * 10)).ok(201)
    return path


async def put(user: User, path: str, entries: Any, **headers: str) -> Any:
    return await user.put(API, f"{path}?multipart-manifest=put", data=json.dumps(entries).encode(), headers=headers)


async def test_a_static_large_object(demo: User, box: str) -> None:
    inline = base64.b64encode(b"inline").decode()
    entries = [{"path": "box/s/1"}, {"data": inline}, {"path": "box/s/2", "range": "0-4"}]
    made = await put(demo, f"{box}/big", entries)
    made.ok(201)
    whole = b"1" * 10 + b"inline" + b"2" * 5
    digests = [hashlib.md5(part).hexdigest() for part in (b"1" * 10, b"inline", b"2" * 10)]
    etag = hashlib.md5(f"{digests[0]}{digests[1]}{digests[2]}:0-4;".encode()).hexdigest()
    assert made.headers["Etag"] == f'"{etag}"'
    got = await demo.get(API, f"{box}/big")
    assert (got.content, got.headers["Etag"]) == (whole, f'"{etag}"')
    assert got.headers["X-Static-Large-Object"] == "True"
    part = await demo.get(API, f"{box}/big", headers={"Range": "bytes=8-17"})
    assert (part.status, part.content) == (206, whole[8:18])
    (listed,) = [one for one in (await demo.get(API, f"{box}?format=json")).ok() if one["name"] == "big"]
    assert (listed["bytes"], listed["slo_etag"]) == (len(whole), f'"{etag}"')
    numbered = await demo.get(API, f"{box}/big?part-number=3")
    assert (numbered.status, numbered.content, numbered.headers["X-Parts-Count"]) == (206, b"22222", "3")
    raw = (await demo.get(API, f"{box}/big?multipart-manifest=get&format=raw")).content
    assert json.loads(raw)[0] == {"etag": digests[0], "path": "/box/s/1", "size_bytes": 10}


async def test_a_large_object_of_large_objects_is_copied_whole(demo: User, box: str) -> None:
    (await put(demo, f"{box}/inner", [{"path": "box/s/1"}, {"path": "box/s/2"}])).ok(201)
    (await put(demo, f"{box}/outer", [{"path": "box/inner"}, {"path": "box/s/3"}])).ok(201)
    whole = b"1" * 10 + b"2" * 10 + b"3" * 10
    assert (await demo.get(API, f"{box}/outer")).content == whole
    (await demo.send("COPY", API, f"{box}/outer", headers={"Destination": "box/copy"})).ok(201)
    got = await demo.get(API, f"{box}/copy")
    assert (got.content, got.headers["Etag"]) == (whole, hashlib.md5(whole).hexdigest())
    assert "X-Static-Large-Object" not in got.headers


async def test_a_segment_that_changes_breaks_it(demo: User, box: str) -> None:
    (await put(demo, f"{box}/big", [{"path": "box/s/1"}, {"path": "box/s/2"}])).ok(201)
    (await demo.put(API, f"{box}/s/1", data=b"other")).ok(201)
    (await demo.get(API, f"{box}/big")).refused(409)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ("nothing", "Manifest must be a list."),
        ([5], "Index 0: not a JSON object"),
        ([{"etag": "x"}], "Index 0: expected keys to include one of"),
        ([{"path": "box/s/1", "color": "red"}], 'Index 0: extraneous keys "color"'),
        ([{"path": "box"}], "path does not refer to an object"),
        ([{"path": "box/big"}], "manifest must not include itself as a segment"),
        ([{"path": "box/s/1", "range": "5"}], "invalid range"),
        ([{"path": "box/s/1", "range": "1-2,3-4"}], "multiple ranges (only one allowed)"),
        ([{"path": "box/s/1", "size_bytes": 10, "range": "11-"}], "unsatisfiable range"),
        ([{"data": "?"}], "data must be valid base64"),
        ([{"data": "YQ=="}], "Inline data segments require at least one object-backed segment."),
        ([{"path": "box/none"}], "404 Not Found"),
        ([{"path": "box/s/1", "size_bytes": 11}], "Size Mismatch"),
        ([{"path": "box/s/1", "etag": "x"}], "Etag Mismatch"),
        ([{"path": "box/s/1", "range": "10-"}], "Unsatisfiable Range"),
    ],
)
async def test_manifests_that_are_none(demo: User, box: str, entries: Any, text: str) -> None:
    (await put(demo, f"{box}/big", entries)).refused(400, text)
    (await demo.get(API, f"{box}/big")).refused(404)


async def test_it_is_deleted_with_its_segments(cloud: Cloud, demo: User, box: str) -> None:
    (await put(demo, f"{box}/big", [{"path": "box/s/1"}, {"path": "box/s/2"}])).ok(201)
    report = (await demo.delete(API, f"{box}/big?multipart-manifest=delete")).ok(200)
    assert (report["Number Deleted"], report["Response Status"], report["Errors"]) == (3, "200 OK", [])
    assert [one["name"] for one in (await demo.get(API, f"{box}?format=json")).ok()] == ["s/3"]
    assert len(cloud.serving.engine.blobs.keys(cloud.name)) == 1


async def test_a_dynamic_large_object(demo: User, box: str) -> None:
    manifest = {"X-Object-Manifest": "box/s/"}
    (await demo.put(API, f"{box}/big", data=b"", headers=manifest)).ok(201)
    got = await demo.get(API, f"{box}/big")
    assert got.content == b"1" * 10 + b"2" * 10 + b"3" * 10
    part = await demo.get(API, f"{box}/big", headers={"Range": "bytes=9-10"})
    assert (part.status, part.content) == (206, b"12")
    (await demo.put(API, f"{box}/s/4", data=b"4")).ok(201)
    assert (await demo.get(API, f"{box}/big")).content.endswith(b"34")
