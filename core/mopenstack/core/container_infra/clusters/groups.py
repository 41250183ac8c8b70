"""The node groups of a cluster, as they are stored."""

from __future__ import annotations

from collections.abc import Sequence

from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.core.engine.call import Call

MASTER, WORKER = "master", "worker"


async def groups_of(call: Call, cluster_id: str) -> list[NodeGroup]:
    """In the order in which they were made."""
    return sorted(await call.tx.query(NodeGroup, cluster_id=cluster_id), key=lambda group: group.row)


def default_group(groups: Sequence[NodeGroup], role: str) -> NodeGroup:
    """The group of masters, or of workers, that a cluster was made with."""
    return next(one for one in groups if one.is_default and (one.role == MASTER) == (role == MASTER))
