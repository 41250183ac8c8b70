"""Two workers on one PostgreSQL: clients cannot tell which of them answers, whatever becomes of one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from typing import Any

import aiohttp
import asyncpg
import grpc
import pytest

from mopenstack.admin.v1 import admin_pb2, admin_pb2_grpc
from mopenstack.cli.state import exists
from tests.client import User, sign_in
from tests.processes import command
from tests.workers.conftest import Group

CLIENTS, ROUNDS = 8, 125
"""Of the test of what was read: a thousand writes, each read by both workers in three ways."""


async def test_no_worker_gives_an_answer_older_than_a_write(group: Group) -> None:
    """Eight clients write by one worker and then the other, and read each write at once by both."""
    ways = [list((await group.of_each_worker()).values()) for _ in range(CLIENTS)]
    stale: list[str] = []
    await asyncio.gather(*(_write_and_read(number, users, stale) for number, users in enumerate(ways)))
    assert stale == []


async def _write_and_read(number: int, users: list[User], stale: list[str]) -> None:
    made = (await users[0].post("network", "/v2.0/networks", {"network": {"name": "first"}})).ok(201)
    path, tag = f"/v2.0/networks/{made['network']['id']}", f"client-{number}"
    for turn in range(ROUNDS):
        name, writer = f"{tag}-{turn}", users[turn % len(users)]
        (await writer.put("network", path, {"network": {"name": name}})).ok(200)
        for user in users:
            shown = (await user.get("network", path)).ok()["network"]["name"]
            listed = (await user.get("network", f"/v2.0/networks?id={made['network']['id']}")).ok()["networks"]
            named = (await user.get("network", f"/v2.0/networks?name={name}")).ok()["networks"]
            if shown != name or [one["name"] for one in listed] != [name] or len(named) != 1:
                stale.append(f"{name}: {shown}, {[one['name'] for one in listed]}, {len(named)}")
    (await users[0].delete("network", path)).ok(204)
    for user in users:
        (await user.get("network", path)).refused(404)


async def test_a_server_is_the_same_by_every_worker(group: Group) -> None:
    """What several services make of a call, and what becomes of it later."""
    first, second = (await group.of_each_worker()).values()
    image = (await second.get("image", "/v2/images")).ok()["images"][0]["id"]
    network = (await second.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    body = {"name": "one", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network}]}
    made = [(await first.post("compute", "/v2.1/servers", {"server": body})).ok(202)["server"]["id"] for _ in range(4)]
    for id in made:
        shown = (await second.get("compute", f"/v2.1/servers/{id}")).ok()["server"]
        assert shown["status"] == "ACTIVE"
        assert shown["addresses"]
    ports = (await second.get("network", f"/v2.0/ports?network_id={network}")).ok()["ports"]
    addresses = Counter(ip["ip_address"] for port in ports for ip in port["fixed_ips"])
    assert max(addresses.values()) == 1
    assert {port["device_id"] for port in ports} >= set(made)
    for user, id in zip((first, second) * 2, made, strict=True):
        (await user.delete("compute", f"/v2.1/servers/{id}")).ok(204)
    for user in (first, second):
        assert (await user.get("compute", "/v2.1/servers")).ok()["servers"] == []
        (await user.get("compute", f"/v2.1/servers/{made[0]}")).refused(404)


async def test_a_key_that_is_taken_is_taken_by_every_worker(group: Group) -> None:
    """Fifty clients at once want the same names: each goes to one of them."""
    users = list((await group.of_each_worker()).values())

    async def make(number: int) -> int:
        body = {"keypair": {"name": f"key-{number % 10}"}}
        return (await users[number % 2].post("compute", "/v2.1/os-keypairs", body)).status

    assert Counter(await asyncio.gather(*map(make, range(50)))) == {200: 10, 409: 40}
    for number in range(10):
        (await users[number % 2].delete("compute", f"/v2.1/os-keypairs/key-{number}")).ok(202)


async def test_the_admin_face_of_one_holds_for_all(group: Group) -> None:
    """Clouds, their clocks, faults, options and snapshots."""
    first, second = (await group.of_each_worker()).values()
    (await first.post("_mopenstack", "/clouds", {"name": "other"})).ok(201)
    there = await sign_in(second.session, f"{group.url}/cloud/other", "demo")
    path = "/v2.0/networks"
    for _ in range(3):
        before = (await there.get("network", path)).ok()
    fault = {"service": "network", "operation": "ListNetworks", "times": 1, "status": 503}
    (await first.post("_mopenstack", "/clouds/other/faults", {"fault": fault})).ok(201)
    (await there.get("network", path)).refused(503)
    assert (await there.get("network", path)).ok() == before
    (await first.post("_mopenstack", "/clouds/other/clock/advance", {"seconds": 90_000})).ok()
    (await there.get("network", path)).refused(401)
    (await first.post("_mopenstack", "/clouds/other/reset")).ok()
    again = await sign_in(second.session, f"{group.url}/cloud/other", "demo")
    (await again.get("network", path)).ok()
    (await first.delete("_mopenstack", "/clouds/other")).ok()
    (await again.get("network", path)).refused(404)


async def test_a_worker_that_is_killed(group: Group) -> None:
    """What was acknowledged is there, what was not is whole or not there; another worker takes its place."""
    users = await group.of_each_worker("admin")
    (killed, victim), (_, survivor) = users.items()
    acknowledged: list[str] = []
    over, enough = asyncio.Event(), asyncio.Event()

    async def write(user: User, number: int) -> None:
        while not over.is_set():
            name = f"killed-{number}-{len(acknowledged)}"
            try:
                reply = await user.post("network", "/v2.0/networks", {"network": {"name": name}})
            except aiohttp.ClientError:
                return
            reply.ok(201)
            acknowledged.append(name)
            if len(acknowledged) == 50:
                enough.set()

    quota = {"quota": {"network": -1}}
    (await survivor.put("network", f"/v2.0/quotas/{survivor.project_id}", quota)).ok()
    writers = [asyncio.create_task(write(victim, number)) for number in range(4)]
    await enough.wait()
    os.kill(killed, signal.SIGKILL)
    over.set()
    await asyncio.gather(*writers)
    reply = await survivor.get("network", "/v2.0/networks?fields=name")
    there = {network["name"] for network in reply.ok()["networks"]}
    assert there.issuperset(acknowledged)
    (await survivor.post("network", "/v2.0/networks", {"network": {"name": "after"}})).ok(201)
    status = await _status(group, lambda now: killed not in now["workers"] and len(now["workers"]) == 2)
    assert status["pid"] == group.status["pid"]
    group.status = status
    for user in (await group.of_each_worker("admin")).values():
        there = {one["name"] for one in (await user.get("network", "/v2.0/networks?fields=name")).ok()["networks"]}
        assert there.issuperset([*acknowledged, "after"])


async def _status(group: Group, wanted: Any) -> dict[str, Any]:
    """What `mopenstack status` says, as soon as it is as wanted."""
    async with asyncio.timeout(60):
        while True:
            done = await asyncio.to_thread(command, "status", "--json", state=group.state, check=False)
            if done.returncode == 0 and wanted(found := json.loads(done.stdout)):
                return dict(found)


async def test_the_database_is_the_group_s_alone(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own is told why it may not use it, and so is another group; neither does any harm."""
    monkeypatch.setenv("MOPENSTACK_STORE", group.store)
    state = group.state / "another"
    for more in ((), ("--workers", "2")):
        refused = await asyncio.to_thread(command, "up", "--port", "0", *more, state=state, check=False)
        assert refused.returncode == 1
        assert "This database is served by another `mopenstack up --workers`" in refused.stderr
    for user in (await group.of_each_worker()).values():
        (await user.get("network", "/v2.0/networks")).ok()


async def test_status_tells_of_the_workers(group: Group) -> None:
    told = await asyncio.to_thread(command, "status", "--json", state=group.state)
    status = json.loads(told.stdout)
    assert len(status["workers"]) == 2
    assert status["pid"] not in status["workers"]
    assert status["rss_bytes"] > 2 * 40e6


async def test_grpc_is_at_one_port(group: Group) -> None:
    async with grpc.aio.insecure_channel(group.status["grpc"]) as channel:
        status = await admin_pb2_grpc.AdminStub(channel).GetStatus(admin_pb2.GetStatusRequest())
    assert status.pid in group.status["workers"]


async def test_an_end_leaves_nothing_behind(group: Group) -> None:
    """The last of this file: workers, connections and the claim to the database end with `mopenstack stop`."""
    await asyncio.to_thread(command, "stop", state=group.state)
    assert not any(exists(pid) for pid in (group.status["pid"], *group.status["workers"]))
    assert not (group.state / "mopenstack" / "cloud.json").exists()
    connection = await asyncpg.connect(group.store)
    left = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ 'mopenstack'"
    )
    assert await connection.fetchval(left) == 0
    await connection.close()
