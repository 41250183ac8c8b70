"""One call that was answered, as the steps on its way find it out and as a journal keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mopenstack.contract.operations import LATEST, Operation

BODY_MAX = 64 * 1024
"""Bytes of a body that a journal keeps: larger ones are not kept."""


@dataclass(slots=True)
class CallFacts:
    """What is found out of a call on its way; empty where it did not come so far."""

    operation: Operation | None = None
    route: str = ""
    """The template of its path: "/v2.1/servers/{server_id}"."""
    caller: Any = None
    """Who calls (core/engine/caller.py), once the token was looked at."""
    endpoint: Any = None
    """Of a gateway: where the operation is served (gateway/surface.py)."""
    microversion: int = LATEST


@dataclass(slots=True)
class Noted:
    """One call. Secrets are still in it: they are left out when it is shown (contract/blanking.py)."""

    at: float
    """When it came, in seconds since the epoch: real ones."""
    seconds: float
    request_id: str
    remote: str
    """The client's address."""
    agent: str
    """What the client calls itself."""
    method: str
    """Empty for a call over gRPC."""
    url: str
    """Path and query as they came; of a call over gRPC its service and method."""
    base: str
    """Scheme, host and port that the client named."""
    facts: CallFacts
    status: int = 0
    """Of HTTP."""
    code: str = ""
    """Of gRPC: the name of the status."""
    rule: str = ""
    """The id of the fault rule that had a part in the answer."""
    unread: tuple[str, ...] = ()
    """Keys of the request's document that nothing reads, joined by dots; `[]` stands for the items of a list."""
    unknown: tuple[str, ...] = ()
    """Keys of the answer's document that its service's published schema does not have, where bodies are kept."""
    received: int = 0
    """Bytes of the request's body, as far as it said so."""
    sent: int = 0
    """Bytes of the answer's body."""
    request: bytes = b""
    """The JSON document that was sent, where bodies are kept."""
    answer: bytes = b""
    """The JSON document that was answered, where bodies are kept."""
    cut: bool = False
    """Whether a document was too large to be kept."""
    request_headers: tuple[tuple[str, str], ...] = ()
    answer_headers: tuple[tuple[str, str], ...] = ()
