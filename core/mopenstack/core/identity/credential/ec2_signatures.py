"""Signatures of the EC2 and S3 APIs, versions 0, 1, 2 and 4.

After keystoneclient.contrib.ec2.utils.Ec2Signer and keystone.api.s3tokens. What was signed comes from outside:
anything that it lacks raises KeyError, ValueError and the like, which the caller takes for a wrong signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

S3_SERVICES = frozenset({b"s3", b"iam", b"sts"})


def ec2_matches(secret: str, credentials: Mapping[str, Any]) -> bool:
    """Whether the request was signed with the secret, with or without the port of its host."""
    try:
        given = str(credentials["signature"])
        if hmac.compare_digest(given.encode(), _ec2(secret, credentials).encode()):
            return True
        host = str(credentials["host"])
        if ":" not in host:
            return False
        bare = {**credentials, "host": host.rsplit(":", 1)[0]}
        return hmac.compare_digest(given.encode(), _ec2(secret, bare).encode())
    except (KeyError, ValueError, TypeError, IndexError, AttributeError):
        return False


def s3_matches(secret: str, credentials: Mapping[str, Any]) -> bool:
    """Whether the text in `token` was signed with the secret."""
    try:
        text = base64.urlsafe_b64decode(str(credentials["token"]))
        made = _s3_4(secret, text) if text.startswith(b"AWS4") else _digest64(secret, text, "sha1")
        return hmac.compare_digest(str(credentials["signature"]).encode(), made.encode())
    except (KeyError, ValueError, TypeError, binascii.Error):
        return False


def _ec2(secret: str, credentials: Mapping[str, Any]) -> str:
    params = credentials["params"]
    version = params.get("SignatureVersion")
    if version == "0":
        return _digest64(secret, f"{params['Action']}{params['Timestamp']}".encode(), "sha1")
    if version == "1":
        text = "".join(f"{name}{params[name]}" for name in sorted(params, key=str.lower))
        return _digest64(secret, text.encode(), "sha1")
    if version == "2":
        signed = _query({**params, "SignatureMethod": "HmacSHA256"})
        text = f"{credentials['verb']}\n{credentials['host']}\n{credentials['path']}\n{signed}"
        return _digest64(secret, text.encode(), "sha256")
    if version is not None:
        raise ValueError(version)
    return _ec2_4(secret, credentials)


def _ec2_4(secret: str, credentials: Mapping[str, Any]) -> str:
    """AWS4-HMAC-SHA256, its parts in the header or in the query."""
    params, headers = credentials["params"], credentials.get("headers") or {}
    authorization = headers.get("Authorization")

    def part(name: str) -> str:
        if authorization is None:
            return str(params[f"X-Amz-{name}"])
        return str(authorization).partition(f"{name}=")[2].split(",")[0]

    if authorization is None and params["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise ValueError(params["X-Amz-Algorithm"])
    if authorization is not None and not str(authorization).startswith("AWS4-HMAC-SHA256"):
        raise ValueError(authorization)
    lower = {str(name).lower().strip(): str(value).strip() for name, value in headers.items()}
    names = part("SignedHeaders").split(";")
    lines = "".join(f"{name}:{lower[name]}\n" for name in names if name in lower) or "\n"
    verb = str(credentials["verb"]).upper()
    query = "" if verb == "POST" else _query(params)
    request = "\n".join(
        (verb, str(credentials["path"]), query, lines, part("SignedHeaders"), str(credentials["body_hash"]))
    )
    _, date, region, service, end = part("Credential").split("/")
    when = str(headers["X-Amz-Date"] if "X-Amz-Date" in headers else params["X-Amz-Date"])
    if not when.startswith(date) or end != "aws4_request":
        raise ValueError(when)
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{when}\n{date}/{region}/{service}/{end}\n{hashed}"
    return hmac.new(
        _key_4(secret, date.encode(), region.encode(), service.encode()), text.encode(), "sha256"
    ).hexdigest()


def _s3_4(secret: str, text: bytes) -> str:
    lines = text.split(b"\n")
    scope = lines[2].split(b"/") if len(lines) == 4 else []
    if lines[0] != b"AWS4-HMAC-SHA256" or len(scope) != 4 or scope[3] != b"aws4_request":
        raise ValueError("scope")
    if scope[2] not in S3_SERVICES:
        raise ValueError("service")
    return hmac.new(_key_4(secret, *scope[:3]), text, "sha256").hexdigest()


def _key_4(secret: str, date: bytes, region: bytes, service: bytes) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, b"aws4_request"):
        key = hmac.new(key, part, "sha256").digest()
    return key


def _digest64(secret: str, text: bytes, digest: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text, digest).digest()).decode()


def _query(params: Mapping[str, Any]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(str(params[name]), safe='-_~')}" for name in sorted(params))
