"""Outputs of stacks, one by one."""

from __future__ import annotations

from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.stacks import lookups, views
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks import stack_outputs_pb2 as pb
from mopenstack.orchestration.v1.stacks.stacks_pb2 import StackOutput


class StackOutputs(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["StackOutputs"]

    async def list_stack_outputs(self, call: Call, request: pb.ListStackOutputsRequest) -> Result:
        run = await Run.of(call, await lookups.edit_of(call, request))
        shown = [
            pb.StackOutputKey(output_key=name, description=one.description or views.NO_DESCRIPTION)
            for name, one in run.plan.outputs.items()
        ]
        return pb.ListStackOutputsResponse(outputs=shown)

    async def get_stack_output(self, call: Call, request: pb.GetStackOutputRequest) -> Result:
        run = await Run.of(call, await lookups.edit_of(call, request))
        if request.output_key not in run.plan.outputs:
            raise refusals.OutputNotFound(key=request.output_key)
        found = await views.output(run, request.output_key)
        shown = StackOutput(output_key=found["output_key"], description=found["description"])
        shown.output_value.CopyFrom(to_value(found["output_value"]))
        if "output_error" in found:
            shown.output_error = found["output_error"]
        return shown
