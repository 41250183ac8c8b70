"""L7 policies of listeners: octavia/api/v2/controllers/l7policy.py, L7PolicyRepository of db/repositories.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import states
from mopenstack.core.load_balancer.base import below
from mopenstack.core.load_balancer.listeners.listener_rules import MONITORING, check_pool_protocol
from mopenstack.core.load_balancer.parts import Part
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.transaction import copy_of
from mopenstack.load_balancer.v2 import l7policies_pb2 as pb
from mopenstack.load_balancer.v2.l7policies_pb2 import L7Policy
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import (
    InvalidL7PolicyArgs,
    L7PolicyNotFound,
    ListenerNoChildren,
    PoolNotFound,
)

CODE = 302
"""The status of a redirect that names none."""
_NEEDED = {
    "REDIRECT_TO_URL": ("redirect_url", "redirect_url must not be None"),
    "REDIRECT_TO_POOL": ("redirect_pool_id", "redirect_pool_id or redirect_pool must not be None"),
    "REDIRECT_PREFIX": ("redirect_prefix", "redirect_prefix must not be None"),
}
"""Action -> the field that it needs, and the refusal of one without."""
_OF = {
    "redirect_pool_id": "REDIRECT_TO_POOL",
    "redirect_url": "REDIRECT_TO_URL",
    "redirect_prefix": "REDIRECT_PREFIX",
}
"""Field -> the action that it means."""


class L7Policies(Part[L7Policy]):
    service = pb.DESCRIPTOR.services_by_name["L7Policies"]
    message = L7Policy
    not_found = L7PolicyNotFound
    lifecycle = states.L7_POLICIES

    async def balancer_of(self, call: Call, obj: L7Policy) -> LoadBalancer:
        found = await call.tx.get(LoadBalancer, (await _listener(call, obj)).loadbalancer_id)
        assert found is not None
        return found

    async def above(self, call: Call, obj: L7Policy) -> Iterable[Any]:
        return [await _listener(call, obj)]

    async def check(self, call: Call, obj: L7Policy, balancer: LoadBalancer, request: Any) -> None:
        obj.ClearField("rules")
        obj.ClearField("redirect_pool")
        listener = await _listener(call, obj)
        if listener.protocol == MONITORING:
            raise ListenerNoChildren(protocol=MONITORING)
        _check_arguments(obj, {"action"})
        _keep_one(obj)
        await _check_pool(call, obj, listener)
        driver(balancer.provider).check_policy(obj, listener)
        await _place(call, obj)

    async def check_change(self, call: Call, old: L7Policy, new: L7Policy, given: set[str]) -> None:
        if not given:
            raise InvalidL7PolicyArgs(msg="Invalid update options")
        said = L7Policy()
        for name in given & {"action", *_OF}:
            if getattr(new, name):
                setattr(said, name, getattr(new, name))
        _check_arguments(said, given)
        if said.action:
            new.action = said.action
        if said.redirect_url or said.redirect_prefix or said.action in ("REDIRECT_TO_URL", "REDIRECT_PREFIX"):
            new.redirect_http_code = new.redirect_http_code or CODE
        _keep_one(new)
        listener = await _listener(call, new)
        if said.redirect_pool_id:
            await _check_pool(call, new, listener)
        if "position" in given and new.position != old.position:
            await _place(call, new)
        else:
            new.position = old.position

    async def remove(self, call: Call, obj: L7Policy) -> None:
        rules = call.owner_of("load_balancer_rule")
        for rule in await call.tx.query(L7Rule, l7policy_id=obj.id):
            await rules.discard(call, rule)
        others = [policy for policy in await states.policies_of(call, obj.listener_id) if policy.id != obj.id]
        await _number(call, others)

    async def show(self, call: Call, shown: L7Policy) -> None:
        for rule in await below(call, L7Rule, l7policy_id=shown.id):
            shown.rule_ids.add(id=rule.id)


async def _listener(call: Call, obj: L7Policy) -> Listener:
    listener = await call.tx.get(Listener, obj.listener_id)
    assert listener is not None
    return listener


def _check_arguments(obj: L7Policy, given: set[str]) -> None:
    """Make action and targets go together. Source: sanitize_l7policy_api_args."""
    if "action" in given:
        field, why = _NEEDED.get(obj.action, ("", ""))
        if field and not getattr(obj, field):
            raise InvalidL7PolicyArgs(msg=why)
        if obj.action == "REJECT":
            obj.ClearField("redirect_url")
            obj.ClearField("redirect_pool_id")
        elif obj.action == "REDIRECT_TO_URL":
            obj.ClearField("redirect_pool_id")
        elif obj.action == "REDIRECT_TO_POOL":
            obj.ClearField("redirect_url")
    if obj.redirect_pool_id and (obj.redirect_url or obj.redirect_prefix):
        raise InvalidL7PolicyArgs(
            msg="Cannot specify redirect_pool_id and redirect_url or redirect_prefix at the same time"
        )
    for field, action in _OF.items():
        if getattr(obj, field):
            obj.action = action


def _keep_one(obj: L7Policy) -> None:
    """Of the targets of a policy, only that of its action; a redirect to an address has a status."""
    for field, action in _OF.items():
        if action != obj.action:
            obj.ClearField(field)
    if obj.action in ("REDIRECT_TO_URL", "REDIRECT_PREFIX"):
        obj.redirect_http_code = obj.redirect_http_code or CODE
    else:
        obj.ClearField("redirect_http_code")


async def _check_pool(call: Call, obj: L7Policy, listener: Listener) -> None:
    if not obj.redirect_pool_id:
        return
    pool = await call.tx.get(Pool, obj.redirect_pool_id)
    if pool is None:
        raise PoolNotFound(id=obj.redirect_pool_id)
    check_pool_protocol(listener.protocol, pool.protocol)
    if pool.loadbalancer_id != listener.loadbalancer_id:
        raise PoolNotFound(id=obj.redirect_pool_id)


async def _place(call: Call, obj: L7Policy) -> None:
    """Give a private copy its position among the policies of its listener, and the others theirs."""
    others = [policy for policy in await states.policies_of(call, obj.listener_id) if policy.id != obj.id]
    place = min(obj.position, len(others) + 1)
    obj.position = place
    await _number(call, [*others[: place - 1], None, *others[place - 1 :]])


async def _number(call: Call, policies: Iterable[L7Policy | None]) -> None:
    """Number policies from 1 on; None keeps a place free."""
    for position, policy in enumerate(policies, 1):
        if policy is not None and policy.position != position:
            moved = copy_of(policy)
            moved.position = position
            await call.tx.put(moved)
