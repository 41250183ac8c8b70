"""Manila."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="shared_file_system",
    contract="mopenstack.shared_file_system.v2",
    core="mopenstack.core.shared_file_system",
    dialect="mopenstack.gateway.dialects.shared_file_system:SharedFileSystemDialect",
    seed="mopenstack.core.shared_file_system:seed.yaml",
    operations="mopenstack.gateway:documented/shared-file-system.tsv",
    needs=("identity",),
)
