"""Quotas (neutron.extensions.quotasv2, quotasv2_detail, neutron.quota.resource_registry)."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.quota_sets import UNLIMITED, QuotaSetRules
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


def _limits(value: str) -> dict[str, int]:
    """`router=100,floatingip=500`; ValueError for what is not of this form."""
    pairs = (part.partition("=") for part in value.split(",") if part.strip())
    return {name.strip(): int(limit) for name, _, limit in pairs}


def _wrong(value: str) -> str:
    try:
        limits = _limits(value)
    except ValueError:
        limits = {"": UNLIMITED}
    known = all(name in DEFAULTS and limit >= UNLIMITED for name, limit in limits.items())
    return "" if known else f"write RESOURCE=LIMIT, by commas, of {', '.join(DEFAULTS)}; {UNLIMITED} is no limit"


async def _set_defaults(call: Call, value: str) -> None:
    await call.quota.reset_limits(SERVICE, "class:default")
    await call.quota.set_limits(SERVICE, "class:default", _limits(value))


LIMITS = Option(
    "network.quotas",
    "",
    "Limits of projects that have none of their own, where they are not Neutron's defaults (neutron.conf, [quotas]): "
    "router=100,floatingip=500.",
    check=_wrong,
    apply=_set_defaults,
)

QUOTAS = QuotaSet(SERVICE, DEFAULTS, _refuse)


QUOTA_SETS = QuotaSetRules(SERVICE, below_usage=BadQuota, force="force", not_set=TenantQuotaNotFound)


class Quotas(Servicer):
    """The caller's own project, as the paths `tenant` and `project` show it."""

    service = pb.DESCRIPTOR.services_by_name["Quotas"]

    async def get_quota_tenant(self, call: Call, request: pb.GetQuotaTenantRequest) -> Result:
        return pb.Tenant(tenant_id=call.caller.project_id)

    async def get_quota_project(self, call: Call, request: pb.GetQuotaProjectRequest) -> Result:
        return pb.QuotaProjectRef(project_id=call.caller.project_id)
