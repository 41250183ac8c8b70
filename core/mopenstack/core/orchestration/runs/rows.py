"""Rows of resources that are still to be made: a stack has one of each from the beginning of its action on.

A run (run.py) is given, whose children are made with this.

Source: heat/engine/stack.py (_update_or_store_resources).
"""

from __future__ import annotations

import asyncio
from typing import Any

from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def new_row(run: Any, name: str) -> StackResource:
    """A resource of the plan of which nothing is made yet."""
    call, stack = run.call, run.stack
    row = StackResource(
        id=call.ids.uuid(),
        stack_id=stack.id,
        resource_name=name,
        resource_type=run.plan.definitions[name].type,
        action="INIT",
        status="COMPLETE",
        project_id=stack.project_id,
        short_id=short_id(call.ids.uuid()),
    )
    call.stamp(row.created_at)
    call.stamp(row.updated_time)
    claim(run, row)
    return row


def claim(run: Any, row: StackResource) -> None:
    """Note what the plan says of a resource."""
    definition = run.plan.definitions[row.resource_name]
    row.walk, row.template = run.stack.walk, run.stack.template_number
    row.requires[:] = run.plan.requires(row.resource_name)
    row.deletion_policy = definition.deletion_policy
    row.description = definition.description or ""


async def announce(run: Any) -> None:
    """Keep a row for each resource of the plan that has none."""
    known = {row.resource_name for row in run.rows.values()}
    for place, name in enumerate(run.plan.definitions):
        if place % 20 == 19:
            await asyncio.sleep(0)
        if name not in known:
            await run.save(new_row(run, name))


def short_id(uuid: str) -> str:
    """12 characters out of a UUID. Source: heat/common/short_id.py."""
    digits = uuid.replace("-", "")
    number = int(digits[:12] + digits[13:16], 16)
    return "".join(_BASE32[(number >> (5 * place)) & 31] for place in range(12))
