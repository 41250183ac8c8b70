"""Compute quotas: the defaults and how Nova words a refusal. Source: nova/conf/quota.py, nova/exception.py."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.compute.errors import QuotaExceeded
from mopenstack.core.engine.quota import Over, register_quotas

SERVICE = "compute"
UNLIMITED = -1

DEFAULTS: dict[str, int] = {
    "cores": 20,
    "fixed_ips": UNLIMITED,
    "floating_ips": UNLIMITED,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
    "injected_files": 5,
    "instances": 10,
    "key_pairs": 100,
    "metadata_items": 128,
    "ram": 51200,
    "security_group_rules": UNLIMITED,
    "security_groups": UNLIMITED,
    "server_group_members": 10,
    "server_groups": 10,
}

_WORDS = {
    "key_pairs": "Quota exceeded, too many key pairs.",
    "server_groups": "Quota exceeded, too many server groups.",
    "server_group_members": "Quota exceeded, too many servers in group",
}


def refuse(over: Over) -> Fault:
    """nova.exception.TooManyInstances, or the resource's own words."""
    for resource in over.resources:
        if resource in _WORDS:
            return QuotaExceeded(_WORDS[resource])
    overs = ", ".join(over.resources)
    asked = ", ".join(str(over.asked[name]) for name in over.resources)
    used = ", ".join(str(over.used[name]) for name in over.resources)
    allowed = ", ".join(str(over.limits[name]) for name in over.resources)
    return QuotaExceeded(f"Quota exceeded for {overs}: Requested {asked}, but already used {used} of {allowed} {overs}")


register_quotas(SERVICE, DEFAULTS, refuse)
