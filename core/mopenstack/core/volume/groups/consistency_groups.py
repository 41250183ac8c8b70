"""Consistency groups and their snapshots: the deprecated API of groups of one type.

Source: cinder/api/v3/consistencygroups.py, contrib/consistencygroups.py, contrib/cgsnapshots.py.
"""

from __future__ import annotations

import builtins
from typing import Any

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.volume.base import CinderResource, text
from mopenstack.core.volume.groups.group_snapshots import GroupSnapshots
from mopenstack.core.volume.groups.group_types import CG_TYPE, GroupTypes
from mopenstack.core.volume.groups.groups import Groups
from mopenstack.volume.v3.groups import consistency_groups_pb2 as pb2
from mopenstack.volume.v3.groups.group_snapshots_pb2 import GroupSnapshot
from mopenstack.volume.v3.groups.groups_pb2 import Group


class ConsistencyGroups(Groups):
    service = pb2.DESCRIPTOR.services_by_name["ConsistencyGroups"]
    noun = "ConsistencyGroup"

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

    # -- hooks

    async def prepare(
        self, call: Call, obj: Group, request: pb2.CreateConsistencyGroupRequest, given: set[str]
    ) -> None:
        body = request.consistencygroup
        if not body.volume_types:
            raise BadRequest(f"volume_types must be provided to create consistency group {text(body, 'name')}.")
        group_type = await call.service(GroupTypes).by_name(call, CG_TYPE)
        if group_type is None:
            raise BadRequest(
                f"Group type {CG_TYPE} not found. Rerun migration script to create the default cgsnapshot type."
            )
        await self.complete(call, obj, body, group_type, body.volume_types.rstrip(",").split(","))

    async def check_api(self, call: Call, group_type_id: str) -> None:
        """This API is for every group."""

    async def refine(self, call: Call, found: builtins.list[Group], query: Any) -> builtins.list[Group]:
        return found


class Cgsnapshots(GroupSnapshots):
    service = pb2.DESCRIPTOR.services_by_name["Cgsnapshots"]
    noun = "Cgsnapshot"

    async def list(self, call: Call, request: Any) -> Result:
        """Without filters and order; only the page is asked for."""
        query = request.query
        query.CopyFrom(common.Query(limit=query.limit, offset=query.offset, marker=query.marker))
        return await CinderResource.list(self, call, request)

    # -- hooks

    async def prepare(
        self, call: Call, obj: GroupSnapshot, request: pb2.CreateCgsnapshotRequest, given: set[str]
    ) -> None:
        body = request.cgsnapshot
        await self.complete(call, obj, body, await call.service(Groups).fetch(call, body.consistencygroup_id))

    async def check_api(self, call: Call, group_type_id: str) -> None:
        """This API is for every group snapshot."""

    async def refine(self, call: Call, found: builtins.list[GroupSnapshot], query: Any) -> builtins.list[GroupSnapshot]:
        return found
