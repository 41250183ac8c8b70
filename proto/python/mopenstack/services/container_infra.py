"""Magnum."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="container_infra",
    contract="mopenstack.container_infra.v1",
    core="mopenstack.core.container_infra",
    dialect="mopenstack.gateway.dialects.container_infra:ContainerInfraDialect",
    seed="mopenstack.core.container_infra:seed.yaml",
    operations="mopenstack.gateway:documented/container-infra.tsv",
    needs=("identity", "compute", "image", "network"),
)
