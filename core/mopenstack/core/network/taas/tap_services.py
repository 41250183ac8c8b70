"""Tap services and the flows that feed them (neutron_taas.services.taas.taas_plugin)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Conflict, Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.ports import Ports
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import (
    PortDoesNotBelongToTenant,
    TapFlowNotFound,
    TapServiceNotBelongToTenant,
    TapServiceNotFound,
)
from mopenstack.network.v2.taas import tap_flows_pb2, tap_services_pb2
from mopenstack.network.v2.taas.tap_flows_pb2 import TapFlow
from mopenstack.network.v2.taas.tap_services_pb2 import TapService


def _refuse(action: Action, obj: Any) -> Fault:
    return Conflict(f"{obj.id} is {obj.status}")


STEPS = (Action("create", frozenset({"DOWN"}), interim="DOWN", to="ACTIVE", seconds=2.0),)
"""New ones are DOWN until the agent has set them up."""
SERVICES: Lifecycle[TapService] = Lifecycle(TapService, STEPS, _refuse, error="ERROR")
FLOWS: Lifecycle[TapFlow] = Lifecycle(TapFlow, STEPS, _refuse, error="ERROR")


class TapServices(NeutronResource[TapService]):
    service = tap_services_pb2.DESCRIPTOR.services_by_name["TapServices"]
    message = TapService
    not_found = TapServiceNotFound
    seen_by = "member"
    lifecycle = SERVICES

    async def prepare(self, call: Call, obj: TapService, request: Any, given: set[str]) -> None:
        await check_port(call, obj.port_id, obj.project_id)
        obj.status = "DOWN"

    async def created(self, call: Call, obj: TapService, request: Any) -> None:
        await SERVICES.begin(call, await call.tx.edit(TapService, obj.id), "create")

    async def remove(self, call: Call, obj: TapService) -> None:
        for flow in await call.tx.query(TapFlow, tap_service_id=obj.id):
            await call.service(TapFlows).discard(call, flow)


class TapFlows(NeutronResource[TapFlow]):
    service = tap_flows_pb2.DESCRIPTOR.services_by_name["TapFlows"]
    message = TapFlow
    not_found = TapFlowNotFound
    seen_by = "member"
    lifecycle = FLOWS

    async def prepare(self, call: Call, obj: TapFlow, request: Any, given: set[str]) -> None:
        service = await call.service(TapServices).fetch(call, obj.tap_service_id)
        if service.project_id != obj.project_id:
            raise TapServiceNotBelongToTenant()
        await call.service(Ports).fetch(call, obj.source_port)
        obj.status = "DOWN"

    async def created(self, call: Call, obj: TapFlow, request: Any) -> None:
        await FLOWS.begin(call, await call.tx.edit(TapFlow, obj.id), "create")


async def check_port(call: Call, port_id: str, project_id: str) -> None:
    """Refuse a port that is not the project's own."""
    port = await call.service(Ports).fetch(call, port_id)
    if port.project_id != project_id:
        raise PortDoesNotBelongToTenant()


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    for service in await call.tx.query(TapService, port_id=port.id):
        await call.service(TapServices).discard(call, service)
    for flow in await call.tx.query(TapFlow, source_port=port.id):
        await call.service(TapFlows).discard(call, flow)
