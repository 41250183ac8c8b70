"""The templates of the rules that new security groups begin with (neutron.db.securitygroups_db)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.security import rule_values
from mopenstack.network.v2.refusals import DefaultSecurityGroupRuleExists, DefaultSecurityGroupRuleNotFound
from mopenstack.network.v2.security import default_security_group_rules_pb2 as pb
from mopenstack.network.v2.security.default_security_group_rules_pb2 import DefaultSecurityGroupRule

PARENT = "PARENT"
"""In remote_group_id: the group itself that gets the rule."""

CREATED = "network/default_security_group_rules"
"""Counter: whether the templates that Neutron's database begins with are there (they can be deleted)."""


class DefaultSecurityGroupRules(NeutronResource[DefaultSecurityGroupRule]):
    service = pb.DESCRIPTOR.services_by_name["DefaultSecurityGroupRules"]
    message = DefaultSecurityGroupRule
    not_found = DefaultSecurityGroupRuleNotFound

    async def before(self, call: Call, request: Any) -> None:
        await self.templates(call)

    async def prepare(self, call: Call, obj: DefaultSecurityGroupRule, request: Any, given: set[str]) -> None:
        rule_values.convert(obj)
        rule_values.check(obj)
        obj.description = obj.description
        key = rule_values.key_of(obj)
        for other in await call.tx.scan(DefaultSecurityGroupRule):
            both = (obj.used_in_default_sg and other.used_in_default_sg) or (
                obj.used_in_non_default_sg and other.used_in_non_default_sg
            )
            if both and rule_values.key_of(other) == key:
                raise DefaultSecurityGroupRuleExists(rule_id=other.id)

    async def templates(self, call: Call, *, default_group: bool | None = None) -> list[DefaultSecurityGroupRule]:
        """All templates, or those for default groups or for the other ones."""
        if not await call.tx.counter(CREATED):
            await call.tx.add(CREATED, 1)
            for template in _first():
                template.id = call.ids.uuid()
                await call.tx.put(template, fresh=True)
        found = await call.tx.scan(DefaultSecurityGroupRule)
        if default_group is None:
            return found
        return [one for one in found if (one.used_in_default_sg if default_group else one.used_in_non_default_sg)]


def _first() -> Iterable[DefaultSecurityGroupRule]:
    """What a new database holds: everything out, and from members of the default group in."""
    for ethertype in rule_values.ETHERTYPES:
        yield DefaultSecurityGroupRule(
            ethertype=ethertype,
            direction="egress",
            description="Legacy default SG rule for egress traffic",
            used_in_default_sg=True,
            used_in_non_default_sg=True,
        )
        yield DefaultSecurityGroupRule(
            ethertype=ethertype,
            direction="ingress",
            remote_group_id=PARENT,
            description="Legacy default SG rule for ingress traffic",
            used_in_default_sg=True,
        )
