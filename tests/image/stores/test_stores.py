"""Several stores: where images lie, are copied to and removed from."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.conftest import Cloud, User

OCTETS = {"Content-Type": "application/octet-stream"}


@pytest_asyncio.fixture(autouse=True)
async def stores(cloud: Cloud) -> None:
    await cloud.set_options(image__further_stores="fast, slow")


async def _image(user: User, upload: str = "") -> Any:
    reply = await user.post("image", "/v2/images", {"disk_format": "raw", "container_format": "bare"})
    image = reply.ok(201)
    listed = "fs,fast,slow,os_glance_staging_store,os_glance_tasks_store"
    assert reply.headers["OpenStack-image-store-ids"] == listed
    if upload:
        headers = {**OCTETS, "X-Image-Meta-Store": upload}
        (await user.put("image", image["file"], data=b"bytes", headers=headers)).ok(204)
    return image


async def _stores(user: User, image: Any) -> str:
    return str((await user.get("image", image["self"])).ok()["stores"])


async def test_stores_are_told(admin: User, demo: User) -> None:
    found = (await demo.get("image", "/v2/info/stores")).ok()["stores"]
    assert found == [{"id": "fs", "default": "true"}, {"id": "fast"}, {"id": "slow"}]
    detail = (await admin.get("image", "/v2/info/stores/detail")).ok()["stores"]
    assert detail[1]["properties"]["data_dir"] == "/var/lib/glance/fast"


async def test_uploads_and_imports_name_stores(demo: User) -> None:
    assert await _stores(demo, await _image(demo, "slow")) == "slow"
    image = await _image(demo)
    (await demo.put("image", image["file"], data=b"x", headers={**OCTETS, "X-Image-Meta-Store": "zz"})).refused(400)
    for wanted, got in (({"stores": ["fast", "slow"]}, "fast,slow"), ({"all_stores": True}, "fast,fs,slow")):
        image = await _image(demo)
        (await demo.put("image", f"{image['self']}/stage", data=b"x", headers=OCTETS)).ok(204)
        body = {"method": {"name": "glance-direct"}, **wanted}
        (await demo.post("image", f"{image['self']}/import", {**body, "stores": ["zz"], "all_stores": False})).refused(
            409, "Unknown scheme 'zz' found in URI"
        )
        (await demo.post("image", f"{image['self']}/import", body)).ok(202)
        assert await _stores(demo, image) == got


async def test_images_are_copied_and_removed(admin: User, demo: User) -> None:
    image = await _image(demo, "fs")
    path = f"{image['self']}/import"
    body: dict[str, Any] = {"method": {"name": "copy-image"}, "stores": ["fast"]}
    (await demo.post("image", path, body)).refused(403, "complete copy_image action")
    (await admin.post("image", path, body)).ok(202)
    assert await _stores(demo, image) == "fs,fast"
    (await admin.post("image", path, body)).refused(400, "Image is already present at store 'fast'")
    (await admin.post("image", path, {"method": {"name": "copy-image"}, "all_stores": True})).ok(202)
    shown = (await demo.get("image", image["self"])).ok()
    assert (shown["stores"], shown["status"], shown["os_glance_importing_to_stores"]) == ("fs,fast,slow", "active", "")
    for store in ("fs", "slow"):
        (await admin.delete("image", f"/v2/stores/{store}/{image['id']}")).ok(204)
    assert await _stores(demo, image) == "fast"
    assert (await demo.get("image", image["file"])).content == b"bytes"
    (await admin.delete("image", f"/v2/stores/fast/{image['id']}")).refused(403, "the only store containing it")
    both = await _image(demo, "slow")
    (await admin.post("image", f"{both['self']}/import", body)).ok(202)
    (await admin.delete("image", f"/v2/stores/fs/{both['id']}")).refused(404, "is not stored in store fs.")
