"""Tokens: issued and looked at. Every call of every service passes through `authenticate`."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from mopenstack.contract.faults import Unauthorized
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller


def issue(key: bytes, payload: dict[str, Any]) -> str:
    """A token that only the cloud with this key understands."""
    return Fernet(key).encrypt(json.dumps(payload).encode()).decode()


@lru_cache(maxsize=4096)
def _open(key: bytes, token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Fernet(key).decrypt(token))
    return found


async def authenticate(call: Call, token: str) -> Caller:
    """The caller of a valid token; raises Unauthorized."""
    if not token:
        raise Unauthorized
    try:
        payload = _open(call.cloud.key, token)
    except (InvalidToken, ValueError):
        raise Unauthorized from None
    if payload["expires_at"] <= call.time:
        raise Unauthorized
    return Caller(
        user_id=payload["user_id"],
        project_id=payload["project_id"],
        roles=frozenset(payload["roles"]),
        token=token,
        expires_at=payload["expires_at"],
    )
