"""Which stack a request means. Source: heat/engine/service.py (_get_stack, identify_stack)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.orchestration.v1.refusals import BadRequest, StackNotFound
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

NAMES = "stack name"
"""Scope of the claims of names: one stack of a name in a project."""


def may_see(call: Call, stack: Stack) -> bool:
    """Whether the caller may know of a stack: of its project, or all for an admin."""
    mine = (stack.project_id, stack.stack_user_project_id)
    return call.caller.is_admin or (bool(call.caller.project_id) and call.caller.project_id in mine)


async def stack_of(call: Call, request: Any, *, deleted: bool = False) -> Stack:
    """The stack of a name and an id, which must be its own; raises StackNotFound."""
    stack = await call.tx.get(Stack, request.stack_id)
    if (
        stack is None
        or stack.stack_name != request.stack_name
        or not may_see(call, stack)
        or (not deleted and stack.stack_status == "DELETE_COMPLETE")
    ):
        raise StackNotFound(name=request.stack_name)
    return stack


async def edit_of(call: Call, request: Any, *, deleted: bool = False) -> Stack:
    """A private copy of it."""
    return await call.tx.edit(Stack, (await stack_of(call, request, deleted=deleted)).id)


async def named(call: Call, identity: str) -> Stack:
    """The stack of a name or an id, also one that was deleted of late; raises StackNotFound."""
    found = await call.tx.get(Stack, identity)
    if found is None or not may_see(call, found):
        stacks = [
            one for one in await call.tx.query(Stack, stack_name=identity) if one.project_id == call.caller.project_id
        ]
        stacks = [one for one in stacks if one.stack_status != "DELETE_COMPLETE"]
        if not stacks:
            raise StackNotFound(name=identity)
        found = stacks[0]
    return found


def of_arn(call: Call, text: str) -> tuple[str, str, str]:
    """project, name and id of `arn:openstack:heat::<project>:stacks/<name>/<id>`; raises BadRequest."""
    parts = text.split(":", 5)
    path = parts[5].split("/") if len(parts) == 6 else []
    if parts[:3] != ["arn", "openstack", "heat"] or len(path) < 3 or path[0] != "stacks":
        raise BadRequest(message=f'"{text}" is not a valid ARN')
    return parts[4], path[1], path[2]


async def resource_of(call: Call, stack: Stack, name: str, *, by_physical: bool = False) -> StackResource:
    """A resource of a stack; raises ResourceNotFound."""
    from mopenstack.orchestration.v1.refusals import ResourceNotFound

    rows = [one for one in await call.tx.query(StackResource, stack_id=stack.id) if one.resource_name == name]
    if not rows and by_physical:
        rows = [
            one for one in await call.tx.query(StackResource, stack_id=stack.id) if one.physical_resource_id == name
        ]
    mine = [one for one in rows if one.template == stack.template_number]
    if not rows:
        raise ResourceNotFound(name=name, stack=stack.stack_name)
    return (mine or rows)[-1]
