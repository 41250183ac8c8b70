"""What a fault does, as clients over HTTP see it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.admin.test_faults import ADMIN, RULES, add
from tests.conftest import Cloud, User


async def _named(user: User, name: str) -> list[str]:
    found = (await user.get("network", f"/v2.0/networks?name={name}")).ok()["networks"]
    return [network["id"] for network in found]


async def test_a_false_negative_is_done(cloud: Cloud, demo: User) -> None:
    await add(cloud, operation="CreateNetwork", effect="false_negative", times=1)
    body = {"network": {"name": "twin"}}
    (await demo.post("network", "/v2.0/networks", body)).refused(500, "internal server error")
    (await demo.post("network", "/v2.0/networks", body)).ok(201)
    assert len(await _named(demo, "twin")) == 2


async def test_a_false_negative_of_what_is_refused_is_the_refusal(cloud: Cloud, demo: User) -> None:
    await add(cloud, operation="CreateNetwork", effect="false_negative")
    (await demo.post("network", "/v2.0/networks", {"network": {"name": 5}})).refused(400)


async def test_what_is_lost_was_accepted(cloud: Cloud, demo: User) -> None:
    id = await add(cloud, operation="CreateNetwork", effect="lost", times=1)
    lost = await demo.post("network", "/v2.0/networks", {"network": {"name": "gone"}})
    gone = lost.ok(201)["network"]["id"]
    assert lost.headers[RULES] == id
    (await demo.get("network", f"/v2.0/networks/{gone}")).refused(404)
    assert await _named(demo, "gone") == []


async def test_bytes_that_are_lost(cloud: Cloud, demo: User) -> None:
    """An object that was stored is not there; an image whose upload was accepted waits for its bytes."""
    await add(cloud, operation="PutObject", effect="lost")
    (await demo.put("object-store", f"/v1/AUTH_{demo.project_id}/c")).ok(201)
    (await demo.put("object-store", f"/v1/AUTH_{demo.project_id}/c/o", data=b"bytes")).ok(201)
    (await demo.get("object-store", f"/v1/AUTH_{demo.project_id}/c/o")).refused(404)
    await add(cloud, operation="UploadImageData", effect="lost")
    body = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    image = (await demo.post("image", "/v2/images", body)).ok(201)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    (await demo.put("image", f"/v2/images/{image}/file", data=b"bytes", headers=headers)).ok(204)
    assert (await demo.get("image", f"/v2/images/{image}")).ok()["status"] == "queued"


async def test_a_dropped_connection(cloud: Cloud, demo: User) -> None:
    """There is no answer, and nothing is done."""
    await add(cloud, operation="CreateNetwork", effect="drop", times=1)
    body = {"network": {"name": "n"}}
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await demo.post("network", "/v2.0/networks", body)
    assert await _named(demo, "n") == []


async def test_a_truncated_answer(cloud: Cloud, demo: User) -> None:
    """The status and half of the answer come, and it is done."""
    await add(cloud, operation="CreateNetwork", effect="truncate", times=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})
    assert len(await _named(demo, "n")) == 1
    (await demo.put("object-store", f"/v1/AUTH_{demo.project_id}/c")).ok(201)
    (await demo.put("object-store", f"/v1/AUTH_{demo.project_id}/c/o", data=b"0123456789")).ok(201)
    await add(cloud, operation="GetObject", effect="truncate", times=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await demo.get("object-store", f"/v1/AUTH_{demo.project_id}/c/o")
    assert (await demo.get("object-store", f"/v1/AUTH_{demo.project_id}/c/o")).content == b"0123456789"


async def test_a_late_answer(cloud: Cloud, demo: User) -> None:
    """A client that waits less gives up; one that waits gets the answer. Others are not held up."""
    await add(cloud, operation="ListNetworks", delay=300, times=1)
    with pytest.raises(TimeoutError):
        await demo.get("network", "/v2.0/networks", timeout=aiohttp.ClientTimeout(total=0.3))
    waiting = asyncio.create_task(demo.get("network", "/v2.0/networks"))
    (await waiting).ok()


async def _volume(user: User) -> str:
    made = await user.post("volume", f"/v3/{user.project_id}/volumes", {"volume": {"name": "v", "size": 1}})
    id: str = made.ok(202)["volume"]["id"]
    return id


async def _status(user: User, id: str) -> str:
    found: str = (await user.get("volume", f"/v3/{user.project_id}/volumes/{id}")).ok()["volume"]["status"]
    return found


async def test_what_is_stuck_never_ends(cloud: Cloud, demo: User) -> None:
    """Not with time; an administrator of the mock can end it."""
    await add(cloud, operation="CreateVolume", service="volume", effect="stuck", times=1)
    stuck, fine = await _volume(demo), await _volume(demo)
    assert [await _status(demo, stuck), await _status(demo, fine)] == ["creating", "available"]
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 3000})).ok()
    assert await _status(demo, stuck) == "creating"
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/complete")).ok()
    assert await _status(demo, stuck) == "available"


async def test_what_ends_in_error(cloud: Cloud, demo: User) -> None:
    """A volume that was accepted, and a server with the fault that the rule names."""
    await add(cloud, operation="CreateVolume", service="volume", effect="async_error", times=1)
    bad, fine = await _volume(demo), await _volume(demo)
    assert [await _status(demo, bad), await _status(demo, fine)] == ["error", "available"]
    why = "No valid host was found. There are not enough hosts available."
    await add(cloud, operation="CreateServer", effect="async_error", message=why)
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    server = {"name": "s", "flavorRef": "42", "imageRef": image, "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.37"}
    made = (await demo.post("compute", "/v2.1/servers", {"server": server}, headers=headers)).ok(202)["server"]["id"]
    shown = (await demo.get("compute", f"/v2.1/servers/{made}")).ok()["server"]
    assert (shown["status"], shown["fault"]["code"], shown["fault"]["message"]) == ("ERROR", 500, why)


async def test_a_service_that_another_one_cannot_reach(cloud: Cloud, demo: User) -> None:
    """Nova's boot fails for want of Neutron, which clients reach."""
    network = (await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"}
    (await demo.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    id = await add(cloud, from_service="compute", service="network", times=1, message="Neutron cannot be reached.")
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    body = {"server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network}]}}
    refused = await demo.post("compute", "/v2.1/servers", body)
    assert refused.refused(500)["computeFault"]["message"] == "Neutron cannot be reached."
    assert refused.headers[RULES] == id
    assert (await demo.get("compute", "/v2.1/servers")).ok()["servers"] == []
    (await demo.post("compute", "/v2.1/servers", body)).ok(202)
