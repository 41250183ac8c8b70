"""Consistency groups and their snapshots: the deprecated names of groups of one type.

Source: cinder/api/v3/consistencygroups.py, contrib/consistencygroups.py, contrib/cgsnapshots.py.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.volume.base import text
from mopenstack.core.volume.groups.group_snapshots import GroupSnapshots
from mopenstack.core.volume.groups.group_types import CG_TYPE, GroupTypes
from mopenstack.core.volume.groups.groups import Groups
from mopenstack.volume.v3.groups import consistency_groups_pb2 as pb2

EMPTY_NAME_SINCE = 6


class ConsistencyGroups(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ConsistencyGroups"]

    async def list_consistency_groups(self, call: Call, request: pb2.ListConsistencyGroupsRequest) -> Result:
        return await call.service(Groups).list(call, request)  # type: ignore[arg-type]

    list_consistency_groups_detail = list_consistency_groups

    async def get_consistency_group(self, call: Call, request: pb2.GetConsistencyGroupRequest) -> Result:
        return call.target  # type: ignore[no-any-return]

    async def create_consistency_group(self, call: Call, request: pb2.CreateConsistencyGroupRequest) -> Result:
        body = request.consistencygroup
        name = text(body, "name")
        if not body.volume_types:
            raise BadRequest(f"volume_types must be provided to create consistency group {name}.")
        group_type = await call.service(GroupTypes).by_name(call, CG_TYPE)
        if group_type is None:
            raise BadRequest(
                f"Group type {CG_TYPE} not found. Rerun migration script to create the default cgsnapshot type."
            )
        zone = body.availability_zone if body.HasField("availability_zone") else None
        types = body.volume_types.rstrip(",").split(",")
        return await call.service(Groups).make(call, name, text(body, "description"), group_type, types, zone)

    async def create_consistency_group_from_source(
        self, call: Call, request: pb2.CreateConsistencyGroupFromSourceRequest
    ) -> Result:
        body, groups = request.source, call.service(Groups)
        name, description = text(body, "name"), text(body, "description")
        if not body.cgsnapshot_id and not body.source_cgid:
            raise BadRequest(
                "Either 'cgsnapshot_id' or 'source_cgid' must be provided to create consistency group "
                f"{name} from source."
            )
        if body.cgsnapshot_id and body.source_cgid:
            raise BadRequest(
                f"Cannot provide both 'cgsnapshot_id' and 'source_cgid' to create consistency group {name} from source."
            )
        if body.source_cgid:
            return await groups.from_group(call, await groups.fetch(call, body.source_cgid), name, description)
        snapshot = await call.service(GroupSnapshots).fetch(call, body.cgsnapshot_id)
        return await groups.from_snapshot(call, snapshot, name, description)

    async def update_consistency_group(self, call: Call, request: pb2.UpdateConsistencyGroupRequest) -> Result:
        body = request.consistencygroup
        volumes = body.add_volumes or body.remove_volumes
        if call.at_least(EMPTY_NAME_SINCE):
            if not (body.HasField("name") or body.HasField("description") or volumes):
                raise BadRequest(
                    "Must specify one or more of the following keys to update: name, description, add_volumes, "
                    "remove_volumes."
                )
        elif not (body.name or body.description or volumes):
            raise BadRequest(
                "Name, description, add_volumes, and remove_volumes can not be all empty in the request body."
            )
        await call.service(Groups).begin_update(call, call.target, body)
        return EMPTY

    async def delete_consistency_group(self, call: Call, request: pb2.DeleteConsistencyGroupRequest) -> Result:
        await call.service(Groups).begin_delete(call, call.target, with_volumes=request.consistencygroup.force)
        return EMPTY


class Cgsnapshots(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Cgsnapshots"]

    async def list_cgsnapshots(self, call: Call, request: pb2.ListCgsnapshotsRequest) -> Result:
        """Without filters and order; only the page is asked for."""
        plain = common.Query(limit=request.query.limit, offset=request.query.offset, marker=request.query.marker)
        request.query.CopyFrom(plain)
        return await call.service(GroupSnapshots).page(call, request)

    list_cgsnapshots_detail = list_cgsnapshots

    async def get_cgsnapshot(self, call: Call, request: pb2.GetCgsnapshotRequest) -> Result:
        return call.target  # type: ignore[no-any-return]

    async def create_cgsnapshot(self, call: Call, request: pb2.CreateCgsnapshotRequest) -> Result:
        body = request.cgsnapshot
        group = await call.service(Groups).fetch(call, body.consistencygroup_id)
        return await call.service(GroupSnapshots).make(call, group, text(body, "name"), text(body, "description"))

    async def delete_cgsnapshot(self, call: Call, request: pb2.GetCgsnapshotRequest) -> Result:
        await call.service(GroupSnapshots).begin_delete(call, call.target.id)
        return EMPTY
