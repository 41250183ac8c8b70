"""The rules of QoS policies (neutron.services.qos.qos_plugin, neutron.objects.qos.qos_policy_validator)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.faults import PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.common.subresource import SubResource
from mopenstack.core.network.qos.qos_policies import RULES
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.qos import qos_rules_pb2 as pb
from mopenstack.network.v2.qos.qos_policies_pb2 import QosPolicy
from mopenstack.network.v2.refusals import QosRuleNotFound, QoSRuleParameterConflict, QoSRulesConflict

M = TypeVar("M", bound=Message)


class QosRule(SubResource[M]):
    """What the five types have in common; `type` is the rule's type as Neutron calls it."""

    type: ClassVar[str]

    async def before(self, call: Call, request: Any) -> None:
        """Who may not see a policy is told by a create that the rule is not his to make, not that there is none."""
        await super().before(call, request)
        if call.operation is None or call.operation.kind_of_write != "create":
            return
        policy = await call.tx.get(QosPolicy, request.policy_id)
        if policy is not None and not call.owner_of("qos_policy").visible(call, policy):
            raise PolicyRefused([f"create_policy_{self.type}_rule"])

    def absent(self, call: Call, id: str) -> Exception:
        return QosRuleNotFound(rule_id=id, policy_id=call.target.id)

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        await super().prepare(call, obj, request, given)
        await self._check(call, obj)

    async def created(self, call: Call, obj: M, request: Any) -> None:
        await _touch(call, obj)

    async def change(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        await self._check(call, new)

    async def changed(self, call: Call, old: M, new: M) -> None:
        await _touch(call, new)

    async def delete(self, call: Call, request: Any) -> Result:
        answer = await super().delete(call, request)
        await _touch(call, call.target)
        return answer

    async def _check(self, call: Call, obj: Any) -> None:
        async for type_, other in _others(call, obj):
            if type_ == self.type and self._duplicates(other, obj):
                raise QoSRulesConflict(new_rule_type=self.type, rule_id=other.id, policy_id=obj.qos_policy_id)
            self.check_against(obj, type_, other)

    @staticmethod
    def _duplicates(one: Any, other: Any) -> bool:
        """One rule a type, or one a type and direction where the type has directions."""
        return getattr(one, "direction", "") == getattr(other, "direction", "")

    def check_against(self, obj: Any, type_: str, other: Any) -> None:
        """Refuse values that contradict another rule's."""


class BandwidthLimitRules(QosRule[pb.BandwidthLimitRule]):
    service = pb.DESCRIPTOR.services_by_name["BandwidthLimitRules"]
    message = pb.BandwidthLimitRule
    type = "bandwidth_limit"

    def check_against(self, obj: Any, type_: str, other: Any) -> None:
        if type_ == "minimum_bandwidth" and other.direction == obj.direction and other.min_kbps > obj.max_kbps:
            raise _conflict(obj, obj.max_kbps, type_, other.min_kbps)


class DscpMarkingRules(QosRule[pb.DscpMarkingRule]):
    service = pb.DESCRIPTOR.services_by_name["DscpMarkingRules"]
    message = pb.DscpMarkingRule
    type = "dscp_marking"


class MinimumBandwidthRules(QosRule[pb.MinimumBandwidthRule]):
    service = pb.DESCRIPTOR.services_by_name["MinimumBandwidthRules"]
    message = pb.MinimumBandwidthRule
    type = "minimum_bandwidth"

    def check_against(self, obj: Any, type_: str, other: Any) -> None:
        if type_ == "bandwidth_limit" and other.direction == obj.direction and other.max_kbps < obj.min_kbps:
            raise _conflict(obj, obj.min_kbps, type_, other.max_kbps)


class PacketRateLimitRules(QosRule[pb.PacketRateLimitRule]):
    service = pb.DESCRIPTOR.services_by_name["PacketRateLimitRules"]
    message = pb.PacketRateLimitRule
    type = "packet_rate_limit"


class MinimumPacketRateRules(QosRule[pb.MinimumPacketRateRule]):
    service = pb.DESCRIPTOR.services_by_name["MinimumPacketRateRules"]
    message = pb.MinimumPacketRateRule
    type = "minimum_packet_rate"

    def check_against(self, obj: Any, type_: str, other: Any) -> None:
        if type_ == self.type and (obj.direction == "any") != (other.direction == "any"):
            raise _conflict(obj, obj.direction, type_, other.direction)


def _conflict(obj: Any, value: Any, type_: str, other_value: Any) -> QoSRuleParameterConflict:
    return QoSRuleParameterConflict(
        rule_value=value, policy_id=obj.qos_policy_id, existing_rule=type_, existing_value=other_value
    )


async def _others(call: Call, obj: Any) -> AsyncIterator[tuple[str, Any]]:
    for type_, message in RULES.items():
        for rule in await call.tx.query(message, qos_policy_id=obj.qos_policy_id):
            if rule.id != obj.id:  # type: ignore[attr-defined]  # every stored message has an id
                yield type_, rule


async def _touch(call: Call, rule: Any) -> None:
    """A change of a policy's rules is a change of the policy (neutron.services.revisions)."""
    policy = await call.tx.get(QosPolicy, rule.qos_policy_id)
    if policy is not None:
        await call.owner_of("qos_policy").save(call, copy_of(policy))
