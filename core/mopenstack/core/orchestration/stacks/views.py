"""Stacks as answers show them. Sources: heat/engine/api.py, heat/api/openstack/v1/views/stacks_view.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.orchestration.v1 import orchestration_pb2 as common
from mopenstack.orchestration.v1.stacks import stacks_pb2 as pb

NO_DESCRIPTION = "No description given"


def path_of(stack: pb.Stack) -> str:
    """Where a stack is, behind the version."""
    return f"{stack.project_id}/stacks/{stack.stack_name}/{stack.id or 'None'}"


def url_of(call: Call, path: str) -> str:
    return f"{call.context.api_url}/v1/{path}"


def link(call: Call, path: str, rel: str = "self") -> common.Link:
    _ = call.time  # an answer with addresses is not kept
    return common.Link(href=url_of(call, path), rel=rel)


def identity(stack: pb.Stack, path: str = "") -> dict[str, str]:
    """How previews show whose something is."""
    return {
        "tenant": stack.project_id, "stack_name": stack.stack_name, "stack_id": stack.id or "None", "path": path,
    }  # fmt: skip


def summary(call: Call, stack: pb.Stack) -> pb.StackSummary:
    """A stack of a list."""
    shown = pb.StackSummary(
        id=stack.id,
        links=[link(call, path_of(stack))],
        project=stack.project_id,
        stack_name=stack.stack_name,
        description="",
        stack_status=stack.stack_status,
        stack_status_reason=stack.stack_status_reason,
        stack_owner=stack.stack_owner,
        tags=stack.tags,
    )
    _times(shown, stack)
    _parents(shown, stack)
    return shown


def _times(shown: Any, stack: pb.Stack) -> None:
    for name, field in (("creation_time", "created_at"), ("updated_time",) * 2, ("deletion_time",) * 2):
        if stack.HasField(field):
            getattr(shown, name).CopyFrom(getattr(stack, field))


def _parents(shown: Any, stack: pb.Stack) -> None:
    if stack.owner_id:
        shown.parent = stack.owner_id
    if stack.stack_user_project_id:
        shown.stack_user_project_id = stack.stack_user_project_id


async def detail(call: Call, run: Run, *, outputs: bool = True, preview: bool = False) -> pb.StackDetail:
    """A stack with its parameters and outputs."""
    stack, template = run.stack, run.plan.template
    description = template.description
    shown = pb.StackDetail(
        stack_name=stack.stack_name,
        id=stack.id or "None",
        links=[link(call, path_of(stack))],
        parameters=run.plan.parameters.texts(),
        description=description,
        template_description=description,
        disable_rollback=stack.disable_rollback,
        stack_owner=stack.stack_owner,
        tags=to_value(list(stack.tags)),
    )
    _times(shown, stack)
    if not shown.HasField("creation_time"):
        call.stamp(shown.creation_time)
    _parents(shown, stack)
    if stack.HasField("timeout_mins"):
        shown.timeout_mins = stack.timeout_mins
    if not preview:
        shown.stack_status, shown.stack_status_reason = stack.stack_status, stack.stack_status_reason
    if outputs and stack.stack_status != "DELETE_COMPLETE":
        shown.outputs.CopyFrom(to_value([await output(run, name) for name in run.plan.outputs]))
    return shown


async def output(run: Run, name: str) -> dict[str, Any]:
    """An output with its value."""
    one = run.plan.outputs[name]
    value, error = await run.plan.output(one)
    shown = {"output_key": name, "description": one.description or NO_DESCRIPTION}
    return shown | ({"output_error": error} if error is not None else {}) | {"output_value": value}
