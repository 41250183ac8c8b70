"""Journals where a cloud has several processes, or a process ends and comes again."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import grpc

from mopenstack.admin.v1 import journal_pb2, journal_pb2_grpc
from mopenstack.cli.serve import Settings, serving
from tests.client import User, sign_in
from tests.processes import command, detached, server

JOURNAL = "/clouds/default/journal"
ADMIN = "_mopenstack"


async def _paths(user: User) -> list[str]:
    calls = (await user.get(ADMIN, f"{JOURNAL}/calls")).ok()["calls"]
    return [one["path"].partition("/v2.0/")[2] for one in calls if "/v2.0/" in one["path"]]


async def test_two_processes_on_one_database(postgres_url: str, tmp_path: Path) -> None:
    """What one is told to keep both keep; each has the calls that it answered."""
    url = urlsplit(postgres_url)._replace(path="/journals").geturl()
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute("CREATE DATABASE journals")
        settings = Settings(port=0, store=url, data=tmp_path, journal="off")
        async with serving(settings) as one, serving(settings) as two, aiohttp.ClientSession() as session:
            first = await sign_in(session, one.url, "demo")
            second = User(session, two.url, first.token)
            (await second.get("network", "/v2.0/before")).refused(404)
            changed = await first.put(ADMIN, JOURNAL, {"mode": "bodies", "calls_max": 99})
            assert changed.ok()["journal"]["mode"] == "bodies"
            (await first.get("network", "/v2.0/networks/a")).refused(404)
            (await second.get("network", "/v2.0/networks/b")).refused(404)
            assert (await second.get(ADMIN, JOURNAL)).ok()["journal"]["calls_max"] == 99
            assert await _paths(first) == ["networks/a"]
            assert await _paths(second) == ["networks/b"]
        async with serving(settings) as again, aiohttp.ClientSession() as session:
            kept = (await User(session, again.url).get(ADMIN, JOURNAL)).ok()["journal"]
            assert (kept["mode"], kept["calls_max"], kept["calls"]) == ("bodies", 99, 0)
    finally:
        await connection.execute("DROP DATABASE IF EXISTS journals WITH (FORCE)")
        await connection.close()


async def test_a_core_behind_a_gateway(tmp_path: Path) -> None:
    """It sees calls over gRPC, with the verb and path of the request that they were made for."""
    address = f"unix:{tmp_path / 'core.sock'}"
    with (
        server("core", "--address", address, state=tmp_path),
        server("gateway", "--core", address, "--port", "0", state=tmp_path) as (_, line),
    ):
        async with aiohttp.ClientSession() as session, grpc.aio.insecure_channel(address) as channel:
            user = await sign_in(session, line.split(" at ")[1].split(",")[0], "demo")
            (await user.get("network", "/v2.0/networks/nope")).refused(404)
            found = (await user.get(ADMIN, f"{JOURNAL}/calls?operation=GetNetwork")).ok()["calls"]
            (call,) = found
            assert (call["method"], call["path"], call["status"]) == ("GET", "/network/v2.0/networks/nope", 0)
            assert (call["code"], call["user_name"]) == ("NOT_FOUND", "demo")
            asked = journal_pb2.AssertCallsRequest(cloud="default", status="NOT_FOUND", exactly=1)
            assert (await journal_pb2_grpc.JournalStub(channel).AssertCalls(asked)).count == 1


def test_following_on_the_command_line(tmp_path: Path) -> None:
    """`requests -f` prints what was there, and then what comes."""
    with detached(tmp_path) as status:
        assert _status(f"{status['url']}/identity/v3") == 200
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mopenstack.cli.main", "requests", "-f", "--json"],
            env={"XDG_STATE_HOME": str(tmp_path), "PATH": "/usr/bin"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            first = json.loads(process.stdout.readline())
            assert _status(f"{status['url']}/identity/v3/nothing") == 404
            second = json.loads(process.stdout.readline())
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        assert (first["id"], first["path"], first["status"]) == (1, "/identity/v3", 200)
        assert (second["id"], second["path"], second["status"]) == (2, "/identity/v3/nothing", 404)
        refused = command("requests", "--status", "teapot", state=tmp_path, check=False)
        assert refused.returncode == 1
        assert "is no status" in refused.stderr


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code
