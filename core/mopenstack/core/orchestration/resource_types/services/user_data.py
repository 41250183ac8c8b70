"""What a server boots with: the parts that cloud-init reads, and the metadata by which its agent polls Heat."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.resource_types.own.signals import credentials, sign

_CLOUD_CONFIG = "#cloud-config\nuser: ec2-user\n\ncloud_config_modules:\n - locale\n - set_hostname\n - ssh\n"


def multipart(metadata: Mapping[str, Any], text: str) -> str:
    """A message of several parts: cloud-config, the user's own data, and the resource's metadata."""
    parts = [_part(_CLOUD_CONFIG, "cloud-config", "cloud-config")]
    if text:
        parts.append(_part(text, "x-shellscript" if text.startswith("#!") else "x-cfninitdata", "cfn-userdata"))
    if metadata:
        parts.append(_part(json.dumps(metadata), "x-cfninitdata", "cfn-init-data"))
    return MIMEMultipart(_subparts=parts).as_string()


def _part(text: str, subtype: str, filename: str) -> MIMEText:
    part = MIMEText(text, subtype, "us-ascii" if text.isascii() else "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=filename)
    return part


async def deployments(context: Context, resource: Resource, first: Sequence[str] = ("ec2",)) -> dict[str, Any]:
    """The metadata of a server that takes deployments: where its agent asks for them."""
    transport = resource.properties.get("software_config_transport") or "POLL_SERVER_CFN"
    collect: dict[str, Any] = dict(resource.metadata.get("os-collect-config") or {})
    if transport == "POLL_SERVER_HEAT":
        await stack_users.make(context, resource, password=True)
        known = credentials(context, resource)
        collect["heat"] = {
            **{key: known[key] for key in ("user_id", "password", "auth_url", "project_id", "region_name")},
            "stack_id": f"{context.stack_name}/{context.stack_id}",
            "resource_name": resource.name,
        }
        collect["collectors"] = [*first, "heat", "local"]
    else:
        await sign(context, resource)
        collect["cfn"] = {
            "metadata_url": context.url.replace("/heat-api", "/heat-api-cfn") + "/v1/",
            "access_key_id": resource.data["access_key"],
            "secret_access_key": resource.data["secret_key"],
            "stack_name": context.stack_name,
            "path": f"{resource.name}.Metadata",
        }
        collect["collectors"] = [*first, "cfn", "local"]
    return {**resource.metadata, "deployments": resource.metadata.get("deployments", []), "os-collect-config": collect}
