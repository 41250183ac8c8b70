"""Trove."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="database",
    contract="mopenstack.database.v1",
    core="mopenstack.core.database",
    dialect="mopenstack.gateway.dialects.database:DatabaseDialect",
    seed="mopenstack.core.database:seed.yaml",
    operations="mopenstack.gateway:documented/database.tsv",
    needs=("identity", "compute", "image", "network", "volume"),
)
