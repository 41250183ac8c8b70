"""What a tenant has, of what is replicated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mopenstack.core.tenant_replication.copying.accounts import Refused, Tenant

Items = list[dict[str, Any]]


@dataclass(slots=True)
class Contents:
    """A tenant as its cloud's APIs show it; `limits` are its quotas, by service and resource."""

    name: str
    description: str
    networks: Items
    subnets: Items
    groups: Items
    rules: Items
    routers: Items
    ports: Items
    volume_types: Items
    limits: dict[str, dict[str, int]]
    notes: list[str] = field(default_factory=list)
    """What may not be seen."""


COMPUTE = ("instances", "cores", "ram")
VOLUME = ("volumes", "snapshots", "gigabytes")
NETWORK = ("security_group", "security_group_rule")
TYPED = ("gigabytes_", "volumes_", "snapshots_")
"""What the quotas of one volume type begin with."""


def read(tenant: Tenant) -> Contents:
    """Read a tenant; raises Refused where its networks may not be seen."""
    notes: list[str] = []
    own = {"project_id": tenant.id}
    project = _or({}, notes, lambda: tenant.ask("GET", "identity", f"/projects/{tenant.id}")["project"])
    groups = tenant.list("network", "/security-groups", "security_groups", **own)
    return Contents(
        name=tenant.name,
        description=str(project.get("description") or ""),
        networks=tenant.list("network", "/networks", "networks", **own),
        subnets=tenant.list("network", "/subnets", "subnets", **own),
        groups=groups,
        rules=[rule for group in groups for rule in group["security_group_rules"]],
        routers=tenant.list("network", "/routers", "routers", **own),
        ports=tenant.list("network", "/ports", "ports", **own),
        volume_types=_or([], notes, lambda: volume_types(tenant)),
        limits=limits(tenant, notes),
        notes=notes,
    )


def volume_types(tenant: Tenant) -> Items:
    """The volume types that a tenant may use."""
    found: Items = tenant.ask("GET", "block-storage", "/types")["volume_types"]
    return found


def limits(tenant: Tenant, notes: list[str]) -> dict[str, dict[str, int]]:
    """The quotas of a tenant by service; one that may not be seen is left out and noted."""
    where = {
        "compute": (f"/os-quota-sets/{tenant.id}", "quota_set", COMPUTE),
        "block-storage": (f"/os-quota-sets/{tenant.id}", "quota_set", VOLUME),
        "network": (f"/quotas/{tenant.id}", "quota", NETWORK),
    }
    found: dict[str, dict[str, int]] = {}
    for service, (path, key, names) in where.items():

        def ask(service: str = service, path: str = path, key: str = key) -> Any:
            return tenant.ask("GET", service, path)[key]

        quota = _or({}, notes, ask)
        kept = {name: value for name, value in quota.items() if name in names or name.startswith(TYPED)}
        found[service] = {name: int(value) for name, value in kept.items() if isinstance(value, int)}
    return found


def _or(other: Any, notes: list[str], ask: Any) -> Any:
    try:
        return ask()
    except Refused as refused:
        notes.append(refused.text)
        return other
