"""Wrong credentials never work, and one project never sees another's: in each service's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Cloud, User

UNAUTHORIZED = {
    "error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}
}


@dataclass(frozen=True)
class Service:
    """One resource of a service: how to make one, and how it refuses."""

    api: str
    collection: str
    body: dict[str, Any]
    envelope: str
    forbidden: str  # part of the 403's body
    missing: str  # part of the 404's body; {id} is the object's


SERVICES = [
    Service(
        "compute",
        "/v2.1/servers",
        {"server": {"name": "s", "flavorRef": "42", "imageRef": "", "networks": "none"}},
        "server",
        "'forbidden': {'code': 403, 'message': \"Policy doesn't allow os_compute_api:servers:create to be performed.\"",
        "'itemNotFound': {'code': 404, 'message': 'Instance {id} could not be found.'",
    ),
    Service(
        "network",
        "/v2.0/networks",
        {"network": {"name": "n"}},
        "network",
        "'NeutronError': {'type': 'PolicyNotAuthorized', 'message': 'rule:create_network is disallowed by policy'",
        "'NeutronError': {'type': 'NetworkNotFound', 'message': 'Network {id} could not be found.'",
    ),
    Service(
        "volume",
        "/v3/{project}/volumes",
        {"volume": {"name": "v", "size": 1}},
        "volume",
        "'forbidden': {'code': 403, 'message': \"Policy doesn't allow volume:create to be performed.\"",
        "'itemNotFound': {'code': 404, 'message': 'Volume {id} could not be found.'",
    ),
    Service(
        "image",
        "/v2/images",
        {"name": "i", "disk_format": "raw", "container_format": "bare", "visibility": "private"},
        "",
        "'code': '403 Forbidden'",
        "'code': '404 Not Found'",
    ),
    Service(
        "identity",
        "/v3/users",
        {"user": {"name": "u"}},
        "user",
        "'error': {'code': 403, "
        "'message': 'You are not authorized to perform the requested action: identity:create_user.'",
        "'error': {'code': 404, 'message': 'Could not find user: {id}.'",
    ),
]
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.api)


async def _body(service: Service, admin: User) -> dict[str, Any]:
    """The create's body with the image that the seed has."""
    if service.api != "compute":
        return service.body
    images = (await admin.get("image", "/v2/images")).ok()["images"]
    server = {**service.body["server"], "imageRef": images[0]["id"]}
    return {"server": server}


def _as(other: User, token: str) -> User:
    return User(other.session, other.url, token, other.project_id, other.user_id)


async def _create(service: Service, user: User, body: dict[str, Any]) -> Any:
    headers = {"OpenStack-API-Version": "compute 2.37"} if service.api == "compute" else {}
    return await user.post(service.api, service.collection.format(project=user.project_id), body, headers=headers)


@each_service
async def test_a_token_must_work(service: Service, demo: User) -> None:
    """No token, a made-up one and one with a letter changed get 401 in the service's own envelope."""
    tampered = demo.token[:-10] + ("A" if demo.token[-10] != "A" else "B") + demo.token[-9:]
    for token in ("", "nonsense", tampered):
        reply = await _as(demo, token).get(service.api, service.collection.format(project=demo.project_id))
        body = reply.refused(401)
        if service.api == "image":
            assert body["code"] == "401 Unauthorized"
        else:
            assert body == UNAUTHORIZED


@each_service
async def test_an_expired_token_does_not_work(service: Service, cloud: Cloud, demo: User) -> None:
    """The cloud's clock moves past the token's end: 401."""
    path = service.collection.format(project=demo.project_id)
    cloud.serving.engine.clouds[cloud.name].clock.advance(26 * 3600)
    (await demo.get(service.api, path)).refused(401)


@each_service
async def test_another_projects_object_does_not_exist(service: Service, cloud: Cloud, admin: User, demo: User) -> None:
    """An id of another project is 404 with the text of an unknown id; for Keystone, of an unknown id."""
    if service.api == "identity":
        reply = await admin.get("identity", "/v3/users/deadbeef")
        reply.refused(404, service.missing.replace("{id}", "deadbeef"))
        return
    made = (await _create(service, demo, await _body(service, admin))).ok()
    id = (made[service.envelope] if service.envelope else made)["id"]
    other = await cloud.user("alt_demo")
    path = f"{service.collection.format(project=other.project_id)}/{id}"
    (await other.get(service.api, path)).refused(404, service.missing.replace("{id}", id))
    assert (await other.delete(service.api, path)).status == 404
    own = f"{service.collection.format(project=demo.project_id)}/{id}"
    assert (await demo.get(service.api, own)).status == 200


@each_service
async def test_a_reader_may_not_write(service: Service, cloud: Cloud, admin: User) -> None:
    """A create by somebody with the reader role alone is 403, in the service's own words."""
    reader = await cloud.user("demo_reader", "demo")
    reply = await _create(service, reader, await _body(service, admin))
    reply.refused(403, service.forbidden)


async def test_wrong_passwords_never_work(cloud: Cloud) -> None:
    """A wrong password, an unknown user and a user without a role in the project are all the same 401."""
    default = {"id": "default"}
    users = (
        {"name": "admin", "domain": default, "password": "wrong"},
        {"name": "nobody", "domain": default, "password": "secret"},
        {"name": "demo", "domain": default, "password": ""},
    )
    for user in users:
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
        body = (await cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})).refused(401)
        assert body["error"]["message"] == UNAUTHORIZED["error"]["message"]
    auth = {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "demo", "domain": default, "password": "secret"}},
        },
        "scope": {"project": {"name": "admin", "domain": default}},
    }
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})).refused(401)
