"""Whose tokens pass: what a recording says in `as`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ADMIN, MEMBER, READER = "admin", "member", "reader"
ANONYMOUS, UNKNOWN = "anonymous", "service-or-invalid"
TOKENS_MAX = 10_000


class Tokens:
    """The tokens that Keystone was seen to give out."""

    def __init__(self) -> None:
        self._roles: dict[str, str] = {}

    def knows(self, token: str) -> bool:
        """Whether it need not be asked whose it is."""
        return token in self._roles or len(self._roles) >= TOKENS_MAX

    def learn(self, token: str, body: Any) -> None:
        """Take up a token and what Keystone says of it; None: that it is none."""
        found = body.get("token") if isinstance(body, dict) else None
        if not self.knows(token) or isinstance(found, dict):
            self._roles[token] = role_of(found) if isinstance(found, dict) else UNKNOWN

    def role(self, token: str) -> str:
        """As whom a request is made."""
        return self._roles.get(token, UNKNOWN) if token else ANONYMOUS


def role_of(token: Any) -> str:
    """The role of a token, by its body."""
    roles: Iterable[Any] = token.get("roles") or ()
    names = {str(role.get("name")) for role in roles if isinstance(role, dict)}
    if not names:
        return "no role"
    scope = next((f" ({word} scope)" for word in ("system", "domain") if word in token), "")
    kind = ADMIN if ADMIN in names else READER if names <= {READER} else MEMBER
    return kind + scope
