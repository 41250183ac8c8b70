"""Software configurations: texts that are kept for deployments, and parts of what a server boots with.

OS::Heat::SoftwareConfig, StructuredConfig, SoftwareComponent, CloudConfig, MultipartMime.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from email import message_from_string
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any
from uuid import UUID

import yaml

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.described import Described, invalid

CONFIGS = "mopenstack.orchestration.v1.SoftwareConfigs"


async def config(context: Context, config_id: str) -> dict[str, Any] | None:
    """A configuration; None where there is none."""
    try:
        found: dict[str, Any] = await rpcs.call(context, f"{CONFIGS}.GetSoftwareConfig", [config_id])
    except NotFound:
        return None
    return found


class Config(Described):
    """OS::Heat::SoftwareConfig and StructuredConfig: a configuration with the resource's properties."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        body = {"name": context.physical_name(resource), **await self.body(context, resource)}
        made = await rpcs.call(context, f"{CONFIGS}.CreateSoftwareConfig", body={"inputs": [], "outputs": [], **body})
        return str(made["id"])

    async def body(self, context: Context, resource: Resource) -> dict[str, Any]:
        given = {key: _without_nulls(value) for key, value in resource.properties.items() if value is not None}
        return {"group": "Heat::Ungrouped", "config": None, "options": {}, **given}

    async def delete(self, context: Context, resource: Resource) -> None:
        await rpcs.call(context, f"{CONFIGS}.DeleteSoftwareConfig", [resource.physical_id])

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        found = await self.show(context, resource)
        return None if found is None else found.get("config")

    async def show(self, context: Context, resource: Resource) -> Any:
        return await config(context, resource.physical_id) if resource.physical_id else None


def _without_nulls(value: Any) -> Any:
    """A list of inputs or outputs without what they do not say."""
    if isinstance(value, list):
        return [{key: one for key, one in item.items() if one is not None} if isinstance(item, Mapping) else item
                for item in value]  # fmt: skip
    return value


class Component(Config):
    """OS::Heat::SoftwareComponent: configurations for the actions of a deployment."""

    async def validate(self, context: Context, resource: Resource) -> None:
        seen: set[str] = set()
        for one in resource.properties.get("configs") or ():
            actions = one.get("actions") or ()
            if seen.intersection(actions):
                raise invalid(
                    "Defining more than one configuration for the same action in SoftwareComponent "
                    f'"{resource.name}" is not allowed.'
                )
            seen.update(actions)

    async def body(self, context: Context, resource: Resource) -> dict[str, Any]:
        made = await super().body(context, resource)
        return {**made, "group": "component", "config": {"configs": made.pop("configs", [])}}

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        found = await super().attribute(context, resource, name)
        return found.get("configs") if isinstance(found, Mapping) else None


class CloudConfig(Config):
    """OS::Heat::CloudConfig: a map as the YAML that cloud-init reads."""

    async def body(self, context: Context, resource: Resource) -> dict[str, Any]:
        text = yaml.safe_dump(resource.properties["cloud_config"])
        return {"group": "Heat::Ungrouped", "config": f"#cloud-config\n{text}", "options": {}}


class MultipartMime(Config):
    """OS::Heat::MultipartMime: configurations and texts as the parts of one message."""

    async def body(self, context: Context, resource: Resource) -> dict[str, Any]:
        parts: list[MIMEText] = []
        for one in resource.properties["parts"] or ():
            text = str(one["config"])
            found = await config(context, text) if _is_uuid(text) else None
            text = text if found is None else str(found.get("config") or "")
            if one.get("type") != "multipart":
                parts.append(_part(text, one.get("subtype") or "", one.get("filename") or ""))
                continue
            message = message_from_string(text)
            if message.is_multipart():
                for part in message.walk():
                    if not part.is_multipart():
                        text = str(part.get_payload())
                        parts.append(_part(text, part.get_content_subtype(), part.get_filename() or ""))
        body = MIMEMultipart(_subparts=parts).as_string()
        return {"group": resource.properties.get("group") or "Heat::Ungrouped", "config": body, "options": {}}


def _part(text: str, subtype: str, filename: str) -> MIMEText:
    if not subtype and filename:
        subtype = os.path.splitext(filename)[0]
    part = MIMEText(text, subtype or "plain", "us-ascii" if text.isascii() else "utf-8")
    if filename:
        part.add_header("Content-Disposition", "attachment", filename=filename)
    return part


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
