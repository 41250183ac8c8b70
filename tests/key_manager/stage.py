"""What the tests of the key manager make, and how they ask."""

from __future__ import annotations

from typing import Any

from tests.conftest import User

API = "key-manager"
NEWEST = {"OpenStack-API-Version": "key-manager 1.1"}


def id_of(ref: str) -> str:
    return ref.rpartition("/")[2]


async def secret(user: User, payload: str | None = "hello", **values: Any) -> str:
    """The address of a new secret."""
    body = {"name": "s", **values}
    if payload is not None:
        body |= {"payload": payload, "payload_content_type": values.get("payload_content_type", "text/plain")}
    return str((await user.post(API, "/v1/secrets", body)).ok(201)["secret_ref"])


async def container(user: User, kind: str = "generic", **refs: str) -> str:
    """The address of a new container of secrets by name."""
    listed = [{"name": name, "secret_ref": ref} for name, ref in refs.items()]
    made = await user.post(API, "/v1/containers", {"name": "c", "type": kind, "secret_refs": listed})
    return str(made.ok(201)["container_ref"])


async def order(user: User, kind: str = "key", **meta: Any) -> dict[str, Any]:
    """An order, as it is shown right after it was made."""
    body = {"type": kind, "meta": {"name": "k", "algorithm": "aes", "bit_length": 256, **meta}}
    made = await user.post(API, "/v1/orders", body)
    shown: dict[str, Any] = (await user.get(API, f"/v1/orders/{id_of(made.ok(202)['order_ref'])}")).ok()
    return shown


async def payload(user: User, ref: str, accept: str = "*/*") -> bytes:
    """The payload of a secret."""
    answer = await user.get(API, f"/v1/secrets/{id_of(ref)}/payload", headers={"Accept": accept})
    answer.ok()
    return answer.content
