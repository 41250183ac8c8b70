"""How a resource is signalled: the addresses and credentials that it gives to those who signal it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlencode, urlsplit

from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.own import stack_users

WAITCONDITION, SIGNAL = "/waitcondition", "/signal"
_VERBS = {WAITCONDITION: "PUT", SIGNAL: "POST"}


class Signalled(stack_users.StackUser):
    """A type that takes signals. Its physical id is that of the stack user who may signal it."""

    signals: ClassVar[bool] = True

    async def create(self, context: Context, resource: Resource) -> str | None:
        return await stack_users.make(context, resource)

    async def signal_of(self, context: Context, resource: Resource, kind: str = SIGNAL) -> dict[str, Any]:
        """What a client needs to signal the resource, by its property signal_transport."""
        transport = resource.properties.get("signal_transport")
        if transport == "CFN_SIGNAL":
            return {"alarm_url": signed_url(context, resource, kind)}
        if transport == "HEAT_SIGNAL":
            url = signal_url(context, resource, context.user_project_id)
            return {**credentials(context, resource), "alarm_url": url}
        return {}


def path_of(context: Context, resource: Resource, project_id: str = "") -> str:
    """<project>/stacks/<name>/<id>/resources/<resource>: of the resource in the API; the stack's project if none is
    given."""
    stack = f"{project_id or context.project_id}/stacks/{quote(context.stack_name)}/{context.stack_id}"
    return f"{stack}/resources/{quote(resource.name, safe='')}"


def signal_url(context: Context, resource: Resource, project_id: str = "") -> str:
    """The address of the API's signal, by a project; a token of that project is needed to use it."""
    return f"{context.url}/v1/{path_of(context, resource, project_id)}/signal"


async def sign(context: Context, resource: Resource) -> None:
    """Give the resource's user keys; what is signed with them is signed now."""
    await stack_users.make_keys(context, resource)
    resource.data["signed_at"] = str(context.now)


def signed_url(context: Context, resource: Resource, kind: str = SIGNAL, expires: bool = True) -> str:
    """An address that is its own credential: signed as version 2 of AWS's signatures. It stays the same.

    Keystone takes one that `expires` for 15 minutes after the resource was given its keys.
    """
    data = resource.data
    base = urlsplit(context.url.replace("/heat-api", "/heat-api-cfn") + f"/v1{kind}")
    stack = quote(f"stacks/{context.stack_name}/{context.stack_id}/resources/{resource.name}", safe="")
    path = f"/arn%3Aopenstack%3Aheat%3A%3A{context.project_id}%3A{stack}"
    params = {"SignatureMethod": "HmacSHA256", "SignatureVersion": "2", "AWSAccessKeyId": data["access_key"]}
    if expires:
        params["Timestamp"] = datetime.fromtimestamp(float(data["signed_at"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    host, place = base.netloc.lower(), unquote(base.path + path)
    params["Signature"] = _signature(data["secret_key"], _VERBS[kind], host, place, params)
    return f"{base.scheme}://{base.netloc}{base.path}{path}?{urlencode(params)}"


def _signature(secret: str, verb: str, host: str, path: str, params: dict[str, str]) -> str:
    query = "&".join(f"{quote(key, safe='-_~')}={quote(params[key], safe='-_~')}" for key in sorted(params))
    text = f"{verb}\n{host}\n{path}\n{query}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def credentials(context: Context, resource: Resource) -> dict[str, Any]:
    """User and password of the stack user, as Heat gives them to a server; there is a user with a password."""
    return {
        "auth_url": f"{context.call.of_region('').context.cloud_url}/identity/v3/",
        "username": context.physical_name(resource),
        "user_id": resource.data["user_id"],
        "password": resource.data["password"],
        "project_id": context.user_project_id,
        "domain_id": "heat",
        "region_name": context.call.cloud.region_name,
    }


def as_json(value: Any) -> str:
    """A JSON text, written as Heat writes it."""
    return json.dumps(value)
