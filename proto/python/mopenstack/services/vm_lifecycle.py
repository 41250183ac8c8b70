"""The VM lifecycle API: servers of the cloud as virtual machines with five statuses and six actions."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="vm_lifecycle",
    contract="mopenstack.vm_lifecycle.v1",
    core="mopenstack.core.vm_lifecycle",
    dialect="mopenstack.gateway.dialects.vm_lifecycle:VmLifecycleDialect",
    needs=("compute", "identity", "image", "network"),
    by_name=True,
)
