"""Keystone."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="identity",
    contract="mopenstack.identity.v3",
    core="mopenstack.core.identity",
    dialect="mopenstack.gateway.dialects.identity:IdentityDialect",
    hooks=("mopenstack.gateway.hooks.identity",),
    seed="mopenstack.core.identity:seed.yaml",
    operations="mopenstack.gateway:documented/identity.tsv",
    regional=False,
    authenticate="mopenstack.core.identity.auth.tokens:authenticate",
)
