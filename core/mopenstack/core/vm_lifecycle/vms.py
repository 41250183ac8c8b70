"""The operations on VMs, whatever cloud is behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.vm_lifecycle import states
from mopenstack.core.vm_lifecycle.limits import RateLimits
from mopenstack.core.vm_lifecycle.machines import Machine, Machines
from mopenstack.core.vm_lifecycle.servers import OwnServers
from mopenstack.vm_lifecycle.v1 import refusals
from mopenstack.vm_lifecycle.v1 import vms_pb2 as pb

PAGE_DEFAULT = 100

Behind = Callable[[Call], Machines]
"""What is behind the API for one call."""


class Vms(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Vms"]

    def __init__(self) -> None:
        self.limits = RateLimits()
        self.behind: Behind = OwnServers

    async def before(self, call: Call, request: Any) -> None:
        call.time  # noqa: B018  # no answer is kept: each request is counted and written down
        self.limits.take(call)

    async def list_vms(self, call: Call, request: pb.ListVmsRequest) -> Result:
        found = await self.behind(call).all(deleted=request.status == states.DELETED)
        wanted = {key: getattr(request, key) for key in ("name", "status", "flavor", "image")}
        left = [one for one in found if all(not value or getattr(one, key) == value for key, value in wanted.items())]
        limit = request.limit if request.HasField("limit") else PAGE_DEFAULT
        page = left[request.offset : request.offset + limit]
        return pb.ListVmsResponse(
            vms=[_shown(one) for one in page], total=len(left), limit=limit, offset=request.offset
        )

    async def create_vm(self, call: Call, request: pb.CreateVmRequest) -> Result:
        return _shown(await self.behind(call).create(request.name, request.flavor, request.image))

    async def get_vm(self, call: Call, request: pb.VmRequest) -> Result:
        return _shown(await self._find(call, request.vm_id))

    async def delete_vm(self, call: Call, request: pb.VmRequest) -> Result:
        await self._act(call, request.vm_id, states.DELETE)
        return EMPTY

    async def start_vm(self, call: Call, request: pb.VmRequest) -> Result:
        return await self._act(call, request.vm_id, states.START)

    async def stop_vm(self, call: Call, request: pb.VmRequest) -> Result:
        return await self._act(call, request.vm_id, states.STOP)

    async def restart_vm(self, call: Call, request: pb.VmRequest) -> Result:
        return await self._act(call, request.vm_id, states.RESTART)

    async def pause_vm(self, call: Call, request: pb.VmRequest) -> Result:
        return await self._act(call, request.vm_id, states.PAUSE)

    async def resume_vm(self, call: Call, request: pb.VmRequest) -> Result:
        return await self._act(call, request.vm_id, states.RESUME)

    async def _find(self, call: Call, id: str) -> Machine:
        found = await self.behind(call).find(id)
        if found is None:
            raise refusals.VmNotFound(id=id)
        return found

    async def _act(self, call: Call, id: str, action: str) -> pb.Vm:
        machine = await self._find(call, id)
        if action not in states.ALLOWED[machine.status]:
            raise refusals.InvalidTransition(id=id, status=machine.status, action=action)
        await self.behind(call).act(machine, action)
        if action == states.DELETE:
            return _shown(machine)
        after = await self._find(call, id)
        return _shown(after)


class Health(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Health"]

    async def get_liveness(self, call: Call, request: common.Empty) -> Result:
        return pb.HealthResponse(status="ok")

    async def get_readiness(self, call: Call, request: common.Empty) -> Result:
        await call.service(Vms).behind(call).ready()
        return pb.HealthResponse(status="ok")


def _shown(machine: Machine) -> pb.Vm:
    vm = pb.Vm(id=machine.id, name=machine.name, flavor=machine.flavor, status=machine.status)
    if machine.image:
        vm.image = machine.image
    if machine.ip_address:
        vm.ip_address = machine.ip_address
    for stamp, seconds in ((vm.created_at, machine.created_at), (vm.updated_at, machine.updated_at)):
        stamp.CopyFrom(Timestamp(seconds=int(seconds)))
    return vm
