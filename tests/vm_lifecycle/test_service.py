"""The service as a whole: where it is served, how often it may be asked, how it is, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from mopenstack.cli.real_clouds import of_settings
from mopenstack.cli.vms import serving_vms
from tests.client import User
from tests.conftest import Cloud
from tests.processes import command, detached
from tests.vm_lifecycle.conftest import AUTH, SDK_WARNINGS, Audit, Vms

pytestmark = SDK_WARNINGS
LIMIT = 5


async def test_requests_over_the_limit(cloud: Cloud, demo: User, audit: Audit) -> None:
    """A user's are counted in any minute; 100 too many are 100 times 429, and others are not held up."""
    await cloud.set_options(vm_lifecycle__rate_limit=str(LIMIT))
    vms, other = Vms(demo), Vms(await cloud.user("alt_demo"))
    for _ in range(LIMIT):
        (await vms.send("GET")).ok()
    for place in range(100):
        reply = await (vms.send("GET") if place % 2 else vms.send("POST", json={"name": ""}))
        error = reply.refused(429)["error"]
        assert error["reason"] == "RATE_LIMITED"
        assert 1 <= int(reply.headers["Retry-After"]) <= 60
        (await other.send("GET")).ok() if place < LIMIT else None
    assert [line["message"][:10] for line in audit.lines()].count("list: 429 ") == 50
    await cloud.admin_api.post("_mopenstack", f"/clouds/{cloud.name}/clock/advance", {"seconds": 61})
    (await vms.send("GET")).ok()


async def test_the_limit_in_front_of_a_cloud(cloud: Cloud, demo: User) -> None:
    region = of_settings({**AUTH, "auth_url": f"{cloud.url}/identity/v3"})
    async with serving_vms(region, "127.0.0.1", 0, rate_limit=2, wait=30) as url:
        vms = Vms(User(demo.session, url, demo.token))
        assert [(await vms.send("GET")).status for _ in range(4)] == [200, 200, 429, 429]


@pytest.mark.parametrize("value", ["-1", "many", "1000001", ""])
async def test_limits_that_are_none(cloud: Cloud, value: str) -> None:
    options = {"options": {"vm_lifecycle.rate_limit": value}}
    (await cloud.admin_api.put("_mopenstack", f"/clouds/{cloud.name}/options", options)).refused(400)


@pytest.mark.parametrize("path", ["health/live", "health/ready", "api/v1/health/live", "api/v1/health/ready"])
async def test_health(place: str, demo: User, path: str) -> None:
    async with demo.session.get(f"{place}/{path}") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_a_cloud_that_is_away(cloud: Cloud, demo: User) -> None:
    """In front of one that does not answer the API lives, is not ready, and refuses with 503."""
    region = of_settings({**AUTH, "auth_url": "http://127.0.0.1:1/identity/v3"})
    async with serving_vms(region, "127.0.0.1", 0, rate_limit=0, wait=30) as url:
        async with demo.session.get(f"{url}/health/live") as answer:
            assert answer.status == 200
        async with demo.session.get(f"{url}/health/ready") as answer:
            assert (answer.status, (await answer.json())["error"]["reason"]) == (503, "UNAVAILABLE")
        (await Vms(User(demo.session, url, demo.token)).send("GET")).refused(503)


async def test_the_version_of_the_path_is_a_setting(vms: Vms, demo: User) -> None:
    """API_VERSION, which is v7 here, names a second path of the same API."""
    made = await vms.create()
    reply = await vms.user.get("api", f"/v7/vms/{made['id']}")
    assert reply.ok()["id"] == made["id"]
    (await vms.user.get("api", "/v8/vms")).refused(404)


async def test_its_own_description(vms_of: Callable[[User], Vms], cloud: Cloud) -> None:
    user = vms_of(cloud.anonymous).user
    document = (await user.get("api", "/v1/openapi.json")).ok()
    validate(document)
    assert document["info"]["title"] == "VM lifecycle API"
    assert set(document["paths"]) >= {"/api/v1/vms", "/api/v1/vms/{vm_id}", "/api/v1/vms/{vm_id}/start"}
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    page = await user.get("api", "/v1/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "POST /api/v1/vms/{vm_id}/pause" in page.ok()


async def test_a_slow_cloud(cloud: Cloud, demo: User) -> None:
    """While something is under way a VM is what it is to become, and Nova's refusal is told."""
    (await cloud.admin_api.put("_mopenstack", f"/clouds/{cloud.name}/profile", {"profile": "manual"})).ok()
    vms = Vms(demo)
    made = await vms.create()
    assert made["status"] == "STOPPED"
    error = (await vms.act(made["id"], "start")).refused(409)["error"]
    assert error["reason"] == "ACTION_REFUSED"
    (await vms.act(made["id"], "delete")).ok(204)
    assert await vms.status(made["id"]) == "DELETED"
    (await vms.act(made["id"], "delete")).refused(409)


def test_it_is_served_where_it_is_named(tmp_path: Path) -> None:
    assert "vm_lifecycle" in command("services", state=tmp_path).stdout
    with detached(tmp_path / "a") as status:
        assert _types(status["url"]).isdisjoint({"vm-lifecycle"})
    with detached(tmp_path / "b", "--services", "default,vm_lifecycle") as status:
        assert _types(status["url"]) >= {"vm-lifecycle", "compute", "object-store"}
    with detached(tmp_path / "c", "--services", "vm_lifecycle") as status:
        assert _types(status["url"]) == {
            "vm-lifecycle",
            "compute",
            "identity",
            "image",
            "network",
            "placement",
            "volumev3",
        }


def _types(url: str) -> set[str]:
    import urllib.request

    with urllib.request.urlopen(url) as answer:
        return {api["type"] for api in json.load(answer)["apis"]}


def test_the_command_needs_a_cloud(tmp_path: Path) -> None:
    refused = command("vms", state=tmp_path, check=False)
    assert refused.returncode == 1
    assert "Give --cloud NAME, or set OPENSTACK_AUTH_URL, OPENSTACK_USERNAME" in refused.stderr
