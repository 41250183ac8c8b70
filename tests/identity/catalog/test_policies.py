"""Policies: kept for other services, for admins alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import User


async def test_policies(admin: User, demo: User) -> None:
    """A policy is created, shown, found by its type, changed and deleted by an admin, and by nobody else."""
    body = {"policy": {"blob": "{}", "type": "application/json", "owner": "me"}}
    policy = (await admin.post("identity", "/v3/policies", body)).ok(201)["policy"]
    path = f"/v3/policies/{policy['id']}"
    assert policy == {**body["policy"], "id": policy["id"], "links": {"self": f"{admin.url}/identity{path}"}}
    assert (await admin.get("identity", "/v3/policies?type=application/json")).ok()["policies"] == [policy]
    assert (await admin.get("identity", "/v3/policies?type=text")).ok()["policies"] == []
    changed = (await admin.patch("identity", path, {"policy": {"blob": "[]"}})).ok(200)["policy"]
    assert changed == {**policy, "blob": "[]"}
    (await demo.get("identity", path)).refused(403, "identity:get_policy")
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"Could not find policy: {policy['id']}.")


async def test_a_policy_needs_its_blob(admin: User) -> None:
    """Keystone's words for a missing property."""
    (await admin.post("identity", "/v3/policies", {"policy": {"type": "x"}})).refused(
        400, "'blob' is a required property"
    )
