"""What a dialect answers: the pieces of an HTTP response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mopenstack.gateway.codec.values import dumps

JSON = "application/json"


@dataclass(slots=True)
class Answer:
    """Status, headers and body, ready to be written."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    of_version: bool = True
    """Whether the answer says of which microversion it is."""

    @property
    def says_type(self) -> bool:
        """Whether it has a Content-Type: 204 has one only where a framework leaves its own standing."""
        return self.status != 204 or self.content_type != JSON

    @classmethod
    def json(cls, status: int, document: Any, headers: dict[str, str] | None = None) -> Answer:
        return cls(status, dumps(document), headers or {})
