"""Node groups. After magnum.api.controllers.v1.nodegroup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.container_infra.v1 import nodegroups_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.contract.calls import Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.container_infra import lookups
from mopenstack.core.container_infra.base import PAGE_MAX, check_sort, is_uuid, label_differences, next_row
from mopenstack.core.container_infra.clusters import stacks, states
from mopenstack.core.container_infra.clusters.groups import MASTER, groups_of
from mopenstack.core.container_infra.patching import Patchable, fill
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer

FOR_ADMINS = frozenset({"ListNodeGroups", "GetNodeGroup"})
"""What an admin can do to node groups of other projects."""
PATCHABLE = Patchable(
    internal=frozenset(
        {
            *("/name", "/cluster_id", "/project_id", "/docker_volume_size", "/labels", "/flavor_id", "/image_id"),
            *("/node_addresses", "/node_count", "/role", "/is_default", "/stack_id", "/status", "/status_reason"),
            "/version",
        }
    )
)
CHANGEABLE = frozenset({"min_node_count", "max_node_count"})
FORGOTTEN = ("id", "row", "status", "status_reason", "is_default", "stack_id", "merge_labels", "version")


class NodeGroups(ChildServicer[pb.NodeGroup]):
    service = pb.DESCRIPTOR.services_by_name["NodeGroups"]
    message = pb.NodeGroup
    not_found = refusals.NodeGroupNotFound
    lifecycle = states.NODE_GROUPS
    page_max = PAGE_MAX
    stamps_update = False

    async def target(self, call: Call, owner: ResourceServicer[Any] | None, id: str) -> Any:
        clusters: Any = owner
        listed = call.operation is not None and call.operation.method in FOR_ADMINS
        return await clusters.named(call, id, everywhere=listed and call.caller.is_admin)

    async def child(self, call: Call, parent_id: str, id: str) -> pb.NodeGroup | None:
        found = await groups_of(call, parent_id)
        return next((one for one in found if (one.id if is_uuid(id) else one.name) == id), None)

    async def in_cluster(self, call: Call, cluster: Cluster, ident: str) -> pb.NodeGroup:
        """The node group of a cluster by its id or name; raises NodeGroupNotFound."""
        found = await self.child(call, cluster.id, ident)
        if found is None:
            raise self.not_found(id=ident)
        return found

    # -- what is shown

    async def view(self, call: Call, obj: pb.NodeGroup) -> pb.NodeGroup:
        cluster = await call.tx.get(Cluster, obj.cluster_id)
        shown = pb.NodeGroup()
        shown.CopyFrom(obj)
        overridden, added, skipped = label_differences(cluster.labels if cluster is not None else {}, obj.labels)
        shown.labels_overridden.update(overridden)
        shown.labels_added.update(added)
        shown.labels_skipped.update(skipped)
        return shown

    async def list(self, call: Call, request: Any) -> Result:
        check_sort(self, request.query)
        return await super().list(call, request)

    async def matches(self, call: Call, obj: pb.NodeGroup, key: str, values: Sequence[str]) -> bool:
        return key != "role" or not values[-1] or obj.role == values[-1]

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.NodeGroup]:
        return await groups_of(call, call.target.id)

    def missing_marker(self, marker: str) -> Exception:
        return refusals.InvalidUuid(uuid=marker) if not is_uuid(marker) else self.not_found(id=marker)

    # -- changes

    async def create_node_group(self, call: Call, request: pb.CreateNodeGroupRequest) -> Result:
        cluster: Cluster = call.target
        _, given = envelope(request)
        group = pb.NodeGroup()
        group.CopyFrom(request.nodegroup)
        self.listing.apply_defaults(group, given)
        if not cluster.api_address:
            raise refusals.ClusterApiAddressUnavailable()
        if not group.name:
            raise refusals.ServiceBreaks(message="Column 'name' cannot be null")
        if any(one.name == group.name for one in await groups_of(call, cluster.id)):
            raise refusals.NodeGroupAlreadyExists(name=group.name, cluster_id=cluster.name)
        check_bounds(group)
        if group.role == MASTER:
            raise refusals.CreateMasterNodeGroup()
        await self._complete(call, cluster, group)
        group.id = group.id or call.take_id() or call.ids.uuid()
        try:
            group.stack_id = await stacks.create(call, cluster, [group])
        except stacks.StackFailed as failed:
            group.status, group.status_reason = "CREATE_FAILED", str(failed)
        made = await self.insert(call, group)
        if made.status == "CREATE_FAILED":
            await states.put_settled(call, await call.tx.edit(Cluster, cluster.id))
        else:
            await states.begin(call, cluster, await call.tx.edit(pb.NodeGroup, made.id), "create")
        return await self.view(call, made)

    async def _complete(self, call: Call, cluster: Cluster, group: pb.NodeGroup) -> None:
        """Give a new group what its request leaves to the cluster."""
        template = await call.tx.get(ClusterTemplate, cluster.cluster_template_id)
        if not group.HasField("image_id") and template is not None:
            group.image_id = template.image_id
        if not group.HasField("flavor_id") and cluster.HasField("flavor_id"):
            group.flavor_id = cluster.flavor_id
        own = dict(group.labels)
        if not own or group.merge_labels:
            group.labels.clear()
            group.labels.update({**cluster.labels, **own})
        await lookups.check_root_volume(call, cluster.labels, lookups.value_of(group, "flavor_id"))
        for name in FORGOTTEN:
            group.ClearField(name)
        group.cluster_id, group.project_id = cluster.id, call.caller.project_id
        group.status = "CREATE_IN_PROGRESS"
        group.row = await next_row(call, "nodegroup")

    async def prepare(self, call: Call, obj: pb.NodeGroup, request: Any, given: set[str]) -> None:
        """What a group is part of is said when it is completed."""

    async def update_node_group(self, call: Call, request: pb.UpdateNodeGroupRequest) -> Result:
        old = await self.in_cluster(call, call.target, request.nodegroup_ident)
        PATCHABLE.check(request.patch)
        document = PATCHABLE.apply(old, request.patch)
        new = await call.tx.edit(pb.NodeGroup, old.id)
        fill(new, document, CHANGEABLE)
        await lookups.check_root_volume(call, call.target.labels, lookups.value_of(new, "flavor_id"))
        check_bounds(new)
        await self.save(call, new)
        shown = await self.view(call, new)
        # Magnum answers what it had in memory: the time of this change is not in it.
        shown.ClearField("updated_at")
        if old.HasField("updated_at"):
            shown.updated_at.CopyFrom(old.updated_at)
        return shown

    async def delete_node_group(self, call: Call, request: pb.NodeGroupRequest) -> Result:
        group = await self.in_cluster(call, call.target, request.nodegroup_ident)
        if group.is_default:
            raise refusals.DeletingDefaultNodeGroupNotSupported()
        copy = await call.tx.edit(pb.NodeGroup, group.id)
        if states.NODE_GROUPS.allows(call, copy, "delete"):
            await stacks.delete(call, call.target, copy)
            await states.begin(call, call.target, copy, "delete")
        return EMPTY


def check_bounds(group: pb.NodeGroup) -> None:
    """Refuse a count of nodes that its own bounds do not allow (_validate_node_count)."""
    least, most, count = group.min_node_count, group.max_node_count, group.node_count
    lower, upper = f"min_node_count ({least})", f"max_node_count ({most})"
    if most and most < least:
        raise _out_of_order(group, "max_node_count", lower, upper)
    if most and count > most:
        raise _out_of_order(group, "max_node_count", f"node_count ({count})", upper)
    if least > count:
        raise _out_of_order(group, "min_node_count", lower, f"node_count ({count})")


def _out_of_order(group: pb.NodeGroup, attr: str, less: str, more: str) -> refusals.NodeGroupInvalidInput:
    name = group.name if group.HasField("name") else None
    return refusals.NodeGroupInvalidInput(attr=attr, nodegroup=name, expl=f"{less} should be less or equal to {more}")
