"""HTTP as bytes: what clients send that aiohttp's own client cannot."""

from __future__ import annotations

import asyncio
import gzip
import logging
from typing import Any

import pytest

from tests.conftest import Cloud, User


async def _send(cloud: Cloud, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything that is answered to raw bytes until the server closes, or a second of silence."""
    host, _, port = cloud.serving.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        answer = b""
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)
        while True:
            try:
                chunk = await asyncio.wait_for(reader.read(65536), 1)
            except TimeoutError:
                return answer
            if not chunk:
                return answer
            answer += chunk
    finally:
        writer.close()


def _post(cloud: Cloud, demo: User, body: bytes, *headers: str) -> bytes:
    path = demo.url.removeprefix(cloud.serving.url) + "/network/v2.0/networks"
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"X-Auth-Token: {demo.token}", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_body_that_is_announced_is_asked_for(cloud: Cloud, demo: User) -> None:
    """`Expect: 100-continue` is answered at once, and then the request."""
    body = b'{"network": {"name": "expected"}}'
    answer = await _send(cloud, _post(cloud, demo, body, "Expect: 100-continue"), body, pause=0.3)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")


async def test_a_body_that_is_too_long_is_not_asked_for(cloud: Cloud, demo: User) -> None:
    request = _post(cloud, demo, bytes(20_000_000), "Expect: 100-continue")
    assert (await _send(cloud, request)).startswith(b"HTTP/1.1 413 ")


async def test_a_body_is_what_its_encoding_says(cloud: Cloud, demo: User) -> None:
    body = gzip.compress(b'{"network": {"name": "packed"}}')
    assert b" 201 " in (await _send(cloud, _post(cloud, demo, body, "Content-Encoding: gzip") + body))[:20]
    wrong = b'{"network": {"name": "plain"}}'
    assert b" 400 " in (await _send(cloud, _post(cloud, demo, wrong, "Content-Encoding: gzip") + wrong))[:20]


async def test_a_host_must_be_one(cloud: Cloud, demo: User) -> None:
    for host in (b"[::1", b"a:b:c", b"127.0.0.1:99999999"):
        answer = await _send(cloud, b"GET /identity/v3 HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host)
        assert answer.startswith(b"HTTP/1.1 400 "), host


async def test_what_is_no_http(cloud: Cloud, demo: User, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused, the connection says that it closes, and the log keeps nothing of it."""
    with caplog.at_level(logging.DEBUG):
        answer = await _send(cloud, b"GET / HTTP/1.1\r\nX-Auth-Token: a secret\r\nBad Header\x00: 1\r\n\r\n")
    assert b" 400 " in answer[:20]
    assert b"connection: close" in answer.lower()
    assert "a secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_what_is_no_http_may_be_a_head(cloud: Cloud) -> None:
    """The refusal has no body: behind the answer to a HEAD there is nothing."""
    answer = await _send(cloud, b"HEAD /compute HTTP/1.1\r\nBad Header\x00: 1\r\n\r\n")
    assert b" 400 " in answer[:20]
    assert answer.endswith(b"\r\n\r\n")


async def test_a_body_that_is_not_read(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """A GET whose body is not what its encoding says is answered, and the log has a line, no traceback."""
    head = "GET /identity/v3 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\n"
    with caplog.at_level(logging.DEBUG):
        answer = await _send(cloud, head.encode() + b"nope")
    assert b" 200 " in answer[:20]
    assert "Traceback" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_client_that_hangs_up(cloud: Cloud, demo: User, caplog: pytest.LogCaptureFixture) -> None:
    """Half a body and then nothing, for JSON and for bytes, asked for or not: no failure of ours."""
    image = {"name": "half", "disk_format": "raw", "container_format": "bare"}
    made = (await demo.post("image", "/v2/images", image)).ok(201)["id"]
    port = int(cloud.serving.url.rpartition(":")[2])
    prefix = cloud.url.removeprefix(cloud.serving.url)
    with caplog.at_level(logging.DEBUG):
        for verb, path in (("POST", "/network/v2.0/networks"), ("PUT", f"/image/v2/images/{made}/file")):
            for expect in ("", "Expect: 100-continue\r\n"):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                head = f"{verb} {prefix}{path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {demo.token}\r\n{expect}"
                kind = "Content-Type: application/octet-stream\r\n" if verb == "PUT" else ""
                writer.write(f"{head}{kind}Content-Length: 100000\r\n\r\nhalf".encode())
                await asyncio.sleep(0.1)
                writer.transport.abort()
        shown: Any = None
        for _ in range(100):
            await asyncio.sleep(0.05)
            shown = (await demo.get("image", f"/v2/images/{made}")).ok()
            if shown["status"] == "queued":
                break
    assert shown["status"] == "queued"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
