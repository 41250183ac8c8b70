"""Types whose work Mistral does: workflows that signals start, and resources that workflows make."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mopenstack.core.workflow.sandbox import SANDBOX
from tests.client import User
from tests.conftest import Cloud
from tests.orchestration.stacks import at_rest, changed, made, outputs, template
from tests.workflow.making import advance

TEXT = {"Content-Type": "text/plain", "Accept": "*/*"}
FLOW = """
version: '2.0'
make:
  input: [name]
  output:
    resource_id: id-<% $.name %>
    told: <% $.told %>
    before: <% env().get(heat_extresource_data, {}).get(told, nothing) %>
  tasks:
    one:
      action: std.echo output=<% $.name %>
      publish:
        told: <% task().result %>
"""
FAILING = "version: '2.0'\nbad:\n  input: [name]\n  tasks:\n    one:\n      action: std.fail\n"


def stack_path(user: User, stack: dict[str, Any]) -> str:
    return f"/v1/{user.project_id}/stacks/{stack['stack_name']}/{stack['id']}"


async def signal(user: User, stack: dict[str, Any], resource: str, details: Any) -> Any:
    return await user.post("heat-api", f"{stack_path(user, stack)}/resources/{resource}/signal", details)


def workflow(**properties: Any) -> dict[str, Any]:
    task = {
        "name": "one",
        "action": "std.echo",
        "input": {"output": "<% $.word %>"},
        "publish": {"said": "<% $.word %>"},
    }
    given = {"type": "direct", "tasks": [task], "input": {"word": "hello"}, "output": {"said": "<% $.said %>"}}
    return {"type": "OS::Mistral::Workflow", "properties": {**given, **properties}}


ATTRIBUTES = {
    "ref": {"get_resource": "w"},
    "data": {"get_attr": ["w", "data"]},
    "url": {"get_attr": ["w", "alarm_url"]},
    "executions": {"get_attr": ["w", "executions"]},
}


async def test_workflow(cloud: Cloud) -> None:
    """A workflow is written from properties; each signal starts it, with input of its own; all go with the stack."""
    user = await cloud.user()
    stack = await made(user, "flow", template({"w": workflow(name="said")}, ATTRIBUTES))
    found = outputs(stack)
    assert (found["ref"], found["data"]) == ("said", {"name": "said", "input": {"word": "hello"}})
    assert found["executions"] == []
    kept = (await user.get("workflow", "/v2/workflows/said")).ok()
    assert kept["input"] == "word"
    assert "std.echo" in kept["definition"]
    (await signal(user, stack, "w", {"input": {"word": "bye"}})).ok()
    (await signal(user, stack, "w", None)).ok()
    told = outputs(await at_rest(user, "flow", stack["id"]))["executions"]
    while any(one["state"] == "RUNNING" for one in told):
        await asyncio.sleep(0.02)
        told = outputs(await at_rest(user, "flow", stack["id"]))["executions"]
    assert [one["output"]["said"] for one in told] == ["hello", "bye"]
    assert [(one["workflow_name"], one["input"]) for one in told] == [
        ("said", {"word": "hello"}),
        ("said", {"word": "bye"}),
    ]
    await changed(user, stack, template({"w": workflow(name="said", description="other")}, ATTRIBUTES))
    assert "description: other" in (await user.get("workflow", "/v2/workflows/said")).ok()["definition"]
    (await user.delete("heat-api", stack_path(user, stack))).ok(204)
    assert (await at_rest(user, "flow", stack["id"]))["stack_status"] == "DELETE_COMPLETE"
    (await user.get("workflow", "/v2/workflows/said")).refused(404)
    (await user.get("workflow", f"/v2/executions/{told[0]['id']}")).refused(404)


async def test_signed_signal(cloud: Cloud) -> None:
    """Who has the address of a workflow starts it, without a token."""
    user = await cloud.user()
    stack = await made(user, "flow", template({"w": workflow(use_request_body_as_input=True)}, ATTRIBUTES))
    found = outputs(stack)
    answer = await user.session.post(found["url"], json={"word": "signed"})
    assert answer.status == 200, await answer.text()
    (one,) = outputs(await at_rest(user, "flow", stack["id"]))["executions"]
    assert (one["workflow_name"], one["input"]) == (found["ref"], {"word": "signed"})


async def test_refusals_of_workflows(cloud: Cloud) -> None:
    """Templates and signals that say what no workflow can be, and a definition that Mistral refuses."""
    user = await cloud.user()

    async def refused(**properties: Any) -> str:
        body = {"stack_name": "no", "template": template({"w": workflow(**properties)})}
        answer = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).refused(400)
        return str(answer["error"]["message"])

    assert "'task_name' is not assigned in 'params' in case of reverse type workflow." in await refused(type="reverse")
    task = {"name": "t", "action": "std.noop"}
    assert "following properties must be specified: workflow, action" in await refused(tasks=[{"name": "t"}])
    assert "can contain property 'requires'" in await refused(tasks=[{**task, "requires": ["a"]}])
    assert "concurrency cannot be specified without with_items." in await refused(tasks=[{**task, "concurrency": 2}])
    stack = await made(user, "wrong", template({"w": workflow(tasks=[{"name": "t", "action": "std.nil x=<% $. %>"}])}))
    assert stack["stack_status_reason"].startswith("Resource CREATE failed: APIException: resources.w: ")
    await made(user, "taken", template({"w": workflow(name="taken")}))
    stack = await made(user, "twice", template({"w": workflow(name="taken")}))
    assert stack["stack_status_reason"].startswith(
        "Resource CREATE failed: APIException: resources.w: Duplicate entry for WorkflowDefinition"
    )


def external(actions: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "OS::Mistral::ExternalResource", "properties": {"actions": actions, **properties}}


async def define(user: User, text: str) -> None:
    (await user.send("POST", "workflow", "/v2/workflows", data=text, headers=TEXT)).ok(201)


async def test_external_resource(cloud: Cloud) -> None:
    """Workflows make, change and delete it; each knows what those before it gave."""
    user = await cloud.user()
    await define(user, FLOW)
    actions = {action: {"workflow": "make"} for action in ("CREATE", "UPDATE", "DELETE")}
    told = {"ref": {"get_resource": "x"}, "output": {"get_attr": ["x", "output"]}}

    def wanted(name: str, **more: Any) -> dict[str, Any]:
        return template({"x": external(actions, input={"name": name}, **more)}, told)

    async def ran() -> int:
        return len((await user.get("workflow", "/v2/executions")).ok()["executions"])

    stack = await made(user, "ext", wanted("a"))
    found = outputs(stack)
    assert (found["ref"], json.loads(found["output"])["told"]) == ("id-a", "a")
    found = outputs(await changed(user, stack, wanted("b")))
    assert (found["ref"], json.loads(found["output"])) == ("id-b", {"resource_id": "id-b", "told": "b", "before": "a"})
    assert await ran() == 2
    await changed(user, stack, wanted("b"))
    assert await ran() == 2
    (await user.delete("heat-api", stack_path(user, stack))).ok(204)
    assert (await at_rest(user, "ext", stack["id"]))["stack_status"] == "DELETE_COMPLETE"
    assert await ran() == 3
    stack = await made(user, "always", wanted("c", always_update=True))
    await changed(user, stack, wanted("c", always_update=True))
    assert await ran() == 5


async def test_external_resource_that_fails(cloud: Cloud) -> None:
    """The resource fails with what the execution says; input that the workflow does not take is refused at once."""
    user = await cloud.user()
    await define(user, FAILING)
    actions = {"CREATE": {"workflow": "bad"}}
    stack = await made(user, "bad", template({"x": external(actions, input={"name": "a"})}))
    (execution,) = (await user.get("workflow", "/v2/executions")).ok()["executions"]
    assert stack["stack_status"] == "CREATE_FAILED"
    assert stack["stack_status_reason"] == f"Resource CREATE failed: resources.x: {execution['state_info']}"
    assert execution["description"] == "Heat managed"
    stack = await made(user, "worse", template({"x": external(actions, input={"other": "a"})}))
    start = "Resource CREATE failed: APIException: resources.x: Invalid input"
    assert stack["stack_status_reason"].startswith(start)
    assert len((await user.get("workflow", "/v2/executions")).ok()["executions"]) == 1


async def test_action_of_another_service(cloud: Cloud) -> None:
    """What an execution asks of other services is asked once the stack's transaction holds."""
    user = await cloud.user()
    text = "version: '2.0'\nnets:\n  output: {count: <% len($.found.networks) %>}\n  tasks:\n    one:\n"
    await define(user, text + "      action: neutron.list_networks\n      publish: {found: <% task().result %>}\n")
    resources = {f"x{number}": external({"CREATE": {"workflow": "nets"}}) for number in range(12)}
    stack = await made(user, "nets", template(resources, {"x": {"get_attr": ["x0", "output"]}}))
    assert json.loads(outputs(stack)["x"])["count"] >= 1


async def test_in_progress_until_the_execution_ends(cloud: Cloud) -> None:
    """In a cloud that takes its time the resource is made when its workflow has run; a cancelled one fails it."""
    user = await cloud.user()
    await define(user, "version: '2.0'\nslow:\n  tasks:\n    one:\n      action: std.noop\n      wait-before: 100\n")
    (await cloud.admin_api.put("_mopenstack", f"/clouds/{cloud.name}/profile", {"profile": "realistic"})).ok()

    async def begun(name: str) -> tuple[str, str]:
        document = template({"x": external({"CREATE": {"workflow": "slow"}})})
        body = {"stack_name": name, "template": document, "disable_rollback": True}
        stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
        path = f"/v1/{user.project_id}/stacks/{name}/{stack['id']}"
        shown: dict[str, Any] = {"physical_resource_id": ""}
        while not shown["physical_resource_id"]:
            await advance(cloud, cloud.admin_api, 0.5)
            await asyncio.sleep(0.05)
            shown = (await user.get("heat-api", f"{path}/resources/x")).ok()["resource"]
        found = (await user.get("workflow", "/v2/executions?state=RUNNING")).ok()["executions"]
        assert (shown["resource_status"], shown["physical_resource_id"]) == ("CREATE_IN_PROGRESS", found[0]["id"])
        return path, found[0]["id"]

    async def ended(path: str) -> dict[str, Any]:
        stack = {"stack_status": "CREATE_IN_PROGRESS"}
        while stack["stack_status"].endswith("IN_PROGRESS"):
            await advance(cloud, cloud.admin_api, 5)
            await asyncio.sleep(0.02)
            stack = (await user.get("heat-api", path)).ok()["stack"]
        return stack

    path, _ = await begun("first")
    assert (await ended(path))["stack_status"] == "CREATE_COMPLETE"
    path, id = await begun("second")
    change = {"state": "CANCELLED", "state_info": "not wanted"}
    (await user.put("workflow", f"/v2/executions/{id}", change)).ok()
    info = (await user.get("workflow", f"/v2/executions/{id}")).ok()["state_info"]
    assert (await ended(path))["stack_status_reason"] == f"Resource CREATE failed: resources.x: {info}"


async def test_input_that_replaces(cloud: Cloud) -> None:
    """A change of some input makes another resource; the stack's pauses are executions, too."""
    user = await cloud.user()
    await define(user, FLOW)
    actions = {action: {"workflow": "make"} for action in ("CREATE", "SUSPEND", "RESUME", "DELETE")}

    def wanted(name: str) -> dict[str, Any]:
        return template({"x": external(actions, input={"name": name}, replace_on_change_inputs=["name"])})

    async def ran() -> list[str]:
        found = (await user.get("workflow", "/v2/executions?include_output=true")).ok()["executions"]
        return [json.loads(one["output"])["resource_id"] for one in found]

    stack = await made(user, "ext", wanted("a"))
    await changed(user, stack, wanted("b"))
    assert sorted(await ran()) == ["id-a", "id-a", "id-b"]
    for action in ("suspend", "resume"):
        (await user.post("heat-api", f"{stack_path(user, stack)}/actions", {action: None})).ok()
        assert (await at_rest(user, "ext", stack["id"]))["stack_status"] == f"{action.upper()}_COMPLETE"
    assert sorted(await ran()) == ["id-a", "id-a", "id-b", "id-b", "id-b"]


async def test_unhealthy_workflow(cloud: Cloud) -> None:
    """A workflow of a name of its own that is marked unhealthy stays, as long as it is there."""
    user = await cloud.user()
    stack = await made(user, "flow", template({"w": workflow(name="said")}))
    before = (await user.get("workflow", "/v2/workflows/said")).ok()["id"]
    body = {"mark_unhealthy": True, "resource_status_reason": "odd"}
    (await user.patch("heat-api", f"{stack_path(user, stack)}/resources/w", body)).ok()
    again = await changed(user, stack, template({"w": workflow(name="said")}))
    assert again["stack_status"] == "UPDATE_COMPLETE", again["stack_status_reason"]
    assert (await user.get("workflow", "/v2/workflows/said")).ok()["id"] == before


async def test_delete_without_create(cloud: Cloud) -> None:
    """A resource that no workflow makes is deleted by one all the same."""
    user = await cloud.user()
    await define(user, FLOW)
    stack = await made(user, "ext", template({"x": external({"DELETE": {"workflow": "make"}}, input={"name": "a"})}))
    assert stack["stack_status"] == "CREATE_COMPLETE"
    assert (await user.get("workflow", "/v2/executions")).ok()["executions"] == []
    (await user.delete("heat-api", stack_path(user, stack))).ok(204)
    await at_rest(user, "ext", stack["id"])
    (execution,) = (await user.get("workflow", "/v2/executions")).ok()["executions"]
    assert execution["state"] == "SUCCESS"


async def test_others_go_on(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a definition is read, other stacks are made and other calls answered; it is read once."""
    user, begun, goes_on, asked = await cloud.user(), asyncio.Event(), asyncio.Event(), []
    ask = SANDBOX.ask

    async def slow(project: str, do: str, **values: Any) -> Any:
        asked.append(do)
        begun.set()
        await goes_on.wait()
        return await ask(project, do, **values)

    monkeypatch.setattr(SANDBOX, "ask", slow)
    body = {"stack_name": "waits", "template": template({"w": workflow(name="said")})}
    stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
    other = await made(user, "other", template({"v": {"type": "OS::Heat::RandomString"}}))
    assert other["stack_status"] == "CREATE_COMPLETE"
    path = f"/v1/{user.project_id}/stacks/waits/{stack['id']}"
    assert (await user.get("heat-api", path)).ok()["stack"]["stack_status"] == "CREATE_IN_PROGRESS"
    await asyncio.wait_for(begun.wait(), 10)
    assert asked == ["workflows"]
    goes_on.set()
    assert (await at_rest(user, "waits", stack["id"]))["stack_status"] == "CREATE_COMPLETE"
    assert asked == ["workflows"]
