"""Who signed a request of the S3 API. Source: swift.common.middleware.s3api.s3token.

Keystone says whose the signature is; the token that it gives serves the requests of Swift's API that one of S3's
becomes, and is told to nothing but the gateway.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

from mopenstack.contract.faults import Fault, Forbidden
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.object_store.auth.identity import PREFIX
from mopenstack.core.object_store.auth.tokens import issue, temp_auth_users
from mopenstack.core.object_store.options import S3_ACL
from mopenstack.core.object_store.requests import refusal
from mopenstack.identity.v3.auth import signed_logins_pb2
from mopenstack.identity.v3.credential import credentials_pb2
from mopenstack.object_store.v1 import signed_requests_pb2 as pb


class SignedRequests(Servicer):
    service = pb.DESCRIPTOR.services_by_name["SignedRequests"]

    async def check_signature(self, call: Call, request: pb.SignedRequest) -> Result:
        if not call.context.verb:
            raise Forbidden("Only a gateway beside the core asks who signed a request.")
        users = temp_auth_users(call)
        if request.access in users:
            return await _of_temp_auth(call, request, users[request.access])
        access, _, project = request.access.partition(":")
        asked = signed_logins_pb2.SignedCredentials()
        asked.credentials.update(
            {"access": access, "token": base64.urlsafe_b64encode(request.text).decode(), "signature": request.signature}
        )
        try:
            issued = await call.invoke("mopenstack.identity.v3.SignedLogins.AddS3Token", asked, elevated=True)
            secret = await self._secret(call, issued.token.user.id, access)
        except Fault:
            raise refusal(401) from None
        token = issued.token
        return pb.Signer(
            token=issued.subject_token,
            account=PREFIX + (project or token.project.id),
            owner=f"{token.project.name}:{token.user.name}",
            signing_key=_signing_key(secret, request.text),
        )

    @staticmethod
    async def _secret(call: Call, user_id: str, access: str) -> str:
        asked = credentials_pb2.Ec2CredentialRequest(user_id=user_id, access=access)
        found: Any = await call.invoke("mopenstack.identity.v3.Ec2Credentials.GetEc2Credential", asked, elevated=True)
        return str(found.secret)

    async def show_settings(self, call: Call, request: pb.ShowSettingsRequest) -> Result:
        return pb.Settings(time=call.time, s3_acl=call.cloud.enabled(S3_ACL))


async def _of_temp_auth(call: Call, request: pb.SignedRequest, known: tuple[str, list[str]]) -> pb.Signer:
    """A user of TempAuth, whose name is the access key and whose key is the secret."""
    key = _signing_key(known[0], request.text)
    if key:
        made = hmac.new(key, request.text, "sha256").hexdigest()
    else:
        made = base64.b64encode(hmac.new(known[0].encode(), request.text, "sha1").digest()).decode()
    if not hmac.compare_digest(made.encode(), request.signature.encode()):
        raise refusal(401)
    account, _, user = request.access.partition(":")
    issued = await issue(call, account, user, known)
    token = issued.headers["X-Auth-Token"]
    return pb.Signer(token=token, account=PREFIX + account, owner=request.access, signing_key=key)


def _signing_key(secret: str, text: bytes) -> bytes:
    """The key of the scope that a text of version 4 names; nothing for other texts."""
    lines = text.split(b"\n")
    if lines[0] != b"AWS4-HMAC-SHA256" or len(lines) != 4:
        return b""
    key = f"AWS4{secret}".encode()
    for part in lines[2].split(b"/"):
        key = hmac.new(key, part, "sha256").digest()
    return key
