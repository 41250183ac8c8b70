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


async def test_a_body_of_another_encoding_leaves_the_connection(cloud: Cloud) -> None:
    """The token is refused first, and the next request is answered: where it begins is known."""
    body = b'{"network": {"name": "plain"}}'
    for token in ("", "X-Auth-Token: wrong\r\n"):
        head = f"POST /network/v2.0/networks HTTP/1.1\r\nHost: x\r\n{token}Content-Length: {len(body)}\r\n"
        request = head.encode() + b"Content-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n" + body
        answer = await _send(cloud, request, b"GET /identity/v3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"HTTP/1.1 200 OK" in answer


async def test_what_follows_a_request_leaves_it_alone(cloud: Cloud, demo: User) -> None:
    """A body that is longer than it says: the request is answered, and what is too much is refused."""
    body = b'{"network": {"name": "longer"}}'
    answer = await _send(cloud, _post(cloud, demo, body) + body + b"and more\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 ")


async def test_a_body_that_was_not_asked_for_is_not_waited_for(cloud: Cloud, demo: User) -> None:
    """The connection closes behind the refusal: whether the body still comes cannot be told."""
    request = _post(cloud, demo, bytes(20_000_000), "Expect: 100-continue").replace(b"Connection: close\r\n", b"")
    assert b"connection: close" in (await _send(cloud, request)).lower()


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


async def test_verbs_paths_and_headers_that_servers_hand_on(cloud: Cloud, demo: User) -> None:
    """What no standard has is the service's to refuse, or to keep."""
    prefix = f"{demo.url.removeprefix(cloud.serving.url)}/object-store/v1/AUTH_{demo.project_id}".encode()

    async def ask(verb: bytes, path: bytes, *lines: bytes, body: bytes = b"") -> bytes:
        head = [verb + b" " + prefix + path + b" HTTP/1.1", b"Host: x", b"X-Auth-Token: " + demo.token.encode()]
        head += [b"Content-Length: %d" % len(body), *lines]
        return await _send(cloud, b"\r\n".join([*head, b"", body]))

    refused = await ask(b"GETorHEAD_base", b"/box")
    assert refused.startswith(b"HTTP/1.1 405 ")
    assert b"Connection: close" in refused
    assert (await ask(b"PUT", b"/\xc3\xa4")).startswith(b"HTTP/1.1 201 ")
    assert (await ask(b"PUT", b"/\xa4\xc3")).endswith(b"Invalid UTF8 or contains NULL")
    odd = (b"X-Object-Meta-(a]: 1", b"X-Object-Meta-B: 2 \xff\xc3\xa4")
    assert (await ask(b"PUT", b"/\xc3\xa4/o", *odd, body=b"data")).startswith(b"HTTP/1.1 201 ")
    found = await ask(b"GET", b"/%C3%A4/o", b"Connection: keep-alive")
    assert found.endswith(b"\r\n\r\ndata")
    assert b"Connection: keep-alive" in found
    assert b"\r\nX-Object-Meta-(A]: 1\r\n" in found
    assert b"\r\nX-Object-Meta-B: 2 \xff\xc3\xa4\r\n" in found


async def test_what_comes_behind_such_a_request_is_no_request(cloud: Cloud) -> None:
    """Its connection ends with it: what its end is, servers do not agree about."""
    odd = b"LICK /object-store/v1/a HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await _send(cloud, odd, b"GET /identity/v3 HTTP/1.1\r\nHost: x\r\n\r\n", pause=0.2)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 405 ")
    in_pieces = await _send(cloud, odd[:20], odd[20:], pause=0.2)
    assert in_pieces.startswith(b"HTTP/1.0 400 ")
    named = b"X-Mopenstack-Odd-0: 1\r\n"
    both = await _send(cloud, odd[:-2] + named + b"A(: 2\r\n\r\n")
    assert both.startswith(b"HTTP/1.1 405 ")
