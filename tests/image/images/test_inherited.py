"""What other services make of an image whose import left its traces: they drop what is Glance's own."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest_asyncio

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any

SIGNED = {"img_signature": "x", "img_signature_hash_method": "x", "img_signature_key_type": "x"}


@pytest_asyncio.fixture
async def imported(demo: User) -> str:
    """An image with a property of its own that came by import."""
    body = {"disk_format": "raw", "container_format": "bare", "os_distro": "x", "img_config_drive": "optional"}
    id = (await demo.post("image", "/v2/images", body | SIGNED)).ok(201)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    (await demo.send("PUT", "image", f"/v2/images/{id}/stage", data=b"x", headers=headers)).ok(204)
    (await demo.post("image", f"/v2/images/{id}/import", {"method": {"name": "glance-direct"}})).ok(202)
    image = (await demo.get("image", f"/v2/images/{id}")).ok(200)
    assert (image["status"], image["os_glance_failed_import"]) == ("active", "")
    return str(id)


def _is_own(image: dict[str, Any]) -> bool:
    return image["os_distro"] == "x" and not any(key.startswith(("os_glance", "img_signature")) for key in image)


async def test_a_volume_that_is_uploaded_again(demo: User, imported: str) -> None:
    body = {"volume": {"size": 1, "imageRef": imported}}
    volume = (await demo.post("volume", "/v3/volumes", body)).ok(202)["volume"]["id"]
    shown = (await demo.get("volume", f"/v3/volumes/{volume}")).ok(200)["volume"]
    assert shown["status"] == "available"
    upload = {"os-volume_upload_image": {"image_name": "again", "disk_format": "raw", "container_format": "bare"}}
    answer = (await demo.post("volume", f"/v3/volumes/{volume}/action", upload)).ok(202)
    id = answer["os-volume_upload_image"]["image_id"]
    assert _is_own((await demo.get("image", f"/v2/images/{id}")).ok(200))


async def test_a_snapshot_of_a_server(demo: User, imported: str) -> None:
    body = {"server": {"name": "s", "flavorRef": "1", "imageRef": imported, "networks": "none"}}
    at = {"OpenStack-API-Version": "compute 2.96"}
    server = (await demo.post("compute", "/v2.1/servers", body, headers=at)).ok(202)["server"]["id"]
    assert (await demo.get("compute", f"/v2.1/servers/{server}")).ok(200)["server"]["status"] == "ACTIVE"
    action = {"createImage": {"name": "snap"}}
    reply = (await demo.post("compute", f"/v2.1/servers/{server}/action", action, headers=at)).ok(202)
    image = (await demo.get("image", f"/v2/images/{reply['image_id']}")).ok(200)
    assert _is_own(image)
    assert image["img_config_drive"] == "optional"
