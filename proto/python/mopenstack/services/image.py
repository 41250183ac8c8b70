"""Glance."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="image",
    contract="mopenstack.image.v2",
    core="mopenstack.core.image",
    dialect="mopenstack.gateway.dialects.image:ImageDialect",
    hooks=(
        "mopenstack.gateway.hooks.image",
        "mopenstack.gateway.hooks.image_metadefs",
    ),
    seed="mopenstack.core.image:seed",
    operations="mopenstack.gateway:documented/image.tsv",
    needs=("identity",),
)
