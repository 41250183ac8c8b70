"""How the processes of the service are (designate.heartbeat_emitter): here they are the cloud itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.dns.base import DnsResource
from mopenstack.core.engine.call import Call
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators import service_statuses_pb2 as pb

HOST = "devstack"
PROCESSES = ("central", "mdns", "producer", "worker")
_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "service-statuses.mopenstack.dev")


class ServiceStatuses(DnsResource[pb.ServiceStatus]):
    service = pb.DESCRIPTOR.services_by_name["ServiceStatuses"]
    message = pb.ServiceStatus
    not_found = refusals.ServiceStatusNotFound
    filters = ("hostname", "service_name", "status")
    sort_keys = ("created_at", "id", "updated_at", "hostname", "service_name", "status")

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.ServiceStatus]:
        found = []
        for name in PROCESSES:
            status = pb.ServiceStatus(
                id=str(uuid.uuid5(_IDS, name)), hostname=HOST, service_name=name, status="UP", stats={}, capabilities={}
            )
            for stamp in (status.heartbeated_at, status.updated_at, status.created_at):
                call.stamp(stamp)
            found.append(status)
        return found

    async def get_service_status(self, call: Call, request: Any) -> Result:
        for status in await self.candidates(call, common.Query()):
            if status.id == request.service_id:
                return status
        raise refusals.ServiceStatusNotFound()
