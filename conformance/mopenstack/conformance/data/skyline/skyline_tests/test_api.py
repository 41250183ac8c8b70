"""Skyline's API: sign-in, profile, the lists that it makes of several services."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

from .conftest import API, SECONDS, URL

SignedIn = Callable[[str], tuple[requests.Session, Any]]
LISTS = {
    "servers": "servers",
    "recycle_servers": "recycle_servers",
    "volumes": "volumes",
    "volume_snapshots": "volume_snapshots",
    "ports": "ports",
}


def _get(session: requests.Session, url: str, **query: str) -> Any:
    answer = session.get(url, params=query, timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_login_admin(signed_in: SignedIn) -> None:
    """The administrator's roles, and a path for each service."""
    session, profile = signed_in("admin")
    assert "admin" in {role["name"] for role in profile["roles"]}
    assert {"nova", "cinder", "neutron", "glance", "keystone"} <= set(profile["endpoints"])
    assert _get(session, f"{API}/profile")["user"] == profile["user"]


def test_login_demo(signed_in: SignedIn, accounts: dict[str, dict[str, str]]) -> None:
    """A user's projects; after the logout the session is none."""
    session, profile = signed_in("demo")
    assert profile["user"]["name"] == accounts["demo"]["username"]
    assert profile["project"]["id"] in profile["projects"]
    cookies = session.cookies.copy()
    assert session.post(f"{API}/logout", timeout=SECONDS).status_code == 200
    assert requests.get(f"{API}/profile", cookies=cookies, timeout=SECONDS).status_code == 401


def test_login_negative(accounts: dict[str, dict[str, str]]) -> None:
    """A wrong password is refused."""
    account = accounts["demo"] | {"password": "wrong"}
    assert requests.post(f"{API}/login", json=account, timeout=SECONDS).status_code == 401


def test_switch_project(signed_in: SignedIn) -> None:
    """Every project of a user."""
    session, profile = signed_in("demo")
    for project in profile["projects"]:
        answer = session.post(f"{API}/switch_project/{project}", timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        assert answer.json()["project"]["id"] == project


def test_policies(signed_in: SignedIn) -> None:
    """What a user may do, by the services' policies in Skyline and the roles of the token."""
    for user, allowed in (("admin", True), ("demo", False)):
        session, _ = signed_in(user)
        said = {one["rule"]: one["allowed"] for one in _get(session, f"{API}/policies")["policies"]}
        assert said["nova:os_compute_api:os-services:list"] is allowed
        assert said["nova:os_compute_api:servers:create"] is True


def test_extension_lists_with_servers(signed_in: SignedIn) -> None:
    """A server, its port and volume in the lists that Skyline's API makes; the services of compute."""
    session, _ = signed_in("admin")
    assert "nova-scheduler" in {one["binary"] for one in _get(session, f"{API}/extension/compute-services")["services"]}
    session, profile = signed_in("demo")
    nova, glance = (f"{URL}{profile['endpoints'][one]}" for one in ("nova", "glance"))
    project = profile["project"]["id"]
    image = _get(session, f"{glance}/v2/images")["images"][0]
    flavors = _get(session, f"{nova}/v2.1/flavors/detail")["flavors"]
    fits = [one["id"] for one in flavors if one["disk"] >= image["min_disk"] and one["ram"] >= image["min_ram"]]
    name = f"skyline-{uuid.uuid4().hex}"
    body = {"server": {"name": name, "imageRef": image["id"], "flavorRef": fits[0], "networks": "none"}}
    headers = {"X-OpenStack-Nova-API-Version": "2.79"}
    made = session.post(f"{nova}/v2.1/servers", json=body, headers=headers, timeout=SECONDS)
    assert made.status_code == 202, made.text
    found = _get(session, f"{API}/extension/servers", name=name)["servers"]
    assert [(one["name"], one["project_id"], one["image"]) for one in found] == [(name, project, image["id"])]
    assert found[0]["image_name"] == image["name"]
    gone = session.delete(f"{nova}/v2.1/servers/{found[0]['id']}", timeout=SECONDS)
    assert gone.status_code == 204, gone.text
    for path, key in LISTS.items():
        assert key in _get(session, f"{API}/extension/{path}", limit="10")


def test_no_session_negative() -> None:
    """Without a session the API shows nothing."""
    with pytest.raises(requests.HTTPError, match="401"):
        requests.get(f"{API}/extension/servers", timeout=SECONDS).raise_for_status()
