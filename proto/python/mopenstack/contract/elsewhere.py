"""What the core asks of services that are elsewhere: of a real Keystone, and of what stands in its catalog.

The core knows what is asked, a gateway how: `Elsewhere` is made by the latter and given to the former.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.contract.operations import LATEST, Operation


@dataclass(frozen=True, slots=True)
class Question:
    """One call of an operation elsewhere.

    `token` is the caller's, or empty where the service asks in its own name; `project_id` is that of the token, for
    addresses that name it. `key` is equal for equal questions.
    """

    operation: Operation
    request: Message
    token: str = ""
    project_id: str = ""
    microversion: int = LATEST

    @property
    def key(self) -> tuple[Any, ...]:
        sent = self.request.SerializeToString(deterministic=True)
        return self.operation.name, sent, self.token, self.microversion

    @property
    def reads(self) -> bool:
        """Whether the operation changes nothing."""
        return bool(self.operation.routes) and self.operation.routes[0].verb in ("GET", "HEAD")


class Elsewhere(Protocol):
    """A Keystone and the services of its catalog."""

    @property
    def auth_url(self) -> str:
        """Keystone's address, as callers without a token are told it."""

    async def look(self) -> None:
        """See to it that the catalog is known; raises Unavailable while Keystone does not answer."""

    def has(self, package: str) -> bool:
        """Whether calls of a package go to a service of the catalog: one that is not served here."""

    def place(self, package: str) -> str:
        """The address of that service."""

    async def token(self, token: str, *, expired: bool) -> Mapping[str, Any] | None:
        """Keystone's document of a token ("user", "project", "roles", "expires_at" ...); None for one that it refuses.

        With `expired` it also takes one that expired not longer ago than its own window allows. Raises Unavailable
        while Keystone does not answer.
        """

    async def ask(self, question: Question) -> Message:
        """The response message; raises the refusal of the service, or Unavailable while it does not answer."""

    async def close(self) -> None:
        """Close its connections."""
