"""Placement."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="placement",
    contract="mopenstack.placement.v1",
    core="mopenstack.core.placement",
    dialect="mopenstack.gateway.dialects.placement:PlacementDialect",
    hooks=("mopenstack.gateway.hooks.placement",),
    operations="mopenstack.gateway:documented/placement.tsv",
    needs=("identity",),
)
