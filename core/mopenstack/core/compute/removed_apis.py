"""APIs that Nova has no more: 410 to everybody with a token. Source: wsgi.removed in nova/api/openstack/compute."""

from __future__ import annotations

from mopenstack.compute.v2 import removed_apis_pb2 as pb
from mopenstack.compute.v2.refusals import GoneForGood, MalformedRequest
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Handler, Result, Servicer


class RemovedApis(Servicer):
    service = pb.DESCRIPTOR.services_by_name["RemovedApis"]

    def handler(self, operation: Operation) -> Handler | None:
        return self.refuse_rdp_console if operation.method == "RefuseRdpConsole" else self.refuse

    async def refuse(self, call: Call, request: pb.RemovedRequest) -> Result:
        raise GoneForGood()

    async def refuse_rdp_console(self, call: Call, request: pb.RemovedRequest) -> Result:
        """Hyper-V went with its consoles; the action is told to be a mistake."""
        raise MalformedRequest()
