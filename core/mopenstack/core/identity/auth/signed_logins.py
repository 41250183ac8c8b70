"""Logins by a signature (EC2, S3) and by OAuth 2.0 client credentials.

After keystone.api._shared.EC2_S3_Resource, ec2tokens, s3tokens and os_oauth2.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, Fault, NotFound, Unauthorized
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.engine.times import seconds_of
from mopenstack.core.identity.auth.auth import token_answer
from mopenstack.core.identity.auth.authentication import LIFETIME, RequestedScope, authenticate_for_token, issue
from mopenstack.core.identity.auth.delegation import usable_trust
from mopenstack.core.identity.auth.fernet import encode
from mopenstack.core.identity.auth.tokens import expired
from mopenstack.core.identity.credential.credentials import EC2, hash_access_key
from mopenstack.core.identity.credential.ec2_signatures import ec2_matches, s3_matches
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential
from mopenstack.identity.v3.auth import signed_logins_pb2 as pb2
from mopenstack.identity.v3.auth.tokens_pb2 import Auth
from mopenstack.identity.v3.credential.credentials_pb2 import Credential
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.oauth1.oauth1_pb2 import AccessToken
from mopenstack.identity.v3.resource.projects_pb2 import Project
from mopenstack.identity.v3.trust.trusts_pb2 import Trust

SIGNATURE_LIFETIME = 15 * 60
"""keystone.conf.credential.auth_ttl."""

METHOD = "ec2credential"
_FAILED = "Client authentication failed."

Matcher = Callable[[str, Mapping[str, Any]], bool]


class SignedLogins(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["SignedLogins"]

    async def add_ec2_token(self, call: Call, request: pb2.SignedCredentials) -> Result:
        return await _by_signature(call, request, ec2_matches)

    async def add_s3_token(self, call: Call, request: pb2.SignedCredentials) -> Result:
        return await _by_signature(call, request, s3_matches)

    async def add_o_auth2_token(self, call: Call, request: pb2.OAuth2TokenRequest) -> Result:
        """An application credential's id and secret for a token."""
        if not request.HasField("grant_type"):
            raise refusals.OAuth2Error(title="invalid_request", detail="The parameter grant_type is required.")
        if request.grant_type != "client_credentials":
            raise refusals.OAuth2Error(
                title="unsupported_grant_type",
                detail=f"The parameter grant_type {request.grant_type} is not supported.",
            )
        id, secret = _client(request)
        if not id or not secret:
            raise refusals.OAuth2InvalidClient(detail=_FAILED)
        auth = Auth()
        auth.identity.methods.names.append("application_credential")
        auth.identity.application_credential.id = id
        auth.identity.application_credential.secret = secret
        try:
            valid = await authenticate_for_token(call, auth)
        except Unauthorized as refused:
            raise refusals.OAuth2InvalidClient(detail=refused.text) from None
        except BadRequest as refused:
            raise refusals.OAuth2Error(title="invalid_request", detail=refused.text) from None
        except Fault as refused:
            raise _other(refused) from None
        return pb2.OAuth2TokenResponse(
            access_token=encode(call.cloud, valid.payload),
            expires_in=LIFETIME,
            token_type="Bearer",  # noqa: S106
        )


def _other(refused: Fault) -> Fault:
    detail = "An unknown error occurred and failed to get an OAuth2.0 access token."
    kind = refusals.OAuth2NotFound if isinstance(refused, NotFound) else refusals.OAuth2Forbidden
    return kind(detail=detail)


def _client(request: pb2.OAuth2TokenRequest) -> tuple[str, str]:
    """Id and secret of the client: in the header, else in the form."""
    scheme, _, text = request.authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
            return id, secret
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
    return request.client_id, request.client_secret


async def _by_signature(call: Call, request: pb2.SignedCredentials, matches: Matcher) -> Result:
    """A token for the owner of the EC2 credential whose secret signed the request."""
    given = next(
        (one for one in (request.credentials, request.credential, request.ec2_credentials) if one.fields), None
    )
    if given is None and not any(request.HasField(name) for name in ("credentials", "credential", "ec2_credentials")):
        raise BadRequest("request must include a request body")
    signed = {} if given is None else plain_struct(given)
    if "access" not in signed:
        raise Unauthorized
    credential = await call.tx.get(Credential, hash_access_key(str(signed["access"])))
    if credential is None or credential.type != EC2:
        raise refusals.Ec2KeyNotFound
    blob = json.loads(credential.blob)
    if not signed.get("signature") or not matches(str(blob.get("secret") or ""), signed) or not blob.get("secret"):
        raise Unauthorized
    _check_time(call, signed)
    user = await call.tx.get(User, credential.user_id)
    project = await call.tx.get(Project, credential.owner_project_id)
    if project is None:
        raise refusals.ProjectNotFound(id=credential.owner_project_id)
    if user is None or not user.enabled or not project.enabled:
        raise Unauthorized
    valid = await _issue(call, user, project, blob)
    return await token_answer(call, valid, encode(call.cloud, valid.payload), with_catalog=True)


async def _issue(call: Call, user: User, project: Project, blob: Mapping[str, Any]) -> Any:
    """The credential's token, within the delegation that its blob names: never more than its owner has."""
    trust = application = granted = None
    if blob.get("trust_id"):
        trust = await _trust(call, str(blob["trust_id"]), user, project)
        if trust.trustee_user_id != user.id:
            trustee = await call.tx.get(User, trust.trustee_user_id)
            if trustee is None:
                raise Unauthorized
            user = trustee
    elif blob.get("app_cred_id"):
        application = await call.tx.get(ApplicationCredential, str(blob["app_cred_id"]))
        if application is None or expired(call, application):
            raise refusals.ApplicationCredentialNotFound(id=str(blob["app_cred_id"]))
        if application.user_id != user.id or application.project_id != project.id:
            raise Unauthorized
    elif blob.get("access_token_id"):
        granted = await call.tx.get(AccessToken, str(blob["access_token_id"]))
        if granted is None:
            raise refusals.AccessTokenNotFound
        if granted.authorizing_user_id != user.id or granted.token_project_id != project.id:
            raise Unauthorized
    wanted = RequestedScope("project", project, trust)
    return await issue(call, user, [METHOD], wanted, credential=application, access_token=granted)


async def _trust(call: Call, id: str, user: User, project: Project) -> Trust:
    """A trust of the credential's owner: theirs to use, or their own that the trustee made the credential by."""
    trust = await usable_trust(call, id)
    own = trust.trustee_user_id == user.id or (trust.impersonation and trust.trustor_user_id == user.id)
    if not own or trust.trust_project_id != project.id:
        raise Unauthorized
    return trust


def _check_time(call: Call, signed: Mapping[str, Any]) -> None:
    """A signature is good for a while after the time that was signed, if there is one."""
    params, headers = signed.get("params") or {}, signed.get("headers") or {}
    text = params.get("Timestamp") or headers.get("X-Amz-Date") or params.get("X-Amz-Date")
    if not text:
        return
    try:
        stamp = seconds_of(str(text))
    except ValueError:
        raise Unauthorized from None
    if call.time > stamp + SIGNATURE_LIFETIME:
        raise Unauthorized
