"""Packet logs of security groups (neutron.services.logapi.logging_plugin). Nothing is written: there are no packets."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import Servicer
from mopenstack.core.network.base import NeutronResource, sees_all
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import (
    InvalidLogResourceType,
    InvalidResourceConstraint,
    LogResourceNotFound,
    ResourceNotFound,
    TargetResourceNotFound,
)
from mopenstack.network.v2.security import logs_pb2 as pb
from mopenstack.network.v2.security.logs_pb2 import Log, LoggableResource
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

LOGGABLE = ("security_group",)
"""What the drivers of a cloud like DevStack's can log."""


class Logs(NeutronResource[Log]):
    service = pb.DESCRIPTOR.services_by_name["Logs"]
    message = Log
    not_found = LogResourceNotFound

    def visible(self, call: Call, obj: Log) -> bool:
        caller = call.caller
        return sees_all(caller) or ("manager" in caller.roles and obj.project_id == caller.project_id)

    async def prepare(self, call: Call, obj: Log, request: Any, given: set[str]) -> None:
        if obj.resource_type not in LOGGABLE:
            raise InvalidLogResourceType(resource_type=obj.resource_type)
        if obj.resource_id and await call.tx.get(SecurityGroup, obj.resource_id) is None:
            raise ResourceNotFound(resource_id=obj.resource_id)
        if not obj.target_id:
            return
        port = await call.tx.get(Port, obj.target_id)
        if port is None:
            raise TargetResourceNotFound(target_id=obj.target_id)
        if obj.resource_id and obj.resource_id not in port.security_groups:
            raise InvalidResourceConstraint(
                resource="security_group", resource_id=obj.resource_id, target_resource="port", target_id=obj.target_id
            )


class LoggableResources(Servicer):
    service = pb.DESCRIPTOR.services_by_name["LoggableResources"]

    async def list_loggable_resources(self, call: Call, request: Any) -> Page:
        # What is loggable belongs to no project, so its policy knows nobody but the admin.
        kinds = LOGGABLE if sees_all(call.caller) else ()
        return Page([LoggableResource(type=kind) for kind in kinds])


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    """A log goes with what it is of (_clean_logs_by_resource_id)."""
    for log in await call.tx.query(Log, target_id=port.id):
        await call.tx.delete(Log, log.id)


@subscribes("before_delete", "security_group")
async def _security_group_removed(call: Call, group: SecurityGroup) -> None:
    for log in await call.tx.query(Log, resource_id=group.id):
        await call.tx.delete(Log, log.id)
