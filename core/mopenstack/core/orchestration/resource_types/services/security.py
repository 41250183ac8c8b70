"""What rows cannot say of Neutron's security groups and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, conflict, refuse, without_nulls

_V2 = "mopenstack.network.v2."


async def group_ids(context: Context, groups: list[str]) -> list[str]:
    """The ids of security groups of the project, which are given by ids or names; raises ResourceFailure."""
    found: list[dict[str, Any]] | None = None
    ids = []
    for group in groups:
        if references.is_uuid(group):
            ids.append(group)
            continue
        if found is None:
            filters = {"project_id": context.project_id}
            found = await rpcs.listed(context, f"{_V2}SecurityGroups.ListSecurityGroups", filters)
        named = [one["id"] for one in found if one["name"] == group]
        if not named:
            raise ResourceFailure(f"The Resource ({group}) could not be found.", "EntityNotFound")
        if len(named) > 1:
            text = f"Multiple physical resources were found with name ({group})."
            raise ResourceFailure(text, "PhysicalResourceNameAmbiguity")
        ids.append(named[0])
    return ids


class SecurityGroup(Mapped):
    """OS::Neutron::SecurityGroup: with its rules."""

    keys = (
        "remote_group_id",
        "remote_ip_prefix",
        "direction",
        "protocol",
        "port_range_min",
        "port_range_max",
        "ethertype",
    )

    async def validate(self, context: Context, resource: Resource) -> None:
        refuse(resource.properties.get("name") == "default", 'Security groups cannot be assigned the name "default".')

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in super().sent(values).items() if name != "rules"}

    async def create(self, context: Context, resource: Resource) -> str | None:
        physical_id = str(await super().create(context, resource))
        rules = resource.properties.get("rules") or []
        if any(one["direction"] == "egress" for one in rules):
            await self._delete(context, [one for one in await self._rules(context, physical_id) if _is_egress(one)])
        await self._create(context, [self._rule(physical_id, one) for one in rules])
        return physical_id

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await super().update(context, resource, new, changed - {"rules"})
        if "rules" not in changed:
            return
        rules = list(new.get("rules") or ())
        if not any(one["direction"] == "egress" for one in rules):
            rules += [{"direction": "egress", "ethertype": kind} for kind in ("IPv4", "IPv6")]
        wanted = {self._key(one): one for one in (self._rule(resource.physical_id, rule) for rule in rules)}
        current = [(self._key(one), one) for one in await self._rules(context, resource.physical_id)]
        await self._delete(context, [one for key, one in current if key not in wanted])
        there = {key for key, _ in current}
        await self._create(context, [one for key, one in wanted.items() if key not in there])

    async def delete(self, context: Context, resource: Resource) -> None:
        await self._delete(context, await self._rules(context, resource.physical_id))
        await super().delete(context, resource)

    def _key(self, rule: Mapping[str, Any]) -> tuple[str | None, ...]:
        return tuple(None if rule.get(key) is None else str(rule[key]) for key in self.keys)

    @staticmethod
    def _rule(physical_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        rule = {**without_nulls(given), "security_group_id": physical_id}
        mode = rule.pop("remote_mode", None)
        if mode == "remote_group_id":
            rule.pop("remote_ip_prefix", None)
            rule["remote_group_id"] = rule.get("remote_group_id") or physical_id
        elif mode is not None:
            rule.pop("remote_group_id", None)
        return rule

    @staticmethod
    async def _rules(context: Context, physical_id: str) -> list[dict[str, Any]]:
        found = await rpcs.call(context, f"{_V2}SecurityGroups.GetSecurityGroup", [physical_id])
        return list(found["security_group_rules"])

    @staticmethod
    async def _create(context: Context, rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            await rpcs.call(context, f"{_V2}SecurityGroupRules.CreateSecurityGroupRule", body=rule)

    @staticmethod
    async def _delete(context: Context, rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            await rpcs.call(context, f"{_V2}SecurityGroupRules.DeleteSecurityGroupRule", [rule["id"]])


def _is_egress(rule: Mapping[str, Any]) -> bool:
    return bool(rule["direction"] == "egress")


class SecurityGroupRule(Mapped):
    """OS::Neutron::SecurityGroupRule."""

    async def validate(self, context: Context, resource: Resource) -> None:
        conflict(resource, "remote_group", "remote_ip_prefix")
        low, high = resource.properties.get("port_range_min"), resource.properties.get("port_range_max")
        icmp = resource.properties.get("protocol") in ("icmp", "icmpv6", "ipv6-icmp")
        refuse(
            low is not None and high is not None and not icmp and high < low,
            "The minimum port number must be less than or equal to the maximum port number.",
        )
