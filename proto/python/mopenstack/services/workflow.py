"""Mistral."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="workflow",
    contract="mopenstack.workflow.v2",
    core="mopenstack.core.workflow",
    dialect="mopenstack.gateway.dialects.workflow:WorkflowDialect",
    hooks=("mopenstack.gateway.hooks.workflow",),
    operations="mopenstack.gateway:documented/workflow.tsv",
    needs=("identity",),
)
