"""Updates, actions, snapshots, signals: what happens to stacks that are there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.orchestration.making import FAILING, Stacks, string, template, value

CHAIN = {"r": string(5), "v": value({"get_attr": ["r", "value"]})}
OUTPUTS = {"o": {"value": {"get_attr": ["v", "value"]}}}


@pytest.fixture
def stacks(demo: User) -> Stacks:
    return Stacks(demo)


async def test_a_replacement_and_the_way_back(stacks: Stacks) -> None:
    """A new string is made before the old one goes; after a failed update the old one is what it was."""
    path = await stacks.create("u", CHAIN, sections={"outputs": OUTPUTS})
    first = (await stacks.outputs(path))["o"]
    assert len(first) == 5
    (await stacks.ask("PUT", path, {"template": template({**CHAIN, "r": string(9)}, outputs=OUTPUTS)})).ok(202)
    second = (await stacks.outputs(path))["o"]
    assert len(second) == 9
    told = [event[:2] for event in await stacks.events(path)][6:]
    assert told == [
        ("u", "UPDATE_IN_PROGRESS"), ("r", "CREATE_IN_PROGRESS"), ("r", "CREATE_COMPLETE"),
        ("v", "UPDATE_IN_PROGRESS"), ("v", "UPDATE_COMPLETE"), ("r", "DELETE_IN_PROGRESS"), ("r", "DELETE_COMPLETE"),
        ("u", "UPDATE_COMPLETE"),
    ]  # fmt: skip
    bad = {**CHAIN, "r": string(11), "z": {**FAILING, "depends_on": "r"}}
    (await stacks.ask("PUT", path, {"template": template(bad, outputs=OUTPUTS), "disable_rollback": False})).ok(202)
    assert await stacks.state(path) == ("ROLLBACK_COMPLETE", "Stack ROLLBACK completed successfully")
    assert (await stacks.outputs(path))["o"] == second
    (await stacks.ask("PUT", path, {"template": template(bad, outputs=OUTPUTS), "disable_rollback": True})).ok(202)
    assert await stacks.state(path) == (
        "UPDATE_FAILED", "Resource CREATE failed: ValueError: resources.z: Test Resource failed z",
    )  # fmt: skip
    (await stacks.ask("PUT", path, {"template": template(CHAIN, outputs=OUTPUTS)})).ok(202)
    assert (await stacks.state(path))[0] == "UPDATE_COMPLETE"
    assert (await stacks.resources(path)).keys() == CHAIN.keys()


async def test_a_patch_keeps_what_it_does_not_give(stacks: Stacks) -> None:
    sections = {
        "parameters": {"p": {"type": "string", "default": "d"}, "q": {"type": "number", "default": 1, "hidden": True}},
        "outputs": {"o": {"value": {"get_param": "p"}}},
    }
    path = await stacks.create("patched", {"r": string()}, sections=sections, parameters={"p": "one", "q": 7}, tags="t")
    string_before = (await stacks.resources(path))["r"]["physical_resource_id"]
    (await stacks.ask("PATCH", path, {"parameters": {"p": "two"}})).ok(202)
    stack = await stacks.show(path)
    assert (await stacks.outputs(path))["o"] == "two"
    assert stack["parameters"]["q"] == "******"
    assert stack["tags"] == ["t"]
    assert (await stacks.ask("GET", f"{path}/environment")).ok()["parameters"] == {"p": "two", "q": "******"}
    (await stacks.ask("PATCH", path, {"clear_parameters": ["p"]})).ok(202)
    assert (await stacks.outputs(path))["o"] == "d"
    assert (await stacks.resources(path))["r"]["physical_resource_id"] == string_before
    assert await stacks.refused(400, {"parameters": {"p": "x"}}, path, "PUT") == (
        "HTTPBadRequest", "No template specified",
    )  # fmt: skip


async def test_what_an_update_would_do(stacks: Stacks) -> None:
    path = await stacks.create("looked-at", {"a": string(5), "b": string(6), "c": value("x")})
    wanted = template({"a": string(5), "b": string(7), "d": string(), "c": value("y")})
    found = (await stacks.ask("PUT", f"{path}/preview", {"template": wanted})).ok()["resource_changes"]
    names = {fate: [one["resource_name"] for one in some] for fate, some in found.items()}
    assert names == {"unchanged": ["a"], "replaced": ["b"], "added": ["d"], "updated": ["c"], "deleted": []}
    assert (await stacks.state(path))[0] == "CREATE_COMPLETE"


async def test_suspend_resume_check(stacks: Stacks) -> None:
    path = await stacks.create("acted-on", CHAIN)
    wanted = {
        "suspend": "Stack SUSPEND completed successfully",
        "resume": "Stack RESUME completed successfully",
        "check": "Stack CHECK completed successfully. 'CHECK' not fully supported (see resources)",
    }
    for action, reason in wanted.items():
        reply = await stacks.ask("POST", f"{path}/actions", {action: None})
        assert reply.ok(200) is None
        assert await stacks.state(path) == (f"{action.upper()}_COMPLETE", reason)
        if action == "suspend":
            text = "Updating a stack when it is suspended is not supported."
            assert await stacks.refused(400, {"template": template()}, path, "PUT") == ("NotSupported", text)
    text = "Cancelling update when stack is CHECK_COMPLETE is not supported."
    assert await stacks.refused(400, {"cancel_update": None}, f"{path}/actions") == ("NotSupported", text)
    assert await stacks.refused(400, {"zz": None}, f"{path}/actions") == (
        "HTTPBadRequest", "Invalid action zz specified",
    )  # fmt: skip


async def test_a_snapshot_brings_back(stacks: Stacks) -> None:
    path = await stacks.create("kept", {"v": value("one")}, sections={"outputs": OUTPUTS})
    made = (await stacks.ask("POST", f"{path}/snapshots", {"name": "s"})).ok(200)
    assert (made["status"], made["data"]["resources"]) == ("IN_PROGRESS", {})
    where = f"{path}/snapshots/{made['id']}"
    shown = (await stacks.ask("GET", where)).ok()["snapshot"]
    assert (shown["status"], list(shown["data"]["resources"])) == ("COMPLETE", ["v"])
    (await stacks.ask("PUT", path, {"template": template({"v": value("two")}, outputs=OUTPUTS)})).ok(202)
    assert (await stacks.outputs(path))["o"] == "two"
    (await stacks.ask("POST", f"{where}/restore")).ok(202)
    assert await stacks.state(path) == ("RESTORE_COMPLETE", "Stack RESTORE completed successfully")
    assert (await stacks.outputs(path))["o"] == "one"
    (await stacks.ask("DELETE", where)).ok(204)
    (await stacks.ask("GET", where)).refused(404, f"Snapshot with id {made['id']} not found")


async def test_a_condition_waits_for_its_signals(stacks: Stacks) -> None:
    waiting: dict[str, Any] = {
        "h": {"type": "OS::Heat::WaitConditionHandle"},
        "w": {
            "type": "OS::Heat::WaitCondition",
            "properties": {"handle": {"get_resource": "h"}, "timeout": 300, "count": 2},
        },
    }
    path = await stacks.create("waiting", waiting, sections={"outputs": {"o": {"value": {"get_attr": ["w", "data"]}}}})
    assert (await stacks.state(path))[0] == "CREATE_IN_PROGRESS"
    for number in range(2):
        body = {"status": "SUCCESS", "reason": "r", "data": f"d{number}", "id": str(number)}
        assert (await stacks.ask("POST", f"{path}/resources/h/signal", body)).ok(200) is None
        assert (await stacks.state(path))[0] == ("CREATE_COMPLETE" if number else "CREATE_IN_PROGRESS")
    assert (await stacks.outputs(path))["o"] == '{"0": "d0", "1": "d1"}'
    failing = await stacks.create("refused", waiting)
    body = {"status": "FAILURE", "reason": "no luck"}
    (await stacks.ask("POST", f"{failing}/resources/h/signal", body)).ok(200)
    assert await stacks.state(failing) == (
        "CREATE_FAILED", "Resource CREATE failed: WaitConditionFailure: resources.w: no luck",
    )  # fmt: skip


async def test_what_is_unhealthy_is_replaced(stacks: Stacks) -> None:
    path = await stacks.create("ill", {"a": {"type": "OS::Heat::TestResource", "properties": {"value": "x"}}})
    before = (await stacks.resources(path))["a"]["physical_resource_id"]
    body = {"mark_unhealthy": True, "resource_status_reason": "broken"}
    (await stacks.ask("PATCH", f"{path}/resources/a", body)).ok(200)
    found = (await stacks.resources(path))["a"]
    assert (found["resource_status"], found["resource_status_reason"]) == ("CHECK_FAILED", "broken")
    (await stacks.ask("PATCH", path, {})).ok(202)
    found = (await stacks.resources(path))["a"]
    assert found["resource_status"] == "CREATE_COMPLETE"
    assert found["physical_resource_id"] != before


async def test_break_points(stacks: Stacks) -> None:
    """A resource waits at a break point until that is cleared by a signal."""
    environment = {"resource_registry": {"resources": {"s*": {"hooks": ["pre-create", "post-update", "pre-delete"]}}}}
    body = {"stack_name": "h", "environment": environment}
    made = await stacks.ask("POST", "/stacks", {**body, "template": template({"f": string(), "s": string()})})
    path = f"{stacks.base}/stacks/h/{made.ok(201)['stack']['id']}"

    async def clear(hook: str) -> None:
        (await stacks.ask("POST", f"{path}/resources/s/signal", {"unset_hook": hook})).ok()

    assert (await stacks.show(path))["stack_status"] == "CREATE_IN_PROGRESS"
    resources = await stacks.resources(path)
    assert [resources[name]["resource_status"] for name in ("f", "s")] == ["CREATE_COMPLETE", "INIT_COMPLETE"]
    await clear("pre-create")
    assert await stacks.state(path) == ("CREATE_COMPLETE", "Stack CREATE completed successfully")
    reasons = [row["resource_status_reason"] for row in await told(stacks, path)]
    assert reasons[3:5] == ["CREATE paused until Hook pre-create is cleared", "Hook pre-create is cleared"]
    told_so = await stacks.refused(400, {"unset_hook": "pre-create"}, f"{path}/resources/s/signal")
    assert 'The "pre-create" hook is not defined on s' in told_so[1]
    (await stacks.ask("DELETE", path)).ok(204)
    assert (await stacks.show(path))["stack_status"] == "DELETE_IN_PROGRESS"
    await clear("pre-delete")
    assert (await stacks.show(path))["stack_status"] == "DELETE_COMPLETE"


async def told(stacks: Stacks, path: str) -> list[dict[str, Any]]:
    """All events with their reasons, the oldest first."""
    found: list[dict[str, Any]] = (await stacks.ask("GET", f"{path}/events?sort_dir=asc")).ok()["events"]
    return found


async def test_what_is_abandoned_is_adopted(cloud: Cloud, stacks: Stacks) -> None:
    """The resources stay, and are those of the new stack."""
    await cloud.set_options(orchestration__enable_stack_abandon="true", orchestration__enable_stack_adopt="true")
    resources = {"n": {"type": "OS::Neutron::Net"}, "v": value({"get_resource": "n"})}
    path = await stacks.create("a", resources)
    before = {name: row["physical_resource_id"] for name, row in (await stacks.resources(path)).items()}
    left = (await stacks.ask("DELETE", f"{path}/abandon")).ok()
    assert left["resources"]["n"]["resource_id"] == before["n"]
    body = {"stack_name": "b", "template": left["template"], "adopt_stack_data": json.dumps(left)}
    made = (await stacks.ask("POST", "/stacks", body)).ok(201)
    path = f"{stacks.base}/stacks/b/{made['stack']['id']}"
    assert await stacks.state(path) == ("ADOPT_COMPLETE", "Stack ADOPT completed successfully")
    assert {name: row["physical_resource_id"] for name, row in (await stacks.resources(path)).items()} == before
