"""Orders: keys that are really made, and what cannot be made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.conftest import User
from tests.key_manager.stage import API, id_of, order, payload


async def test_a_key(demo: User) -> None:
    done = await order(demo, bit_length=192, mode="cbc")
    assert done["status"] == "ACTIVE"
    assert done["sub_status"] == "Unknown"
    assert len(await payload(demo, done["secret_ref"])) == 24
    shown = (await demo.get(API, f"/v1/secrets/{id_of(done['secret_ref'])}")).ok()
    assert (shown["secret_type"], shown["algorithm"], shown["bit_length"]) == ("symmetric", "aes", 192)


@pytest.mark.parametrize("passphrase", ["", "pw"])
async def test_a_pair_of_keys(demo: User, passphrase: str) -> None:
    meta = {"passphrase": passphrase} if passphrase else {}
    done = await order(demo, "asymmetric", algorithm="rsa", bit_length=1024, **meta)
    assert done["status"] == "ACTIVE"
    shown = (await demo.get(API, f"/v1/containers/{id_of(done['container_ref'])}")).ok()
    refs = {part["name"]: part["secret_ref"] for part in shown["secret_refs"]}
    assert shown["type"] == "rsa"
    assert set(refs) == {"private_key", "public_key"} | ({"private_key_passphrase"} if passphrase else set())
    private: Any = load_pem_private_key(await payload(demo, refs["private_key"]), passphrase.encode() or None)
    public: Any = load_pem_public_key(await payload(demo, refs["public_key"]))
    assert private.public_key().public_numbers() == public.public_numbers()
    assert private.key_size == 1024


async def test_a_pair_takes_its_time_in_a_real_cloud(cloud: Any, demo: User) -> None:
    """The answer does not wait; the order is carried out beside the calls."""
    root = User(demo.session, cloud.serving.url)
    (await root.put("_mopenstack", f"/clouds/{cloud.name}/profile", {"profile": "realistic"})).ok()
    done = await order(demo, "asymmetric", algorithm="rsa", bit_length=2048)
    assert done["status"] == "PENDING"
    while done["status"] == "PENDING":
        await asyncio.sleep(0.05)
        done = (await demo.get(API, f"/v1/orders/{id_of(done['order_ref'])}")).ok()
    assert done["status"] == "ACTIVE"
    assert done["container_ref"]


@pytest.mark.parametrize(
    ("kind", "meta", "status", "reason"),
    [
        ("key", {"algorithm": "zz"}, "400", "issue seen - Secret generate supported plugin not found.."),
        ("key", {"algorithm": "rsa"}, "400", "issue seen - Requested algorithm is not supported."),
        ("key", {"bit_length": 512}, "500", "failure seen - please contact site administrator."),
        ("asymmetric", {"algorithm": "ec"}, "400", "issue seen - Requested algorithm is not supported."),
    ],
)
async def test_what_cannot_be_made(demo: User, kind: str, meta: dict[str, Any], status: str, reason: str) -> None:
    done = await order(demo, kind, **meta)
    assert (done["status"], done["error_status_code"]) == ("ERROR", status)
    assert done["error_reason"] == f"Process TypeOrder {reason}"


async def test_what_orders_make_counts_and_is_never_refused(cloud: Any, demo: User) -> None:
    root = await cloud.user("admin")
    roles = {one["name"]: one["id"] for one in (await root.get("identity", "/v3/roles")).ok()["roles"]}
    grant = f"/v3/projects/{root.project_id}/users/{root.user_id}/roles/{roles['key-manager:service-admin']}"
    (await root.put("identity", grant)).ok(204)
    root = await cloud.user("admin")
    quotas = {"project_quotas": {"secrets": 1, "orders": 2}}
    (await root.put(API, f"/v1/project-quotas/{demo.project_id}", quotas)).ok(204)
    for _ in range(2):
        assert (await order(demo))["status"] == "ACTIVE"
    refused = "Creation not allowed because a quota has been reached."
    (await demo.post(API, "/v1/secrets", {"name": "s"})).refused(403, f"Secret creation issue seen - {refused}")
    body = {"type": "key", "meta": {"algorithm": "aes", "bit_length": 256}}
    (await demo.post(API, "/v1/orders", body)).refused(403, f"Order creation issue seen - {refused}")
    shown = (await demo.get(API, "/v1/quotas")).ok()["quotas"]
    assert shown == {"secrets": 1, "orders": 2, "containers": -1, "consumers": -1, "cas": -1}
