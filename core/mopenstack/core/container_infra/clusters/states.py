"""What clusters and node groups are in, and what leads from one state to another.

The two groups that a cluster was made with share its stack and its state; a group that was added has its own. The state
of a cluster with such groups follows from theirs.

Sources: magnum/conductor/handlers/cluster_conductor.py and nodegroup_conductor.py, HeatPoller of
magnum/drivers/heat/driver.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.contract.faults import Fault
from mopenstack.core.container_infra.clusters import nodes, stacks
from mopenstack.core.container_infra.clusters.groups import default_group, groups_of
from mopenstack.core.engine.actions import LEFT, Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle

IN_PROGRESS, FAILED, COMPLETE = "_IN_PROGRESS", "_FAILED", "_COMPLETE"
UPDATABLE = frozenset(
    f"{action}_COMPLETE"
    for action in ("CREATE", "UPDATE", "RESUME", "RESTORE", "ROLLBACK", "SNAPSHOT", "CHECK", "ADOPT")
)
RESIZABLE = UPDATABLE | {"UPDATE_FAILED", "UPDATE_IN_PROGRESS"}
DELETABLE = RESIZABLE | {
    *("CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_FAILED", "RESUME_FAILED"),
    *("ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "DELETE_COMPLETE"),
}

CREATE_SECONDS, UPDATE_SECONDS, DELETE_SECONDS = 300.0, 90.0, 60.0
"""What Heat takes for a small cluster."""


def refuse(action: Action, obj: Any) -> Fault:
    """Raised by what Magnum's API waits for; of the rest the conductor only notes it."""
    return refusals.NotSupported(operation=f'{action.label or action.name} when status is "{obj.status}"')


CLUSTERS: Lifecycle[Cluster] = Lifecycle(
    Cluster,
    (
        Action("create", frozenset(), interim="CREATE_IN_PROGRESS", seconds=CREATE_SECONDS, error="CREATE_FAILED"),
        Action(
            "update", UPDATABLE, interim="UPDATE_IN_PROGRESS", seconds=UPDATE_SECONDS, error="UPDATE_FAILED",
            label="Updating a cluster",
        ),
        Action(
            "resize", RESIZABLE, interim="UPDATE_IN_PROGRESS", seconds=UPDATE_SECONDS, error="UPDATE_FAILED",
            label="Resizing a cluster", cancels=True,
        ),
        Action(
            "delete", DELETABLE, interim="DELETE_IN_PROGRESS", seconds=DELETE_SECONDS, error="DELETE_FAILED",
            label="Deleting a cluster", cancels=True,
        ),
    ),
    refuse,
)  # fmt: skip

NODE_GROUPS: Lifecycle[NodeGroup] = Lifecycle(
    NodeGroup,
    (
        Action("create", frozenset(), interim="CREATE_IN_PROGRESS", seconds=CREATE_SECONDS, error=LEFT),
        Action("resize", RESIZABLE, interim="UPDATE_IN_PROGRESS", seconds=UPDATE_SECONDS, error=LEFT, cancels=True),
        Action("delete", DELETABLE, interim="DELETE_IN_PROGRESS", seconds=DELETE_SECONDS, error=LEFT, cancels=True),
    ),
    refuse,
)
"""Of groups that were added to a cluster; those that it was made with are in its own table."""


# -- a cluster, and the groups that it was made with


@CLUSTERS.on("create")
async def created(call: Call, cluster: Cluster) -> None:
    await _finish_defaults(call, cluster, "CREATE")


@CLUSTERS.on("update", "resize")
async def updated(call: Call, cluster: Cluster) -> None:
    if cluster.next_template_id:
        cluster.cluster_template_id = cluster.next_template_id
        cluster.ClearField("next_template_id")
    await _finish_defaults(call, cluster, "UPDATE")


async def _finish_defaults(call: Call, cluster: Cluster, action: str) -> None:
    """The stack of a cluster is done: its groups have their nodes, or all have failed since one has no room."""
    stack = await stacks.look(call, cluster)
    if stack.is_busy:
        await CLUSTERS.again(call, cluster, action.lower(), stacks.LOOK_AGAIN)
        return
    copies = [await call.tx.edit(NodeGroup, one.id) for one in await groups_of(call, cluster.id) if one.is_default]
    reason = stack.failure
    for group in copies:
        reason = reason or await nodes.provide(call, cluster, group, stack.addresses(group))
        await call.tx.put(group)
    for group in copies:
        await _end(call, group, action, reason)
    await settle(call, cluster)


async def _end(call: Call, group: NodeGroup, action: str, reason: str) -> None:
    """Put a private copy of a group whose stack is done; `reason` says why it failed, if it did."""
    group.status = action + (FAILED if reason else COMPLETE)
    group.status_reason = reason or f"Stack {action} completed successfully"
    call.stamp(group.updated_at)
    await call.tx.put(group)


@CLUSTERS.on("delete")
async def deleted(call: Call, cluster: Cluster) -> None:
    if (await stacks.look(call, cluster)).is_busy:
        await CLUSTERS.again(call, cluster, "delete", stacks.LOOK_AGAIN)
        return
    await call.owner_of("coe_cluster").discard(call.elevated(), cluster)


@CLUSTERS.fails()
async def failed(call: Call, cluster: Cluster, why: str) -> None:
    """Its groups have failed with it."""
    action = cluster.status.partition("_")[0]
    cluster.ClearField("next_template_id")
    names = []
    for group in await groups_of(call, cluster.id):
        if group.is_default or action == "DELETE":
            copy = await call.tx.edit(NodeGroup, group.id)
            copy.status, copy.status_reason = f"{action}{FAILED}", why
            await call.tx.put(copy)
            names.append(group.name)
    cluster.status_reason = ", ".join(f"{name} failed" for name in names)


async def settle(call: Call, cluster: Cluster) -> None:
    """Give a private copy of a cluster what follows from its groups: state, counts, addresses, health.

    Source: HeatPoller.aggregate_nodegroup_statuses.
    """
    groups = await groups_of(call, cluster.id)
    nodes.note(cluster, groups)
    previous, default = cluster.status, default_group(groups, nodes.MASTER).status
    added = any(not group.is_default for group in groups)
    action = "DELETE" if default.startswith("DELETE") else "UPDATE"
    for end in (IN_PROGRESS, FAILED, COMPLETE):
        if any(group.status.endswith(end) for group in groups):
            cluster.status = action + end if added else default
            break
    if cluster.status == "CREATE_COMPLETE" and previous not in ("CREATE_COMPLETE", "CREATE_IN_PROGRESS"):
        cluster.status = "UPDATE_COMPLETE"
    cluster.ClearField("status_reason")
    if cluster.status.endswith(FAILED):
        cluster.status_reason = ", ".join(f"{one.name} failed" for one in groups if one.status.endswith(FAILED))
    elif cluster.status.endswith(COMPLETE):
        nodes.report(cluster, groups)


# -- groups that were added


async def begin(call: Call, cluster: Cluster, group: NodeGroup, row: str) -> None:
    """Begin the transition of a private copy of an added group; its cluster is updated meanwhile."""
    copy = await call.tx.edit(Cluster, cluster.id)
    copy.status = "UPDATE_IN_PROGRESS"
    call.stamp(copy.updated_at)
    await call.tx.put(copy)
    if row == "create":
        await NODE_GROUPS.enter(call, group, row)
    else:
        await NODE_GROUPS.begin(call, group, row)


@NODE_GROUPS.on("create")
async def group_created(call: Call, group: NodeGroup) -> None:
    await _finish(call, group, "CREATE")


@NODE_GROUPS.on("resize")
async def group_resized(call: Call, group: NodeGroup) -> None:
    await _finish(call, group, "UPDATE")


async def _finish(call: Call, group: NodeGroup, action: str) -> None:
    cluster = await call.tx.edit(Cluster, group.cluster_id)
    stack = await stacks.look(call, cluster, group)
    if stack.is_busy:
        row = "create" if action == "CREATE" else "resize"
        await NODE_GROUPS.again(call, group, row, stacks.LOOK_AGAIN)
        return
    reason = stack.failure or await nodes.provide(call, cluster, group, stack.addresses(group))
    await _end(call, group, action, reason)
    await put_settled(call, cluster)


@NODE_GROUPS.on("delete")
async def group_deleted(call: Call, group: NodeGroup) -> None:
    cluster = await call.tx.edit(Cluster, group.cluster_id)
    if (await stacks.look(call, cluster, group)).is_busy:
        await NODE_GROUPS.again(call, group, "delete", stacks.LOOK_AGAIN)
        return
    await call.tx.delete(NodeGroup, group.id)
    await put_settled(call, cluster)


@NODE_GROUPS.fails()
async def group_failed(call: Call, group: NodeGroup, why: str) -> None:
    group.status, group.status_reason = f"{group.status.partition('_')[0]}{FAILED}", why
    await call.tx.put(group)
    await put_settled(call, await call.tx.edit(Cluster, group.cluster_id))


async def put_settled(call: Call, cluster: Cluster) -> None:
    """Put a private copy of a cluster with what follows from its groups."""
    await settle(call, cluster)
    call.stamp(cluster.updated_at)
    await call.tx.put(cluster)


async def mark(call: Call, groups: Iterable[NodeGroup], state: str) -> None:
    """Put groups into the state in which the transition of their cluster has them."""
    for group in groups:
        copy = await call.tx.edit(NodeGroup, group.id)
        copy.status = state
        copy.ClearField("status_reason")
        await call.tx.unschedule(NODE_GROUPS.kind, group.id)
        await call.tx.put(copy)
