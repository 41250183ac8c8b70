"""The journal of a cloud: what it has of its calls, what it never has, and what a test can say of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import pytest

from mopenstack.admin.v1 import journal_pb2, journal_pb2_grpc
from mopenstack.network.v2.core import networks_pb2, networks_pb2_grpc
from tests.conftest import Cloud, User

ADMIN = "_mopenstack"


class Journal:
    """The journal of a cloud over REST."""

    def __init__(self, cloud: Cloud) -> None:
        self.client = User(cloud.session, cloud.serving.url)
        self.path = f"/clouds/{cloud.name}/journal"

    async def set(self, **settings: Any) -> Any:
        return (await self.client.put(ADMIN, self.path, settings)).ok(200)["journal"]

    async def calls(self, query: str = "") -> list[Any]:
        found: list[Any] = (await self.client.get(ADMIN, f"{self.path}/calls?{query}")).ok(200)["calls"]
        return found

    async def call(self, id: int) -> Any:
        return (await self.client.get(ADMIN, f"{self.path}/calls/{id}")).ok(200)["call"]

    async def check(self, **assertion: Any) -> Any:
        return await self.client.post(ADMIN, f"{self.path}/assert", assertion)


@pytest.fixture
def journal(cloud: Cloud) -> Journal:
    return Journal(cloud)


async def _network(user: User, name: str) -> Any:
    body = {"network": {"name": name, "mtu": 1400}}
    return (await user.post("network", "/v2.0/networks", body)).ok(201)["network"]


async def test_calls_are_kept_without_bodies(cloud: Cloud, demo: User, journal: Journal) -> None:
    """Who asked for what, how it ended, how long it took; reads that are answered by what was kept are among them."""
    networks = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"]
    path = f"/v2.0/networks/{networks[0]['id']}"
    for _ in range(4):
        (await demo.get("network", path, headers={"User-Agent": "tester/1"})).ok(200)
    (await demo.get("network", "/v2.0/networks/nope")).refused(404)
    (await cloud.anonymous.get("compute", "/v2.1/servers")).refused(401)
    (await cloud.anonymous.get("volume", "/nothing")).refused(404)
    found = await journal.calls("limit=7")
    assert [(one["method"], one["status"]) for one in found] == [("GET", 200)] * 4 + [
        ("GET", 404),
        ("GET", 401),
        ("GET", 404),
    ]
    assert [one["operation"].rpartition(".")[2] for one in found] == ["GetNetwork"] * 5 + ["ListServers", ""]
    first = await journal.call(found[0]["id"])
    assert first["project_name"] == first["user_name"] == "demo"
    assert first["project_id"] == demo.project_id
    assert first["path"].endswith(path)
    assert first["agent"] == "tester/1"
    assert first["remote"] == "127.0.0.1"
    assert first["answer_bytes"] > 100
    assert first["milliseconds"] > 0
    assert first["request_headers"] == {}
    assert "answer" not in first
    assert len({one["request_id"] for one in found}) == 7
    assert [one["id"] for one in found] == sorted({one["id"] for one in found})
    assert [one["user_name"] for one in found] == ["demo"] * 5 + ["", ""]


async def test_bodies_and_fields(demo: User, journal: Journal) -> None:
    """Documents and headers of both sides; what the client sent and nothing read; what no published schema has."""
    assert (await journal.set(mode="bodies"))["mode"] == "bodies"
    made = await _network(demo, "journaled")
    found = await journal.call((await journal.calls("operation=CreateNetwork"))[-1]["id"])
    assert found["request"] == {"network": {"name": "journaled", "mtu": 1400}}
    assert found["answer"]["network"]["id"] == made["id"]
    assert found["unread_fields"] == []
    (await demo.put("network", f"/v2.0/networks/{made['id']}", {"network": {"name": "n", "zz": 1}})).refused(400)
    assert (await journal.calls())[-1]["unread_fields"] == ["network.zz"]
    assert found["request_headers"]["X-Auth-Token"] == "<redacted>"
    assert found["answer_headers"]["Content-Type"].startswith("application/json")
    for _ in range(3):
        (await demo.get("network", f"/v2.0/networks/{made['id']}")).ok(200)
    kept = await journal.call((await journal.calls("operation=GetNetwork"))[-1]["id"])
    assert kept["answer"]["network"]["name"] == "journaled"
    (await demo.get("compute", "/v2.1/flavors/42")).ok(200)
    flavor = await journal.call((await journal.calls("operation=GetFlavor"))[-1]["id"])
    assert flavor["unknown_fields"] == []


async def test_secrets_are_blanked(cloud: Cloud, demo: User, journal: Journal) -> None:
    """Neither passwords, tokens, payloads nor keys are in anything that the journal shows."""
    await journal.set(mode="bodies")
    user = await cloud.user("demo")
    secret = {"payload": "hush-payload", "payload_content_type": "text/plain", "name": "s"}
    (await user.post("key-manager", "/v1/secrets", secret)).ok(201)
    credential = {"user_id": user.user_id, "type": "ec2", "blob": json.dumps({"access": "a", "secret": "hush-blob"})}
    await user.post("identity", "/v3/credentials", {"credential": credential})
    server = {"name": "x", "flavorRef": "42", "imageRef": "none", "adminPass": "hush-pass", "user_data": "aHVzaA=="}
    await user.post("compute", "/v2.1/servers", {"server": server})
    await user.get("object-store", "/v1/AUTH_x/c/o?temp_url_sig=hush-sig&temp_url_expires=1")
    change = {"user": {"password": "hush-new", "original_password": "hush-old"}}
    await user.post("identity", f"/v3/users/{user.user_id}/password", change)
    keypair = await user.post("compute", "/v2.1/os-keypairs", {"keypair": {"name": "k"}})
    assert "PRIVATE KEY" in keypair.ok(200)["keypair"]["private_key"]
    whole = [await journal.call(one["id"]) for one in await journal.calls()]
    har = await journal.client.get(ADMIN, f"{journal.path}/export")
    curl = await journal.client.get(ADMIN, f"{journal.path}/export?format=curl")
    for text in (json.dumps(whole), har.content.decode(), curl.content.decode()):
        assert "/v3/users/" in text
        for hidden in ("hush", "aHVzaA", user.token, demo.token, "PRIVATE KEY", '"password": "secret"'):
            assert hidden not in text, text[max(text.find(hidden) - 300, 0) :][:400]


async def test_filters(demo: User, admin: User, journal: Journal) -> None:
    """Each lets through what it says; what makes no sense is refused in words."""
    await journal.set(mode="bodies")
    for name in ("one", "two"):
        await _network(demo, name)
    await _network(admin, "one")
    (await demo.get("network", "/v2.0/networks/nope")).refused(404)
    for query, count in {
        "operation=CreateNetwork": 3,
        "operation=mopenstack.network.v2.Networks.CreateNetwork": 3,
        "operation=mopenstack.network.v2.Networks&status=404": 1,
        "operation=mopenstack.network.v2.Networks&status=4xx": 1,
        "operation=mopenstack.network.v2.Networks&status=200-299": 3,
        "operation=CreateNetwork&project=demo": 2,
        f"operation=CreateNetwork&project={demo.project_id}": 2,
        "operation=CreateNetwork&user=admin": 1,
        "operation=CreateNetwork&where=network.name=one": 2,
        "operation=CreateNetwork&where=network.name=one&project=demo": 1,
        "operation=CreateNetwork&where=network.name=one&where=network.mtu=1400": 2,
        "operation=CreateNetwork&where=network.mtu=1500": 0,
        "path=/nope": 1,
        "operation=CreateNetwork&method=get": 0,
        "operation=CreateNetwork&since=1h": 3,
        "operation=CreateNetwork&since=9999-01-01T00:00:00Z": 0,
        "operation=CreateNetwork&limit=1": 3,
    }.items():
        listed = (await journal.client.get(ADMIN, f"{journal.path}/calls?{query}")).ok(200)
        assert listed["total"] == count, query
        assert len(listed["calls"]) == min(count, 1 if "limit" in query else 99)
    last = (await journal.calls())[-1]["id"]
    assert await journal.calls(f"after={last}") == []
    for query, text in {
        "operation=CreateTeapot": "'CreateTeapot' is no operation",
        "status=teapot": "is no status",
        "since=yesterday": "is no time",
        "where=name": "is no condition",
        "limit=5000": "5000",
        "statuss=404": "statuss",
    }.items():
        (await journal.client.get(ADMIN, f"{journal.path}/calls?{query}")).refused(400, text)
    await journal.set(mode="calls")
    refused = await journal.client.get(ADMIN, f"{journal.path}/calls?where=network.name=one")
    refused.refused(400, "keeps bodies")
    (await journal.client.get(ADMIN, f"{journal.path}/calls/{last + 1000}")).refused(404, "There is no call")
    (await journal.client.get(ADMIN, f"{journal.path}/calls/zz")).refused(404, "There is no call")


async def test_assertions(cloud: Cloud, demo: User, journal: Journal) -> None:
    """Over REST and gRPC: what holds is counted; what does not is refused, and says what was there instead."""
    await journal.set(mode="bodies")
    await _network(demo, "web")
    await _network(demo, "db")
    named = {"operation": "CreateNetwork", "where": ["network.name=web"]}
    assert (await journal.check(**named, exactly=1)).ok(200) == {"count": 1}
    assert (await journal.check(operation="CreateNetwork", at_least=1, at_most=2)).ok(200) == {"count": 2}
    assert (await journal.check(status="5xx", exactly=0)).ok(200) == {"count": 0}
    said = (await journal.check(**named, exactly=2)).refused(409)["detail"]
    assert said.startswith("Expected exactly 2 CreateNetwork with network.name=web; there are 1.\n")
    assert said.endswith("201 CreateNetwork")
    (await journal.check(operation="CreateNetwork", at_most=1)).refused(409, "at most 1")
    (await journal.check(**named)).refused(400, "exactly")
    (await journal.check(operation="CreateNetwrok", exactly=0)).refused(400, "no operation")
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        stub = journal_pb2_grpc.JournalStub(channel)
        where = ["network.name=web"]
        request = journal_pb2.AssertCallsRequest(cloud=cloud.name, operation="CreateNetwork", where=where, exactly=1)
        assert (await stub.AssertCalls(request)).count == 1
        request.exactly = 0
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.AssertCalls(request)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        listed = await stub.ListCalls(journal_pb2.ListCallsRequest(cloud=cloud.name, operation="CreateNetwork"))
        assert [one.status for one in listed.calls] == [201, 201]
    await journal.set(mode="off")
    (await journal.check(operation="CreateNetwork", exactly=0)).refused(400, "is off")


async def test_calls_over_grpc(cloud: Cloud, demo: User, journal: Journal) -> None:
    """They are among the others, with the status of gRPC; those of the admin service are not."""
    await journal.set(mode="bodies")
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        stub = networks_pb2_grpc.NetworksStub(channel)
        metadata = (("x-auth-token", demo.token), ("x-mopenstack-cloud", cloud.name))
        create = networks_pb2.CreateNetworkRequest()
        create.network.name = "by-grpc"
        await stub.CreateNetwork(create, metadata=metadata)
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.GetNetwork(networks_pb2.GetNetworkRequest(network_id="nope"), metadata=metadata)
    made, missed = (await journal.calls())[-2:]
    assert (made["method"], made["status"], made["code"]) == ("", 0, "OK")
    assert made["path"] == "/mopenstack.network.v2.Networks/CreateNetwork"
    assert made["project_name"] == "demo"
    assert (await journal.call(made["id"]))["request"] == {"network": {"name": "by-grpc"}}
    assert missed["code"] == "NOT_FOUND"
    assert len(await journal.calls("status=NOT_FOUND")) == 1


async def test_bounds(demo: User, journal: Journal) -> None:
    """Not more calls, and not more bytes, than the settings say: the oldest go. Off keeps nothing more."""
    await journal.set(mode="bodies", calls_max=5)
    for number in range(8):
        (await demo.get("network", f"/v2.0/networks/{number}")).refused(404)
    state = (await journal.client.get(ADMIN, journal.path)).ok()["journal"]
    assert state["calls"] == 5
    assert [one["path"][-1] for one in await journal.calls()] == ["3", "4", "5", "6", "7"]
    await journal.set(calls_max=1000, bytes_max=65536)
    for _ in range(40):
        (await demo.get("compute", "/v2.1/flavors/detail")).ok(200)
    state = (await journal.client.get(ADMIN, journal.path)).ok()["journal"]
    assert 1 < state["calls"] < 40
    assert state["bytes"] <= 65536
    await journal.set(mode="off")
    (await demo.get("compute", "/v2.1/flavors/detail")).ok(200)
    assert (await journal.calls())[-1]["id"] == state["last"]
    (await journal.client.delete(ADMIN, f"{journal.path}/calls")).ok(204)
    assert await journal.calls() == []
    (await journal.client.put(ADMIN, journal.path, {"mode": "loud"})).refused(400, "loud")
    (await journal.client.put(ADMIN, journal.path, {"calls_max": 0})).refused(400)


async def test_a_large_document_is_not_kept(demo: User, journal: Journal) -> None:
    """Of more than 64 KiB: the call is there and says so."""
    await journal.set(mode="bodies")
    large = {"network": {"name": "x", "description": "y" * 70_000}}
    await demo.post("network", "/v2.0/networks", large)
    found = await journal.call((await journal.calls())[-1]["id"])
    assert found["cut"] is True
    assert "request" not in found
    assert found["request_bytes"] > 70_000


async def test_following(cloud: Cloud, demo: User, journal: Journal) -> None:
    """Server-sent events: each call that the filter lets through, when it is answered; from an id on, those before."""
    await journal.set(mode="bodies")
    url = f"{cloud.serving.url}/{ADMIN}{journal.path}/follow"
    async with cloud.session.get(f"{url}?operation=CreateNetwork") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert await stream.content.readline() == b": calls\n"
        await _network(demo, "followed")
        (await demo.get("network", "/v2.0/networks")).ok(200)
        await _network(demo, "again")
        names: list[str] = []
        async with asyncio.timeout(30):
            while len(names) < 2:
                text = (await stream.content.readline()).decode()
                if text.startswith("id: "):
                    number = int(text[4:])
                if text.startswith("data: "):
                    event = json.loads(text[6:])
                    assert event["id"] == number
                    names.append(event["request"]["network"]["name"])
    assert names == ["followed", "again"]
    async with cloud.session.get(url, headers={"Last-Event-ID": str(number - 1)}) as stream, asyncio.timeout(30):
        lines = [await stream.content.readline() for _ in range(4)]
    assert lines[2] == f"id: {number}\n".encode()
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel, asyncio.timeout(30):
        request = journal_pb2.FollowCallsRequest(cloud=cloud.name, after=number - 1)
        texts: Any = journal_pb2_grpc.JournalStub(channel).FollowCalls(request)
        chunks = [(await texts.read()).data for _ in range(2)]
        assert chunks[1].startswith(f"id: {number}\n".encode())
        texts.cancel()
    await journal.set(mode="off")
    (await journal.client.get(ADMIN, f"{journal.path}/follow")).refused(409, "is off")


async def test_a_journal_outlives_a_reset(cloud: Cloud, demo: User, journal: Journal) -> None:
    """Its settings do; its calls are those since the reset. A client that follows it goes on."""
    await journal.set(mode="bodies", calls_max=77)
    async with cloud.session.get(f"{cloud.serving.url}/{ADMIN}{journal.path}/follow") as stream:
        await stream.content.readline()
        (await journal.client.post(ADMIN, f"/clouds/{cloud.name}/reset")).ok(200)
        state = (await journal.client.get(ADMIN, journal.path)).ok()["journal"]
        assert (state["mode"], state["calls_max"], state["calls"]) == ("bodies", 77, 0)
        (await demo.get("network", "/v2.0/networks")).refused(401)
        async with asyncio.timeout(30):
            while not (text := (await stream.content.readline()).decode()).startswith("data: "):
                pass
    assert json.loads(text[6:])["status"] == 401


async def test_one_cloud_never_sees_another(cloud: Cloud, demo: User, journal: Journal) -> None:
    await _network(demo, "mine")
    other = User(cloud.session, cloud.serving.url)
    (await other.post(ADMIN, "/clouds", {"name": "journal-other"})).ok(201)
    try:
        calls = (await other.get(ADMIN, "/clouds/journal-other/journal/calls")).ok()["calls"]
        assert calls == []
    finally:
        await other.delete(ADMIN, "/clouds/journal-other")
    (await other.get(ADMIN, "/clouds/journal-other/journal/calls")).refused(404, "no cloud named")
