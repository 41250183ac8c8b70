"""Limits and what is used of them. Source: nova/api/openstack/compute/limits.py, views/limits.py."""

from __future__ import annotations

from mopenstack.compute.v2.quotas import limits_pb2 as pb
from mopenstack.contract.faults import PolicyRefused
from mopenstack.core.compute.quotas.quotas import SERVICE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer

# The answer's field -> the quota it shows.
_LIMITS = {
    "total_cores": "cores",
    "personality": "injected_files",
    "personality_size": "injected_file_content_bytes",
    "total_instances": "instances",
    "total_keypairs": "key_pairs",
    "server_meta": "metadata_items",
    "image_meta": "metadata_items",
    "total_ram_size": "ram",
    "server_groups": "server_groups",
    "server_group_members": "server_group_members",
    "total_floating_ips": "floating_ips",
    "security_groups": "security_groups",
    "security_group_rules": "security_group_rules",
}
_USED = {
    "ram_used": "ram",
    "cores_used": "cores",
    "instances_used": "instances",
    "floating_ips_used": "floating_ips",
    "security_groups_used": "security_groups",
    "server_groups_used": "server_groups",
}


class Limits(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Limits"]

    async def get_limits(self, call: Call, request: pb.GetLimitsRequest) -> Result:
        project_id = call.caller.project_id
        if request.HasField("tenant_id"):
            if not call.caller.is_admin:
                raise PolicyRefused(["os_compute_api:limits:other_project"])
            project_id = request.tenant_id
        limits = await call.quota.limits(SERVICE, project_id)
        used = await call.quota.usage(SERVICE, project_id)
        answer = pb.LimitsResponse()
        answer.limits.rate.SetInParent()
        for field, quota in _LIMITS.items():
            setattr(answer.limits.absolute, field, limits[quota])
        for field, quota in _USED.items():
            setattr(answer.limits.absolute, field, used[quota])
        return answer
