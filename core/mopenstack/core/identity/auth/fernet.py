"""Tokens carry what they are, encrypted with the key of their cloud; nothing is stored for one.

Like Keystone's (keystone.token.token_formatters): Fernet without padding, the same scopes; the payload's
encoding is ours.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken

from mopenstack.core.engine.clouds import Cloud, Ids

TOKEN_MAX = 4096

Scope = Literal["", "project", "domain", "system"]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a token says by itself. Times are seconds since the epoch."""

    user_id: str
    methods: tuple[str, ...]
    audit_ids: tuple[str, ...]
    issued_at: int
    expires_at: float
    generation: int  # of the user's tokens: a changed password makes a new one
    scope: Scope = ""
    scope_id: str = ""
    application_credential_id: str = ""
    trust_id: str = ""
    trustor_generation: int = 0
    access_token_id: str = ""


_FIELDS = tuple(field.name for field in fields(Payload))


@lru_cache(maxsize=256)
def _fernet(key: bytes) -> Fernet:
    return Fernet(key)


def encode(cloud: Cloud, payload: Payload) -> str:
    data = json.dumps([getattr(payload, name) for name in _FIELDS], separators=(",", ":")).encode()
    return _fernet(cloud.key).encrypt_at_time(data, payload.issued_at).decode().rstrip("=")


def decode(cloud: Cloud, token: str) -> Payload | None:
    """None for anything that this cloud did not issue."""
    if not token or len(token) > TOKEN_MAX or not token.isascii():
        return None
    try:
        data = _fernet(cloud.key).decrypt(token + "=" * (-len(token) % 4))
    except InvalidToken:
        return None
    user, methods, audits, *rest = json.loads(data)
    return Payload(user, tuple(methods), tuple(audits), *rest)


def audit_id(ids: Ids) -> str:
    """16 random bytes in URL-safe base64 without padding (keystone.common.utils)."""
    return base64.urlsafe_b64encode(bytes.fromhex(ids.hex())).decode().rstrip("=")
