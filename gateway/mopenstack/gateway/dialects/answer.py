"""What a dialect answers: the pieces of an HTTP response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mopenstack.gateway.codec.values import dumps


@dataclass(slots=True)
class Answer:
    """Status, headers and body, ready to be written."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def json(cls, status: int, document: Any, headers: dict[str, str] | None = None) -> Answer:
        return cls(status, dumps(document), headers or {})
