"""Bytes: upload, download, ranges, checksums, formats, staging and import."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
OCTETS = {"Content-Type": "application/octet-stream"}
MIB = 1024 * 1024


@pytest.fixture
async def image(demo: User) -> Any:
    body = {"disk_format": "raw", "container_format": "bare"}
    return (await demo.post("image", "/v2/images", body)).ok(201)


async def upload(user: User, image: Any, data: Any, where: str = "file") -> Any:
    return await user.put("image", f"{image['self']}/{where}", data=data, headers=OCTETS)


async def test_what_goes_in_comes_out(demo: User, image: Any) -> None:
    data = b"hello world" * 100
    (await upload(demo, image, data)).ok(204)
    new = (await demo.get("image", image["self"])).ok()
    assert (new["status"], new["size"], new["virtual_size"], new["stores"]) == ("active", 1100, 1100, "fs")
    assert new["checksum"] == hashlib.md5(data).hexdigest()
    assert (new["os_hash_algo"], new["os_hash_value"]) == ("sha512", hashlib.sha512(data).hexdigest())
    reply = await demo.get("image", image["file"])
    assert (reply.status, reply.content) == (200, data)
    assert reply.headers["Content-MD5"] == new["checksum"]
    assert reply.headers["Content-Type"] == "application/octet-stream"


async def test_bytes_stream_in_pieces(demo: User, image: Any) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(64):
            yield bytes([number]) * (MIB // 16)

    (await upload(demo, image, pieces())).ok(204)
    reply = await demo.get("image", image["file"])
    assert len(reply.content) == 4 * MIB
    assert reply.content[-1] == 63


@pytest.mark.parametrize(
    ("asked", "content", "said"),
    [
        ("bytes=0-4", b"01234", "bytes 0-4/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
    ],
)
async def test_ranges(demo: User, image: Any, asked: str, content: bytes, said: str) -> None:
    (await upload(demo, image, b"0123456789")).ok(204)
    reply = await demo.get("image", image["file"], headers={"Range": asked})
    assert (reply.status, reply.content, reply.headers["Content-Range"]) == (206, content, said)


async def test_a_range_that_is_none(demo: User, image: Any) -> None:
    (await upload(demo, image, b"0123456789")).ok(204)
    (await demo.get("image", image["file"], headers={"Range": "bytes=20-30"})).refused(416)


async def test_an_empty_image(demo: User, image: Any) -> None:
    (await upload(demo, image, b"")).ok(204)
    new = (await demo.get("image", image["self"])).ok()
    assert (new["status"], new["size"], new["virtual_size"]) == ("active", 0, None)


async def test_nothing_to_download(demo: User, image: Any) -> None:
    (await demo.get("image", image["file"])).ok(204)


async def test_uploading_twice(demo: User, image: Any) -> None:
    (await upload(demo, image, b"x")).ok(204)
    (await upload(demo, image, b"y")).refused(409, "Image status transition from active to saving is not allowed")
    assert (await demo.get("image", image["file"])).content == b"x"


async def test_formats_must_be_known_first(demo: User) -> None:
    image = (await demo.post("image", "/v2/images", {})).ok()
    text = "Properties disk_format, container_format must be set prior to saving data."
    (await upload(demo, image, b"x")).refused(400, text)
    assert (await demo.get("image", image["self"])).ok()["status"] == "queued"


async def status_of(user: User, image: Any) -> str:
    return str((await user.get("image", image["self"])).ok()["status"])


async def until(user: User, image: Any, status: str) -> None:
    async with asyncio.timeout(5):
        while await status_of(user, image) != status:  # noqa: ASYNC110  # a client can only ask again
            await asyncio.sleep(0.01)


async def test_an_upload_that_breaks_off(demo: User, image: Any) -> None:
    url = urlsplit(demo.url)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    head = (
        f"PUT {url.path}/image{image['file']} HTTP/1.1\r\nHost: {url.netloc}\r\nX-Auth-Token: {demo.token}\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhello"
    )
    writer.write(head.encode())
    await writer.drain()
    await until(demo, image, "saving")
    (await upload(demo, image, b"x")).refused(409, "Image status transition from saving to saving is not allowed")
    writer.close()
    await until(demo, image, "queued")
    (await upload(demo, image, b"x")).ok(204)


async def test_json_is_no_image(demo: User, image: Any) -> None:
    (await demo.put("image", image["file"], {})).refused(415, "The request media type application/json")


async def test_the_format_must_be_the_declared_one(demo: User) -> None:
    body = {"disk_format": "qcow2", "container_format": "bare"}
    image = (await demo.post("image", "/v2/images", body)).ok()
    (await upload(demo, image, b"no qcow2" * 1000)).refused(415)
    assert (await demo.get("image", image["self"])).ok()["status"] == "queued"
    head = struct.pack(">4sIQIIQ", b"QFI\xfb", 3, 0, 0, 16, 7 * MIB)
    (await upload(demo, image, head.ljust(1024, b"\0"))).ok(204)
    new = (await demo.get("image", image["self"])).ok()
    assert (new["status"], new["size"], new["virtual_size"]) == ("active", 1024, 7 * MIB)


async def test_active_images_keep_their_format(demo: User, image: Any) -> None:
    (await upload(demo, image, b"x")).ok(204)
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    change = [{"op": "replace", "path": "/disk_format", "value": "qcow2"}]
    reply = await demo.patch("image", image["self"], change, headers=headers)
    reply.refused(403, "Attribute disk_format can be only replaced for a queued image.")


async def test_deactivated_images_are_for_admins(demo: User, admin: User, image: Any) -> None:
    (await upload(demo, image, b"x")).ok(204)
    (await demo.post("image", f"{image['self']}/actions/deactivate")).ok(204)
    assert (await demo.get("image", image["self"])).ok()["status"] == "deactivated"
    text = "The requested image has been deactivated. Image data download is forbidden."
    (await demo.get("image", image["file"])).refused(403, text)
    assert (await admin.get("image", image["file"])).content == b"x"
    (await demo.post("image", f"{image['self']}/actions/reactivate")).ok(204)
    assert (await demo.get("image", image["file"])).content == b"x"


async def test_bytes_of_others(cloud: Cloud, demo: User, image: Any) -> None:
    other = await cloud.user("alt_demo")
    (await upload(other, image, b"x")).refused(404, f"No image found with ID {image['id']}")


async def test_staging_and_import(demo: User, admin: User, image: Any) -> None:
    imports = f"{image['self']}/import"
    direct = {"method": {"name": "glance-direct"}}
    (await demo.post("image", imports, direct)).refused(
        409, "Image needs to be staged before 'glance-direct' method can be used"
    )
    (await upload(demo, image, b"staged", "stage")).ok(204)
    assert (await demo.get("image", image["self"])).ok()["status"] == "uploading"
    (await demo.post("image", imports, direct)).ok(202)
    new = (await demo.get("image", image["self"])).ok()
    assert (new["status"], new["size"], new["checksum"]) == ("active", 6, hashlib.md5(b"staged").hexdigest())
    assert "os_glance_import_task" not in new
    assert (await demo.get("image", image["file"])).content == b"staged"
    (task,) = (await demo.get("image", f"{image['self']}/tasks")).ok()["tasks"]
    assert (task["type"], task["status"], task["deleted"]) == ("api_image_import", "success", False)
    assert task["input"]["import_req"] == direct
    (listed,) = (await admin.get("image", "/v2/tasks")).ok()["tasks"]
    assert (listed["id"], listed["schema"]) == (task["id"], "/v2/schemas/task")
    assert (await admin.get("image", listed["self"])).ok()["result"] == {"image_id": image["id"]}
    (await demo.get("image", "/v2/tasks")).refused(403, "You are not authorized to complete tasks_api_access action.")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"method": {"name": "zz"}}, 400, "Unknown import method name 'zz'."),
        ({}, 400, "Import request requires a 'method' field."),
        ({"method": {}}, 400, "Import request requires a 'name' field."),
        (
            {"method": {"name": "web-download", "uri": "file:///x"}},
            400,
            "URI for web-download does not pass filtering: file:///x",
        ),
        ({"method": {"name": "web-download"}}, 400, "URI for web-download does not pass filtering: None"),
        (
            {"method": {"name": "copy-image"}, "all_stores": True},
            409,
            "Only images with status active can be targeted for copying",
        ),
    ],
)
async def test_refused_imports(demo: User, image: Any, body: Any, status: int, text: str) -> None:
    reply = await demo.post("image", f"{image['self']}/import", body)
    assert reply.refused(status)["message"] == f"{text}<br /><br />\n\n\n"


async def test_what_the_service_tells_of_itself(demo: User, admin: User) -> None:
    methods = (await demo.get("image", "/v2/info/import")).ok()["import-methods"]
    assert methods["value"] == ["glance-direct", "web-download", "copy-image"]
    assert (await demo.get("image", "/v2/info/stores")).ok() == {"stores": [{"id": "fs", "default": "true"}]}
    assert (await demo.get("image", "/v2/info/usage")).ok() == {"usage": {}}
    (store,) = (await admin.get("image", "/v2/info/stores/detail")).ok()["stores"]
    assert (store["type"], store["properties"]["thin_provisioning"]) == ("file", False)
    (await demo.get("image", "/v2/info/stores/detail")).refused(403, "complete stores_info_detail action")


async def test_one_store_and_no_cache(demo: User, admin: User, image: Any) -> None:
    path = f"/v2/stores/fs/{image['id']}"
    (await demo.delete("image", path)).refused(403, "complete delete_image_location action")
    (await admin.delete("image", path)).refused(409, "if image status is not 'active'")
    (await upload(demo, image, b"x")).ok(204)
    (await admin.delete("image", path)).refused(403, "Cannot delete image data from the only store containing it.")
    (await demo.get("image", "/v2/cache")).refused(403, "complete cache_list action")
    (await admin.get("image", "/v2/cache")).refused(404, "Caching via API is not supported at this site.")


SIGNED = {
    "img_signature": "aGVsbG8=",
    "img_signature_hash_method": "SHA-256",
    "img_signature_key_type": "RSA-PSS",
    "img_signature_certificate_uuid": "11111111-2222-3333-4444-555555555555",
}
BODY = {"disk_format": "raw", "container_format": "bare"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, "Certificate not found with ID: 11111111-2222-3333-4444-555555555555."),
        ({"img_signature": "abc"}, "The signature data was not properly encoded using base64."),
        ({"img_signature": "!!"}, "Certificate not found"),
        ({"img_signature_hash_method": "SHA-1"}, "Invalid signature hash method: SHA-1."),
        ({"img_signature_key_type": "x", "img_signature_hash_method": "x"}, "Invalid signature hash method: x."),
        ({"img_signature_key_type": "x"}, "Invalid signature key type: x."),
    ],
)
async def test_a_signature_that_cannot_be_verified(demo: User, changed: dict[str, str], why: str) -> None:
    image = (await demo.post("image", "/v2/images", {**BODY, **SIGNED, **changed})).ok(201)
    said = f"Signature verification failed for image {image['id']}: Signature verification for the image failed: {why}"
    (await upload(demo, image, b"x")).refused(400, said)
    assert (await demo.get("image", f"/v2/images/{image['id']}")).ok()["status"] == "queued"


@pytest.mark.parametrize("missing", SIGNED)
async def test_half_a_signature_is_none(demo: User, missing: str) -> None:
    given = {key: value for key, value in SIGNED.items() if key != missing}
    image = (await demo.post("image", "/v2/images", {**BODY, **given})).ok(201)
    (await upload(demo, image, b"x")).ok(204)
