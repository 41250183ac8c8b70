"""Heat's CloudFormation API."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="cloudformation",
    contract="mopenstack.cloudformation.v1",
    core="mopenstack.core.cloudformation",
    dialect="mopenstack.gateway.dialects.cloudformation:CloudFormationDialect",
    hooks=("mopenstack.gateway.hooks.cloudformation",),
    needs=("identity", "orchestration"),
    together=("orchestration",),
)
