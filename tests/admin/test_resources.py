"""What the admin API tells of all resources alike: kinds, pages, single ones, quotas and changes."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from mopenstack.admin.v1 import resources_pb2 as pb
from mopenstack.admin.v1.resources_pb2_grpc import ResourcesStub
from mopenstack.network.v2.core import networks_pb2
from tests.client import Reply
from tests.conftest import Cloud, User

IMAGE = "cirros-0.6.3-x86_64-disk"


def asks(cloud: Cloud) -> Any:
    """GET below /_mopenstack/clouds/NAME."""

    async def ask(path: str) -> Reply:
        return await cloud.admin_api.get("_mopenstack", f"/clouds/{cloud.name}/{path}")

    return ask


async def boot(user: User, name: str = "web") -> dict[str, Any]:
    """A server, as the API shows it."""
    images = (await user.get("image", f"/v2/images?name={IMAGE}")).ok()["images"]
    networks = (await user.get("network", "/v2.0/networks?name=private")).ok()["networks"]
    body = {
        "name": name,
        "imageRef": images[0]["id"],
        "flavorRef": "42",
        "networks": [{"uuid": networks[0]["id"]}],
    }
    made = (await user.post("compute", "/v2.1/servers", {"server": body})).ok(202)["server"]
    shown: dict[str, Any] = (await user.get("compute", f"/v2.1/servers/{made['id']}")).ok()["server"]
    return shown


async def test_kinds_are_counted(cloud: Cloud, demo: User) -> None:
    ask = asks(cloud)
    kinds = {one["kind"]: one for one in (await ask("resources")).ok()["kinds"]}
    assert (kinds["server"]["service"], kinds["server"]["count"], kinds["server"]["owned"]) == ("compute", 0, True)
    assert {"active", "error", "building"} <= set(kinds["server"]["states"])
    assert kinds["role"]["owned"] is False
    await boot(demo)
    kinds = {one["kind"]: one for one in (await ask("resources")).ok()["kinds"]}
    assert kinds["server"]["count"] == 1
    of_demo = {one["kind"]: one["count"] for one in (await ask(f"resources?project={demo.project_id}")).ok()["kinds"]}
    assert (of_demo["server"], of_demo["role"]) == (1, 0)
    assert of_demo["network"] < kinds["network"]["count"]


async def test_a_page_is_searched_sorted_and_cut(cloud: Cloud, demo: User) -> None:
    ask = asks(cloud)
    for name in ("charlie", "alpha", "bravo"):
        (await demo.post("network", "/v2.0/networks", {"network": {"name": name}})).ok(201)
    page = (await ask("resources/network?limit=2")).ok()
    assert ([one["name"] for one in page["resources"]], page["total"]) == (["alpha", "bravo"], 5)
    page = (await ask("resources/network?sort=-name&limit=2&offset=3")).ok()
    assert [one["name"] for one in page["resources"]] == ["bravo", "alpha"]
    found = (await ask(f"resources/network?search=ALPH&project={demo.project_id}")).ok()["resources"]
    assert [(one["name"], one["project_name"], one["state"]) for one in found] == [("alpha", "demo", "ACTIVE")]
    assert (await ask("resources/network?state=DOWN")).ok()["total"] == 0
    subnet = (await ask("resources/subnet?search=10.0.0.0&fields=cidr")).ok()["resources"]
    assert [one["fields"] for one in subnet] == [{"cidr": "10.0.0.0/26"}]
    (await ask("resources/spoon")).refused(400, "'spoon' is no kind of resource")
    (await ask("resources/network?sort=colour")).refused(400, "'colour' is none of name, state")
    (await ask("resources/network?limit=1001")).refused(400)
    (await ask("resources/network?colour=red")).refused(400)


async def test_one_is_what_its_service_answers(cloud: Cloud, demo: User, admin: User) -> None:
    """Word for word what an admin gets at the highest microversion, links and all."""
    server = await boot(demo)
    found = (await asks(cloud)(f"resources/server/{server['id']}")).ok()
    newest = {"OpenStack-API-Version": "compute 2.103"}
    shown = (await admin.get("compute", f"/v2.1/servers/{server['id']}", headers=newest)).ok()
    assert found["answer"]["document"] == shown
    assert found["answer"]["request"] == f"GET /compute/v2.1/servers/{server['id']}"
    assert found["answer"]["microversion"] == "2.103"
    assert found["resource"]["state"] == "ACTIVE"
    actions = {one["name"]: one for one in found["diagram"]["actions"]}
    assert actions["stop"]["possible"] is True
    assert "active" in actions["stop"]["from"]
    assert actions["stop"]["to"] == "stopped"
    assert actions["start"]["possible"] is False
    assert found["diagram"]["state"] == "active"
    (await asks(cloud)("resources/server/nowhere")).refused(404, "There is no server nowhere.")


@pytest.mark.parametrize("kind", ["image", "user", "router", "flavor", "endpoint", "volume_type", "resource_provider"])
async def test_kinds_of_every_service_are_shown(kind: str, cloud: Cloud) -> None:
    ask = asks(cloud)
    first = (await ask(f"resources/{kind}?limit=1")).ok()["resources"][0]
    shown = (await ask(f"resources/{kind}/{first['id']}")).ok()
    assert first["id"] in str(shown["answer"]["document"])


async def test_secrets_are_not_shown(cloud: Cloud) -> None:
    ask = asks(cloud)
    user = (await ask("resources/user?search=demo&fields=password_hash&fields=name&limit=1")).ok()["resources"][0]
    stored = (await ask(f"resources/user/{user['id']}")).ok()["stored"]
    hidden = {name: value for name, value in {**stored, **user["fields"]}.items() if "password" in name}
    assert hidden
    assert not [value for value in hidden.values() if isinstance(value, str) and value.startswith("$2")]


async def test_looking_is_no_call_of_a_client(cloud: Cloud, demo: User) -> None:
    """No fault rule meets it, no journal has it, and no rule about reads counts it."""
    admin, base = cloud.admin_api, f"/clouds/{cloud.name}"
    rule = {"behaviour": {"kind": "server", "transition": "build", "reads": 3}}
    (await admin.post("_mopenstack", f"{base}/behaviours", rule)).ok()
    images = (await demo.get("image", f"/v2/images?name={IMAGE}")).ok()["images"]
    body = {"name": "web", "imageRef": images[0]["id"], "flavorRef": "42", "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.37"}
    server = (await demo.post("compute", "/v2.1/servers", {"server": body}, headers=headers)).ok(202)["server"]
    (await admin.post("_mopenstack", f"{base}/faults", {"fault": {"operation": "GetServer", "times": 1}})).ok()
    before = (await admin.get("_mopenstack", f"{base}/journal/calls")).ok()["total"]
    for _ in range(5):
        found = (await asks(cloud)(f"resources/server/{server['id']}")).ok()
        assert found["answer"]["document"]["server"]["status"] == "BUILD"
        assert found["diagram"]["under_way"]["action"] == "build"
    assert (await admin.get("_mopenstack", f"{base}/journal/calls")).ok()["total"] == before
    assert (await admin.get("_mopenstack", f"{base}/faults")).ok()["faults"][0]["hits"] == 0


async def test_a_change_is_told_when_it_happens(cloud: Cloud, demo: User) -> None:
    ask = asks(cloud)
    first = (await ask("changes")).ok()
    waiting = asyncio.ensure_future(ask(f"changes?after={first['number']}&seconds=25"))
    made = (await demo.post("network", "/v2.0/networks", {"network": {"name": "blue"}})).ok(201)["network"]
    told = (await waiting).ok()
    assert told["number"] != first["number"]
    assert (await ask(f"resources/network/{made['id']}")).ok()["resource"]["name"] == "blue"
    (await ask("changes?seconds=26")).refused(400)


async def test_quotas_and_what_is_used(cloud: Cloud, demo: User) -> None:
    await boot(demo)
    found = (await asks(cloud)(f"quotas/{demo.project_id}")).ok()["quotas"]
    used = {(one["service"], one["resource"]): (one["used"], one["limit"]) for one in found}
    assert used[("compute", "instances")] == (1, 10)
    assert used[("network", "port")][0] > 0
    assert {"volume", "load_balancer"} <= {service for service, _ in used}


async def test_the_cloud_s_own_paths_are_in_the_links(cloud: Cloud, demo: User) -> None:
    server = await boot(demo)
    found = (await asks(cloud)(f"resources/server/{server['id']}")).ok()
    links = [one["href"] for one in found["answer"]["document"]["server"]["links"]]
    assert links[0] == f"{cloud.url}/compute/v2.1/servers/{server['id']}"


async def test_over_grpc_the_answer_is_the_service_s_own_message(cloud: Cloud) -> None:
    request = pb.ListResourcesRequest(cloud=cloud.name, kind="network", search="private")
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        stub: Any = ResourcesStub(channel)
        (found,) = (await stub.ListResources(request)).resources
        detail = await stub.GetResource(pb.GetResourceRequest(cloud=cloud.name, kind="network", id=found.id))
    answer = networks_pb2.NetworkResponse()
    assert detail.answer.document.Unpack(answer)
    assert answer.network.name == "private"
