"""Cluster templates. After magnum.api.controllers.v1.cluster_template and magnum.db.sqlalchemy.api."""

from __future__ import annotations

from typing import Any

from mopenstack.container_infra.v1 import cluster_templates_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.contract.calls import Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.container_infra import drivers, lookups
from mopenstack.core.container_infra.base import Named, is_uuid, made_up_name, next_row
from mopenstack.core.container_infra.patching import Patchable, fill
from mopenstack.core.engine.call import Call

PATCHABLE = Patchable(
    mandatory=frozenset(
        {
            *("/image_id", "/network_driver", "/external_network_id", "/tls_disabled", "/public", "/server_type"),
            *("/coe", "/registry_enabled", "/cluster_distro", "/hidden"),
        }
    )
)
CHANGEABLE = frozenset(pb.ClusterTemplate.DESCRIPTOR.fields_by_name) - {
    *("row", "id", "links", "project_id", "user_id", "created_at", "updated_at")
}
ALWAYS = (frozenset({"name"}), frozenset({"public"}), frozenset({"hidden"}), frozenset({"tags"}))
"""What may be changed of a template that clusters refer to, each alone."""


class ClusterTemplates(Named[pb.ClusterTemplate]):
    service = pb.DESCRIPTOR.services_by_name["ClusterTemplates"]
    message = pb.ClusterTemplate
    not_found = refusals.ClusterTemplateNotFound
    ambiguous = refusals.MultipleClusterTemplates

    def usable(self, call: Call, obj: Any) -> bool:
        return bool(obj.public or obj.project_id == call.caller.project_id)

    async def refine(
        self, call: Call, found: list[pb.ClusterTemplate], query: common.Query
    ) -> list[pb.ClusterTemplate]:
        """A hidden one is listed for its own project, and for admins."""
        own = call.caller.project_id
        return [one for one in found if call.caller.is_admin or not one.hidden or one.project_id == own]

    async def prepare(self, call: Call, obj: pb.ClusterTemplate, request: Any, given: set[str]) -> None:
        if obj.id:
            await self._check_id(call, obj.id)
        drivers.check_engine(obj.coe)
        drivers.choose_network_driver(obj)
        drivers.check_volume_driver(obj.volume_driver)
        drivers.check_storage(obj, drivers.volume_size(obj))
        if obj.HasField("dns_nameserver"):
            lookups.check_name_servers(obj.dns_nameserver)
        await self._check_driver(call, obj)
        await lookups.check_resources(call, obj)
        image = await lookups.image(call, obj.image_id)
        obj.cluster_distro = image.properties["os_distro"]
        obj.ClearField("driver")
        if image.properties.get("magnum_driver"):
            obj.driver = image.properties["magnum_driver"]
        if (obj.public or obj.hidden) and not call.caller.is_admin:
            raise refusals.ClusterTemplatePublishDenied()
        asked = [lookups.value_of(obj, name) for name in ("flavor_id", "master_flavor_id")]
        await lookups.check_root_volume(call, obj.labels, *[one for one in asked if one is not None])
        obj.name = obj.name or made_up_name(call, "template")
        obj.user_id = call.caller.user_id
        obj.row = await next_row(call, "cluster_template")

    async def _check_id(self, call: Call, id: str) -> None:
        if not is_uuid(id):
            raise refusals.InvalidUuid(uuid=id)
        if await call.tx.get(pb.ClusterTemplate, id) is not None:
            raise refusals.ClusterTemplateAlreadyExists(uuid=id)

    async def _check_driver(self, call: Call, obj: pb.ClusterTemplate) -> None:
        """By what the request says of the operating system and the driver, else by the image."""
        os, driver = lookups.value_of(obj, "cluster_distro"), lookups.value_of(obj, "driver")
        if not os or not driver:
            properties = await lookups.image_properties(call, obj.image_id)
            os, driver = properties.get("os_distro"), properties.get("magnum_driver")
        drivers.find_driver(call, obj.server_type, os, obj.coe, driver)

    async def answer(self, call: Call, obj: pb.ClusterTemplate, request: Any) -> Result:
        if isinstance(request, pb.CreateClusterTemplateRequest):
            return pb.CreateClusterTemplateResponse(cluster_template=obj, created_at=obj.created_at)
        return obj

    async def update_cluster_template(self, call: Call, request: pb.UpdateClusterTemplateRequest) -> Result:
        old = call.target
        PATCHABLE.check(request.patch)
        document = PATCHABLE.apply(old, request.patch)
        if document.get("coe") != "kubernetes":
            raise refusals.ServiceBreaks(message=f"Field value {document.get('coe')} is invalid")
        drivers.check_network_driver(str(document.get("network_driver") or drivers.ALLOWED_NETWORK_DRIVERS[0]))
        drivers.check_volume_driver(str(document.get("volume_driver") or ""))
        new = await call.tx.edit(pb.ClusterTemplate, old.id)
        fill(new, document, CHANGEABLE)
        if new.HasField("dns_nameserver"):
            lookups.check_name_servers(new.dns_nameserver)
        await lookups.check_resources(call, new)
        if (old.public != new.public or old.hidden != new.hidden) and not call.caller.is_admin:
            raise refusals.ClusterTemplatePublishDenied()
        asked = [lookups.value_of(new, name) for name in ("flavor_id", "master_flavor_id")]
        await lookups.check_root_volume(call, old.labels, *asked)
        changed = frozenset(name for name in CHANGEABLE if getattr(old, name) != getattr(new, name))
        if not changed:
            return old  # type: ignore[no-any-return]
        if changed not in ALWAYS and await call.tx.query(Cluster, cluster_template_id=old.id):
            raise refusals.ClusterTemplateReferenced(id=old.id)
        kept = await self.modify(call, old, new, request)
        shown = pb.ClusterTemplate()
        shown.CopyFrom(kept)
        # Magnum answers what it had in memory: the time of this change is not in it.
        shown.ClearField("updated_at")
        if old.HasField("updated_at"):
            shown.updated_at.CopyFrom(old.updated_at)
        return shown

    async def remove(self, call: Call, obj: pb.ClusterTemplate) -> None:
        if await call.tx.query(Cluster, cluster_template_id=obj.id):
            raise refusals.ClusterTemplateReferenced(id=obj.id)
