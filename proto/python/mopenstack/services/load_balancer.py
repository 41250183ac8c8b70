"""Octavia."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="load_balancer",
    contract="mopenstack.load_balancer.v2",
    core="mopenstack.core.load_balancer",
    dialect="mopenstack.gateway.dialects.load_balancer:LoadBalancerDialect",
    seed="mopenstack.core.load_balancer:seed.yaml",
    operations="mopenstack.gateway:documented/load-balancer.tsv",
    needs=(
        "identity",
        "network",
    ),
)
