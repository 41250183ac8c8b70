"""Signals by signed addresses. Source: heat/api/cfn/v1/signal.py."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import unquote

from mopenstack.cloudformation.v1 import refusals
from mopenstack.cloudformation.v1 import signals_pb2 as pb
from mopenstack.contract.faults import BadRequest
from mopenstack.core.cloudformation.engine_refusals import translated
from mopenstack.core.cloudformation.signers import as_signer
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.orchestration.v1.stacks import stack_resources_pb2

RESOURCES = "mopenstack.orchestration.v1.StackResources"
_PATH = re.compile(r"stacks/([^/]+)/([^/]+)(.*)", re.DOTALL)


class Identity(NamedTuple):
    """What an ARN names; `path` is what stands behind the stack."""

    project_id: str
    stack_name: str
    stack_id: str
    path: str = ""


def of_arn(text: str) -> Identity:
    """The parts of an ARN; raises InvalidParameterValue. Source: heat/common/identifier.py."""
    fields = text.split(":")
    if len(fields) < 6 or fields[0].lower() != "arn":
        raise refusals.InvalidParameterValue(detail=f':"{text}" is not a valid ARN')
    found = _PATH.fullmatch(":".join(fields[5:]))
    if fields[1] != "openstack" or fields[2] != "heat" or found is None:
        raise refusals.InvalidParameterValue(detail=f':"{text}" is not a valid Heat ARN')
    return Identity(unquote(fields[4]), *(unquote(part) for part in found.groups()))


class Signals(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Signals"]

    async def set_wait_condition(self, call: Call, request: pb.SignalRequest) -> Result:
        if not request.HasField("details"):
            raise BadRequest("There is no JSON object in the body.")
        inner, identity, name = await _signal(call, request, sync=True)
        asked = stack_resources_pb2.GetStackResourceRequest(
            stack_name=identity.stack_name, stack_id=identity.stack_id, resource_name=name
        )
        with translated():
            found = await inner.invoke(f"{RESOURCES}.GetResourceMetadata", asked)
        return pb.SetWaitConditionAnswer(resource=name, metadata=found.metadata)

    async def send_signal(self, call: Call, request: pb.SignalRequest) -> Result:
        await _signal(call, request)
        return EMPTY


async def _signal(call: Call, request: pb.SignalRequest, *, sync: bool = False) -> tuple[Call, Identity, str]:
    """Give the resource its signal: the call of who signed it, the stack, the name of the resource."""
    inner = await as_signer(call, dict(reversed(list(call.context.pairs))), request.body_hash)
    identity = of_arn(request.arn)
    name = identity.path.rpartition("/")[2]
    asked: Any = stack_resources_pb2.SignalResourceRequest(
        stack_name=identity.stack_name, stack_id=identity.stack_id, resource_name=name, sync_call=sync
    )
    if request.HasField("details"):
        asked.details.CopyFrom(request.details)
    with translated():
        await inner.invoke(f"{RESOURCES}.SignalResource", asked)
    return inner, identity, name
