"""OS::Heat::SwiftSignalHandle and OS::Heat::SwiftSignal: a stack waits for uploads to a signed address."""

from __future__ import annotations

import json
from typing import Any

from tests.client import User
from tests.conftest import Cloud
from tests.orchestration.stacks import at_rest, template

REST = {"token": {"get_attr": ["h", "token"]}, "curl": {"get_attr": ["h", "curl_cli"]}}
TOLD = {"endpoint": {"get_attr": ["h", "endpoint"]}, "ref": {"get_resource": "h"}, **REST}


async def begun(user: User, name: str, **properties: Any) -> tuple[dict[str, Any], str]:
    """A stack that waits, and the address that it waits for."""
    resources = {
        "h": {"type": "OS::Heat::SwiftSignalHandle"},
        "s": {
            "type": "OS::Heat::SwiftSignal",
            "properties": {"handle": {"get_resource": "h"}, "timeout": 60, **properties},
        },
    }
    document = template(resources, {**TOLD, "data": {"get_attr": ["s", "data"]}})
    body = {"stack_name": name, "template": document, "disable_rollback": True}
    stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
    path = f"/v1/{user.project_id}/stacks/{name}/{stack['id']}"
    attributes = (await user.get("heat-api", f"{path}/resources/h")).ok()["resource"]["attributes"]
    assert attributes["token"] == ""
    assert attributes["curl_cli"] == f"curl -i -X PUT '{attributes['endpoint']}'"
    return {**stack, "path": path, "stack_name": name}, attributes["endpoint"]


def later(cloud: Cloud, seconds: float) -> None:
    """Let time pass."""
    cloud.serving.engine.clouds[cloud.name].clock.advance(seconds)


async def put(user: User, address: str, body: str) -> int:
    async with user.session.put(address, data=body) as answer:
        return answer.status


async def test_signals(cloud: Cloud) -> None:
    """Done when enough uploads have come, each of which is a signal with data; an upload of the same id replaces it."""
    user = await cloud.user()
    stack, address = await begun(user, "waits", count=2)
    assert await put(user, address, '{"status": "SUCCESS", "data": "old", "id": "a"}') == 201
    assert await put(user, address, '{"status": "SUCCESS", "data": "new", "id": "a"}') == 201
    later(cloud, 2)
    assert (await user.get("heat-api", stack["path"])).ok()["stack"]["stack_status"] == "CREATE_IN_PROGRESS"
    assert await put(user, address, "") == 201
    later(cloud, 2)
    found = await at_rest(user, "waits", stack["id"])
    assert found["stack_status"] == "CREATE_COMPLETE", found["stack_status_reason"]
    told = {one["output_key"]: one["output_value"] for one in found["outputs"]}
    assert told["ref"] == told["endpoint"] == address
    assert json.loads(told["data"])["a"] == "new"
    assert len(json.loads(told["data"])) == 2
    (await user.delete("heat-api", stack["path"])).ok(204)
    assert (await at_rest(user, "waits", stack["id"]))["stack_status"] == "DELETE_COMPLETE"
    (await user.get("object-store", f"/v1/AUTH_{user.project_id}/{stack['id']}")).refused(404)


async def test_failures(cloud: Cloud) -> None:
    """A signal of failure, one that is no JSON, one of an unknown status, and none in time."""
    user = await cloud.user()
    said = {
        '{"status": "FAILURE", "reason": "no room"}': "SwiftSignalFailure: resources.s: no room",
        "{": "Error: resources.s: Failed to parse JSON data: {",
        '{"status": "ODD"}': "Error: resources.s: Unknown status: ODD",
        "": "SwiftSignalTimeout: resources.s: 1 of 2 received - Signal 1 received",
    }
    for number, (body, reason) in enumerate(said.items()):
        stack, address = await begun(user, f"fails{number}", count=2)
        assert await put(user, address, body) == 201
        later(cloud, 2 if body else 61)
        found = await at_rest(user, stack["stack_name"], stack["id"])
        assert found["stack_status_reason"] == f"Resource CREATE failed: {reason}"


async def test_bad_handles(cloud: Cloud) -> None:
    """Addresses that are no handle of the stack."""
    user = await cloud.user()
    for number, (path, part) in enumerate(
        ((f"/v1/AUTH_{user.project_id}/other/o", "container name"), ("/v1/AUTH_x/c/o", "Swift TempURL path"))
    ):
        properties = {"handle": f"http://swift{path}", "timeout": 9}
        document = template({"s": {"type": "OS::Heat::SwiftSignal", "properties": properties}})
        body = {"stack_name": f"bad{number}", "template": document, "disable_rollback": True}
        stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
        found = await at_rest(user, f"bad{number}", stack["id"])
        text = f'"{path}" is not a valid SwiftSignalHandle.  The {part} is invalid'
        assert found["stack_status_reason"] == f"Resource CREATE failed: ValueError: resources.s: {text}"
