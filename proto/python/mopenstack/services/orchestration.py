"""Heat."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="orchestration",
    contract="mopenstack.orchestration.v1",
    core="mopenstack.core.orchestration",
    dialect="mopenstack.gateway.dialects.orchestration:OrchestrationDialect",
    seed="mopenstack.core.orchestration:seed.yaml",
    operations="mopenstack.gateway:documented/orchestration.tsv",
    needs=("identity",),
)
