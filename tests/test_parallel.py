"""Fifty clients at once in one project: no quota is exceeded, no address, MAC or device name is given twice.

In one process on whatever store the run has, and on PostgreSQL with two core processes.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import grpc
import pytest
import pytest_asyncio

from mopenstack.admin.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    behaviours_pb2,
    behaviours_pb2_grpc,
    faults_pb2,
    faults_pb2_grpc,
)
from tests.client import Reply, User, sign_in
from tests.processes import server

CLIENTS = 50
LIMITS = {"instances": 20, "cores": 18, "ram": 1 << 20}
VOLUMES, PORTS, GIGABYTES = 15, 40, 12
FLAVOR = "42"  # one core


async def at_once(calls: int, make: Callable[[int], Awaitable[Reply]], refusals: set[int]) -> list[Any]:
    """The answers of the successes; every other answer is one of the refusals, never a 500."""
    replies = await asyncio.gather(*(make(number) for number in range(calls)))
    said = Counter(reply.status for reply in replies)
    assert set(said) <= {200, 201, 202} | refusals, [reply.body for reply in replies if reply.status >= 500][:3] or said
    return [reply.body for reply in replies if reply.status < 300]


async def set_limits(admin: User, project: str, ports: int = PORTS) -> None:
    (await admin.put("compute", f"/v2.1/os-quota-sets/{project}", {"quota_set": LIMITS})).ok()
    (await admin.put("network", f"/v2.0/quotas/{project}", {"quota": {"port": ports}})).ok()
    path = f"/v3/{admin.project_id}/os-quota-sets/{project}"
    (await admin.put("volume", path, {"quota_set": {"volumes": VOLUMES, "gigabytes": GIGABYTES}})).ok()


async def check(users: list[User], admin: User) -> None:
    """Create servers, ports and volumes as all users at once, attach them, and look at what came of it."""
    demo = users[0]
    turn = itertools.cycle(users)
    await set_limits(admin, demo.project_id)
    network = (await demo.post("network", "/v2.0/networks", {"network": {"name": "busy"}})).ok(201)["network"]["id"]
    subnet = {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"}}
    (await demo.post("network", "/v2.0/subnets", subnet)).ok(201)
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]

    async def one(number: int) -> Reply:
        user, kind = next(turn), number % 3
        if kind == 0:
            body: dict[str, Any] = {"name": f"s{number}", "flavorRef": FLAVOR, "imageRef": image}
            return await user.post("compute", "/v2.1/servers", {"server": body | {"networks": [{"uuid": network}]}})
        if kind == 1:
            return await user.post("network", "/v2.0/ports", {"port": {"network_id": network}})
        return await user.post("volume", f"/v3/{user.project_id}/volumes", {"volume": {"size": 1}})

    # Nova and Neutron refuse with 403 and 409, Cinder with 413.
    await at_once(3 * CLIENTS, one, {403, 409, 413})
    mine = (await demo.get("network", f"/v2.0/ports?project_id={demo.project_id}")).ok()["ports"]
    assert len(mine) == PORTS
    # Servers may have run out of ports; with enough of them they run out of cores.
    await set_limits(admin, demo.project_id, ports=-1)
    await at_once(CLIENTS, lambda number: one(3 * number), {403})
    servers = (await demo.get("compute", "/v2.1/servers/detail")).ok()["servers"]
    ports = (await demo.get("network", f"/v2.0/ports?network_id={network}")).ok()["ports"]
    volumes = (await demo.get("volume", f"/v3/{demo.project_id}/volumes/detail")).ok()["volumes"]
    assert len(servers) == min(LIMITS["instances"], LIMITS["cores"])
    assert len(volumes) == min(VOLUMES, GIGABYTES)
    assert Counter(item["status"] for item in volumes) == {"available": len(volumes)}
    addresses = [ip["ip_address"] for port in ports for ip in port["fixed_ips"]]
    assert len(addresses) == len(set(addresses)) == len(ports)
    assert len({port["mac_address"] for port in ports}) == len(ports)
    await check_counts(demo, admin, servers, volumes)
    await check_devices(users, next(item for item in servers if item["status"] == "ACTIVE")["id"], volumes)


async def check_counts(demo: User, admin: User, servers: list[Any], volumes: list[Any]) -> None:
    """What the services say is used is what there is; what the hypervisors have given away too."""
    limits = (await demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]
    assert (limits["totalInstancesUsed"], limits["totalCoresUsed"]) == (len(servers), len(servers))
    usage = (await demo.get("network", f"/v2.0/quotas/{demo.project_id}/details")).ok()["quota"]["port"]
    every = (await demo.get("network", f"/v2.0/ports?project_id={demo.project_id}")).ok()["ports"]
    assert usage["used"] == len(every)
    path = f"/v3/{admin.project_id}/os-quota-sets/{demo.project_id}?usage=true"
    used = (await admin.get("volume", path)).ok()["quota_set"]
    assert (used["volumes"]["in_use"], used["gigabytes"]["in_use"]) == (len(volumes), len(volumes))
    hypervisors = (await admin.get("compute", "/v2.1/os-hypervisors/detail")).ok()["hypervisors"]
    placed = [server for server in servers if server["status"] == "ACTIVE"]
    assert sum(item["vcpus_used"] for item in hypervisors) == sum(item["running_vms"] for item in hypervisors)
    assert sum(item["vcpus_used"] for item in hypervisors) == len(placed)


async def check_devices(users: list[User], server_id: str, volumes: list[Any]) -> None:
    """All volumes to one server at once: each has a device of its own."""
    turn = itertools.cycle(users)
    path = f"/v2.1/servers/{server_id}/os-volume_attachments"

    async def attach(number: int) -> Reply:
        return await next(turn).post("compute", path, {"volumeAttachment": {"volumeId": volumes[number]["id"]}})

    await at_once(len(volumes), attach, {400, 403, 409})
    attached = (await users[0].get("compute", path)).ok()["volumeAttachments"]
    devices = [item["device"] for item in attached]
    assert len(devices) == len(set(devices)) > 1


async def test_in_one_process(cloud: Any, demo: User, admin: User) -> None:
    await check([demo] * CLIENTS, admin)


async def test_two_cores_on_one_postgresql(two_cores: list[Cores]) -> None:
    connector = aiohttp.TCPConnector(limit=2 * CLIENTS)
    async with aiohttp.ClientSession(connector=connector) as session:
        users = [await sign_in(session, core.url, "demo", "demo") for core in two_cores]
        await check(users * (CLIENTS // 2), await sign_in(session, two_cores[1].url, "admin", "admin"))


async def test_settings_of_one_core_hold_in_the_other(two_cores: list[Cores]) -> None:
    """Clock, profile and faults are the cloud's: who sets them does not matter."""
    here, there = (grpc.aio.insecure_channel(core.address) for core in two_cores)
    async with aiohttp.ClientSession() as session, here, there:
        demo = await sign_in(session, two_cores[1].url, "alt_demo", "alt_demo")
        await ask(here, "AdvanceClock", admin_pb2.AdvanceClockRequest(seconds=86_400))
        (await demo.get("network", "/v2.0/networks")).refused(401)  # the token is a day old
        await ask(there, "AdvanceClock", admin_pb2.AdvanceClockRequest(seconds=-86_400))
        network = (await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]
        await ask(here, "SetProfile", admin_pb2.SetProfileRequest(profile="manual"))
        body = {"volume": {"size": 1}}
        volume = (await demo.post("volume", f"/v3/{demo.project_id}/volumes", body)).ok(202)["volume"]
        assert volume["status"] == "creating"
        path = f"/v3/{demo.project_id}/volumes/{volume['id']}"
        assert (await demo.get("volume", path)).ok()["volume"]["status"] == "creating"
        await ask(here, "SetProfile", admin_pb2.SetProfileRequest(profile="instant"))
        await ask(here, "CompleteTransitions", admin_pb2.CloudRequest())
        assert (await demo.get("volume", path)).ok()["volume"]["status"] == "available"
        first = faults_pb2.Fault(operation="ListSubnets", status=503)
        await faults_pb2_grpc.FaultsStub(here).AddFault(faults_pb2.AddFaultRequest(fault=first))
        (await demo.get("network", "/v2.0/subnets")).refused(503)
        fault = faults_pb2.Fault(operation="GetNetwork", times=2, message="as asked")
        added = await faults_pb2_grpc.FaultsStub(here).AddFault(faults_pb2.AddFaultRequest(fault=fault))
        other = await sign_in(session, two_cores[0].url, "alt_demo", "alt_demo")
        for user in (demo, other):  # one call of each core uses the two up
            (await user.get("network", f"/v2.0/networks/{network['id']}")).refused(500, "as asked")
        for user in (demo, other):
            (await user.get("network", f"/v2.0/networks/{network['id']}")).ok()
        for channel in (here, there):
            asked = faults_pb2.FaultRequest(fault_id=added.fault.id)
            shown = (await faults_pb2_grpc.FaultsStub(channel).GetFault(asked)).fault
            assert (shown.hits, shown.ended) == (2, True)
        await faults_pb2_grpc.FaultsStub(there).RemoveFaults(faults_pb2.ListFaultsRequest())
        (await other.get("network", "/v2.0/subnets")).ok()


async def test_behaviours_of_one_core_hold_in_the_other(two_cores: list[Cores]) -> None:
    """A rule decides in every core, as often as it says in all; reads count wherever they are made."""
    here, there = (grpc.aio.insecure_channel(core.address) for core in two_cores)
    async with aiohttp.ClientSession() as session, here, there:
        users = [await sign_in(session, core.url, "alt_demo", "alt_demo") for core in two_cores]
        rule = behaviours_pb2.Behaviour(kind="volume", transition="create", reads=2, times=1)
        request = behaviours_pb2.AddBehaviourRequest(behaviour=rule)
        id = (await behaviours_pb2_grpc.BehavioursStub(here).AddBehaviour(request)).behaviour.id
        path = f"/v3/{users[1].project_id}/volumes"
        made = [
            (await users[1].post("volume", path, {"volume": {"size": 1}})).ok(202)["volume"]["id"] for _ in range(2)
        ]
        seen = [(await user.get("volume", f"{path}/{made[0]}")).ok()["volume"]["status"] for user in [*users, users[0]]]
        assert seen == ["creating", "creating", "available"]
        assert (await users[0].get("volume", f"{path}/{made[1]}")).ok()["volume"]["status"] == "available"
        shown = behaviours_pb2.BehaviourRequest(behaviour_id=id)
        assert (await behaviours_pb2_grpc.BehavioursStub(there).GetBehaviour(shown)).behaviour.hits == 1
        await behaviours_pb2_grpc.BehavioursStub(there).RemoveBehaviour(shown)


async def ask(channel: grpc.aio.Channel, method: str, request: Any) -> None:
    """One call of the admin service."""
    await getattr(admin_pb2_grpc.AdminStub(channel), method)(request)


@dataclass(frozen=True, slots=True)
class Cores:
    """A gateway's URL, and the address of the core behind it."""

    url: str
    address: str


@pytest_asyncio.fixture(scope="module")
async def two_cores(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Cores]]:
    """Two gateways, each in front of a core process of its own; both cores keep state in one database."""
    name = f"cores_{uuid.uuid4().hex}"
    await execute(postgres_url, f"CREATE DATABASE {name}")
    url = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    tmp_path = tmp_path_factory.mktemp("cores")
    blobs = str(tmp_path / "blobs")
    with ExitStack() as running:
        cores = []
        for number in (1, 2):
            state = tmp_path / f"core-{number}"
            address = f"unix:{state}.sock"
            core = ["core", "--address", address, "--store", url, "--data", blobs]
            _, line = running.enter_context(server(*core, state=state))
            assert "core" in line
            _, line = running.enter_context(server("gateway", "--core", address, "--port", "0", state=state))
            cores.append(Cores(line.split(" at ")[1].split(",")[0], address))
        yield cores
    await execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def execute(url: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
