"""Barbican's body that is no JSON: the payload of a secret that has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.gateway.hooks import BodyHook, BodySchema
from mopenstack.key_manager.v1 import secrets_pb2 as pb


def payload_body(message: pb.StorePayloadRequest, body: bytes, _headers: Mapping[str, str]) -> None:
    message.payload = body


BODY_HOOKS: dict[str, BodyHook] = {"mopenstack.key_manager.v1.Secrets.StorePayload": payload_body}


def _payload_schemas(declared: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"application/octet-stream": {"type": "string", "format": "binary"}, "text/plain": {"type": "string"}}


BODY_SCHEMAS: dict[str, BodySchema] = {"mopenstack.key_manager.v1.Secrets.StorePayload": _payload_schemas}
