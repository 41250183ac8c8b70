"""Quotas (neutron.extensions.quotasv2, quotasv2_detail, neutron.quota.resource_registry)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import store_pb2
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.network.v2.common import quotas_pb2 as pb
from mopenstack.network.v2.refusals import BadQuota, OverQuota, TenantQuotaNotFound

SERVICE = "network"
DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "subnetpool": -1,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "rbac_policy": 10,
    "security_group": 10,
    "security_group_rule": 100,
    "trunk": -1,
    "firewall_rule": 100,
    "firewall_group": 10,
    "firewall_policy": 10,
    "ikepolicy": -1,
    "ipsecpolicy": -1,
    "endpoint_group": -1,
    "vpnservice": -1,
    "ipsec_site_connection": -1,
    "bgpvpn": -1,
}


def _refuse(over: Over) -> Fault:
    return OverQuota(overs=list(over.resources))


QUOTAS = QuotaSet(SERVICE, DEFAULTS, _refuse)


class Quotas(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Quotas"]

    async def list_quotas(self, call: Call, request: Any) -> Result:
        found: list[pb.ProjectQuota] = []
        for kept in await call.tx.scan(store_pb2.QuotaLimits):
            service, _, project_id = kept.id.partition("/")
            if service == SERVICE and ":" not in project_id:
                limits = await call.quota.limits(SERVICE, project_id)
                found.append(pb.ProjectQuota(project_id=project_id, **limits))
        found.sort(key=lambda quota: quota.project_id)
        return Page(found)

    async def get_quota(self, call: Call, request: Any) -> Result:
        return pb.Quota(**await call.quota.limits(SERVICE, request.project_id))

    async def get_default_quota(self, call: Call, request: Any) -> Result:
        return pb.Quota(**call.quota.defaults(SERVICE))

    async def get_quota_details(self, call: Call, request: Any) -> Result:
        limits = await call.quota.limits(SERVICE, request.project_id)
        used = await call.quota.usage(SERVICE, request.project_id)
        usages = {name: pb.QuotaUsage(limit=limit, used=used[name]) for name, limit in limits.items()}
        return pb.QuotaDetails(**usages)

    async def get_quota_tenant(self, call: Call, request: Any) -> Result:
        return pb.Tenant(tenant_id=call.caller.project_id)

    async def get_quota_project(self, call: Call, request: Any) -> Result:
        return pb.QuotaProjectRef(project_id=call.caller.project_id)

    async def update_quota(self, call: Call, request: Any) -> Result:
        asked = request.quota
        limits = {name: getattr(asked, name) for name in DEFAULTS if asked.HasField(name)}
        if not asked.force:
            for name, limit in limits.items():
                used = await call.quota.used(SERVICE, request.project_id, name)
                if 0 <= limit < used:
                    raise BadQuota(limit=limit, resource=name, used=used)
        await call.quota.set_limits(SERVICE, request.project_id, limits)
        return await self.get_quota(call, request)

    async def delete_quota(self, call: Call, request: Any) -> Result:
        if await call.tx.get(store_pb2.QuotaLimits, f"{SERVICE}/{request.project_id}") is None:
            raise TenantQuotaNotFound(project_id=request.project_id)
        await call.quota.reset_limits(SERVICE, request.project_id)
        return EMPTY
