"""Firewall policies: rules in order (neutron_fwaas.db.firewall.v2.firewall_db_v2)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.base import NeutronResource, standard_attr_id
from mopenstack.core.network.fwaas.rules import FirewallRules
from mopenstack.network.v2.fwaas import firewall_policies_pb2 as pb
from mopenstack.network.v2.fwaas.firewall_groups_pb2 import FirewallGroup
from mopenstack.network.v2.fwaas.firewall_policies_pb2 import FirewallPolicy
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


class FirewallPolicies(NeutronResource[FirewallPolicy]):
    service = pb.DESCRIPTOR.services_by_name["FirewallPolicies"]
    message = FirewallPolicy
    not_found = FirewallPolicyNotFound

    async def prepare(self, call: Call, obj: FirewallPolicy, request: Any, given: set[str]) -> None:
        if request is not None and obj.name in DEFAULT_NAMES:
            raise FirewallDefaultParameterExists(resource_type="Firewall Policy", name=obj.name)
        await self._check_rules(call, obj)
        obj.standard_attr_id = standard_attr_id(obj.id)

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
        """Each rule exists, and is shared as widely as the policy or of its project."""
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


async def _insert(call: Call, policy: FirewallPolicy, before: list[str], request: Any) -> None:
    id = _asked(request)
    if id in before:
        raise FirewallRuleAlreadyAssociated(firewall_rule_id=id, firewall_policy_id=policy.id)
    rule = await call.service(FirewallRules).fetch(call, id)
    if not rule.shared and rule.project_id != policy.project_id:
        raise FirewallRuleConflict(firewall_rule_id=id, project_id=rule.project_id)
    policy.firewall_rules.remove(id)
    # Without a rule to stand next to, a new one is the first; "before" wins over "after".
    place = 0
    if request.insert_before:
        place = _place(policy, before, request.insert_before)
    elif request.insert_after:
        place = _place(policy, before, request.insert_after) + 1
    policy.firewall_rules.insert(place, id)
    policy.audited = False


async def _remove(call: Call, policy: FirewallPolicy, before: list[str], request: Any) -> None:
    id = _asked(request)
    await call.service(FirewallRules).fetch(call, id)
    _place(policy, before, id)
    policy.audited = False


RULES = Collection("firewall_policy", "firewall_rules", added=_insert, removed=_remove)


def _asked(request: Any) -> str:
    if not request.HasField("firewall_rule_id"):
        raise FirewallRuleInfoMissing()
    id: str = request.firewall_rule_id
    if not is_format("uuid", id):
        raise FirewallRuleNotFound(id=id)
    return id


def _place(policy: FirewallPolicy, rules: list[str], id: str) -> int:
    if id not in rules:
        raise FirewallRuleNotAssociatedWithPolicy(firewall_rule_id=id, firewall_policy_id=policy.id)
    return rules.index(id)


async def _groups(call: Call, policy_id: str) -> list[FirewallGroup]:
    """The groups that use a policy."""
    ingress = await call.tx.query(FirewallGroup, ingress_firewall_policy_id=policy_id)
    return ingress or await call.tx.query(FirewallGroup, egress_firewall_policy_id=policy_id)
