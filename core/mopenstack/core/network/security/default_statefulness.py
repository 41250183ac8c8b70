"""Whether groups are stateful where the request does not tell (neutron.db.security_groups_default_statefulness)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.network.base import NeutronResource
from mopenstack.network.v2.refusals import (
    SecurityGroupDefaultStatefulnessAlreadyExists,
    SecurityGroupDefaultStatefulnessNotFound,
)
from mopenstack.network.v2.security import security_groups_default_statefulness_pb2 as pb
from mopenstack.network.v2.security.security_groups_default_statefulness_pb2 import SecurityGroupsDefaultStatefulness


class SecurityGroupsDefaultStatefulnesses(NeutronResource[SecurityGroupsDefaultStatefulness]):
    service = pb.DESCRIPTOR.services_by_name["SecurityGroupsDefaultStatefulnesses"]
    message = SecurityGroupsDefaultStatefulness
    not_found = SecurityGroupDefaultStatefulnessNotFound

    async def prepare(self, call: Call, obj: SecurityGroupsDefaultStatefulness, request: Any, given: set[str]) -> None:
        body, _ = envelope(request)
        if "project_id" in given and not body.HasField("project_id"):
            obj.ClearField("project_id")  # null: of the whole cloud
        for other in await call.tx.scan(SecurityGroupsDefaultStatefulness):
            if other.project_id == obj.project_id:
                raise SecurityGroupDefaultStatefulnessAlreadyExists(project_id=obj.project_id or "system-wide")


async def default_stateful(call: Call, project_id: str) -> bool:
    """The project's own setting, else the cloud's, else true (get_default_stateful_for_project)."""
    settings = {one.project_id: one.stateful for one in await call.tx.scan(SecurityGroupsDefaultStatefulness)}
    return settings.get(project_id, settings.get("", True))
