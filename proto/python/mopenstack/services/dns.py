"""Designate."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="dns",
    contract="mopenstack.dns.v2",
    core="mopenstack.core.dns",
    dialect="mopenstack.gateway.dialects.dns:DnsDialect",
    hooks=("mopenstack.gateway.hooks.dns",),
    seed="mopenstack.core.dns:seed.yaml",
    operations="mopenstack.gateway:documented/dns.tsv",
    face="mopenstack.core.dns.nameserver.server:serving",
    needs=("identity", "network"),
)
