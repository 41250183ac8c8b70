"""What every operation is checked for before its handler runs: declared rules, target (404), policy (403)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BadRequest, NotFound, PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.plans import Plan


class ForeignProject(BadRequest):
    """Source: Resource._process_stack of cinder.api.openstack.wsgi and nova.api.openstack.wsgi."""

    message = "Malformed request url"


async def admit(plan: Plan, call: Call, request: Message) -> None:
    """Check a call whose caller is known; raises the refusal. Sets `call.target`."""
    if call.context.project_id and call.context.project_id != call.caller.project_id:
        raise ForeignProject()
    plan.validate(request, call.context.microversion)
    if plan.before:
        await plan.servicer.before(call, request)
    target: Any = getattr(request, plan.body_field) if plan.body_field else request
    if plan.policy_first and not _permits(plan, call, target):
        raise await plan.refuser.refusal(call, request, [plan.policy])
    if plan.check_request is not None:
        await plan.check_request(call, request)
    if plan.target.owners:
        target = call.target = await _target(plan, call, request)
    if plan.operation.anonymous:
        return
    if not plan.policy_first and not _permits(plan, call, target):
        raise await plan.refuser.refusal(call, request, [plan.policy])
    if plan.field_policies:
        _check_fields(plan, call, request, target)


def _permits(plan: Plan, call: Call, target: Any) -> bool:
    """What the operation's own policy says, of its target or of the request; raises the refusal of a scope."""
    if plan.scopes and call.caller.policy_scope not in plan.scopes:
        raise PolicyRefused([plan.policy])
    return plan.check(call.caller, target)


async def _target(plan: Plan, call: Call, request: Message) -> Any:
    """The object that the operation is about; raises the refusal of one that the caller may not know of."""
    id = getattr(request, plan.target.variable)
    try:
        return await plan.servicer.target(call, plan.target.owner(request), id)
    except NotFound:
        if plan.absent is None:
            raise
        raise plan.absent(id=id) from None


def _check_fields(plan: Plan, call: Call, request: Message, target: Any) -> None:
    """The policies of the fields that the request gives."""
    body = getattr(request, plan.body_field)
    mask = getattr(request, plan.mask_field).paths if plan.mask_field else ()
    given = set(mask) or {field.name for field, _ in body.ListFields()}
    creating = plan.operation.kind_of_write == "create"
    asked = [
        (key, check)
        for name, key, check, default in plan.field_policies
        if name in given and not (creating and getattr(body, name) == default)
    ]
    if not all(check(call.caller, target) for _, check in asked):
        raise PolicyRefused([plan.policy, *(f"{plan.policy}:{key}" for key, _ in asked)])
