"""Security groups with their rules: first all groups, then the rules, whose remote groups are known by then."""

from __future__ import annotations

from collections import defaultdict

from mopenstack.core.tenant_replication.copying import rules
from mopenstack.core.tenant_replication.copying.accounts import Refused, Tenant
from mopenstack.core.tenant_replication.copying.networking import Made, bulk
from mopenstack.core.tenant_replication.copying.reading import Contents
from mopenstack.core.tenant_replication.copying.rules import Json, Mappings

DEFAULT = "default"
"""The group that each tenant has from the beginning."""


def make_groups(tenant: Tenant, source: Contents, mappings: Mappings, notes: list[str]) -> Made:
    """The groups by the ids that they had, with exactly the rules that they had."""
    own = tenant.list("network", "/security-groups", "security_groups", project_id=tenant.id)
    here = {one["name"]: one["id"] for one in own}
    groups = {one["id"]: here[one["name"]] for one in source.groups if one["name"] == DEFAULT and DEFAULT in here}
    bodies = [
        (one["id"], {"name": one["name"], "description": one.get("description") or ""})
        for one in source.groups
        if one["id"] not in groups
    ]
    groups |= bulk(tenant, "/security-groups", "security_group", bodies, notes)
    _make_rules(tenant, source, groups, mappings, notes)
    return groups


def _make_rules(tenant: Tenant, source: Contents, groups: Made, mappings: Mappings, notes: list[str]) -> None:
    wanted: list[tuple[str, Json]] = []
    names = {one["id"]: one["name"] for one in source.groups}
    for old in source.rules:
        if old["security_group_id"] not in groups:
            continue
        body = rules.rule(old, groups, mappings)
        if body is None:
            notes.append(f"rule of security group {names[old['security_group_id']]}: its remote group is gone")
        else:
            wanted.append((old["id"], body))
    there: dict[tuple[object, ...], list[str]] = defaultdict(list)
    made = set(groups.values())
    for group in tenant.list("network", "/security-groups", "security_groups", project_id=tenant.id):
        for one in group["security_group_rules"] if group["id"] in made else ():
            there[rules.identity(one)].append(one["id"])
    missing = [item for item in wanted if not there.get(rules.identity(item[1]))]
    kept = {rules.identity(body) for _, body in wanted}
    for surplus in [id for key, ids in there.items() if key not in kept for id in ids]:
        try:
            tenant.ask("DELETE", "network", f"/security-group-rules/{surplus}")
        except Refused as refused:
            notes.append(f"rule {surplus}: {refused.text}")
    for own in groups.values():  # Neutron takes rules of one group at a time
        of_group = [item for item in missing if item[1]["security_group_id"] == own]
        bulk(tenant, "/security-group-rules", "security_group_rule", of_group, notes)
