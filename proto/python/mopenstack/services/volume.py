"""Cinder."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="volume",
    contract="mopenstack.volume.v3",
    core="mopenstack.core.volume",
    dialect="mopenstack.gateway.dialects.volume:VolumeDialect",
    seed="mopenstack.core.volume:seed.yaml",
    operations="mopenstack.gateway:documented/volume.tsv",
    needs=(
        "identity",
        "image",
    ),
)
