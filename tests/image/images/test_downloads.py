"""What comes from the web, what clouds may choose of it, and the limits on what projects have."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiohttp import web

from tests.conftest import Cloud, User

CONTENT = bytes(range(256)) * 4096
TRIES = 200


@pytest_asyncio.fixture
async def site() -> AsyncIterator[str]:
    """A web server that has one image, and one that breaks off."""

    async def image(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/moved":
            raise web.HTTPFound("/i.img")
        if request.path == "/i.img":
            return web.Response(body=CONTENT)
        if request.path == "/short":
            answer = web.StreamResponse(headers={"Content-Length": "100"})
            await answer.prepare(request)
            await answer.write(b"x")
            request.transport.close() if request.transport else None
            return answer
        return web.Response(status=404)

    runner = web.ServerRunner(web.Server(image))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _image(user: User, disk_format: str = "raw") -> Any:
    body = {"disk_format": disk_format, "container_format": "bare"}
    return (await user.post("image", "/v2/images", body)).ok(201)


async def _download(user: User, image: Any, uri: str) -> Any:
    """The image when its import has ended."""
    method = {"method": {"name": "web-download", "uri": uri}}
    (await user.post("image", f"{image['self']}/import", method)).ok(202)
    return await _settled(user, image["self"], "importing")


async def _settled(user: User, path: str, *underway: str) -> Any:
    for _ in range(TRIES):
        shown = (await user.get("image", path)).ok()
        if shown["status"] not in underway:
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(f"{path} is still {shown['status']}")


async def test_web_download_fetches(cloud: Cloud, demo: User, site: str) -> None:
    await cloud.set_options(image__web_download_hosts="127.0.0.1")
    for path in ("/i.img", "/moved"):
        new = await _download(demo, await _image(demo), site + path)
        assert (new["status"], new["size"], new["virtual_size"]) == ("active", len(CONTENT), len(CONTENT))
        assert new["checksum"] == hashlib.md5(CONTENT).hexdigest()
        assert (await demo.get("image", new["file"])).content == CONTENT


async def test_a_download_that_fails(cloud: Cloud, demo: User, admin: User, site: str) -> None:
    await cloud.set_options(image__web_download_hosts="127.0.0.1")
    for path in ("/nothing", "/short"):
        image = await _image(demo)
        new = await _download(demo, image, site + path)
        assert (new["status"], new["size"], new["os_glance_failed_import"]) == ("queued", None, "fs")
        assert "os_glance_import_task" not in new
        (task,) = (await demo.get("image", f"{image['self']}/tasks")).ok()["tasks"]
        assert (task["status"], task["message"]) == ("failure", "Task failed due to Internal Error")
        assert (await _download(demo, image, f"{site}/i.img"))["status"] == "active"


async def test_bytes_of_another_format_fail_too(cloud: Cloud, demo: User, site: str) -> None:
    await cloud.set_options(image__web_download_hosts="127.0.0.1")
    image = await _image(demo, "qcow2")
    assert (await _download(demo, image, f"{site}/i.img"))["status"] == "queued"
    await cloud.set_options(image__require_image_format_match="false")
    assert (await _download(demo, image, f"{site}/i.img"))["status"] == "active"


async def test_what_may_be_fetched(cloud: Cloud, demo: User, site: str) -> None:
    image = await _image(demo)
    for uri in (f"{site}/i.img", "http://127.0.0.1/x", "http://2130706433/x", "http://[::1]/x", "ftp://example.org/x"):
        method = {"method": {"name": "web-download", "uri": uri}}
        (await demo.post("image", f"{image['self']}/import", method)).refused(400, "does not pass filtering")
    assert (await demo.get("image", image["self"])).ok()["status"] == "queued"


async def test_stand_ins(cloud: Cloud, demo: User) -> None:
    """A cloud without a network gets small images, whose content says so."""
    await cloud.set_options(image__web_download="stand-in")
    new = await _download(demo, await _image(demo, "qcow2"), "https://example.org/i.img")
    assert (new["status"], new["virtual_size"]) == ("active", 1 << 30)
    assert b"mopenstack does not download images: https://example.org" in (
        (await demo.get("image", new["file"])).content
    )
    await cloud.set_options(image__web_download="fetch-or-stand-in")
    new = await _download(demo, await _image(demo, "qcow2"), "http://nobody.invalid/i.img")
    assert (new["status"], new["size"]) == ("active", 1024)


async def test_formats_need_not_match(cloud: Cloud, demo: User) -> None:
    image = await _image(demo, "qcow2")
    octets = {"Content-Type": "application/octet-stream"}
    (await demo.put("image", image["file"], data=b"x" * 1024, headers=octets)).refused(415)
    await cloud.set_options(image__require_image_format_match="false")
    (await demo.put("image", image["file"], data=b"x" * 1024, headers=octets)).ok(204)
    assert (await demo.get("image", image["self"])).ok()["virtual_size"] is None


async def test_tasks_that_import(cloud: Cloud, admin: User, demo: User, site: str) -> None:
    await cloud.set_options(image__web_download_hosts="127.0.0.1")
    given = {"import_from": f"{site}/i.img", "import_from_format": "raw", "image_properties": {"name": "of a task"}}
    given["image_properties"] |= {"disk_format": "raw", "container_format": "bare", "mine": "1"}  # type: ignore[operator]
    reply = await admin.post("image", "/v2/tasks", {"type": "import", "input": given})
    task = reply.ok(201)
    assert (task["status"], task["result"], task["owner"]) == ("pending", None, admin.project_id)
    assert reply.headers["Location"].endswith(task["self"])
    ended = await _settled(admin, task["self"], "pending", "processing")
    assert (ended["status"], ended["input"]) == ("success", given)
    image = (await admin.get("image", f"/v2/images/{ended['result']['image_id']}")).ok()
    assert (image["name"], image["status"], image["mine"]) == ("of a task", "active", "1")
    given["import_from"] = f"{site}/nothing"
    task = (await admin.post("image", "/v2/tasks", {"type": "import", "input": given})).ok(201)
    ended = await _settled(admin, task["self"], "pending", "processing")
    assert (ended["status"], ended["message"]) == ("failure", "Task failed due to Internal Error")
    assert len((await admin.get("image", "/v2/images?name=of a task")).ok()["images"]) == 1
    (await demo.post("image", "/v2/tasks", {"type": "import", "input": given})).refused(403, "tasks_api_access")


async def test_tasks_that_are_refused(admin: User) -> None:
    for body, said in (
        ({"input": {}}, "Task 'type' is required"),
        ({"type": "zz", "input": {}}, "'zz' is not one of ['import', 'api_image_import', 'location_import']"),
        ({"type": "import", "input": {}}, "Invalid location: None"),
        ({"type": "import", "input": {"import_from": "file:///x"}}, "File based imports are not allowed."),
        ({"type": "import", "input": {"import_from": "http://x:99/"}}, "does not pass filtering: http://x:99/"),
    ):
        (await admin.post("image", "/v2/tasks", body)).refused(400, said)
    task = (await admin.post("image", "/v2/tasks", {"type": "api_image_import", "input": {"x": "y"}})).ok(201)
    ended = await _settled(admin, task["self"], "pending", "processing")
    assert ended["message"] == "Missing required 'image_id' field"


async def test_locations_are_for_services(admin: User, demo: User) -> None:
    image = await _image(demo)
    path = f"{image['self']}/locations"
    (await demo.post("image", path, {"url": "http://example.org/x"})).refused(403, "http store must be enabled")
    (await demo.post("image", path, {})).refused(400, "'url' is a required property")
    (await demo.get("image", path)).refused(403, "complete fetch_image_location action")
    (await admin.get("image", path)).refused(403, "complete fetch_image_location action")


async def test_locations_as_a_service(cloud: Cloud, admin: User, demo: User) -> None:
    image = await _image(demo)
    roles = (await admin.get("identity", "/v3/roles?name=service")).ok()["roles"]
    where = f"/v3/projects/{demo.project_id}/users/{demo.user_id}/roles/{roles[0]['id']}"
    (await admin.put("identity", where)).ok(204)
    service = await cloud.user("demo")
    path = f"{image['self']}/locations"
    assert (await service.get("image", path)).ok(200) == []
    (await service.post("image", path, {"url": "http://example.org/x"})).ok(202)
    (task,) = (await service.get("image", f"{image['self']}/tasks")).ok()["tasks"]
    assert (task["type"], task["status"]) == ("location_import", "failure")
    octets = {"Content-Type": "application/octet-stream"}
    (await demo.put("image", image["file"], data=b"x", headers=octets)).ok(204)
    where = f"file:///var/lib/glance/images/{image['id']}"
    assert (await service.get("image", path)).ok() == [{"url": where, "metadata": {"store": "fs"}}]
    (await service.post("image", path, {"url": "x"})).refused(
        409, "It's not allowed to add locations if image status is active."
    )


async def test_unified_limits(cloud: Cloud, admin: User, demo: User) -> None:
    services = (await admin.get("identity", "/v3/services?type=image")).ok()["services"]
    place = {"service_id": services[0]["id"], "region_id": "RegionOne"}
    wanted = {"image_size_total": 1, "image_stage_total": 1, "image_count_uploading": 1}
    limits = [{**place, "resource_name": name, "default_limit": limit} for name, limit in wanted.items()]
    (await admin.post("identity", "/v3/registered_limits", {"registered_limits": limits})).ok(201)
    mine = {**place, "resource_name": "image_count_total", "resource_limit": 2, "project_id": demo.project_id}
    (await admin.post("identity", "/v3/limits", {"limits": [mine]})).ok(201)
    await cloud.set_options(image__use_keystone_limits="true")
    images = [await _image(demo), await _image(demo)]
    (await demo.post("image", "/v2/images", {})).refused(
        413,
        f"Project {demo.project_id} is over a limit for [Resource image_count_total is over limit of 2 due to current "
        "usage 2 and delta 1]",
    )
    octets = {"Content-Type": "application/octet-stream"}
    big = b"x" * (2 * 1024 * 1024)
    for part in ("file", "stage"):
        reply = await demo.put("image", f"{images[0]['self']}/{part}", data=io.BytesIO(big), headers=octets)
        reply.refused(413, "is over limit of 1 due to current usage 0 and delta 2]")
    assert (await demo.get("image", images[0]["self"])).ok()["status"] == "queued"
    (await demo.put("image", f"{images[0]['self']}/stage", data=io.BytesIO(big[::2]), headers=octets)).ok(204)
    (await demo.put("image", f"{images[1]['self']}/stage", data=b"x", headers=octets)).refused(
        413, "Resource image_count_uploading is over limit of 1 due to current usage 2 and delta 0]"
    )
    usage = (await demo.get("image", "/v2/info/usage")).ok()["usage"]
    assert usage == {
        "image_size_total": {"usage": 0, "limit": 1},
        "image_stage_total": {"usage": 1, "limit": 1},
        "image_count_total": {"usage": 2, "limit": 2},
        "image_count_uploading": {"usage": 1, "limit": 1},
    }
