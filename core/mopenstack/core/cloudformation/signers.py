"""Who signed a request: Keystone says it, and what the request asks is done with their token.

Source: heat/api/aws/ec2token.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from google.protobuf import json_format

from mopenstack.cloudformation.v1 import refusals
from mopenstack.contract.faults import Fault, Unauthorized
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import ANONYMOUS, of_token
from mopenstack.identity.v3.auth import signed_logins_pb2

ADD_EC2_TOKEN = "mopenstack.identity.v3.SignedLogins.AddEc2Token"  # noqa: S105
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes: the hash of a request without a body."""
_PATH_SAFE = "/~!$&'()*+,;=:@"
"""What WebOb leaves unquoted in the path of a request."""


async def as_signer(call: Call, params: Mapping[str, str], body_hash: str = "") -> Call:
    """The call in the name of the signer of its request; `params` are those of query and form.

    A request that says for whom it is made (X-Auth-User), and one over gRPC, may have a token instead. Raises the
    refusals of a signature that is not there, or not right.
    """
    headers = dict(call.context.headers)
    signature, access = _signature(params, headers), _access(params, headers)
    if not (signature and access) and ("x-auth-user" in headers or not call.context.verb):
        if call.caller == ANONYMOUS:
            raise Unauthorized
        return call
    if not signature:
        raise refusals.IncompleteSignature()
    if not access:
        raise refusals.MissingAuthenticationToken()
    host, path = _address(call)
    signed: dict[str, Any] = {
        "access": access,
        "signature": signature,
        "host": headers.get("host", host),
        "verb": call.context.verb,
        "path": path,
        "params": {name: value for name, value in params.items() if name != "Signature"},
        "headers": {name.title(): value for name, value in headers.items()},
        "body_hash": body_hash or EMPTY_HASH,
    }
    asked = signed_logins_pb2.SignedCredentials()
    asked.ec2_credentials.update(signed)
    try:
        issued = await call.invoke(ADD_EC2_TOKEN, asked, elevated=True)
    except Fault:
        raise refusals.AccessDenied(detail="") from None
    caller = of_token(json_format.MessageToDict(issued.token, preserving_proto_field_name=True), issued.subject_token)
    return call.nested(call.operation, replace(call.context, token=issued.subject_token), caller)


def _signature(params: Mapping[str, str], headers: Mapping[str, str]) -> str:
    found = params.get("Signature") or params.get("X-Amz-Signature") or ""
    return found or headers.get("authorization", "").partition("Signature=")[2].split(",")[0]


def _access(params: Mapping[str, str], headers: Mapping[str, str]) -> str:
    found = params.get("AWSAccessKeyId") or params.get("X-Amz-Credential", "").split("/")[0]
    return found or headers.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")[0]


def _address(call: Call) -> tuple[str, str]:
    """Host and path of the request, as they are signed."""
    base = urlsplit(call.context.api_url)
    return base.netloc, quote(unquote(base.path + call.context.path), safe=_PATH_SAFE)
