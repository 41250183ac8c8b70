"""Who calls a service beside a cloud, as that cloud's Keystone says."""

from __future__ import annotations

from typing import Any

from tests.beside.conftest import Start, at, nobody
from tests.client import User
from tests.conftest import Cloud

CHALLENGE = 'Keystone uri="{}/identity/v3"'


async def test_a_token_of_the_cloud(cloud: Cloud, demo: User, start: Start) -> None:
    nova = await start("compute", "placement")
    flavors = (await at(nova, demo).get("compute", "/v2.1/flavors")).ok()["flavors"]
    assert "m1.tiny" in {one["name"] for one in flavors}


async def test_without_a_token(cloud: Cloud, start: Start) -> None:
    nova = await start("compute", "placement")
    reply = await nobody(nova, cloud.session).get("compute", "/v2.1/flavors")
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == CHALLENGE.format(cloud.url)


async def test_a_token_that_keystone_did_not_make(cloud: Cloud, demo: User, start: Start) -> None:
    nova = await start("compute", "placement")
    for token in ("x", "gAAAAABmadeup", "a" * 20_000, demo.token[:-4]):
        client = User(cloud.session, nova.url, token)
        assert (await client.get("compute", "/v2.1/flavors")).status in (400, 401)


async def test_headers_do_not_say_who_calls(cloud: Cloud, demo: User, admin: User, start: Start) -> None:
    """What keystonemiddleware tells services is taken from nobody else."""
    nova = await start("compute", "placement")
    said = {
        "X-Identity-Status": "Confirmed",
        "X-Roles": "admin",
        "X-User-Id": admin.user_id,
        "X-Project-Id": admin.project_id,
        "X-Is-Admin-Project": "True",
    }
    assert (await nobody(nova, cloud.session).get("compute", "/v2.1/flavors", headers=said)).status == 401
    hypervisors = "/v2.1/os-hypervisors"
    assert (await at(nova, demo).get("compute", hypervisors, headers=said)).status == 403
    assert (await at(nova, admin).get("compute", hypervisors)).status == 200


async def test_a_revoked_token(cloud: Cloud, start: Start) -> None:
    nova, remembering = await start("compute", cache=0.0), await start("compute", "placement")
    demo = await cloud.user("demo")
    assert (await at(nova, demo).get("compute", "/v2.1/servers")).status == 200
    assert (await at(remembering, demo).get("compute", "/v2.1/servers")).status == 200
    (await demo.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": demo.token})).ok(204)
    assert (await at(nova, demo).get("compute", "/v2.1/servers")).status == 401
    # Keystone's word is taken for the time that is asked for; what it said of others does not matter.
    assert (await at(remembering, demo).get("compute", "/v2.1/servers")).status == 200


async def test_a_disabled_user(cloud: Cloud, admin: User, start: Start) -> None:
    nova = await start("compute", "placement", cache=0.0)
    demo = await cloud.user("demo")
    assert (await at(nova, demo).get("compute", "/v2.1/servers")).status == 200
    (await admin.patch("identity", f"/v3/users/{demo.user_id}", {"user": {"enabled": False}})).ok()
    assert (await at(nova, demo).get("compute", "/v2.1/servers")).status == 401


async def test_system_and_domain_scope(cloud: Cloud, start: Start) -> None:
    nova = await start("compute", "placement")
    who: dict[str, Any] = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    for scope in ({"system": {"all": True}}, {"domain": {"id": "default"}}):
        inside = await cloud.login(who, scope)
        there = await inside.get("compute", "/v2.1/os-hypervisors")
        assert (await at(nova, inside).get("compute", "/v2.1/os-hypervisors")).status == there.status


async def test_access_rules(cloud: Cloud, demo: User, start: Start) -> None:
    """A credential's rules hold for the service that is asked, not only at Keystone."""
    nova = await start("compute", "placement")
    rules = [{"service": "compute", "method": "GET", "path": "/v2.1/flavors"}]
    body = {"application_credential": {"name": "limited", "access_rules": rules}}
    path = f"/v3/users/{demo.user_id}/application_credentials"
    made = (await demo.post("identity", path, body)).ok(201)["application_credential"]
    credential = {"id": made["id"], "secret": made["secret"]}
    auth = {"identity": {"methods": ["application_credential"], "application_credential": credential}}
    reply = await cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})
    reply.ok(201)
    limited = User(cloud.session, nova.url, reply.headers["X-Subject-Token"])
    assert (await limited.get("compute", "/v2.1/flavors")).status == 200
    assert (await limited.get("compute", "/v2.1/servers")).status == 401


async def test_service_tokens(cloud: Cloud, demo: User, start: Start) -> None:
    """A service vouches for a user whose token has expired meanwhile; nobody else does."""
    nova = await start("compute", "placement", cache=0.0)
    user = at(nova, demo)
    who = {"name": "nova", "domain": {"id": "default"}, "password": "secret"}
    scope = {"project": {"name": "service", "domain": {"id": "default"}}}
    assert (await user.get("compute", "/v2.1/flavors", headers={"X-Service-Token": "x"})).status == 401
    mopenstack = User(cloud.session, cloud.serving.url)
    clock = f"/clouds/{cloud.name}/clock"
    (await mopenstack.post("_mopenstack", f"{clock}/advance", {"seconds": 86_401})).ok()
    service = await cloud.login(who, scope)
    assert (await user.get("compute", "/v2.1/flavors")).status == 401
    assert (await user.get("compute", "/v2.1/flavors", headers={"X-Service-Token": service.token})).status == 200
    other = await cloud.user("alt_demo")
    assert (await user.get("compute", "/v2.1/flavors", headers={"X-Service-Token": other.token})).status == 401
    (await mopenstack.post("_mopenstack", f"{clock}/advance", {"seconds": 3 * 86_400})).ok()
    service = await cloud.login(who, scope)
    assert (await user.get("compute", "/v2.1/flavors", headers={"X-Service-Token": service.token})).status == 401


async def test_keystone_is_away(cloud: Cloud, demo: User, start: Start) -> None:
    nova = await start("compute", "placement", auth_url="http://127.0.0.1:9/v3")
    reply = await at(nova, demo).get("compute", "/v2.1/flavors")
    assert (reply.status, "temporarily unavailable" in str(reply.body)) == (503, True)
    wrong = await start("compute", password="wrong")
    reply = await at(wrong, demo).get("compute", "/v2.1/flavors")
    assert (reply.status, "service user nova" in str(reply.body)) == (503, True)


async def test_no_tokens_of_its_own(cloud: Cloud, start: Start) -> None:
    nova = await start("compute", "placement")
    user = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
    reply = await nobody(nova, cloud.session).post("identity", "/v3/auth/tokens", {"auth": auth})
    assert reply.status == 501
    assert "X-Subject-Token" not in reply.headers
    assert cloud.url in str(reply.body)
