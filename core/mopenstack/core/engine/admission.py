"""What every operation is checked for before its handler runs: declared rules, target (404), policy (403)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BadRequest, NotFound, PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.plans import FieldPolicy, Plan


class ForeignProject(BadRequest):
    """Source: Resource._process_stack of cinder.api.openstack.wsgi and nova.api.openstack.wsgi."""

    message = "Malformed request url"


async def admit(plan: Plan, call: Call, request: Message, *, whole: bool = True) -> None:
    """Check a call whose caller is known; raises the refusal. Sets `call.target`.

    With `whole` false what the request holds is not looked at: it could not be read.
    """
    foreign = call.context.project_id and call.context.project_id != call.caller.project_id
    if foreign and not (plan.operation.api.admin_any_project and call.caller.is_admin):
        raise ForeignProject(project_id=call.caller.project_id)
    if whole and not plan.body_last:
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
    if not whole:
        return
    if plan.body_last:
        plan.validate(request, call.context.microversion)
    if plan.field_policies:
        _check_fields(plan, call, request, target)


def _permits(plan: Plan, call: Call, target: Any) -> bool:
    """What the operation's own policy says, of its target or of the request; raises the refusal of a scope."""
    if plan.scopes and call.caller.policy_scope not in plan.scopes:
        raise PolicyRefused([plan.policy])
    if plan.switched is not None and call.cloud.options.get(plan.switched[0]) == "true":
        return plan.switched[1](call.caller, target)
    return plan.check(call.caller, target)


async def _target(plan: Plan, call: Call, request: Message) -> Any:
    """The object that the operation is about; raises the refusal of one that the caller may not know of."""
    id = str(plan.target.id(request))
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
        (policy, _parts(policy, body))
        for policy in plan.field_policies
        if policy.field in given and not (creating and _value(body, policy.field) == policy.default)
    ]
    checks = [one.check for policy, parts in asked for one in (policy, *parts)]
    if not all(check(call.caller, target) for check in checks):
        rules = ("/".join([f"{plan.policy}:{policy.key}", *(part.key for part in parts)]) for policy, parts in asked)
        raise PolicyRefused([plan.policy, *rules])


def _parts(policy: FieldPolicy, body: Message) -> list[FieldPolicy]:
    """The policies of what the field's message gives, or each of its items."""
    if not policy.parts:
        return []
    value = getattr(body, policy.field)
    items = [value] if isinstance(value, Message) else value
    return [
        part for item in items for part in policy.parts if part.field in {field.name for field, _ in item.ListFields()}
    ]


def _value(body: Message, name: str) -> Any:
    """A field's value as a default is declared: null for what is not there."""
    value = getattr(body, name)
    field = body.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        return list(value)
    return value if not field.has_presence or body.HasField(name) else None
