"""Server groups. Source: nova/api/openstack/compute/server_groups.py, nova/objects/instance_group.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_groups_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.quotas.quotas import SERVICE, check_user
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import ResourceServicer

_HARD = ("anti-affinity", "affinity")
_SOFT = ("soft-anti-affinity", "soft-affinity")


class ServerGroups(ResourceServicer[pb.ServerGroup]):
    service = pb.DESCRIPTOR.services_by_name["ServerGroups"]
    message = pb.ServerGroup
    not_found = refusals.InstanceGroupNotFound

    async def prepare(self, call: Call, obj: pb.ServerGroup, request: Any, given: set[str]) -> None:
        if call.at_least(64):
            self._check_policy(obj)
        else:
            self._check_policies(call, obj)
        obj.metadata.SetInParent()
        obj.rules.SetInParent()
        obj.user_id = call.caller.user_id
        await check_user(call, obj.project_id, obj.user_id, {"server_groups": 1})

    @staticmethod
    def _check_policy(obj: pb.ServerGroup) -> None:
        if obj.policy != "anti-affinity" and obj.rules.HasField("max_server_per_host"):
            raise refusals.RulesNeedAntiAffinity()
        obj.policies.append(obj.policy)

    @staticmethod
    def _check_policies(call: Call, obj: pb.ServerGroup) -> None:
        words = [*_HARD, *_SOFT] if call.at_least(15) else list(_HARD)
        if obj.policies[0] not in words:
            raise InvalidField(("server_group", "policies", 0), obj.policies[0], "one_of", words)
        obj.policy = obj.policies[0]

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.ServerGroup]:
        # Without `all_projects` an administrator lists the groups of the own project too.
        if call.caller.is_admin and any(item.key == "all_projects" for item in query.filters):
            return await call.tx.scan(pb.ServerGroup)
        return await call.tx.query(pb.ServerGroup, project_id=call.caller.project_id)

    # -- members

    async def join(self, call: Call, group_id: str, server_id: str) -> pb.ServerGroup:
        """Make a server a member; raises QuotaExceeded when the group is full."""
        group = await call.tx.edit(pb.ServerGroup, (await self.fetch(call, group_id)).id)
        limit = (await call.quota.limits(SERVICE, group.project_id))["server_group_members"]
        if 0 <= limit <= len(group.members):
            raise refusals.QuotaExceeded("Quota exceeded, too many servers in group")
        group.members.append(server_id)
        await call.tx.put(group)
        return group


@subscribes("before_delete", "server")
async def leave_groups(call: Call, server: Server) -> None:
    """Remove a server that is deleted from its group, which may be deleted already."""
    for group_id in server.server_groups:
        group = await call.tx.get(pb.ServerGroup, group_id)
        if group is not None and server.id in group.members:
            changed = await call.tx.edit(pb.ServerGroup, group_id)
            changed.members.remove(server.id)
            await call.tx.put(changed)
