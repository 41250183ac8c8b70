"""The admin API of mopenstack itself: clouds, clocks, states, faults, behaviours."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="admin",
    contract="mopenstack.admin.v1",
    core="mopenstack.core.admin",
    dialect="mopenstack.gateway.dialects.admin:AdminDialect",
    always=True,
)
