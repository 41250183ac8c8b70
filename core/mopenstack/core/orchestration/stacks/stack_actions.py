"""Actions on whole stacks. Source: heat/engine/service.py (stack_suspend and others)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.runs import acts, ends, starts
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.runs.states import STACKS, action_of, set_state, status_of
from mopenstack.core.orchestration.stacks import lookups
from mopenstack.core.orchestration.stacks.stack_resources import nothing
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks import stack_actions_pb2 as pb
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack


class StackActions(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["StackActions"]

    async def suspend_stack(self, call: Call, request: pb.StackActionRequest) -> Result:
        stack = await lookups.edit_of(call, request)
        if stack.stack_status != "SUSPEND_COMPLETE":
            await starts.begin(call, stack, "SUSPEND")
        return nothing()

    async def resume_stack(self, call: Call, request: pb.StackActionRequest) -> Result:
        stack = await lookups.edit_of(call, request)
        if stack.stack_status != "RESUME_COMPLETE":
            await starts.begin(call, stack, "RESUME")
        return nothing()

    async def check_stack(self, call: Call, request: pb.StackActionRequest) -> Result:
        await starts.begin(call, await lookups.edit_of(call, request), "CHECK")
        return nothing()

    async def cancel_update(self, call: Call, request: pb.StackActionRequest) -> Result:
        stack = await self._under_way(call, request, ("UPDATE",))
        await starts.roll_back(call, stack)
        return nothing()

    async def cancel_without_rollback(self, call: Call, request: pb.StackActionRequest) -> Result:
        stack = await self._under_way(call, request, ("UPDATE", "CREATE"))
        run = await Run.of(call, stack)
        action = action_of(stack)
        for row in list(run.rows.values()):
            if row.status == "IN_PROGRESS":
                await acts.give_up(run, row, f"{row.action} aborted (user triggered cancel)")
        await set_state(call, stack, action, "FAILED", f"{action} aborted (user triggered cancel)")
        await ends.failed(run, action)
        await STACKS.force(call, stack, stack.stack_status)
        return nothing()

    async def _under_way(self, call: Call, request: Any, actions: tuple[str, ...]) -> Stack:
        stack = await lookups.edit_of(call, request)
        if status_of(stack) != "IN_PROGRESS" or action_of(stack) not in actions:
            raise refusals.NotSupported(feature=f"Cancelling update when stack is {stack.stack_status}")
        return stack
