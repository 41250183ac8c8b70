"""The body of a guest's that is no JSON: the password that it chose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.gateway.hooks import BodyHook, BodySchema
from mopenstack.metadata.v1 import metadata_pb2 as pb


def password_body(message: pb.SetGuestPasswordRequest, body: bytes, _headers: Mapping[str, str]) -> None:
    message.password = body


BODY_HOOKS: dict[str, BodyHook] = {"mopenstack.metadata.v1.Metadata.SetGuestPassword": password_body}


def _password_schemas(declared: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"text/plain": {"type": "string", "maxLength": 1020}}


BODY_SCHEMAS: dict[str, BodySchema] = {"mopenstack.metadata.v1.Metadata.SetGuestPassword": _password_schemas}
