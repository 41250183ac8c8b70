"""Stacks: made of a template, seen by the services that their resources are of, and what goes wrong on the way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.orchestration.making import FAILING, Stacks, string, template, value

NET: dict[str, Any] = {"type": "OS::Neutron::Net"}


@pytest.fixture
def stacks(demo: User) -> Stacks:
    return Stacks(demo)


async def test_a_stack_of_100_resources(stacks: Stacks) -> None:
    """Made, updated with one replacement, rolled back, deleted: each resource is seen by its service, none is left."""
    resources: dict[str, Any] = {f"net{place}": NET for place in range(50)}
    for place in range(50):
        subnet = {"network": {"get_resource": f"net{place}"}, "cidr": f"10.{place}.0.0/24"}
        resources[f"subnet{place}"] = {"type": "OS::Neutron::Subnet", "properties": subnet}
    before = len((await stacks.user.get("network", "/v2.0/networks")).ok()["networks"])
    path = await stacks.create("hundred", resources)
    assert await stacks.state(path) == ("CREATE_COMPLETE", "Stack CREATE completed successfully")
    assert len(await stacks.resources(path)) == 100
    assert len((await stacks.user.get("network", "/v2.0/networks")).ok()["networks"]) == before + 50
    first = (await stacks.resources(path))["subnet0"]["physical_resource_id"]
    resources["subnet0"] = {
        "type": "OS::Neutron::Subnet",
        "properties": {"network": {"get_resource": "net0"}, "cidr": "10.99.0.0/24"},
    }
    (await stacks.ask("PUT", path, {"template": template(resources)})).ok(202)
    assert await stacks.state(path) == ("UPDATE_COMPLETE", "Stack UPDATE completed successfully")
    second = (await stacks.resources(path))["subnet0"]["physical_resource_id"]
    assert second != first
    (await stacks.user.get("network", f"/v2.0/subnets/{first}")).refused(404)
    changed = {**resources, "net1": {**NET, "properties": {"name": "new"}}, "bad": {**FAILING, "depends_on": "net1"}}
    (await stacks.ask("PUT", path, {"template": template(changed), "disable_rollback": False})).ok(202)
    assert await stacks.state(path) == ("ROLLBACK_COMPLETE", "Stack ROLLBACK completed successfully")
    assert (await stacks.resources(path)).keys() == resources.keys()
    (await stacks.ask("DELETE", path)).ok(204)
    assert (await stacks.show(path))["stack_status"] == "DELETE_COMPLETE"
    assert len((await stacks.user.get("network", "/v2.0/networks")).ok()["networks"]) == before
    assert (await stacks.ask("GET", "/stacks")).ok()["stacks"] == []


async def test_who_finds_it(stacks: Stacks, admin: User) -> None:
    """By name or id there is a redirection; name and id must belong together; other projects do not know of it."""
    path = await stacks.create("found", {"rs": string()}, tags="a,b")
    id = path.rpartition("/")[2]
    for word in ("found", id):
        reply = await stacks.ask("GET", f"/stacks/{word}")
        assert reply.status == 302
        assert reply.headers["Location"].endswith(path)
    assert (await stacks.ask("GET", "/stacks/found/resources")).headers["Location"].endswith(f"{path}/resources")
    assert (await stacks.show(path))["tags"] == ["a", "b"]
    missing = ("EntityNotFound", "The Stack (other) could not be found.")
    assert await stacks.refused(404, {}, f"/stacks/other/{id}", "GET") == missing
    stranger = Stacks(admin)
    assert (await stranger.ask("GET", f"/stacks/found/{id}")).ok()["stack"]["id"] == id  # an admin sees all
    wrong = await stacks.user.get("heat-api", f"/v1/{admin.project_id}/stacks")
    assert wrong.refused(403)["error"]["type"] == "HTTPForbidden"
    assert await stacks.refused(409, {"stack_name": "found", "template": template()}) == (
        "StackExists", "The Stack (found) already exists.",
    )  # fmt: skip


async def test_a_failure_leaves_what_was_made(stacks: Stacks) -> None:
    """Without rollback the stack is as it came: the rest made, what depends on the failure not begun."""
    path = await stacks.create("failing", {"a": FAILING, "b": string(), "c": value({"get_attr": ["a", "output"]})})
    reason = "ValueError: resources.a: Test Resource failed a"
    assert await stacks.state(path) == ("CREATE_FAILED", f"Resource CREATE failed: {reason}")
    found = await stacks.resources(path)
    assert found["a"]["resource_status"] == "CREATE_FAILED"
    assert found["a"]["resource_status_reason"] == reason
    assert found["b"]["resource_status"] == "CREATE_COMPLETE"


async def test_a_rollback_takes_everything_back(stacks: Stacks) -> None:
    path = await stacks.create("back", {"net": NET, "a": {**FAILING, "depends_on": "net"}}, disable_rollback=False)
    assert await stacks.state(path) == ("ROLLBACK_COMPLETE", "Stack ROLLBACK completed successfully")
    assert await stacks.resources(path) == {}
    assert [event for event in await stacks.events(path) if event[0] == "back"] == [
        ("back", "CREATE_IN_PROGRESS", "Stack CREATE started"),
        ("back", "CREATE_FAILED", "Resource CREATE failed: ValueError: resources.a: Test Resource failed a"),
        ("back", "ROLLBACK_IN_PROGRESS", "Stack ROLLBACK started"),
        ("back", "ROLLBACK_COMPLETE", "Stack ROLLBACK completed successfully"),
    ]


async def test_a_nested_stack_that_fails(stacks: Stacks) -> None:
    """The reason names the place in both templates."""
    import json

    files = {"nested.yaml": json.dumps(template({"a": FAILING}))}
    path = await stacks.create("outer", {"n": {"type": "nested.yaml"}}, files=files)
    assert await stacks.state(path) == (
        "CREATE_FAILED", "Resource CREATE failed: ValueError: resources.n.resources.a: Test Resource failed a",
    )  # fmt: skip
    nested = (await stacks.ask("GET", "/stacks?show_nested=true")).ok()["stacks"]
    assert {one["stack_status"] for one in nested} == {"CREATE_FAILED"}
    (await stacks.ask("DELETE", path)).ok(204)
    assert (await stacks.show(path))["stack_status"] == "DELETE_COMPLETE"
    assert (await stacks.ask("GET", "/stacks?show_nested=true")).ok()["stacks"] == []


async def test_a_quota_in_the_middle(stacks: Stacks, admin: User) -> None:
    """What there is room for is made; the refusal reads as Neutron's client tells it."""
    have = len((await stacks.user.get("network", "/v2.0/networks")).ok()["networks"])
    mine = [
        one for one in (await stacks.user.get("network", "/v2.0/networks")).ok()["networks"]
        if one["project_id"] == stacks.user.project_id
    ]  # fmt: skip
    quota = {"quota": {"network": len(mine) + 2}}
    (await admin.put("network", f"/v2.0/quotas/{stacks.user.project_id}", quota)).ok()
    chain = {"a": NET, "b": {**NET, "depends_on": "a"}, "c": {**NET, "depends_on": "b"}}
    path = await stacks.create("quota", chain)
    status, reason = await stacks.state(path)
    assert status == "CREATE_FAILED"
    expected = "Resource CREATE failed: OverQuotaClient: resources.c: Quota exceeded for resources: ['network'].\n"
    assert reason.startswith(expected + "Neutron server returns request_ids: ['req-")
    assert len((await stacks.user.get("network", "/v2.0/networks")).ok()["networks"]) == have + 2
    (await stacks.ask("DELETE", path)).ok(204)
    assert (await stacks.show(path))["stack_status"] == "DELETE_COMPLETE"
    assert len((await stacks.user.get("network", "/v2.0/networks")).ok()["networks"]) == have


CIRCLE = {
    "a": {"type": "OS::Heat::TestResource", "depends_on": "b"},
    "b": {"type": "OS::Heat::TestResource", "depends_on": "a"},
}


@pytest.mark.parametrize(
    ("resources", "kind", "text"),
    [
        (
            CIRCLE, "CircularDependencyException",
            'Circular Dependency Found: {TestResource "b": {TestResource "a"}, TestResource "a": {TestResource "b"}}',
        ),
        ({"a": {"type": "OS::Zz::Y"}}, "StackValidationFailed", "The Resource Type (OS::Zz::Y) could not be found."),
        (
            {"a": {"type": "OS::Heat::RandomString", "properties": {"zz": 1}}}, "StackValidationFailed",
            "Property error: : resources.a.properties: : Unknown Property zz",
        ),
        (
            {"a": string(1000)}, "StackValidationFailed",
            "Property error: : resources.a.properties.length: : 1000 is out of range (min: 1, max: 512)",
        ),
        (
            {"a": value({"get_resource": "zz"})}, "InvalidTemplateReference",
            'The specified reference "zz" (in a.Properties.value) is incorrect.',
        ),
        (
            {f"r{place}": {"type": "OS::Heat::None"} for place in range(1001)}, "RequestLimitExceeded",
            "Request limit exceeded: Maximum resources per stack exceeded.",
        ),
    ],
    ids=["circle", "type", "property", "constraint", "reference", "many"],
)  # fmt: skip
async def test_a_template_that_is_wrong(stacks: Stacks, resources: dict[str, Any], kind: str, text: str) -> None:
    body = {"stack_name": "wrong", "template": template(resources)}
    assert await stacks.refused(400, body) == (kind, text)
    assert (await stacks.ask("GET", "/stacks")).ok()["stacks"] == []


async def test_members_make_what_their_roles_allow(cloud: Cloud, admin: User, stacks: Stacks) -> None:
    """What a stack makes is asked of the policy for the user who made it, though it is made later."""
    flavor = {"type": "OS::Nova::Flavor", "properties": {"ram": 64, "vcpus": 1, "disk": 1}}
    body = {"stack_name": "flavors", "template": template({"f": flavor})}
    assert await stacks.refused(403, body) == ("Forbidden", "You are not authorized to use OS::Nova::Flavor.")
    net = {**NET, "properties": {"shared": True}}
    status, reason = await stacks.state(await stacks.create("shared", {"n": net}))
    assert status == "CREATE_FAILED"
    assert "Forbidden: resources.n: " in reason
    root = Stacks(admin)
    assert (await root.state(await root.create("flavors", {"f": flavor})))[0] == "CREATE_COMPLETE"
