"""Definitions and executions as the tests of workflows make them."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Cloud, User

TEXT = {"Content-Type": "text/plain", "Accept": "*/*"}


async def defined(user: User, text: str) -> list[dict[str, Any]]:
    """The workflows of a definition."""
    made = await user.send("POST", "workflow", "/v2/workflows", data=text.encode(), headers=TEXT)
    found: list[dict[str, Any]] = made.ok(201)["workflows"]
    return found


async def refused(user: User, text: str) -> str:
    """What is said of a definition that is none."""
    made = await user.send("POST", "workflow", "/v2/workflows", data=text.encode(), headers=TEXT)
    assert made.status == 400
    return str(made.body["faultstring"])


async def started(user: User, name: str, **values: Any) -> dict[str, Any]:
    """An execution of a workflow, as it is after its POST."""
    made = (await user.post("workflow", "/v2/executions", {"workflow_name": name, **values})).ok(201)
    assert made["state"] == "RUNNING"
    return await shown(user, made["id"])


async def ran(user: User, tasks: str, **values: Any) -> dict[str, Any]:
    """An execution of a workflow `w` with this definition."""
    await defined(user, f"version: '2.0'\nw:\n{tasks}")
    return await started(user, "w", **values)


async def shown(user: User, id: str) -> dict[str, Any]:
    """An execution."""
    found: dict[str, Any] = (await user.get("workflow", f"/v2/executions/{id}")).ok()
    return found


async def tasks_of(user: User, id: str) -> dict[str, dict[str, Any]]:
    """Name -> task of an execution."""
    found = (await user.get("workflow", f"/v2/executions/{id}/tasks")).ok()["tasks"]
    return {one["name"]: one for one in found}


async def states_of(user: User, id: str) -> dict[str, str]:
    """Name of a task -> its state."""
    return {name: one["state"] for name, one in (await tasks_of(user, id)).items()}


def output(execution: dict[str, Any]) -> Any:
    """What an execution gave."""
    return json.loads(execution["output"])


async def advance(cloud: Cloud, user: User, seconds: float) -> None:
    """Move the clock of a cloud."""
    (await user.post("_mopenstack", f"/clouds/{cloud.name}/clock/advance", {"seconds": seconds})).ok()


async def until(user: User, id: str, **states: str) -> dict[str, Any]:
    """An execution when its tasks have these states: what is due is done beside the answer that moved the clock."""
    while True:
        found = await states_of(user, id)
        if all(found.get(name) == state for name, state in states.items()):
            return await shown(user, id)


async def ended(user: User, id: str, state: str) -> dict[str, Any]:
    """An execution when it has this state."""
    while (found := await shown(user, id))["state"] != state:
        pass
    return found
