"""Who is let in at the addresses of consoles, and what else answers there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mopenstack.gateway.consoles import proxy
from tests.client import User, sign_in
from tests.compute.consoles.stage import RAW, RfbClient, advance, connected, socket_url, stop_clock, token_of, url_of
from tests.compute.stage import act, at, boot
from tests.conftest import Cloud
from tests.processes import server


async def _is_let_in(url: str, **headers: str) -> bool:
    """Whether a client hears something; one that is not let in finds its connection ended, without a word."""
    async with connected(url, **headers) as stream:
        said = await stream.some()
        assert said or stream.socket.close_code == 1006
        return bool(said)


async def test_tokens_expire(cloud: Cloud, admin: User, demo: User) -> None:
    """By the cloud's clock, for the proxy and the API alike."""
    await cloud.set_options(compute__console_token_ttl="60")
    await stop_clock(cloud)
    url = await url_of(demo, await boot(demo))
    assert await _is_let_in(url)
    assert not await _is_let_in(url.replace("token%3D", "token%3Dbad"))
    assert not await _is_let_in(url.partition("%3Ftoken")[0])
    await advance(cloud, 59)
    assert await _is_let_in(url)
    path = f"/v2.1/os-console-auth-tokens/{token_of(url)}"
    (await admin.get("compute", path, **at("2.31"))).ok(200)
    await advance(cloud, 2)
    assert not await _is_let_in(url)
    (await admin.get("compute", path, **at("2.31"))).refused(404, "Token not found")


async def test_a_cookie_will_do(demo: User) -> None:
    """noVNC up to 1.0 set one."""
    url = await url_of(demo, await boot(demo))
    bare = socket_url(url).partition("?")[0]
    assert await _is_let_in(bare, Cookie=f"a=b; token={token_of(url)}")


async def test_origins(demo: User) -> None:
    """A page of another origin is not let in; programs send none."""
    url = await url_of(demo, await boot(demo))
    own = url.partition("/cloud")[0]
    assert await _is_let_in(url, Origin=own)
    assert not await _is_let_in(url, Origin="http://evil.example")
    assert not await _is_let_in(url, Origin=own.replace("http", "https"))
    assert await _is_let_in(url, **{"Origin": own.replace("http", "https"), "X-Forwarded-Proto": "http"})
    assert not await _is_let_in(url, Origin="null")
    serial = await url_of(demo, await boot(demo), "serial", "serial")
    assert await _is_let_in(serial, Origin=own)


async def test_sessions_may_end_with_their_token(cloud: Cloud, demo: User) -> None:
    id = await boot(demo)
    await stop_clock(cloud)
    await cloud.set_options(compute__console_token_ttl="1", compute__console_session_timeout="true")
    async with connected(await url_of(demo, id)) as stream:
        await RfbClient(stream).greet(RAW)
        assert await stream.some() == b""
        assert stream.socket.close_code == 1000


async def test_a_server_without_a_host_is_not_shown(demo: User) -> None:
    id = await boot(demo)
    url = await url_of(demo, id)
    (await act(demo, id, {"shelve": None})).ok(202)
    assert not await _is_let_in(url)


async def test_spice(demo: User) -> None:
    """No guest listens there, and spice-html5 is on no index of packages: as with Nova's proxy without its pages."""
    url = await url_of(demo, await boot(demo), "spice", "spice-html5")
    async with aiohttp.ClientSession() as session:
        assert (await session.get(url)).status == 405
    bad = socket_url(url).replace("spice_auto.html", "websockify")
    async with connected(bad) as stream:
        assert await stream.some() == b""
        assert stream.socket.close_code == 1011


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "novnc/vnc_lite.html", 200),
        ("HEAD", "novnc/core/rfb.js", 200),
        ("POST", "novnc/vnc_lite.html", 501),
        ("GET", "novnc/", 404),
        ("GET", "novnc/websockify", 404),
        ("GET", "novnc/core", 404),
        ("GET", "novnc/../proxy.py", 404),
        ("GET", "novnc/%2e%2e/proxy.py", 404),
        ("GET", "novnc/..%2fproxy.py", 404),
        ("GET", "serial/", 405),
        ("GET", "other", 405),
    ],
)
async def test_pages(cloud: Cloud, verb: str, path: str, status: int) -> None:
    from yarl import URL

    async with aiohttp.ClientSession() as session:
        answer = await session.request(verb, URL(f"{cloud.url}/consoles/{path}", encoded=True))
        assert answer.status == status
        if status == 200:
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_broken_upgrade_is_refused(cloud: Cloud) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
        assert (await session.get(f"{cloud.url}/consoles/serial/", headers=headers)).status == 400


async def test_there_are_so_many_at_most(demo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "SESSIONS_MAX", 1)
    url = await url_of(demo, await boot(demo))
    async with connected(url) as stream:
        await RfbClient(stream).greet(RAW)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await _is_let_in(url)
        assert refused.value.status == 503


async def test_other_clients_do_not_ask_what_a_console_shows(cloud: Cloud, demo: User) -> None:
    """Over gRPC, past the proxy."""
    import grpc

    from mopenstack.compute.v2.servers import console_sessions_pb2 as pb
    from mopenstack.compute.v2.servers.console_sessions_pb2_grpc import ConsoleSessionsStub

    id = await boot(demo)
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        stub: Any = ConsoleSessionsStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ShowConsole(pb.ShowConsoleRequest(server_id=id), metadata=[("x-mopenstack-cloud", cloud.name)])
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_through_two_processes(tmp_path: Path) -> None:
    """A gateway beside the core shows the same."""
    address = f"unix:{tmp_path / 'core.sock'}"
    with (
        server("core", "--address", address, state=tmp_path),
        server("gateway", "--core", address, "--port", "0", state=tmp_path) as (_, line),
    ):
        async with aiohttp.ClientSession() as session:
            demo = await sign_in(session, line.split(" at ")[1].split(",")[0], "demo")
            id = await boot(demo, name="web-1")
            async with connected(await url_of(demo, id)) as stream:
                client = RfbClient(stream)
                await client.greet(RAW)
                assert await client.update() == client.height
            async with connected(await url_of(demo, id, "serial", "serial")) as stream:
                await stream.until("web-1 login: ")


async def test_without_servers_there_are_no_consoles(tmp_path: Path) -> None:
    with server("up", "--port", "0", "--services", "identity", state=tmp_path) as (_, line):
        url = line.split(" at ")[1].split()[0]
        async with aiohttp.ClientSession() as session:
            assert (await session.get(f"{url}/consoles/novnc/vnc_lite.html")).status == 404
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{url}/consoles/serial/?token=x")
            assert refused.value.status == 404
