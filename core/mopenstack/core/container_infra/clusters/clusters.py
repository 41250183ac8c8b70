"""Clusters. After magnum.api.controllers.v1.cluster, cluster_actions and credential."""

from __future__ import annotations

from typing import Any

from mopenstack.container_infra.v1 import clusters_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.contract.calls import Result
from mopenstack.contract.faults import NotFound
from mopenstack.core.container_infra import drivers, lookups
from mopenstack.core.container_infra.base import SERVICE, Named, label_differences
from mopenstack.core.container_infra.clusters import creation, nodes, stacks, states, trustees
from mopenstack.core.container_infra.clusters.groups import MASTER, WORKER, default_group, groups_of
from mopenstack.core.container_infra.clusters.nodegroups import NodeGroups
from mopenstack.core.container_infra.patching import Patchable, attributes, fill, truth
from mopenstack.core.container_infra.templates.cluster_templates import ClusterTemplates
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer

NAMES_MISSING_UNTIL = 9
"""Up to this microversion a create says 400 where its template is not there."""
ZERO_NODES_SINCE = 10
OF_OWN_PROJECT = frozenset({"ResizeCluster", "RotateCredential"})
"""What an admin cannot do to clusters of other projects."""
CREDENTIALS_ALLOWED = states.RESIZABLE

PATCHABLE = Patchable(
    internal=frozenset(
        {
            *("/api_address", "/node_addresses", "/master_addresses", "/stack_id", "/ca_cert_ref", "/magnum_cert_ref"),
            *("/trust_id", "/trustee_user_name", "/trustee_password", "/trustee_user_id", "/etcd_ca_cert_ref"),
            "/front_proxy_ca_cert_ref",
        }
    ),
    mandatory=frozenset({"/cluster_template_id"}),
)
SHOWN = ("labels_overridden", "labels_added", "labels_skipped", "faults", "links", "merge_labels")
CHANGEABLE = frozenset(pb.Cluster.DESCRIPTOR.fields_by_name) - {
    *("row", "id", "project_id", "user_id", "created_at", "updated_at", "authorities", "trustee_user_id", "trust_id"),
    *("next_template_id", "stack_id", "api_address", "node_addresses", "master_addresses", *SHOWN),
}
UPDATABLE = frozenset({"node_count", "health_status", "health_status_reason"})


class Clusters(Named[pb.Cluster]):
    service = pb.DESCRIPTOR.services_by_name["Clusters"]
    message = pb.Cluster
    not_found = refusals.ClusterNotFound
    ambiguous = refusals.MultipleClusters
    lifecycle = states.CLUSTERS

    async def target(self, call: Call, owner: ResourceServicer[Any] | None, id: str) -> Any:
        if call.operation is not None and call.operation.method in OF_OWN_PROJECT:
            return await self.named(call, id, everywhere=False)
        return await super().target(call, owner, id)

    # -- what is shown

    async def view(self, call: Call, obj: pb.Cluster) -> pb.Cluster:
        template = await call.tx.get(ClusterTemplate, obj.cluster_template_id)
        groups = await groups_of(call, obj.id) if obj.status.endswith(states.FAILED) else []

        def build() -> pb.Cluster:
            shown = pb.Cluster()
            shown.CopyFrom(obj)
            parent = template.labels if template is not None else {}
            overridden, added, skipped = label_differences(parent, obj.labels)
            shown.labels_overridden.update(overridden)
            shown.labels_added.update(added)
            shown.labels_skipped.update(skipped)
            if obj.status.endswith(states.FAILED):
                failed = {one.name: one.status_reason for one in groups if one.status.endswith(states.FAILED)}
                shown.faults.SetInParent()
                shown.faults.of_groups.update(failed)
            return shown

        return build()

    # -- create and delete

    async def create_cluster(self, call: Call, request: pb.CreateClusterRequest) -> Result:
        _, given = envelope(request)
        cluster = pb.Cluster()
        cluster.CopyFrom(request.cluster)
        self.listing.apply_defaults(cluster, given - {"node_count"} if request.cluster.node_count else given)
        template = await self._template(call, cluster.cluster_template_id)
        creation.check_kind(call, template, cluster)
        if not cluster.node_count and not call.at_least(ZERO_NODES_SINCE):
            raise refusals.ZeroNodeCountNotSupported()
        cluster.project_id = call.caller.project_id
        await call.quota.take(SERVICE, cluster.project_id, {"clusters": 1})
        await creation.complete(call, cluster, template, given)
        groups = await creation.default_groups(call, cluster, template)
        failure = await trustees.create(call, cluster) or await self._stack(call, cluster, groups)
        if failure:
            cluster.status, cluster.status_reason = "CREATE_FAILED", failure
        for group in groups:
            if cluster.HasField("stack_id"):
                group.stack_id = cluster.stack_id
            await call.tx.put(group, fresh=True)
        made = await self.insert(call, cluster, request, given)
        if not failure:
            await states.CLUSTERS.enter(call, await call.tx.edit(pb.Cluster, made.id), "create")
        return pb.ClusterId(uuid=made.id)

    @staticmethod
    async def _stack(call: Call, cluster: pb.Cluster, groups: list[NodeGroup]) -> str:
        """Give a new cluster its stack; why that fails, or empty."""
        try:
            cluster.stack_id = await stacks.create(call, cluster, groups)
        except stacks.StackFailed as failed:
            return str(failed)
        return ""

    async def _template(self, call: Call, ident: str) -> ClusterTemplate:
        try:
            return await call.service(ClusterTemplates).named(call, ident, everywhere=False)
        except NotFound:
            if call.at_least(NAMES_MISSING_UNTIL + 1):
                raise
            raise refusals.NamedClusterTemplateNotFound(id=ident) from None

    async def delete_cluster(self, call: Call, request: pb.ClusterRequest) -> Result:
        cluster = await call.tx.edit(pb.Cluster, call.target.id)
        if states.CLUSTERS.allows(call, cluster, "delete"):
            groups = await groups_of(call, cluster.id)
            await states.mark(call, groups, "DELETE_IN_PROGRESS")
            for group in groups:
                await stacks.delete(call, cluster, group)
            cluster.ClearField("status_reason")
            await states.CLUSTERS.begin(call, cluster, "delete")
        return EMPTY

    async def remove(self, call: Call, obj: pb.Cluster) -> None:
        """Its groups, its stacks, its user and its trust go with it."""
        for group in await groups_of(call, obj.id):
            await call.tx.unschedule(states.NODE_GROUPS.kind, group.id)
            if not group.is_default:
                await stacks.delete(call, obj, group)
            await call.tx.delete(NodeGroup, group.id)
        await stacks.delete(call, obj)
        await trustees.delete(call, obj)
        await call.quota.give(SERVICE, obj.project_id, {"clusters": 1})

    # -- changes

    async def update_cluster(self, call: Call, request: pb.UpdateClusterRequest) -> Result:
        if request.rollback:
            truth(request.rollback)
        old = call.target
        PATCHABLE.check(request.patch)
        document = PATCHABLE.apply(old, request.patch)
        new = pb.Cluster()
        new.CopyFrom(old)
        fill(new, document, CHANGEABLE)
        before, after = attributes(old), attributes(new)
        changed = [name for name in after if before.get(name) != after[name]]
        asked = [lookups.value_of(new, name) for name in ("flavor_id", "master_flavor_id")]
        await lookups.check_root_volume(call, new.labels, *asked)
        refused = sorted(name for name in changed if name not in UPDATABLE)
        if refused:
            raise refusals.InvalidParameterValue(err=f"cannot change cluster property(ies) {', '.join(refused)}.")
        worker = default_group(await groups_of(call, old.id), WORKER)
        asks = any(one.path == "/node_count" for one in request.patch.operations)
        count = new.node_count if asks else worker.node_count
        if not count and not call.at_least(ZERO_NODES_SINCE):
            raise refusals.ZeroNodeCountNotSupported()
        if old.status in states.UPDATABLE:
            await self._update(call, new, worker, count)
        return pb.ClusterId(uuid=old.id)

    async def _update(self, call: Call, new: pb.Cluster, worker: NodeGroup, count: int) -> None:
        """What the conductor does: health is noted at once, nodes take a while."""
        cluster = await call.tx.edit(pb.Cluster, new.id)
        for name in ("health_status", "health_status_reason"):
            cluster.ClearField(name)
        if new.HasField("health_status"):
            cluster.health_status = new.health_status
        cluster.health_status_reason.update(new.health_status_reason)
        if worker.node_count == count:
            await self.save(call, cluster)
            return
        group = await call.tx.edit(NodeGroup, worker.id)
        group.node_count = count
        await call.tx.put(group)
        await stacks.resize(call, cluster, group)
        await self._begin(call, cluster, "update")

    async def _begin(self, call: Call, cluster: pb.Cluster, row: str) -> None:
        """Begin a change of the groups that a cluster was made with."""
        states.CLUSTERS.check(call, cluster, row)
        groups = await groups_of(call, cluster.id)
        for one in groups:
            if one.is_default:
                group = await call.tx.edit(NodeGroup, one.id)
                group.status = "UPDATE_IN_PROGRESS"
                await call.tx.put(group)
        nodes.note(cluster, await groups_of(call, cluster.id))
        cluster.ClearField("status_reason")
        await states.CLUSTERS.begin(call, cluster, row)

    async def resize_cluster(self, call: Call, request: pb.ResizeClusterRequest) -> Result:
        cluster, count = call.target, request.node_count
        if not count and not call.at_least(ZERO_NODES_SINCE):
            raise refusals.ZeroNodeCountNotSupported()
        groups = await groups_of(call, cluster.id)
        group = default_group(groups, WORKER)
        if request.nodegroup:
            group = await call.service(NodeGroups).in_cluster(call, cluster, request.nodegroup)
        driver = await self._driver(call, cluster)
        if group.role == MASTER and not driver.upgrades:
            raise refusals.MasterNodeGroupResizeNotSupported()
        if group.role == MASTER:
            drivers.check_master_count(count)
        most = group.max_node_count or None
        if group.role != MASTER and (group.min_node_count > count or (most is not None and most < count)):
            raise refusals.NodeGroupResizeOutOfBounds(
                nodegroup=group.name,
                min_nc=group.min_node_count,
                max_nc=group.max_node_count if group.HasField("max_node_count") else None,
            )
        if cluster.status in states.RESIZABLE:
            await self._resize(call, group, count, list(request.nodes_to_remove))
        return pb.ClusterId(uuid=cluster.id)

    async def _resize(self, call: Call, group: NodeGroup, count: int, gone: list[str]) -> None:
        copy = await call.tx.edit(NodeGroup, group.id)
        copy.node_count = count
        kept = [one for one in copy.node_addresses if one not in gone]
        del copy.node_addresses[:]
        copy.node_addresses.extend(kept)
        cluster = await call.tx.edit(pb.Cluster, group.cluster_id)
        await stacks.resize(call, cluster, copy, gone)
        if group.is_default:
            await call.tx.put(copy)
            await self._begin(call, cluster, "resize")
        else:
            await states.begin(call, cluster, copy, "resize")

    async def upgrade_cluster(self, call: Call, request: pb.UpgradeClusterRequest) -> Result:
        if not call.at_least(8):
            raise refusals.ClusterUpgradeNotSupported()
        cluster = call.target
        template = await self._next_template(call, request)
        group = default_group(await groups_of(call, cluster.id), WORKER)
        if request.nodegroup:
            group = await call.service(NodeGroups).in_cluster(call, cluster, request.nodegroup)
            if template.id != cluster.cluster_template_id and not group.is_default:
                current = await call.tx.get(ClusterTemplate, cluster.cluster_template_id)
                name = current.name if current is not None else ""
                raise refusals.InvalidClusterTemplateForUpgrade(
                    reason=f"Nodegroup {group.name} can be upgraded only to match cluster's template ({name})."
                )
        if not request.HasField("max_batch_size"):
            raise refusals.ServiceBreaks(message="Cannot convert Unset to primitive")
        states.CLUSTERS.check(call, cluster, "update")
        if not (await self._driver(call, cluster)).upgrades:
            raise refusals.NotSupported(operation="Upgrading a cluster that uses the Magnum Heat driver")
        await self._upgrade(call, cluster, template)
        return pb.ClusterId(uuid=cluster.id)

    async def _driver(self, call: Call, cluster: pb.Cluster) -> drivers.Driver:
        template = await call.tx.get(ClusterTemplate, cluster.cluster_template_id)
        return drivers.HEAT if template is None else drivers.driver_of(call, template)

    async def _next_template(self, call: Call, request: pb.UpgradeClusterRequest) -> ClusterTemplate:
        templates = call.service(ClusterTemplates)
        if not request.cluster_template:
            raise templates.not_found(id="Unset")
        return await templates.named(call, request.cluster_template, everywhere=call.caller.is_admin)

    async def _upgrade(self, call: Call, cluster: pb.Cluster, template: ClusterTemplate) -> None:
        for group in await groups_of(call, cluster.id):
            if group.is_default:
                copy = await call.tx.edit(NodeGroup, group.id)
                copy.image_id = template.image_id
                await call.tx.put(copy)
        changed = await call.tx.edit(pb.Cluster, cluster.id)
        changed.next_template_id = template.id
        if "kube_tag" in template.labels:
            changed.labels["kube_tag"] = template.labels["kube_tag"]
        await self._begin(call, changed, "update")

    async def rotate(self, call: Call, cluster: pb.Cluster) -> None:
        """Begin with new authorities for a private copy of a cluster; they are made when they are asked for."""
        del cluster.authorities[:]
        call.stamp(cluster.rotated_at)
        await self._begin(call, cluster, "update")

    async def rotate_credential(self, call: Call, request: pb.ClusterRequest) -> Result:
        if call.target.status not in CREDENTIALS_ALLOWED:
            place = "magnum.conductor.handlers.credential_conductor"
            raise refusals.NotSupported(operation=f'{place} when cluster status is "{call.target.status}"')
        raise refusals.CredentialRotationNotSupported()
