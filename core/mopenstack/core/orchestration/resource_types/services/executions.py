"""Executions of workflows, as Mistral's client asks for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context
from mopenstack.core.orchestration.resource_types.references import is_uuid

_RPCS = "mopenstack.workflow.v2.Executions."


async def start(
    context: Context, workflow: str, given: Any, params: Mapping[str, Any], description: str | None = None
) -> str:
    """Start a workflow, by its id or name; the id of the execution. Raises what refuses it."""
    wanted = dict(params)
    body: dict[str, Any] = {
        "description": description or "",
        "workflow_id" if is_uuid(workflow) else "workflow_name": workflow,
        "input": json.dumps(given),
    }
    namespace = wanted.pop("namespace", "")
    body.update({"workflow_namespace": namespace} if namespace else {})
    body.update({"params": json.dumps(wanted)} if wanted else {})
    made = await rpcs.call(context, f"{_RPCS}CreateExecution", [], body)
    return str(made["id"])


async def show(context: Context, id: str) -> dict[str, Any]:
    """An execution; raises NotFound."""
    found: dict[str, Any] = await rpcs.call(context, f"{_RPCS}GetExecution", [id])
    return found


async def drop(context: Context, id: str) -> None:
    """Delete an execution; raises NotFound, and what refuses it."""
    await rpcs.call(context, f"{_RPCS}DeleteExecution", [id])
