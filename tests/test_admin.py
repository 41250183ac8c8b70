"""The admin service: what tests do to a cloud from outside of it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from mopenstack.admin.v1 import admin_pb2, admin_pb2_grpc
from tests.conftest import Cloud, User

ADMIN = "_mopenstack"


async def _boot(user: User) -> str:
    images = (await user.get("image", "/v2/images")).ok()["images"]
    server = {"name": "s", "flavorRef": "42", "imageRef": images[0]["id"], "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.37"}
    id: str = (await user.post("compute", "/v2.1/servers", {"server": server}, headers=headers)).ok(202)["server"]["id"]
    return id


async def _status(user: User, id: str) -> Any:
    return (await user.get("compute", f"/v2.1/servers/{id}")).ok()["server"]["status"]


async def test_a_forced_state_is_seen(cloud: Cloud, demo: User) -> None:
    """A server put into ERROR over gRPC is in ERROR for everybody; an unknown state or id is refused in words."""
    id = await _boot(demo)
    assert await _status(demo, id) == "ACTIVE"
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        request = admin_pb2.ForceStateRequest(cloud=cloud.name, kind="server", id=id, state="error")
        await admin_pb2_grpc.AdminStub(channel).ForceState(request)
    assert await _status(demo, id) == "ERROR"
    state = f"/clouds/{cloud.name}/resources/server"
    (await demo.put(ADMIN, f"{state}/{id}/state", {"state": "sideways"})).refused(400, "sideways")
    (await demo.put(ADMIN, f"{state}/nope/state", {"state": "error"})).refused(404, "There is no server nope.")


async def test_the_manual_profile_waits(cloud: Cloud, demo: User) -> None:
    """Nothing completes by itself; `complete` completes all, and the realistic profile follows the cloud's clock."""
    (await demo.put(ADMIN, f"/clouds/{cloud.name}/profile", {"profile": "manual"})).ok(200)
    id = await _boot(demo)
    assert [await _status(demo, id), await _status(demo, id)] == ["BUILD", "BUILD"]
    assert (await demo.post(ADMIN, f"/clouds/{cloud.name}/complete")).ok(200)["completed"] >= 1
    assert await _status(demo, id) == "ACTIVE"
    (await demo.put(ADMIN, f"/clouds/{cloud.name}/profile", {"profile": "realistic"})).ok(200)
    id = await _boot(demo)
    assert await _status(demo, id) == "BUILD"
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 600})).ok(200)
    assert await _status(demo, id) == "ACTIVE"


@pytest.mark.parametrize("seconds", [1e12, -1e12, 1e300])
async def test_a_clock_shows_what_services_can_write(seconds: float, cloud: Cloud, demo: User) -> None:
    """A clock does not leave the years of four digits, at once or at any rate; it can be read and set afterwards."""
    path = f"/clouds/{cloud.name}/clock"
    before = (await demo.post(ADMIN, f"{path}/advance", {"seconds": 0})).ok()["cloud"]["time"]
    (await demo.post(ADMIN, f"{path}/advance", {"seconds": seconds})).refused(400, "between 1970 and 9999")
    assert (await demo.post(ADMIN, f"{path}/advance", {"seconds": 0})).ok()["cloud"]["time"][:15] == before[:15]
    (await demo.put(ADMIN, path, {"time": "9987-01-01T00:00:00Z", "rate": 1_000_000})).ok()
    (await demo.post("network", "/v2.0/networks", {"network": {"name": "late"}})).refused(401)
    late = await cloud.user("demo")
    (await late.post("network", "/v2.0/networks", {"network": {"name": "late"}})).ok(201)


async def test_a_reset_cloud_is_as_new(cloud: Cloud, demo: User) -> None:
    """What was made is gone, and tokens from before do not work."""
    (await demo.post("network", "/v2.0/networks", {"network": {"name": "gone"}})).ok(201)
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/reset")).ok(200)
    (await demo.get("network", "/v2.0/networks")).refused(401)
    again = await cloud.user("demo")
    assert (await again.get("network", "/v2.0/networks?name=gone")).ok()["networks"] == []


async def test_bad_requests(cloud: Cloud, demo: User) -> None:
    """Names, unknown clouds and unknown keys are refused in words, without a token being asked for."""
    anonymous = cloud.anonymous
    (await anonymous.post(ADMIN, "/clouds", {"name": "No Good"})).refused(400, "cannot name a cloud")
    (await anonymous.post(ADMIN, "/clouds", {"name": cloud.name})).refused(409, "already")
    (await anonymous.post(ADMIN, "/clouds", {"name": "x", "what": 1})).refused(400, "what")
    (await anonymous.delete(ADMIN, "/clouds/nobody")).refused(404, "There is no cloud named nobody.")
    (await anonymous.get(ADMIN, "/nothing")).refused(404)


async def test_options_of_a_cloud(cloud: Cloud, admin: User) -> None:
    """What operators choose is chosen for each cloud; an unknown option or value is refused in words."""
    known = (await admin.get(ADMIN, "/options")).ok()["options"]
    assert "image.require_image_format_match" in [one["name"] for one in known]
    anonymous = User(cloud.session, cloud.serving.url)
    made = await anonymous.post(ADMIN, "/clouds", {"name": "opted", "options": {"image.web_download": "stand-in"}})
    assert made.ok(201)["cloud"]["options"] == {"image.web_download": "stand-in"}
    try:
        change = {"options": {"image.require_image_format_match": "false"}}
        both = (await anonymous.put(ADMIN, "/clouds/opted/options", change)).ok()["cloud"]["options"]
        assert both == {"image.web_download": "stand-in", "image.require_image_format_match": "false"}
        for wrong, said in (
            ({"image.zz": "1"}, "There is no option 'image.zz'"),
            ({"image.web_download": "zz"}, "it is one of fetch, stand-in"),
        ):
            (await anonymous.put(ADMIN, "/clouds/opted/options", {"options": wrong})).refused(400, said)
        kept = (await anonymous.post(ADMIN, "/clouds/opted/reset")).ok()["cloud"]["options"]
        assert kept == both
    finally:
        await anonymous.delete(ADMIN, "/clouds/opted")
