"""An answer that is asked for again is the one that would be made now."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import make_mocked_request

from mopenstack.gateway.dialects.answer import Answer
from mopenstack.gateway.kept_answers import ComparedAnswers, KeptAnswers
from tests.client import User
from tests.conftest import Cloud

ADMIN = "_mopenstack"


async def thrice(user: User, api: str, path: str) -> dict[str, object]:
    """Ask so often that the answer is kept; the last one."""
    answers = [(await user.get(api, path)).ok(200) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    found: dict[str, object] = answers[2]
    return found


async def boot(cloud: Cloud, user: User) -> str:
    network = (await user.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    image = (await user.get("image", "/v2/images")).ok()["images"][0]["id"]
    server = {"name": "kept", "flavorRef": "1", "imageRef": image, "networks": [{"uuid": network}]}
    return str((await user.post("compute", "/v2.1/servers", {"server": server})).ok(202)["server"]["id"])


async def test_what_is_written_is_read(cloud: Cloud, demo: User) -> None:
    id = await boot(cloud, demo)
    path = f"/v2.1/servers/{id}"
    await thrice(demo, "compute", path)
    await thrice(demo, "compute", "/v2.1/servers/detail")
    (await demo.put("compute", path, {"server": {"name": "renamed"}})).ok(200)
    assert (await thrice(demo, "compute", path))["server"]["name"] == "renamed"  # type: ignore[index]
    listed = await thrice(demo, "compute", "/v2.1/servers/detail")
    assert [server["name"] for server in listed["servers"]] == ["renamed"]  # type: ignore[attr-defined]
    # What another service changes: the addresses are those of ports.
    port = (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"][0]["id"]
    (await demo.delete("compute", f"{path}/os-interface/{port}")).ok(202)
    assert (await thrice(demo, "compute", path))["server"]["addresses"] == {}  # type: ignore[index]
    (await demo.delete("compute", path)).ok(204)
    (await demo.get("compute", path)).refused(404)
    assert (await thrice(demo, "compute", "/v2.1/servers/detail"))["servers"] == []


async def test_counts_are_those_of_now(cloud: Cloud, demo: User) -> None:
    for number in range(3):
        limits = await thrice(demo, "compute", "/v2.1/limits")
        assert limits["limits"]["absolute"]["totalInstancesUsed"] == number  # type: ignore[index]
        await boot(cloud, demo)


async def test_a_token_that_ends_ends_its_answers(cloud: Cloud, demo: User, admin: User) -> None:
    await thrice(demo, "network", "/v2.0/networks")
    (await demo.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": demo.token})).ok(204)
    (await demo.get("network", "/v2.0/networks")).refused(401)
    late = await cloud.user("demo")
    await thrice(late, "network", "/v2.0/networks")
    cloud.serving.engine.clouds[cloud.name].clock.advance(26 * 3600)
    (await late.get("network", "/v2.0/networks")).refused(401)


async def test_a_role_that_is_taken_away(cloud: Cloud, demo: User, admin: User) -> None:
    reader = await cloud.user("demo")
    await thrice(reader, "compute", "/v2.1/servers")
    me = (await reader.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": reader.token})).ok()["token"]
    change = {"user": {"enabled": False}}
    (await admin.patch("identity", f"/v3/users/{me['user']['id']}", change)).ok(200)
    (await reader.get("compute", "/v2.1/servers")).refused(401)


async def test_a_fault_strikes_what_is_kept(cloud: Cloud, demo: User) -> None:
    await thrice(demo, "volume", f"/v3/{demo.project_id}/volumes")
    fault = {"service": "volume", "operation": "ListVolumes", "times": 1, "status": 503, "message": "away"}
    (await demo.post(ADMIN, f"/clouds/{cloud.name}/faults", {"fault": fault})).ok(201)
    (await demo.get("volume", f"/v3/{demo.project_id}/volumes")).refused(503)
    await thrice(demo, "volume", f"/v3/{demo.project_id}/volumes")


async def test_an_option_changes_what_is_kept(cloud: Cloud, admin: User) -> None:
    await thrice(admin, "compute", "/v2.1/os-hypervisors")
    await thrice(admin, "network", "/v2.0/networks")
    await cloud.set_options(**{"network.filter_validation": "true"})
    (await admin.get("network", "/v2.0/networks?foo=bar")).refused(400)


async def test_each_caller_has_own_answers(cloud: Cloud, demo: User, admin: User) -> None:
    id = await boot(cloud, demo)
    for user, shows in ((demo, False), (admin, True), (demo, False)):
        server = (await thrice(user, "compute", f"/v2.1/servers/{id}"))["server"]
        assert ("OS-EXT-SRV-ATTR:host" in server) is shows  # type: ignore[operator]
    stranger = await cloud.user("alt_demo", "alt_demo")
    (await stranger.get("compute", f"/v2.1/servers/{id}")).refused(404)


async def test_what_comes_of_time_is_made_anew(cloud: Cloud, demo: User, admin: User) -> None:
    id = await boot(cloud, demo)
    path = f"/v2.1/servers/{id}/diagnostics"
    headers = {"X-OpenStack-Nova-API-Version": "2.48"}
    before = [(await admin.get("compute", path, headers=headers)).ok()["uptime"] for _ in range(3)][-1]
    cloud.serving.engine.clouds[cloud.name].clock.advance(100)
    assert (await admin.get("compute", path, headers=headers)).ok()["uptime"] >= before + 100


async def test_answers_are_kept(cloud: Cloud, demo: User) -> None:
    """What the other tests look at does happen where the store keeps them."""
    store = cloud.serving.engine.store
    await thrice(demo, "image", "/v2/images")
    assert (len(store.answers) > 0) is store.keeps


async def test_a_difference_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--check-kept` an answer that would have been given and is not the one made now is told, and not given."""
    told: list[str] = []
    stale, fresh = Answer.json(200, {"name": "old"}), Answer.json(200, {"name": "new"})
    written = [1]
    answers: Any = SimpleNamespace(commits=lambda cloud: written[0])
    compared = ComparedAnswers(answers, "", told.append)
    monkeypatch.setattr(KeptAnswers, "find", lambda *_: SimpleNamespace(answer=stale, versions={}))
    request = make_mocked_request("GET", "/compute/v2.1/servers/1")
    assert compared.find(request, "") is None
    compared.compare(request, fresh, {})
    assert len(told) == 1
    assert "GET /compute/v2.1/servers/1" in told[0]
    assert "another body" in told[0]
    compared.find(request, "")
    compared.compare(request, stale, {})
    assert told[1:] == [""]
    compared.find(request, "")
    written[0] += 1  # by work beside the calls, before the answer was made anew
    compared.compare(request, fresh, {})
    assert len(told) == 2


async def test_a_kept_answer_is_written_as_others(cloud: Cloud, demo: User) -> None:
    """Status, headers and body are those of the answer that was made; the id of the request is a new one."""
    id, place = await boot(cloud, demo), urlsplit(demo.url)
    for version, connection in (("1.1", ""), ("1.1", "Connection: close\r\n"), ("1.0", "")):
        ask = (
            f"GET {place.path}/compute/v2.1/servers/{id} HTTP/{version}\r\n"
            f"Host: {place.netloc}\r\nX-Auth-Token: {demo.token}\r\n{connection}\r\n"
        )
        answers = [await _answer(place.port or 0, ask.encode()) for _ in range(4)]
        ids = {answer[1].pop("x-openstack-request-id") for answer in answers}
        for answer in answers:
            ids.add(answer[1].pop("x-compute-request-id"))
            del answer[1]["date"]
        assert len(ids) == 4
        assert all(answer == answers[0] for answer in answers)
        assert answers[0][0] == f"HTTP/{version} 200 OK"
        assert json.loads(answers[0][2])["server"]["id"] == id


async def _answer(port: int, request: bytes) -> tuple[str, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    writer.close()
    return status, headers, body
