"""Rules of QoS policies by their own ids (neutron.extensions.qos_rules_alias, qos_pps_minimum_rule_alias)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Handler, Result, Servicer
from mopenstack.core.network.base import sees_all
from mopenstack.core.network.qos.qos_policies import RULES
from mopenstack.network.v2.qos import qos_rule_aliases_pb2 as pb
from mopenstack.network.v2.qos.qos_policies_pb2 import QosPolicy
from mopenstack.network.v2.refusals import QosRuleNotFound


class QosRuleAliases(Servicer):
    """Each call is the one of the rule's own type, once the rule's policy is found."""

    service = pb.DESCRIPTOR.services_by_name["QosRuleAliases"]

    def generic(self, operation: Operation) -> Handler | None:
        verb, _, rest = operation.handler.partition("_alias_")
        type_ = rest.removesuffix("_rule")

        async def handle(call: Call, request: Any) -> Result:
            rules: Any = call.owner_of(f"qos_{type_}_rule")
            call.target = await self._policy(call, type_, request.rule_id, f"{verb}_alias_{rest}")
            shown = await getattr(rules, verb)(call, request)
            return shown if verb == "delete" else self._answer(operation, f"alias_{rest}", shown)

        return handle

    @staticmethod
    def _answer(operation: Operation, key: str, rule: Message) -> Message:
        answer = operation.response()
        getattr(answer, key).CopyFrom(rule)
        return answer

    @staticmethod
    async def _policy(call: Call, type_: str, id: str, policy: str) -> QosPolicy:
        """A rule's policy, if it is the caller's: to read, and for a manager to write."""
        rule: Any = await call.tx.get(RULES[type_], id)
        parent = None if rule is None else await call.tx.get(QosPolicy, rule.qos_policy_id)
        if parent is None or not call.owner_of("qos_policy").visible(call, parent):
            raise QosRuleNotFound(rule_id=id, policy_id="")
        caller = call.caller
        role = "reader" if policy.startswith("get_") else "manager"
        if not (sees_all(caller) or (parent.project_id == caller.project_id and role in caller.roles)):
            raise PolicyRefused([policy])
        return parent
