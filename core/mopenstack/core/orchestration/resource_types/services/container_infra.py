"""Magnum: clusters and their templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, refuse, soon, table

_V1 = "mopenstack.container_infra.v1."
_DRIVERS: Mapping[str, list[str]] = {"kubernetes": ["cinder"], "swarm": ["rexray"], "mesos": ["rexray"]}


class Patched(Mapped):
    """What is changed by a list of replacements."""

    async def changed(self, context: Context, resource: Resource, body: dict[str, Any]) -> None:
        changes = [{"op": "replace", "path": f"/{key}", "value": value} for key, value in body.items()]
        operation = self.rpc("Update")
        await rpcs.call(context, operation, [resource.physical_id], changes, microversion=self.row.microversion)


class Cluster(Patched):
    """OS::Magnum::Cluster."""

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self._state(context, resource, "CREATE", "creat")

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._state(context, resource, "UPDATE", "updat")

    async def _state(self, context: Context, resource: Resource, action: str, word: str) -> float | None:
        found = await self.document(context, resource)
        status, reason = str(found.get("status")), found.get("status_reason")
        if status == f"{action}_COMPLETE":
            return None
        if status == f"{action}_IN_PROGRESS" or (action == "UPDATE" and status == "CREATE_COMPLETE"):
            return soon(context)
        if status == f"{action}_FAILED":
            text = f"Failed to {word}e Cluster '{resource.name}' - {reason}"
            raise ResourceFailure(f'Went to status {status} due to "{text}"', "ResourceInError")
        text = f"Unknown status {word}ing Cluster '{resource.name}' - {reason}"
        raise ResourceFailure(f'Resource failed - Unknown status {status} due to "{text}"', "ResourceUnknownStatus")

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        await self.document(context, resource)
        return soon(context)


class Template(Patched):
    """OS::Magnum::ClusterTemplate."""

    async def validate(self, context: Context, resource: Resource) -> None:
        coe, driver = resource.properties.get("coe"), resource.properties.get("volume_driver")
        known = _DRIVERS.get(str(coe), [])
        refuse(
            driver is not None and driver not in known,
            f"Volume driver type {driver} is not supported by COE:{coe}, expecting a {known} volume driver.",
        )


_IDS = ("image", "flavor", "master_flavor", "keypair", "external_network")

TYPES = {
    **table(
        Row(
            "OS::Magnum::Cluster",
            _V1 + "Clusters",
            "Cluster",
            words={"cluster_template": "cluster_template_id"},
            key="uuid",
            named=False,
        ),
        kind=Cluster,
    ),
    **table(
        Row(
            "OS::Magnum::ClusterTemplate",
            _V1 + "ClusterTemplates",
            "ClusterTemplate",
            words={name: f"{name}_id" for name in _IDS},
            key="uuid",
        ),
        kind=Template,
    ),
}
