"""Barbican."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="key_manager",
    contract="mopenstack.key_manager.v1",
    core="mopenstack.core.key_manager",
    dialect="mopenstack.gateway.dialects.key_manager:KeyManagerDialect",
    hooks=("mopenstack.gateway.hooks.key_manager",),
    seed="mopenstack.core.key_manager:seed.yaml",
    operations="mopenstack.gateway:documented/key-manager.tsv",
    needs=("identity",),
)
