"""Nova."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="compute",
    contract="mopenstack.compute.v2",
    core="mopenstack.core.compute",
    dialect="mopenstack.gateway.dialects.compute:ComputeDialect",
    seed="mopenstack.core.compute:seed.yaml",
    operations="mopenstack.gateway:documented/compute.tsv",
    needs=(
        "identity",
        "image",
        "network",
        "placement",
        "volume",
    ),
    together=("placement",),
)
