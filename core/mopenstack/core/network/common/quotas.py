"""Quotas (neutron.extensions.quotasv2, quotasv2_detail, neutron.quota.resource_registry)."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.quota_sets import QuotaSetRules
from mopenstack.core.engine.servicer import Result, Servicer
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


QUOTA_SETS = QuotaSetRules(SERVICE, below_usage=BadQuota, force="force", not_set=TenantQuotaNotFound)


class Quotas(Servicer):
    """The caller's own project, as the paths `tenant` and `project` show it."""

    service = pb.DESCRIPTOR.services_by_name["Quotas"]

    async def get_quota_tenant(self, call: Call, request: pb.GetQuotaTenantRequest) -> Result:
        return pb.Tenant(tenant_id=call.caller.project_id)

    async def get_quota_project(self, call: Call, request: pb.GetQuotaProjectRequest) -> Result:
        return pb.QuotaProjectRef(project_id=call.caller.project_id)
