"""Firewall policies: rules in order (neutron_fwaas.db.firewall.v2.firewall_db_v2)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.common.shared_resource import SharedResource
from mopenstack.core.network.fwaas.rules import FirewallRules
from mopenstack.network.v2.fwaas import firewall_policies_pb2 as pb
from mopenstack.network.v2.fwaas.firewall_groups_pb2 import FirewallGroup
from mopenstack.network.v2.fwaas.firewall_policies_pb2 import FirewallPolicy, FirewallPolicyInFull
from mopenstack.network.v2.fwaas.firewall_rules_pb2 import FirewallRule
from mopenstack.network.v2.refusals import (
    FirewallDefaultObjectUpdateRestricted,
    FirewallDefaultParameterExists,
    FirewallPolicyInUse,
    FirewallPolicyNotFound,
    FirewallPolicySharingConflict,
    FirewallRuleAlreadyAssociated,
    FirewallRuleConflict,
    FirewallRuleInfoMissing,
    FirewallRuleNotAssociatedWithPolicy,
    FirewallRuleNotFound,
    FirewallRuleSharingConflict,
)

DEFAULT_NAMES = ("default ingress", "default egress")
IN_FULL = tuple(FirewallPolicyInFull.DESCRIPTOR.fields_by_name)


class FirewallPolicies(SharedResource[FirewallPolicy]):
    service = pb.DESCRIPTOR.services_by_name["FirewallPolicies"]
    message = FirewallPolicy
    not_found = FirewallPolicyNotFound

    async def prepare(self, call: Call, obj: FirewallPolicy, request: Any, given: set[str]) -> None:
        if request is not None and obj.name in DEFAULT_NAMES:
            raise FirewallDefaultParameterExists(resource_type="Firewall Policy", name=obj.name)
        await self._check_rules(call, obj)

    async def change(self, call: Call, old: FirewallPolicy, new: FirewallPolicy, request: Any, given: set[str]) -> None:
        if old.name in DEFAULT_NAMES:
            raise FirewallDefaultObjectUpdateRestricted(resource_type="Firewall Group", resource_id=old.id)
        if "shared" in given and not new.shared:
            for group in await _groups(call, old.id):
                if group.project_id != old.project_id:
                    raise FirewallPolicyInUse(firewall_policy_id=old.id)
        if "firewall_rules" in given:
            await self._check_rules(call, new)
        elif new.shared and "shared" in given:
            await self._check_all_shared(call, new)
        if "audited" not in given:
            new.audited = False

    async def remove(self, call: Call, obj: FirewallPolicy) -> None:
        if await _groups(call, obj.id):
            raise FirewallPolicyInUse(firewall_policy_id=obj.id)

    # -- rules

    @staticmethod
    async def _check_rules(call: Call, policy: FirewallPolicy) -> None:
        """Each rule exists, and whoever may use the policy may use the rule."""
        for id in policy.firewall_rules:
            rule = await call.service(FirewallRules).fetch(call, id)
            if rule.shared:
                continue
            if policy.shared:
                raise FirewallRuleSharingConflict(firewall_rule_id=id, firewall_policy_id=policy.id)
            if rule.project_id != policy.project_id:
                raise FirewallRuleConflict(firewall_rule_id=id, project_id=rule.project_id)

    @staticmethod
    async def _check_all_shared(call: Call, policy: FirewallPolicy) -> None:
        for id in policy.firewall_rules:
            rule = await call.tx.get(FirewallRule, id)
            if rule is not None and not rule.shared:
                raise FirewallPolicySharingConflict(firewall_rule_id=id, firewall_policy_id=policy.id)

    async def insert_rule(self, call: Call, request: Any) -> Message:
        id = _asked(request)
        policy = await call.tx.edit(FirewallPolicy, call.target.id)
        if id in policy.firewall_rules:
            raise FirewallRuleAlreadyAssociated(firewall_rule_id=id, firewall_policy_id=policy.id)
        rule = await call.service(FirewallRules).fetch(call, id)
        if not rule.shared and rule.project_id != policy.project_id:
            raise FirewallRuleConflict(firewall_rule_id=id, project_id=rule.project_id)
        # Without a rule to stand next to, a new one is the first; "before" wins over "after".
        place = 0
        if request.insert_before:
            place = _place(policy, request.insert_before)
        elif request.insert_after:
            place = _place(policy, request.insert_after) + 1
        policy.firewall_rules.insert(place, id)
        return await self._saved(call, policy)

    async def remove_rule(self, call: Call, request: Any) -> Message:
        id = _asked(request)
        policy = await call.tx.edit(FirewallPolicy, call.target.id)
        await call.service(FirewallRules).fetch(call, id)
        del policy.firewall_rules[_place(policy, id)]
        return await self._saved(call, policy)

    async def _saved(self, call: Call, policy: FirewallPolicy) -> Message:
        policy.audited = False
        await self.save(call, policy)
        full = FirewallPolicyInFull(standard_attr_id=int(policy.id[:6], 16) + 1)
        copy_fields(policy, full, IN_FULL)
        return full


def _asked(request: Any) -> str:
    if not request.HasField("firewall_rule_id"):
        raise FirewallRuleInfoMissing()
    id: str = request.firewall_rule_id
    if not is_format("uuid", id):
        raise FirewallRuleNotFound(id=id)
    return id


def _place(policy: FirewallPolicy, id: str) -> int:
    if id not in policy.firewall_rules:
        raise FirewallRuleNotAssociatedWithPolicy(firewall_rule_id=id, firewall_policy_id=policy.id)
    return list(policy.firewall_rules).index(id)


async def _groups(call: Call, policy_id: str) -> list[FirewallGroup]:
    """The groups that use a policy."""
    ingress = await call.tx.query(FirewallGroup, ingress_firewall_policy_id=policy_id)
    return ingress or await call.tx.query(FirewallGroup, egress_firewall_policy_id=policy_id)
