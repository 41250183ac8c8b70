"""Trusts: what they lend, for how long, and what takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, Reply, User

ROOT = "/v3/OS-TRUST/trusts"


async def role_id(admin: User, name: str) -> str:
    return str((await admin.get("identity", f"/v3/roles?name={name}")).ok(200)["roles"][0]["id"])


async def grant(admin: User, user: str, project: str, role: str) -> str:
    path = f"/v3/projects/{project}/users/{user}/roles/{await role_id(admin, role)}"
    (await admin.put("identity", path)).ok(204)
    return path


async def person(cloud: Cloud, admin: User, name: str) -> User:
    """A user without any role."""
    made = await admin.post("identity", "/v3/users", {"user": {"name": name, "password": "secret"}})
    return User(cloud.session, cloud.url, user_id=made.ok(201)["user"]["id"])


async def lend(trustor: User, trustee: User, **body: Any) -> dict[str, Any]:
    """A new trust of the role member."""
    wanted = {
        "trustor_user_id": trustor.user_id, "trustee_user_id": trustee.user_id, "project_id": trustor.project_id,
        "impersonation": False, "roles": [{"name": "member"}], **body,
    }  # fmt: skip
    made: dict[str, Any] = (await trustor.post("identity", ROOT, {"trust": wanted})).ok(201)["trust"]
    return made


async def use(cloud: Cloud, trustee: User, trust: str) -> Reply:
    """The trustee's login by a trust."""
    identity = {"methods": ["password"], "password": {"user": {"id": trustee.user_id, "password": "secret"}}}
    auth = {"auth": {"identity": identity, "scope": {"OS-TRUST:trust": {"id": trust}}}}
    return await cloud.anonymous.post("identity", "/v3/auth/tokens", auth)


def holder(cloud: Cloud, reply: Reply) -> User:
    token = reply.ok(201)["token"]
    return User(cloud.session, cloud.url, reply.headers["X-Subject-Token"], token["project"]["id"], token["user"]["id"])


async def test_a_trust_is_shown_as_keystone_shows_it(cloud: Cloud, admin: User, demo: User) -> None:
    other = await person(cloud, admin, "other")
    made = await lend(demo, other, remaining_uses=2, expires_at="2099-01-01T00:00:00.5Z", note="x")
    assert made["expires_at"] == "2099-01-01T00:00:00.500000Z"
    assert made["remaining_uses"] == 2
    assert made["redelegation_count"] == 0
    assert made["redelegated_trust_id"] is made["deleted_at"] is None
    assert made["note"] == "x"
    assert [role["name"] for role in made["roles"]] == ["member"]
    assert made["links"]["self"] == f"{cloud.url}/identity{ROOT}/{made['id']}"
    shown = (await demo.get("identity", f"{ROOT}/{made['id']}")).ok(200)["trust"]
    assert shown == made
    listed = (await demo.get("identity", f"{ROOT}?trustor_user_id={demo.user_id}")).ok(200)["trusts"]
    assert listed == [{key: value for key, value in made.items() if key not in ("roles", "roles_links")}]
    roles = (await demo.get("identity", f"{ROOT}/{made['id']}/roles")).ok(200)["roles"]
    assert roles == made["roles"]
    one = f"{ROOT}/{made['id']}/roles/{roles[0]['id']}"
    assert (await demo.get("identity", one)).ok(200)["role"]["name"] == "member"
    (await demo.send("HEAD", "identity", one)).ok(200)
    (await demo.get("identity", f"{ROOT}/{made['id']}/roles/zz")).refused(404, "Could not find role: zz.")


async def test_who_may_see_trusts(cloud: Cloud, admin: User, demo: User) -> None:
    other = await person(cloud, admin, "other")
    stranger = await cloud.user("alt_demo")
    made = await lend(demo, other)
    (await stranger.get("identity", f"{ROOT}/{made['id']}")).refused(403, "identity:get_trust")
    (await stranger.delete("identity", f"{ROOT}/{made['id']}")).refused(403, "identity:delete_trust")
    (await stranger.get("identity", ROOT)).refused(403, "identity:list_trusts.")
    of_demo = await stranger.get("identity", f"{ROOT}?trustor_user_id={demo.user_id}")
    of_demo.refused(403, "identity:list_trusts_for_trustor.")
    assert (await admin.get("identity", ROOT)).ok(200)["trusts"]
    assert (await admin.get("identity", f"{ROOT}?trustee_user_id={other.user_id}")).ok(200)["trusts"]


@pytest.mark.parametrize("impersonation", [True, False])
async def test_token_by_trust(cloud: Cloud, admin: User, demo: User, impersonation: bool) -> None:
    other = await person(cloud, admin, "other")
    made = await lend(demo, other, impersonation=impersonation, expires_at="2099-01-01T00:00:00Z")
    reply = await use(cloud, other, made["id"])
    token = reply.ok(201)["token"]
    assert token["OS-TRUST:trust"] == {
        "id": made["id"], "impersonation": impersonation,
        "trustor_user": {"id": demo.user_id}, "trustee_user": {"id": other.user_id},
    }  # fmt: skip
    assert token["user"]["id"] == (demo if impersonation else other).user_id
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    lent = holder(cloud, reply)
    assert lent.project_id == demo.project_id
    (await lent.get("compute", "/v2.1/servers")).ok(200)
    (await lent.get("identity", "/v3/users")).refused(403)
    identity = {"methods": ["token"], "token": {"id": lent.token}}
    again = {"auth": {"identity": identity, "scope": {"project": {"id": demo.project_id}}}}
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", again)).refused(403, "Using trust-scoped token")


async def test_a_trust_makes_nothing_that_stays(cloud: Cloud, admin: User, demo: User) -> None:
    other = await person(cloud, admin, "other")
    lent = holder(cloud, await use(cloud, other, (await lend(demo, other, impersonation=True))["id"]))
    path = f"/v3/users/{demo.user_id}"
    body = {"application_credential": {"name": "a"}}
    (await lent.post("identity", f"{path}/application_credentials", body)).refused(403)
    (await lent.get("identity", f"{path}/access_rules")).refused(403)
    key = {"tenant_id": demo.project_id}
    (await lent.post("identity", f"{path}/credentials/OS-EC2", key)).refused(403, "Delegated tokens cannot access")
    credential = {"credential": {"user_id": demo.user_id, "type": "cert", "blob": "x"}}
    (await lent.post("identity", "/v3/credentials", credential)).refused(403, "Delegated tokens cannot access")
    (await demo.post("identity", "/v3/credentials", credential)).ok(201)
    assert (await lent.get("identity", "/v3/credentials")).ok(200)["credentials"] == []


async def test_a_token_ends_with_its_trust(cloud: Cloud, admin: User, demo: User) -> None:
    other = await person(cloud, admin, "other")
    made = await lend(demo, other)
    lent = holder(cloud, await use(cloud, other, made["id"]))
    (await demo.delete("identity", f"{ROOT}/{made['id']}")).ok(204)
    (await lent.get("compute", "/v2.1/servers")).refused(401)
    (await use(cloud, other, made["id"])).refused(401)
    (await admin.get("identity", f"{ROOT}/{made['id']}")).refused(404, f"Could not find trust: {made['id']}.")
    events = (await admin.get("identity", "/v3/OS-REVOKE/events")).ok(200)["events"]
    assert made["id"] in [event.get("OS-TRUST:trust_id") for event in events]


@pytest.mark.parametrize("what", ["role", "password", "disabled trustor", "disabled trustee", "deleted trustor"])
async def test_what_takes_a_trusts_power(cloud: Cloud, admin: User, what: str) -> None:
    project = (await admin.post("identity", "/v3/projects", {"project": {"name": "p"}})).ok(201)["project"]["id"]
    giver, taker = await person(cloud, admin, "giver"), await person(cloud, admin, "taker")
    path = await grant(admin, giver.user_id, project, "member")
    trustor = await cloud.user("giver", "p")
    made = await lend(trustor, taker, impersonation=True)
    lent = holder(cloud, await use(cloud, taker, made["id"]))
    (await lent.get("network", "/v2.0/networks")).ok(200)
    if what == "role":
        (await admin.delete("identity", path)).ok(204)
    elif what == "deleted trustor":
        (await admin.delete("identity", f"/v3/users/{giver.user_id}")).ok(204)
    else:
        who = taker if what == "disabled trustee" else giver
        change: dict[str, Any] = {"password": "other"} if what == "password" else {"enabled": False}
        (await admin.patch("identity", f"/v3/users/{who.user_id}", {"user": change})).ok(200)
    (await lent.get("network", "/v2.0/networks")).refused(401)
    assert (await use(cloud, taker, made["id"])).status == {"role": 403, "disabled trustor": 403, "password": 201}.get(
        what, 401
    )


async def test_remaining_uses(cloud: Cloud, admin: User, demo: User) -> None:
    other = await person(cloud, admin, "other")
    made = await lend(demo, other, remaining_uses=1)
    stranger = await cloud.user("alt_demo")
    wrong = {"methods": ["token"], "token": {"id": stranger.token}}
    auth = {"auth": {"identity": wrong, "scope": {"OS-TRUST:trust": {"id": made["id"]}}}}
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", auth)).refused(403)
    lent = holder(cloud, await use(cloud, other, made["id"]))
    (await lent.get("compute", "/v2.1/servers")).ok(200)
    (await use(cloud, other, made["id"])).refused(401)


async def test_redelegation(cloud: Cloud, admin: User, demo: User) -> None:
    second, third = await person(cloud, admin, "second"), await person(cloud, admin, "third")
    first = await lend(demo, second, impersonation=True, allow_redelegation=True)
    assert first["redelegation_count"] == 3
    lent = holder(cloud, await use(cloud, second, first["id"]))
    chained = await lend(lent, third, impersonation=True, allow_redelegation=True)
    assert chained["redelegated_trust_id"] == first["id"]
    assert chained["redelegation_count"] == 2
    more = {
        "trustor_user_id": demo.user_id, "trustee_user_id": third.user_id, "project_id": demo.project_id,
        "impersonation": True, "roles": [{"name": "anotherrole"}],
    }  # fmt: skip
    (await lent.post("identity", ROOT, {"trust": more})).refused(403)
    last = holder(cloud, await use(cloud, third, chained["id"]))
    (await last.get("compute", "/v2.1/servers")).ok(200)
    (await demo.delete("identity", f"{ROOT}/{first['id']}")).ok(204)
    (await last.get("compute", "/v2.1/servers")).refused(401)
    (await admin.get("identity", f"{ROOT}/{chained['id']}")).refused(404)


async def test_no_redelegation_unless_allowed(cloud: Cloud, admin: User, demo: User) -> None:
    second = await person(cloud, admin, "second")
    made = await lend(demo, second, impersonation=True)
    lent = holder(cloud, await use(cloud, second, made["id"]))
    body = {
        "trustor_user_id": demo.user_id, "trustee_user_id": second.user_id, "project_id": demo.project_id,
        "impersonation": True, "roles": [{"name": "member"}],
    }  # fmt: skip
    refusal = (await lent.post("identity", ROOT, {"trust": body})).refused(403)
    assert refusal["error"]["message"] == "You are not authorized to perform the requested action."


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"roles": []}, 403, "At least one role should be specified"),
        ({"roles": [{"name": "admin"}]}, 404, "Could not find role"),
        ({"trustee_user_id": "zz"}, 404, "Could not find user: zz."),
        ({"trustor_user_id": "zz"}, 403, "identity:create_trust."),
        ({"remaining_uses": 0}, 400, "0 is less than the minimum of 1"),
        ({"expires_at": "zz"}, 400, "Timestamp not in expected format."),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "must not be before now."),
        ({"allow_redelegation": True, "remaining_uses": 1}, 400, "remaining_uses must not be set if redelegation is"),
        ({"allow_redelegation": True, "redelegation_count": 4}, 403, "You are not authorized to perform"),
    ],
)
async def test_bad_trusts(demo: User, admin: User, change: dict[str, Any], status: int, text: str) -> None:
    body = {
        "trustor_user_id": demo.user_id, "trustee_user_id": admin.user_id, "project_id": demo.project_id,
        "impersonation": False, "roles": [{"name": "member"}], **change,
    }  # fmt: skip
    (await demo.post("identity", ROOT, {"trust": body})).refused(status, text)
