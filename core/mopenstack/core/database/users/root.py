"""The root user of an instance, or of the instances of a cluster (trove/extensions/common/service.py)."""

from __future__ import annotations

import random
import string

from mopenstack.core.database.datastores.choices import of_version
from mopenstack.core.database.users.names import guest_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.clusters.clusters_pb2 import Cluster
from mopenstack.database.v1.instances.instances_pb2 import Instance
from mopenstack.database.v1.users import root_pb2 as pb

PASSWORD_LENGTH = 36
_LETTERS = string.ascii_letters + string.digits


class Root(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Root"]

    async def get_root(self, call: Call, request: pb.GetRootRequest) -> Result:
        members = await _members(call, request.instance_id, "show_root")
        await guest_of(call, members[0])
        return pb.GetRootResponse(root_enabled=_is_enabled(members[0]))

    async def enable_root(self, call: Call, request: pb.EnableRootRequest) -> Result:
        members = await _members(call, request.instance_id, "enable_root")
        await guest_of(call, members[0])
        for one in members:
            if not _is_enabled(one):
                copy = await call.tx.edit(Instance, one.id)
                copy.ClearField("root_history")
                copy.root_history.user_id = call.caller.user_id
                call.stamp(copy.root_history.created_at)
                await call.tx.put(copy)
        password = request.password or new_password(call)
        return pb.EnableRootResponse(user={"name": "root", "password": password})

    async def disable_root(self, call: Call, request: pb.DisableRootRequest) -> Result:
        members = await _members(call, request.instance_id, "disable_root")
        await guest_of(call, members[0])
        if not _is_enabled(members[0]):
            raise refusals.RootNeverEnabled()
        for one in members:
            copy = await call.tx.edit(Instance, one.id)
            call.stamp(copy.root_history.deleted_at)
            await call.tx.put(copy)
        return EMPTY


def _is_enabled(instance: Instance) -> bool:
    return instance.HasField("root_history") and not instance.root_history.HasField("deleted_at")


async def _members(call: Call, id: str, operation: str) -> list[Instance]:
    """An instance of the caller's project, or those of a cluster; refuses datastores whose clusters have no root."""
    instance = await call.tx.get(Instance, id)
    if instance is not None and instance.project_id == call.caller.project_id:
        return [instance]
    cluster = await call.tx.get(Cluster, id)
    if cluster is None or cluster.project_id != call.caller.project_id:
        raise refusals.RootTargetNotFound()
    chosen = await of_version(call, cluster.datastore_version_id)
    found = sorted(await call.tx.query(Instance, cluster_id=id), key=lambda one: one.id)
    if not found or chosen is None or chosen.version.manager not in ("mariadb", "pxc"):
        raise refusals.ClusterOperationNotSupported(operation=operation)
    return found


def new_password(call: Call) -> str:
    """A password for root, by the cloud's own ids."""
    drawn = random.Random(call.ids.uuid())  # noqa: S311  # a mock's database has nothing to protect
    return "".join(drawn.choice(_LETTERS) for _ in range(PASSWORD_LENGTH))
