"""What rows cannot say of Cinder's volume types: extra specs, access, encryption, QoS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.mapped import Mapped, refuse, without_nulls

_V3 = "mopenstack.volume.v3."


class VolumeType(Mapped):
    """OS::Cinder::VolumeType: with extra specs, and the projects that may use it."""

    async def validate(self, context: Context, resource: Resource) -> None:
        refuse(
            bool(resource.properties.get("projects")) and bool(resource.properties.get("is_public")),
            'Can not specify property "projects" if the volume type is public.',
        )

    async def create(self, context: Context, resource: Resource) -> str | None:
        kind = str(await super().create(context, resource))
        if resource.properties.get("metadata"):
            await self._specify(context, kind, resource.properties["metadata"])
        await self._allow(context, kind, "AddTypeAccess", resource.properties.get("projects") or [])
        return kind

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        kind = resource.physical_id
        body = {key: new.get(key) for key in changed & {"name", "description", "is_public"}}
        if body:
            await rpcs.call(context, self.rpc("Update"), [kind], body)
        if "metadata" in changed:
            found = await rpcs.call(context, f"{_V3}TypeExtraSpecs.ListTypeExtraSpecs", [kind])
            for key in found.get("extra_specs") or ():
                await rpcs.call(context, f"{_V3}TypeExtraSpecs.DeleteTypeExtraSpec", [kind, key])
            if new.get("metadata"):
                await self._specify(context, kind, new["metadata"])
        if "projects" in changed and not new.get("is_public"):
            found = await rpcs.listed(context, f"{_V3}TypeAccess.ListTypeAccess", path=[kind])
            old = {one["project_id"] for one in found}
            wanted = {await references.find(context, "keystone.project", one) for one in new.get("projects") or ()}
            await self._allow(context, kind, "RemoveTypeAccess", sorted(old - wanted))
            await self._allow(context, kind, "AddTypeAccess", sorted(wanted - old))

    @staticmethod
    async def _specify(context: Context, kind: str, specs: Mapping[str, Any]) -> None:
        body = {"extra_specs": {key: str(value) for key, value in specs.items()}}
        await rpcs.call(context, f"{_V3}TypeExtraSpecs.CreateTypeExtraSpecs", [kind], body)

    @staticmethod
    async def _allow(context: Context, kind: str, verb: str, projects: list[str]) -> None:
        for project in projects:
            project_id = await references.find(context, "keystone.project", project)
            await rpcs.call(context, f"{_V3}TypeAccess.{verb}", [kind], {"project": project_id})


class Encryption(Mapped):
    """OS::Cinder::EncryptedVolumeType: its id is that of the volume type."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        kind = await references.find(context, "cinder.vtype", resource.properties["volume_type"])
        body = self.sent(without_nulls(dict(resource.properties)))
        await rpcs.call(context, self.rpc("Create"), [kind], body)
        return kind

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        body = {name: new.get(name) for name in changed}
        await rpcs.call(context, self.rpc("Update"), await self._item(context, resource), body)

    async def delete(self, context: Context, resource: Resource) -> None:
        await rpcs.call(context, self.rpc("Delete"), await self._item(context, resource))

    async def _item(self, context: Context, resource: Resource) -> list[str]:
        found = await self.document(context, resource)
        if not found.get("encryption_id"):
            raise NotFound("")
        return [resource.physical_id, str(found["encryption_id"])]


class QosSpecs(Mapped):
    """OS::Cinder::QoSSpecs."""

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        return {**super().body(context, resource, values), **(values.get("specs") or {})}

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        old, wanted = resource.properties.get("specs") or {}, new.get("specs") or {}
        added = {key: str(value) for key, value in wanted.items() if old.get(key) != value}
        path = [resource.physical_id]
        if added:
            await rpcs.call(context, f"{_V3}QosSpecs.SetQosSpecsKeys", path, {"qos_specs": added})
        removed = [key for key in old if key not in wanted]
        if removed:
            await rpcs.call(context, f"{_V3}QosSpecs.DeleteQosSpecsKeys", path, {"keys": removed})

    async def delete(self, context: Context, resource: Resource) -> None:
        await rpcs.call(context, f"{_V3}QosSpecs.DisassociateAllQosSpecs", [resource.physical_id])
        await super().delete(context, resource)


class QosAssociation(Mapped):
    """OS::Cinder::QoSAssociation: volume types with QoS specs."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = await self.resolved(context, dict(resource.properties))
        await self._bind(context, given["qos_specs"], "AssociateQosSpecs", given["volume_types"])
        return resource.uuid

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        old = await self.resolved(context, dict(resource.properties))
        wanted = await self.resolved(context, dict(new))
        before, after = old["volume_types"] or [], wanted["volume_types"] or []
        await self._bind(context, old["qos_specs"], "AssociateQosSpecs", [one for one in after if one not in before])
        gone = [one for one in before if one not in after]
        await self._bind(context, old["qos_specs"], "DisassociateQosSpecs", gone)

    async def delete(self, context: Context, resource: Resource) -> None:
        given = await self.resolved(context, dict(resource.properties))
        await self._bind(context, given["qos_specs"], "DisassociateQosSpecs", given["volume_types"])

    @staticmethod
    async def _bind(context: Context, specs: str, verb: str, kinds: list[str]) -> None:
        for kind in kinds:
            await rpcs.call(context, f"{_V3}QosSpecs.{verb}", [specs], {"vol_type_id": kind})

    async def show(self, context: Context, resource: Resource) -> Any:
        return None
