"""Rules of L7 policies: octavia/api/v2/controllers/l7rule.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import states
from mopenstack.core.load_balancer.l7 import l7rule_values
from mopenstack.core.load_balancer.parts import Part
from mopenstack.load_balancer.v2 import l7rules_pb2 as pb
from mopenstack.load_balancer.v2.l7policies_pb2 import L7Policy
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.refusals import (
    ImmutableObject,
    L7PolicyOfPathNotFound,
    L7RuleNotFound,
    TooManyL7RulesOnL7Policy,
)

RULES_MAX = 50
"""Of a policy; HAProxy does not read a configuration with more."""


class L7Rules(Part[L7Rule]):
    service = pb.DESCRIPTOR.services_by_name["L7Rules"]
    message = L7Rule
    not_found = L7RuleNotFound
    lifecycle = states.L7_RULES

    async def before(self, call: Call, request: Any) -> None:
        """The path's policy is looked for before anything else of the request."""
        if await call.tx.get(L7Policy, request.l7policy_id) is None:
            raise L7PolicyOfPathNotFound(id=request.l7policy_id)

    async def balancer_of(self, call: Call, obj: L7Rule) -> LoadBalancer:
        listener = await self._listener(call, obj)
        found = await call.tx.get(LoadBalancer, listener.loadbalancer_id)
        assert found is not None
        return found

    async def above(self, call: Call, obj: L7Rule) -> Iterable[Any]:
        return [await self._policy(call, obj), await self._listener(call, obj)]

    async def check_window(self, call: Call, obj: L7Rule) -> None:
        policy = await self._policy(call, obj)
        if policy.provisioning_status not in states.MUTABLE:
            raise ImmutableObject(resource="L7Policy", id=policy.id)

    async def check(self, call: Call, obj: L7Rule, balancer: LoadBalancer, request: Any) -> None:
        l7rule_values.check(obj)
        if len(await call.tx.query(L7Rule, l7policy_id=obj.l7policy_id)) >= RULES_MAX:
            raise TooManyL7RulesOnL7Policy(id=obj.l7policy_id)

    async def check_change(self, call: Call, old: L7Rule, new: L7Rule, given: set[str]) -> None:
        for name in ("type", "compare_type", "value"):
            if not getattr(new, name):  # null changes nothing
                setattr(new, name, getattr(old, name))
        if new.type in l7rule_values.KEYLESS:
            new.ClearField("key")
        l7rule_values.check(new)

    async def candidates(self, call: Call, query: common.Query) -> Sequence[L7Rule]:
        return await call.tx.query(L7Rule, l7policy_id=call.target.id)

    async def prepare(self, call: Call, obj: L7Rule, request: Any, given: set[str]) -> None:
        obj.l7policy_id = obj.l7policy_id or call.target.id
        await super().prepare(call, obj, request, given)

    async def _policy(self, call: Call, obj: L7Rule) -> L7Policy:
        policy = await call.tx.get(L7Policy, obj.l7policy_id)
        assert policy is not None
        return policy

    async def _listener(self, call: Call, obj: L7Rule) -> Listener:
        listener = await call.tx.get(Listener, (await self._policy(call, obj)).listener_id)
        assert listener is not None
        return listener
