"""OAuth 1.0a: consumers, the tokens they ask for, and the access that users grant them.

After keystone.oauth1, keystone.api.os_oauth1 and keystone.api.users.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.calls import ByteStream
from mopenstack.contract.faults import InvalidField, Unauthorized
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import roles_on
from mopenstack.core.identity.assignment.roles import Roles
from mopenstack.core.identity.auth.delegation import refuse_delegated
from mopenstack.core.identity.auth.revocations import record
from mopenstack.core.identity.base import IdentityServicer, whole
from mopenstack.core.identity.oauth1.oauth1_signatures import Signed, check, parse, refusal
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.core.store.transaction import copy_of
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.oauth1 import oauth1_pb2 as pb2

REQUEST_LIFETIME = 28_800
ACCESS_LIFETIME = 86_400
"""keystone.conf.oauth1: seconds that tokens are good for."""

_VERIFIER = string.ascii_letters + string.digits
_FORM = "application/x-www-form-urlencoded"


class Consumers(IdentityServicer[pb2.Consumer]):
    service = pb2.DESCRIPTOR.services_by_name["Consumers"]
    message = pb2.Consumer
    pages = ""
    not_found = refusals.ConsumerNotFound
    not_extras = IdentityServicer.not_extras | {"secret"}

    async def create(self, call: Call, request: pb2.CreateConsumerRequest) -> Result:
        """The secret is shown this once."""
        made = pb2.Consumer(extras=self.extras_of(request.consumer), kept_secret=call.ids.hex())
        if request.consumer.HasField("description"):
            made.description = request.consumer.description
        shown = copy_of(await self.insert(call, made))
        shown.secret = shown.kept_secret
        return shown

    async def remove(self, call: Call, obj: pb2.Consumer) -> None:
        await record(call, consumer_id=obj.id)


class OAuthTokens(ChildServicer[pb2.AccessToken], IdentityServicer[pb2.AccessToken]):
    """Request tokens, and the access tokens of users, which are the stored resource."""

    service = pb2.DESCRIPTOR.services_by_name["OAuthTokens"]
    message = pb2.AccessToken
    pages = ""
    not_found = refusals.AccessTokenNotFound

    # -- the consumer's side, signed

    async def add_request_token(self, call: Call, request: pb2.SignedRequest) -> Result:
        """A consumer asks for access to a project."""
        signed = parse(request.authorization)
        for name, value in (("oauth_consumer_key", signed["consumer_key"]),
                            ("Requested-Project-Id", request.requested_project)):  # fmt: skip
            if not value:
                raise errors.missing(name, "request")
        project = await call.service(Projects).lookup(call, request.requested_project)
        consumer = await call.service(Consumers).lookup(call, signed["consumer_key"])
        check(signed, call.time)
        if not signed["callback"]:
            raise refusal("invalid_request", "Missing callback URI.")
        if not signed.signed_by("POST", _url(call), consumer.kept_secret):
            raise Unauthorized
        made = pb2.RequestToken(
            id=call.ids.hex(), secret=call.ids.hex(), consumer_id=consumer.id, requested_project_id=project.id
        )
        call.stamp(made.expires_at, call.time + REQUEST_LIFETIME)
        await call.tx.put(made, fresh=True)
        return _form(made.id, made.secret, made.expires_at)

    async def add_access_token(self, call: Call, request: pb2.SignedRequest) -> Result:
        """A consumer exchanges what the user authorized for an access token: once."""
        signed = parse(request.authorization)
        for name in ("consumer_key", "token", "verifier"):
            if not signed[name]:
                raise errors.missing(f"oauth_{name}", "request")
        asked = await call.tx.get(pb2.RequestToken, signed["token"])
        if asked is None:
            raise refusals.RequestTokenNotFound
        consumer = await call.tx.get(pb2.Consumer, signed["consumer_key"])
        if asked.expires_at.seconds < call.time or consumer is None or asked.consumer_id != consumer.id:
            raise Unauthorized
        check(signed, call.time)
        right = asked.verifier and secrets.compare_digest(signed["verifier"].encode(), asked.verifier.encode())
        if not right or not signed.signed_by("POST", _url(call), consumer.kept_secret, asked.secret):
            raise Unauthorized
        made = pb2.AccessToken(
            id=call.ids.hex(), secret=call.ids.hex(), consumer_id=consumer.id, role_ids=asked.role_ids,
            authorizing_user_id=asked.authorizing_user_id, token_project_id=asked.requested_project_id,
        )  # fmt: skip
        call.stamp(made.expires_at, call.time + ACCESS_LIFETIME)
        await call.tx.delete(pb2.RequestToken, asked.id)
        await call.tx.put(made, fresh=True)
        return _form(made.id, made.secret, made.expires_at)

    # -- the user's side

    async def authorize_request_token(self, call: Call, request: pb2.AuthorizeRequestTokenRequest) -> Result:
        for place, wanted in enumerate(request.roles):
            if wanted.HasField("id") == wanted.HasField("name"):
                raise InvalidField(("roles", place), {}, "min_items", 1)
        refuse_delegated(call.caller)
        asked = await call.tx.get(pb2.RequestToken, request.request_token_id)
        if asked is None:
            raise refusals.RequestTokenNotFound
        if asked.expires_at.seconds < call.time:
            raise Unauthorized
        ids = await _role_ids(call, request)
        held = {role.id for role in await roles_on(call, call.caller.user_id, asked.requested_project_id)}
        if not set(ids) <= held:
            raise Unauthorized
        asked = await call.tx.edit(pb2.RequestToken, asked.id)
        asked.authorizing_user_id = call.caller.user_id
        asked.role_ids[:] = ids
        asked.verifier = "".join(secrets.choice(_VERIFIER) for _ in range(8))
        await call.tx.put(asked)
        answer = pb2.AuthorizeRequestTokenResponse()
        answer.token.oauth_verifier = asked.verifier
        return answer

    async def children(self, call: Call, parent_id: str) -> Sequence[pb2.AccessToken]:
        refuse_delegated(call.caller)
        return await super().children(call, parent_id)

    async def child(self, call: Call, parent_id: str, id: str) -> pb2.AccessToken | None:
        refuse_delegated(call.caller)
        found = await self.find(call, id)
        if found is None or found.authorizing_user_id == parent_id:
            return found
        assert call.operation is not None
        if call.operation.method == "DeleteAccessToken":
            raise Unauthorized
        return None

    async def list_access_token_roles(self, call: Call, request: pb2.ListAccessTokenRolesRequest) -> Result:
        token = await _of_user(call, request)
        found = [await call.tx.get(Role, id) for id in token.role_ids]
        return whole(role for role in found if role is not None)

    async def get_access_token_role(self, call: Call, request: pb2.AccessTokenRoleRequest) -> Result:
        token = await _of_user(call, request)
        if request.role_id not in token.role_ids:
            raise refusals.RoleNotFound(id=request.role_id)
        return await call.service(Roles).lookup(call, request.role_id)


async def signed_access_token(call: Call, authorization: str) -> pb2.AccessToken:
    """The access token that a request for a token is signed with (keystone.auth.plugins.oauth1)."""
    signed = parse(authorization)
    if not signed["token"]:
        raise errors.missing("oauth_token", "request")
    found = await call.tx.get(pb2.AccessToken, signed["token"])
    if found is None:
        raise refusals.AccessTokenNotFound
    consumer = await call.tx.get(pb2.Consumer, found.consumer_id)
    if found.expires_at.seconds < call.time or consumer is None or consumer.id != signed["consumer_key"]:
        raise Unauthorized
    check(signed, call.time)
    if not signed.signed_by("POST", _url(call), consumer.kept_secret, found.secret):
        raise Unauthorized
    return found


async def _of_user(call: Call, request: Any) -> pb2.AccessToken:
    found = await call.tx.get(pb2.AccessToken, request.access_token_id)
    if found is None or found.authorizing_user_id != request.user_id:
        raise refusals.AccessTokenNotFound
    return found


async def _role_ids(call: Call, request: pb2.AuthorizeRequestTokenRequest) -> list[str]:
    ids: list[str] = []
    for wanted in request.roles:
        id = await call.service(Roles).id_of(call, wanted)
        if id not in ids:
            ids.append(id)
    return ids


def _url(call: Call) -> str:
    """The address that the client used, which is part of what it signed (RFC 5849, 3.4.1.2)."""
    return f"{call.context.cloud_url}/identity{call.context.path}"


def _form(key: str, secret: str, expires_at: Timestamp) -> ByteStream:
    until = datetime.fromtimestamp(expires_at.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{expires_at.nanos // 1000:06d}Z"
    )
    text = f"oauth_token={key}&oauth_token_secret={secret}&oauth_expires_at={until}".encode()
    return ByteStream.of(text, _FORM)


__all__ = ["Consumers", "OAuthTokens", "Signed", "signed_access_token"]
