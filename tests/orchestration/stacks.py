"""Stacks over HTTP, for tests: a template becomes a stack, which is looked at until it rests."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.client import User

LOOKS = 200


def template(resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """A HOT template; outputs are name -> value."""
    document: dict[str, Any] = {"heat_template_version": "2016-10-14", "resources": resources}
    return {**document, "outputs": {name: {"value": value} for name, value in (outputs or {}).items()}}


async def made(user: User, name: str, document: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The stack of a template, once nothing is under way any more."""
    body = {"stack_name": name, "template": document, "disable_rollback": True, **more}
    stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
    return await at_rest(user, name, stack["id"])


async def at_rest(user: User, name: str, stack_id: str) -> dict[str, Any]:
    """A stack, once nothing is under way any more."""
    for _ in range(LOOKS):
        path = f"/v1/{user.project_id}/stacks/{name}/{stack_id}"
        stack: dict[str, Any] = (await user.get("heat-api", path)).ok()["stack"]
        if not stack["stack_status"].endswith("IN_PROGRESS"):
            return stack
        await asyncio.sleep(0.02)
    raise AssertionError(f"{name} is still {stack['stack_status']}")


async def changed(user: User, stack: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A stack after an update to another template."""
    path = f"/v1/{user.project_id}/stacks/{stack['stack_name']}/{stack['id']}"
    (await user.put("heat-api", path, {"template": document})).ok(202)
    return await at_rest(user, stack["stack_name"], stack["id"])


def outputs(stack: dict[str, Any]) -> dict[str, Any]:
    """Name -> value of each output; fails for a stack that is not complete."""
    assert stack["stack_status"].endswith("_COMPLETE"), stack["stack_status_reason"]
    return {one["output_key"]: one["output_value"] for one in stack["outputs"]}
