"""Neutron."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="network",
    contract="mopenstack.network.v2",
    core="mopenstack.core.network",
    dialect="mopenstack.gateway.dialects.network:NetworkDialect",
    hooks=("mopenstack.gateway.hooks.network",),
    seed="mopenstack.core.network:seed",
    operations="mopenstack.gateway:documented/network.tsv",
    needs=("identity",),
)
