"""Secrets and payloads: one step and two, types and encodings, lists, at rest."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import Any

import pytest

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from mopenstack.key_manager.v1.secrets_pb2 import Secret
from tests.conftest import User
from tests.key_manager.stage import API, NEWEST, id_of, payload, secret

BINARY = bytes(range(256))


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8"])
async def test_text_in_one_step(demo: User, kind: str) -> None:
    ref = await secret(demo, "héllo", payload_content_type=kind)
    shown = (await demo.get(API, f"/v1/secrets/{id_of(ref)}")).ok()
    assert shown["content_types"] == {"default": "text/plain"}
    assert "consumers" not in shown
    assert await payload(demo, ref, "text/plain") == "héllo".encode()
    assert await payload(demo, ref, "application/octet-stream") == "héllo".encode()


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/pkcs8"])
async def test_bytes_in_one_step(demo: User, kind: str) -> None:
    text = base64.b64encode(BINARY).decode()
    ref = await secret(demo, text, payload_content_type=kind, payload_content_encoding="base64")
    assert await payload(demo, ref, kind) == BINARY
    refused = await demo.get(API, f"/v1/secrets/{id_of(ref)}/payload", headers={"Accept": "text/plain"})
    refused.refused(406, "Secret payload retrieval issue seen - Wrong payload content-type.")


@pytest.mark.parametrize(
    ("data", "headers", "kept"),
    [
        (BINARY, {"Content-Type": "application/octet-stream"}, BINARY),
        (base64.b64encode(BINARY), {"Content-Type": "application/octet-stream", "Content-Encoding": "base64"}, BINARY),
        (b"text", {"Content-Type": "text/plain"}, b"text"),
    ],
)
async def test_two_steps(demo: User, data: bytes, headers: dict[str, str], kept: bytes) -> None:
    ref = await secret(demo, None)
    path = f"/v1/secrets/{id_of(ref)}"
    (await demo.get(API, f"{path}/payload")).refused(404, "Not Found. Sorry but your secret has no payload.")
    (await demo.put(API, path, data=data, headers=headers)).ok(204)
    assert await payload(demo, ref) == kept
    (await demo.put(API, path, data=data, headers=headers)).refused(409, "Secret already has data, cannot modify it.")


async def test_what_is_too_long(demo: User) -> None:
    body = {"payload": "x" * 20_001, "payload_content_type": "text/plain"}
    (await demo.post(API, "/v1/secrets", body)).refused(413, "Provided information too large to process")
    (await demo.post(API, "/v1/secrets", {**body, "payload": "x" * 30_000})).refused(400, "Malformed JSON")
    path = f"/v1/secrets/{id_of(await secret(demo, None))}"
    for size in (20_001, 2_000_000):
        answer = await demo.put(API, path, data=io.BytesIO(b"x" * size), headers={"Content-Type": "text/plain"})
        answer.refused(413, "Secret update issue seen - Provided information too large to process.")


async def test_target_and_policy_come_before_the_body(demo: User, admin: User) -> None:
    """Who may not, or asks for what is not there, is not told what is wrong with the body."""
    ref = id_of(await secret(demo))
    for body in ({"metadata": 5}, {}, {"metadata": {"a": 1}}):
        (await admin.put(API, f"/v1/secrets/{ref}/metadata", body)).refused(403, "Secret metadata creation attempt")
        (await demo.put(API, "/v1/secrets/none/metadata", body)).refused(404, "Provided secret id is invalid")
        (await demo.put(API, f"/v1/secrets/{ref}/metadata", body)).refused(400)


async def test_an_expired_secret_is_gone(cloud: Any, demo: User) -> None:
    later = await secret(demo, expiration="2999-01-01T00:00:00Z")
    (await demo.post(API, "/v1/secrets", {"expiration": "2000-01-01"})).refused(400, "'expiration' is before current")
    root = User(demo.session, cloud.serving.url)
    seconds = timedelta(days=366 * 1000).total_seconds()
    (await root.post("_mopenstack", f"/clouds/{cloud.name}/clock/advance", {"seconds": seconds})).ok()
    fresh = await cloud.user("demo")
    (await fresh.get(API, f"/v1/secrets/{id_of(later)}")).refused(404, "Secret not found.")
    assert (await fresh.get(API, "/v1/secrets")).ok()["total"] == 0


async def test_pages_and_filters(demo: User) -> None:
    for number in range(12):
        await secret(demo, None, name=f"n{number:02}", bit_length=number + 1)
    first = (await demo.get(API, "/v1/secrets?limit=5&offset=5&sort=name:desc")).ok()
    assert [one["name"] for one in first["secrets"]] == ["n06", "n05", "n04", "n03", "n02"]
    assert first["total"] == 12
    assert first["previous"].endswith("/v1/secrets?limit=5&offset=0")
    assert first["next"].endswith("/v1/secrets?limit=5&offset=10")
    assert len((await demo.get(API, "/v1/secrets?limit=x&offset=-1")).ok()["secrets"]) == 10
    assert (await demo.get(API, "/v1/secrets?name=n0%25&bits=3")).ok()["total"] == 1
    (await demo.get(API, "/v1/secrets?created=zz")).refused(400, "URI provided invalid query string parameters.")


async def test_payloads_are_encrypted_at_rest(cloud: Any, demo: User) -> None:
    """The store has nothing of a payload; what it has opens with the master key alone, and for its own secret."""
    text = "a payload that nobody guesses"
    ids = [id_of(await secret(demo, text)) for _ in range(2)]
    engine = cloud.serving.engine

    async def rows(call: Call) -> list[Secret]:
        return [one for id in ids if (one := await call.tx.get(Secret, id)) is not None]

    context = RequestContext(cloud=cloud.name)
    kept = await engine.transact(engine.clouds[cloud.name], context, rows)
    assert all(text.encode() not in one.SerializeToString() for one in kept)
    assert kept[0].payload.text != kept[1].payload.text

    async def exchange(call: Call) -> None:
        row = await call.tx.edit(Secret, ids[0])
        row.payload.CopyFrom(kept[1].payload)
        await call.tx.put(row)

    await engine.transact(engine.clouds[cloud.name], context, exchange)
    answer = await demo.get(API, f"/v1/secrets/{ids[0]}/payload", headers={"Accept": "text/plain"})
    answer.refused(500, "Secret payload retrieval failure seen - please contact site administrator.")
    cloud.serving.app.renderer.checks.failures.clear()


async def test_consumers_are_shown_since_1_1(demo: User) -> None:
    path = f"/v1/secrets/{id_of(await secret(demo))}"
    use = {"service": "image", "resource_type": "image", "resource_id": "1"}
    for _ in range(2):
        (await demo.post(API, f"{path}/consumers", use)).ok(200)
    assert (await demo.get(API, path, headers=NEWEST)).ok()["consumers"] == [use]
    (await demo.delete(API, f"{path}/consumers", json={**use, "service": "x"})).refused(404, "Consumer not found.")
    (await demo.delete(API, f"{path}/consumers", json=use)).ok(200)
    assert (await demo.get(API, f"{path}/consumers")).ok() == {"consumers": [], "total": 0}


async def test_an_acl_gives_and_keeps_out(cloud: Any, demo: User, admin: User) -> None:
    ref = await secret(demo)
    path = f"/v1/secrets/{id_of(ref)}"
    other = await cloud.user("alt_demo")
    (await other.get(API, path)).refused(403, "Secret retrieval attempt not allowed")
    read = {"read": {"users": [other.user_id], "project-access": False}}
    (await demo.put(API, f"{path}/acl", read)).ok(200)
    assert await payload(other, ref) == b"hello"
    assert (await other.get(API, "/v1/secrets?acl_only=true")).ok()["total"] == 1
    (await demo.patch(API, f"{path}/acl", {"read": {"users": []}})).ok(200)
    (await other.get(API, path)).refused(403)
    assert (await demo.get(API, f"{path}/acl")).ok()["read"]["users"] == []
    assert (await demo.delete(API, f"{path}/acl")).ok(200) is None
    assert (await demo.get(API, f"{path}/acl")).ok() == {"read": {"project-access": True}}
