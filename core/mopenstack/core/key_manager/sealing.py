"""Payloads at rest: encrypted with a key of their project. A store without its master key gives none away."""

from __future__ import annotations

from mopenstack.core.engine import sealing
from mopenstack.core.engine.call import Call

PURPOSE = "key_manager"


def seal(call: Call, project_id: str, id: str, payload: bytes) -> tuple[bytes, bytes]:
    """(nonce, encrypted payload) of a secret, or of what is made for an order, by its id."""
    return sealing.seal(call, PURPOSE, project_id, id, payload)


def unseal(call: Call, project_id: str, id: str, nonce: bytes, text: bytes) -> bytes:
    """The payload; raises Internal where the master key is not the one that it was encrypted under."""
    return sealing.unseal(call, PURPOSE, project_id, id, nonce, text)
