"""Compute quotas: the defaults, limits of single users, how Nova words a refusal.

Source: nova/conf/quota.py, nova/quota.py (DbQuotaDriver), nova/exception.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.compute.v2.refusals import QuotaExceeded
from mopenstack.compute.v2.servers.server_groups_pb2 import ServerGroup
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.quota_sets import UNLIMITED, Part

SERVICE = "compute"
USER = "user_id"
"""The parts of a project that may have limits of their own: its users."""

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


QUOTAS = QuotaSet(SERVICE, DEFAULTS, refuse)


async def take(call: Call, project_id: str, user_id: str, units: Mapping[str, int]) -> None:
    """Take units of a project, within the user's own limits where there are some."""
    await check_user(call, project_id, user_id, units)
    await call.quota.take(SERVICE, project_id, units)


async def check_user(call: Call, project_id: str, user_id: str, units: Mapping[str, int]) -> None:
    """Refuse units that the user's own limits do not allow."""
    own = await call.quota.own_limits(SERVICE, Part(USER, user_id).scope(project_id))
    if not own:
        return
    used = await user_usage(call, project_id, user_id)
    over = [name for name, asked in units.items() if 0 <= own.get(name, UNLIMITED) < used.get(name, 0) + asked]
    if over:
        raise refuse(Over(project_id, tuple(sorted(over)), units, used, own))


async def user_usage(call: Call, project_id: str, user_id: str) -> dict[str, int]:
    """What a user's servers and groups take of a project's quotas."""
    servers = [item for item in await call.tx.query(Server, project_id=project_id) if item.user_id == user_id]
    groups = [item for item in await call.tx.query(ServerGroup, project_id=project_id) if item.user_id == user_id]
    used = dict.fromkeys(DEFAULTS, 0)
    used["instances"] = len(servers)
    used["cores"] = sum(server.flavor.vcpus for server in servers)
    used["ram"] = sum(server.flavor.ram for server in servers)
    used["server_groups"] = len(groups)
    return used
