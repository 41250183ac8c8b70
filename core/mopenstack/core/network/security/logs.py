"""Packet logs of security groups (neutron.services.logapi.logging_plugin). Nothing is written: there are no packets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.core.engine.events import subscribes
from mopenstack.core.network.base import NeutronResource
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


class LoggableResources(ComputedServicer[LoggableResource]):
    service = pb.DESCRIPTOR.services_by_name["LoggableResources"]
    message = LoggableResource

    async def candidates(self, call: Call, query: common.Query) -> Iterable[LoggableResource]:
        return [LoggableResource(type=kind) for kind in LOGGABLE]


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    """A log goes with what it is of (_clean_logs_by_resource_id)."""
    for log in await call.tx.query(Log, target_id=port.id):
        await call.tx.delete(Log, log.id)


@subscribes("before_delete", "security_group")
async def _security_group_removed(call: Call, group: SecurityGroup) -> None:
    for log in await call.tx.query(Log, resource_id=group.id):
        await call.tx.delete(Log, log.id)
