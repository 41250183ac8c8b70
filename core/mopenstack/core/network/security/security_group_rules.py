"""Security group rules (neutron.db.securitygroups_db)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, copy_fields
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.security import rule_values
from mopenstack.core.network.security.default_security_group_rules import PARENT
from mopenstack.core.network.security.security_groups import DEFAULT_SCOPE, SecurityGroups, touch
from mopenstack.core.store.transaction import Taken
from mopenstack.network.v2.refusals import (
    HttpBadRequest,
    SecurityGroupNotSingleGroupRules,
    SecurityGroupRuleExists,
    SecurityGroupRuleNotFound,
    SecurityGroupRulesNotSingleProject,
)
from mopenstack.network.v2.security import security_group_rules_pb2 as pb
from mopenstack.network.v2.security.default_security_group_rules_pb2 import DefaultSecurityGroupRule
from mopenstack.network.v2.security.security_group_rules_pb2 import SecurityGroupRule
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

FROM_TEMPLATE = (
    "ethertype",
    "direction",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_address_group_id",
    "remote_group_id",
)


class SecurityGroupRules(NeutronResource[SecurityGroupRule]):
    service = pb.DESCRIPTOR.services_by_name["SecurityGroupRules"]
    message = SecurityGroupRule
    not_found = SecurityGroupRuleNotFound
    filters = frozenset({"normalized_cidr"})

    async def candidates(self, call: Call, query: common.Query) -> Iterable[SecurityGroupRule]:
        if call.caller.project_id:
            await call.service(SecurityGroups).default_group(call, call.caller.project_id)
        return await super().candidates(call, query)

    async def matches(self, call: Call, obj: SecurityGroupRule, key: str, values: Sequence[str]) -> bool:
        if key == "normalized_cidr":
            return obj.normalized_cidr in values
        return await super().matches(call, obj, key, values)

    async def create(self, call: Call, request: Any) -> Result:
        parts = [part.security_group_rule for part in request.bulk]
        if len({rule.security_group_id for rule in parts}) > 1:
            raise SecurityGroupNotSingleGroupRules()
        if len({rule.project_id or call.caller.project_id for rule in parts}) > 1:
            raise SecurityGroupRulesNotSingleProject()
        return await super().create(call, request)

    async def prepare(self, call: Call, obj: SecurityGroupRule, request: Any, given: set[str]) -> None:
        rule_values.convert(obj)
        rule_values.check(obj)
        groups = call.service(SecurityGroups)
        if obj.remote_group_id:
            await groups.fetch(call, obj.remote_group_id)
        if obj.remote_address_group_id:
            await call.owner_of("address_group").fetch(call, obj.remote_address_group_id)
        obj.group_project_id = (await groups.fetch(call, obj.security_group_id)).project_id
        if request is not None:
            obj.description = obj.description
        if obj.remote_ip_prefix:
            obj.normalized_cidr = rule_values.normalized(obj.remote_ip_prefix)
        default = await call.tx.claimed(DEFAULT_SCOPE, obj.project_id)
        obj.belongs_to_default_sg = default == f"security_group/{obj.security_group_id}"
        await self._claim(call, obj)

    async def created(self, call: Call, obj: SecurityGroupRule, request: Any) -> None:
        if request is not None:
            await touch(call, obj.security_group_id)

    async def update(self, call: Call, request: Any) -> Any:
        for key in request.security_group_rule:
            raise HttpBadRequest(f"Cannot update read-only attribute {key}")
        return call.target

    async def delete(self, call: Call, request: Any) -> Any:
        answer = await super().delete(call, request)
        await touch(call, call.target.security_group_id)
        return answer

    async def add_from_template(self, call: Call, group: SecurityGroup, template: DefaultSecurityGroupRule) -> None:
        """Give a new group one of the rules that it begins with."""
        rule = SecurityGroupRule(security_group_id=group.id, project_id=group.project_id)
        copy_fields(template, rule, FROM_TEMPLATE)
        if rule.remote_group_id == PARENT:
            rule.remote_group_id = group.id
        await self.insert(call.elevated(), rule)

    @staticmethod
    async def _claim(call: Call, rule: SecurityGroupRule) -> None:
        """No group has two rules that mean the same."""
        try:
            await call.tx.claim(f"security_group_rules/{rule.security_group_id}", rule_values.key_of(rule), rule)
        except Taken as taken:
            raise SecurityGroupRuleExists(rule_id=taken.owner.partition("/")[2]) from None
