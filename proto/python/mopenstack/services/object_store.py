"""Swift."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="object_store",
    contract="mopenstack.object_store.v1",
    core="mopenstack.core.object_store",
    dialect="mopenstack.gateway.dialects.object_store:ObjectStoreDialect",
    operations="mopenstack.gateway:documented/object-store.tsv",
    seed="mopenstack.core.object_store:seed.yaml",
    needs=("identity",),
)
