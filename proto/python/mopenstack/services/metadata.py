"""Nova's metadata API: what a guest asks at 169.254.169.254."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="metadata",
    contract="mopenstack.metadata.v1",
    core="mopenstack.core.metadata",
    dialect="mopenstack.gateway.dialects.metadata:MetadataDialect",
    hooks=("mopenstack.gateway.hooks.metadata",),
    needs=("compute", "network"),
)
