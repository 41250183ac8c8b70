"""Where the calls of OS::Heat::Stack are made: in another region, or by the credentials that a secret holds.

Sources: heat/engine/resources/openstack/heat/remote_stack.py, heat/common/auth_plugin.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

from google.protobuf import json_format

from mopenstack.core.engine.caller import of_token
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure

_TOKEN = "mopenstack.identity.v3.Tokens.CreateToken"  # noqa: S105


async def there(context: Context, resource: Resource) -> Context:
    """The context in which a remote stack is made; raises ResourceFailure for credentials that are not good."""
    given = resource.properties.get("context") or {}
    found = copy(context)
    if given.get("credential_secret_id"):
        found.call = await _with_credentials(context, str(given["credential_secret_id"]))
    region = given.get("region_name") or ""
    own = context.call.cloud
    if region and region != own.region_name and region in own.regions:
        found.call = found.call.of_region("" if region == own.regions[0] else region)
    return found


async def _with_credentials(context: Context, secret: str) -> Any:
    """A call in the name of those whose credentials a secret holds; they are of this cloud."""
    from mopenstack.core.orchestration.resource_types.services.key_manager import payload

    credential = _parsed(await payload(context, secret) or "")
    auth = credential["auth"] if isinstance(credential["auth"], dict) else {}
    address = f"{context.call.of_region('').context.cloud_url}/identity"
    if not str(auth.get("auth_url") or "").startswith(address):
        raise _refused(f"The cloud at {auth.get('auth_url')} is not reached from this one.")
    body = {"identity": _identity(str(credential["auth_type"]), auth), "scope": _scope(auth)}
    request = context.call.request_of(_TOKEN)()
    try:
        json_format.ParseDict({"auth": {key: one for key, one in body.items() if one}, "nocatalog": "1"}, request)
        issued = await context.call.invoke(_TOKEN, request, elevated=True)
        token = json_format.MessageToDict(issued.token, preserving_proto_field_name=True)
        caller = of_token(token, issued.subject_token)
    except Exception as error:  # whatever the credentials are, it is they that are not good
        raise _refused(str(error)) from None
    return context.call.nested(None, replace(context.call.context, token=issued.subject_token), caller)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        wrong = "Failed to parse credential, please check your Stack Credential format."
        raise ResourceFailure(wrong, "ValueError") from None
    if not isinstance(found, dict) or not {"auth_type", "auth"} <= set(found):
        wrong = "Missing key in auth information, the correct format contains ['auth_type', 'auth']."
        raise ResourceFailure(wrong, "ValueError")
    return found


def _refused(why: str) -> ResourceFailure:
    text = (
        f"Authorization failed. Failed to validate auth_plugin with error {why}. Please make sure the credential "
        "you provide is correct. Also make sure the it is a valid Keystone auth plugin type and contain in your "
        "environment."
    )
    return ResourceFailure(text, "AuthorizationFailure")


def _identity(kind: str, auth: Mapping[str, Any]) -> dict[str, Any]:
    """What signs in, by the name of the plugin."""
    user = _named(auth, "user", "username", "user_id")
    if kind in ("password", "v3password"):
        return {"methods": {"names": ["password"]}, "password": {"user": {**user, "password": auth.get("password")}}}
    if kind in ("token", "v3token"):
        return {"methods": {"names": ["token"]}, "token": {"id": auth.get("token")}}
    if kind == "v3applicationcredential":
        credential = {
            "id": auth.get("application_credential_id"),
            "name": auth.get("application_credential_name"),
            "secret": auth.get("application_credential_secret"),
            "user": user,
        }
        known = {key: one for key, one in credential.items() if one}
        return {"methods": {"names": ["application_credential"]}, "application_credential": known}
    raise _refused(f"The plugin {kind} could not be found")


def _named(auth: Mapping[str, Any], what: str, name: str, id: str) -> dict[str, Any]:
    """A user or project by its id, or by its name and domain."""
    if auth.get(id):
        return {"id": auth[id]}
    if not auth.get(name):
        return {}
    domain = {"id": auth.get(f"{what}_domain_id"), "name": auth.get(f"{what}_domain_name")}
    return {"name": auth[name], "domain": {key: one for key, one in domain.items() if one}}


def _scope(auth: Mapping[str, Any]) -> dict[str, Any]:
    project = _named(auth, "project", "project_name", "project_id")
    return {"project": project} if project else {}
