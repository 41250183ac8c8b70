"""Glance: images from an address."""

from __future__ import annotations

from typing import Any

from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, refuse, soon, table

_V2 = "mopenstack.image.v2."


class WebImage(Mapped):
    """OS::Glance::WebImage: made, then imported from its location."""

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        container, disk = given.get("container_format"), given.get("disk_format")
        refuse(
            container in ("ami", "ari", "aki") and disk != container,
            "Invalid mix of disk and container formats. When setting a disk or container format to one of 'aki', "
            "'ari', or 'ami', the container and disk formats must match.",
        )
        if given.get("members") and given.get("visibility") != "shared":
            text = "members property should only be specified for visibility with value shared."
            raise ResourceFailure(text, "ResourcePropertyValueDependency")

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        body = super().body(context, resource, values)
        return {**body, **{key: str(value) for key, value in (values.get("extra_properties") or {}).items()}}

    async def create(self, context: Context, resource: Resource) -> str | None:
        image = str(await super().create(context, resource))
        method = {"name": "web-download", "uri": resource.properties["location"]}
        await rpcs.call(context, f"{_V2}ImageData.ImportImage", [image], {"method": method})
        for member in resource.properties.get("members") or ():
            await rpcs.call(context, f"{_V2}Members.CreateMember", [image], {"member": member})
        return image

    async def created(self, context: Context, resource: Resource) -> float | None:
        status = (await self.document(context, resource)).get("status")
        if status == "killed":
            raise ResourceFailure('Went to status killed due to "Unknown"', "ResourceInError")
        if resource.properties.get("active", True) or status == "deactivated":
            return None if status in ("active", "deactivated") else soon(context)
        if status == "active":
            await rpcs.call(context, f"{_V2}Images.DeactivateImage", [resource.physical_id])
            return None
        return soon(context)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        image = resource.physical_id
        if "active" in changed and new.get("active") is False:
            await rpcs.call(context, f"{_V2}Images.DeactivateImage", [image])
        elif "active" in changed:
            await rpcs.call(context, f"{_V2}Images.ReactivateImage", [image])
        old = resource.properties
        for name, add, drop in (
            ("tags", "Images.AddImageTag", "Images.DeleteImageTag"),
            ("members", "Members.CreateMember", "Members.DeleteMember"),
        ):
            if name not in changed:
                continue
            before, after = list(old.get(name) or ()), list(new.get(name) or ())
            for one in [one for one in after if one not in before]:
                path, body = ([image, one], {}) if name == "tags" else ([image], {"member": one})
                await rpcs.call(context, _V2 + add, path, body)
            for one in [one for one in before if one not in after]:
                await rpcs.call(context, _V2 + drop, [image, one])
        await self._patch(context, resource, new, changed - {"active", "tags", "members"})

    async def _patch(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        """Change plain keys, and the extra properties, by one JSON patch."""
        values = {name: new.get(name) for name in changed if name != "extra_properties"}
        gone: list[str] = []
        if "extra_properties" in changed:
            before, after = resource.properties.get("extra_properties") or {}, new.get("extra_properties") or {}
            values.update({key: str(value) for key, value in after.items()})
            gone = [key for key in before if key not in after]
        there = await self.document(context, resource)
        steps = [("replace" if key in there else "add", key, value) for key, value in values.items()]
        steps += [("remove", key, None) for key in gone]
        if steps:
            await rpcs.patch(context, f"{_V2}Images.UpdateImage", [resource.physical_id], steps)


TYPES = {
    **table(
        Row(
            "OS::Glance::WebImage",
            _V2 + "Images",
            "Image",
            words={"location": "", "active": "", "members": "", "extra_properties": ""},
        ),
        kind=WebImage,
    ),
}
