"""Bindings of ports to hosts (neutron.plugins.ml2.plugin, neutron_lib.api.definitions.portbindings_extended).

The active binding is the port's own; what is stored here are those that wait for a live migration.
"""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.listing import fold_of
from mopenstack.core.engine.servicer import Result, copy_fields
from mopenstack.core.network.common.subresource import SubResource
from mopenstack.core.network.core.port_values import bind, vif_details
from mopenstack.network.v2.core import port_bindings_pb2 as pb
from mopenstack.network.v2.core.port_bindings_pb2 import ActivatePortBindingResponse, PortBinding, PortBindingResponse
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    PortBindingAlreadyActive,
    PortBindingAlreadyExists,
    PortBindingNotFound,
)

MIGRATING = ("compute:", "manila:")
"""Owners whose ports may have several bindings."""
ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"


class PortBindings(SubResource[PortBinding]):
    service = pb.DESCRIPTOR.services_by_name["PortBindings"]
    message = PortBinding
    not_found = PortBindingNotFound

    async def list(self, call: Call, request: Any) -> Result:
        port = _migrating(call.target)
        found = [*([active_of(port)] if port.host_id else []), *await self.children(call, port.id)]
        for item in request.query.filters:
            test = self.listing.filter(item.key, item.values, fold_of(call.cloud))
            if test is not None:
                found = [binding for binding in found if test(binding)]
        return Page(found)

    async def get(self, call: Call, request: Any) -> Result:
        _migrating(call.target)
        return await super().get(call, request)

    async def prepare(self, call: Call, obj: PortBinding, request: Any, given: set[str]) -> None:
        port = _migrating(call.target)
        await super().prepare(call, obj, request, given)
        if port.host_id == obj.host or await call.tx.get(PortBinding, _key(port.id, obj.host)) is not None:
            raise PortBindingAlreadyExists(port_id=port.id, host=obj.host)
        obj.id, obj.vif_type, obj.status = _key(port.id, obj.host), "ovs", INACTIVE
        obj.vif_details.CopyFrom(vif_details(obj.host))
        obj.profile.SetInParent()

    async def create(self, call: Call, request: Any) -> Result:
        port = _migrating(call.target)
        if port.host_id:
            return await super().create(call, request)
        # The first binding of a port is its active one.
        changed = await call.tx.edit(Port, port.id)
        changed.host_id, changed.vnic_type = request.binding.host, request.binding.vnic_type or "normal"
        changed.profile.CopyFrom(request.binding.profile)
        await _moved(call, changed)
        return PortBindingResponse(binding=active_of(changed))

    async def discard(self, call: Call, obj: PortBinding) -> None:
        if obj.status != ACTIVE:
            await super().discard(call, obj)
            return
        changed = await call.tx.edit(Port, obj.port_id)
        changed.host_id = ""
        await _moved(call, changed)

    async def activate_port_binding(self, call: Call, request: Any) -> Result:
        """The port moves to a host that waits for it; where it was waits now, unbound."""
        port = _migrating(call.target)
        if port.host_id == request.host:
            raise PortBindingAlreadyActive(port_id=port.id, host=request.host)
        waiting = await self.child(call, port.id, request.host)
        if waiting is None:
            raise self.absent(call, request.host)
        if port.host_id:
            before = active_of(port)
            before.id = _key(port.id, port.host_id)
            before.status, before.vif_type = INACTIVE, "unbound"
            before.vif_details.Clear()
            await call.tx.put(before, fresh=True)
        await call.tx.delete(PortBinding, waiting.id)
        changed = await call.tx.edit(Port, port.id)
        changed.host_id, changed.vnic_type = waiting.host, waiting.vnic_type
        changed.profile.CopyFrom(waiting.profile)
        await _moved(call, changed)
        answer = ActivatePortBindingResponse()
        copy_fields(active_of(changed), answer, answer.DESCRIPTOR.fields_by_name)
        return answer

    async def child(self, call: Call, parent_id: str, id: str) -> PortBinding | None:
        port = await call.tx.get(Port, parent_id)
        if port is not None and port.host_id and port.host_id == id:
            return active_of(port)
        return await call.tx.get(PortBinding, _key(parent_id, id))

    def absent(self, call: Call, id: str) -> Exception:
        return PortBindingNotFound(port_id=call.target.id, host=id)


async def _moved(call: Call, port: Port) -> None:
    """Keep a port that has another host now, or none."""
    bind(port)
    await call.owner_of("port").save(call, port)
    await call.publish("after_binding", "port", port)


def active_of(port: Port) -> PortBinding:
    """The binding that the port's own attributes are."""
    binding = PortBinding(
        port_id=port.id, host=port.host_id, vif_type=port.vif_type, vnic_type=port.vnic_type, status=ACTIVE
    )
    binding.vif_details.CopyFrom(port.vif_details)
    binding.profile.CopyFrom(port.profile)
    return binding


def _migrating(port: Port) -> Port:
    if not port.device_owner.startswith(MIGRATING):
        raise BadResourceRequest(
            resource="port", msg=f"Invalid port {port.id}. Operation only valid on compute and shared filesystem ports"
        )
    return port


def _key(port_id: str, host: str) -> str:
    return f"{port_id}/{host}"


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    """Bindings go with their port."""
    for binding in await call.service(PortBindings).children(call, port.id):
        await call.tx.delete(PortBinding, binding.id)
