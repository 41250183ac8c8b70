"""What runs, and how much there is. After magnum.api.controllers.v1.magnum_services and stats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.container_infra.v1 import overview_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.contract.calls import Result
from mopenstack.core.container_infra.base import next_row
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer

REPORT_SECONDS = 60
"""How often a conductor tells that it is alive (magnum/servicegroup/magnum_service_periodic.py)."""


class Overview(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Overview"]

    async def register_mservice(self, call: Call, request: pb.RegisterMserviceRequest) -> Result:
        row = await next_row(call, "mservice")
        made = pb.Mservice(id=call.ids.uuid(), row=row, host=request.host, binary=request.binary, state="up")
        call.stamp(made.created_at)
        await call.tx.put(made, fresh=True)
        return made

    async def list_mservices(self, call: Call, request: pb.ListMservicesRequest) -> Result:
        found = sorted(await call.tx.scan(pb.Mservice), key=lambda one: one.row)
        return pb.ListMservicesResponse(mservices=[_alive(call, one) for one in found])

    async def get_stats(self, call: Call, request: pb.GetStatsRequest) -> Result:
        kind = request.type if request.HasField("type") else "cluster"
        if kind.lower() != "cluster":
            raise refusals.InvalidParameterValue(err="Invalid stats type. Allowed values are 'cluster'")
        project_id = request.of_project
        if not call.caller.is_admin:
            project_id = project_id or call.caller.project_id
            if project_id != call.caller.project_id:
                raise refusals.NotAuthorized()
        clusters, groups = await _all(call, Cluster, project_id), await _all(call, NodeGroup, project_id)
        nodes = sum(group.node_count for group in groups)
        return pb.Stats(clusters=len(clusters), nodes=min(nodes, 2**31 - 1))


def _alive(call: Call, kept: pb.Mservice) -> pb.Mservice:
    """A conductor with what it has told until now."""
    one = pb.Mservice()
    one.CopyFrom(kept)
    since = max(int(call.time) - kept.created_at.seconds, 0) // REPORT_SECONDS
    one.report_count = 1 + since  # it tells so when it starts
    call.stamp(one.updated_at, kept.created_at.seconds + since * REPORT_SECONDS)
    return one


async def _all(call: Call, message: type[Any], project_id: str) -> list[Any]:
    found: Iterable[Any]
    found = await call.tx.query(message, project_id=project_id) if project_id else await call.tx.scan(message)
    return list(found)
