"""What stands for the secrets and the accounts of a recording when it is replayed: they are not in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from mopenstack.cli.credentials import PASSWORD
from mopenstack.cli.recording.exchanges import Line, verb_of
from mopenstack.cli.recording.redaction import PLACEHOLDER
from mopenstack.cli.recording.tokens import ADMIN, role_of

AUTH_PATH = "/v3/auth/tokens"
ACCOUNTS = {True: "admin", False: "demo"}
"""Whether a token's role is the administrator's -> the user of the default seed who stands for its user."""


class Secrets:
    """A value for each blanked secret, the same one wherever it stood."""

    def __init__(self, lines: Iterable[Line]) -> None:
        given, used = set(), set()
        for line in lines:
            found = {
                match[0] for match in PLACEHOLDER.finditer(json.dumps(line.get("request"))) if is_password(match[1])
            }
            if not is_login(line):
                given |= found
            elif line["status"] < 300:
                used |= found
        self._accounts = used - given
        """Passwords of users who were there before."""

    def fill(self, value: Any, tokens: dict[str, str]) -> Any:
        """A document or a text with values in the places of its secrets."""
        if isinstance(value, dict):
            return {name: self.fill(inner, tokens) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner, tokens) for inner in value]
        if not isinstance(value, str):
            return value
        return PLACEHOLDER.sub(lambda found: tokens.get(found[0]) or self._value(found[0], found[1], found[2]), value)

    def _value(self, word: str, kind: str, number: str) -> str:
        if word in self._accounts:
            return PASSWORD
        if is_password(kind):
            return f"Stand-in-{number}"
        return base64.b64encode(f"stand-in {kind} {number}".encode()).decode()


def is_password(kind: str) -> bool:
    """Whether a kind of secrets is what users type."""
    return kind.startswith("pass")


def is_login(line: Line) -> bool:
    """Whether an exchange asked for a token."""
    return verb_of(line) == "POST" and line["path"].partition("?")[0] == AUTH_PATH


def user_of(body: Any) -> str:
    """Who a token's body says it belongs to."""
    user = (body or {}).get("token", {}).get("user", {}) if isinstance(body, dict) else {}
    return str(user.get("name") or user.get("id") or "a user")


def login_like(body: Any) -> tuple[str, dict[str, Any]]:
    """A user of the default seed with the scope of a recorded token, and the login for it."""
    token = body.get("token") if isinstance(body, dict) else None
    token = token if isinstance(token, dict) else {}
    name = ACCOUNTS[role_of(token).startswith(ADMIN)]
    user = {"name": name, "domain": {"id": "default"}, "password": PASSWORD}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    if "project" in token:
        auth["scope"] = {"project": {"name": name, "domain": {"id": "default"}}}
    elif "system" in token:
        auth["scope"] = {"system": {"all": True}}
    elif "domain" in token:
        auth["scope"] = {"domain": {"id": "default"}}
    return name, {"auth": auth}


def login_as(role: str) -> dict[str, Any]:
    """The login of the user who stands for a role, whose own login was not recorded."""
    scope = next((word for word in ("system", "domain") if f"({word} scope)" in role), "project")
    token = {
        "roles": [{"name": ADMIN if role.startswith(ADMIN) else "member"}],
        **({} if role == "no role" else {scope: {}}),
    }
    return login_like({"token": token})[1]
