"""Tenant replication: tenants of this and of other clouds made anew elsewhere."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="tenant_replication",
    contract="mopenstack.tenant_replication.v1",
    core="mopenstack.core.tenant_replication",
    dialect="mopenstack.gateway.dialects.tenant_replication:TenantReplicationDialect",
    needs=("compute", "identity", "network", "volume"),
    by_name=True,
)
