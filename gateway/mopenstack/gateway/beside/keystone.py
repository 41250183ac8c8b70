"""A real Keystone, asked by a service with a user of its own, as keystonemiddleware asks it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mopenstack.contract.faults import Unavailable
from mopenstack.gateway.beside.http import Answered, Http

AWAY = "The Keystone service is temporarily unavailable."
"""Source: keystonemiddleware.auth_token, BaseAuthProtocol.fetch_token."""
RENEW_SECONDS = 60.0
"""So long before it expires the own token is replaced."""
RULES_VERSION = "1.0"
"""Of access rules that are enforced here: without it Keystone refuses tokens that have some."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """Whose token a service has; `region` is that of the endpoints which it asks, empty for whichever."""

    name: str
    password: str = field(repr=False)
    project: str = "service"
    domain: str = "Default"
    region: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """The service's own token."""

    token: str = field(repr=False)
    expires_at: float
    project_id: str
    catalog: list[Mapping[str, Any]]


class Keystone:
    """Keystone at an auth URL ("http://keystone:5000/v3")."""

    def __init__(self, auth_url: str, user: ServiceUser, http: Http) -> None:
        url = auth_url.rstrip("/")
        self.auth_url = url if url.endswith("/v3") else f"{url}/v3"
        self._user, self._http = user, http
        self._own: Own | None = None
        self._lock = asyncio.Lock()

    async def own(self) -> Own:
        """The service's token, a new one where it is about to expire; raises Unavailable."""
        own = self._own
        if own is None or own.expires_at - RENEW_SECONDS <= time.time():
            async with self._lock:
                if self._own is own:
                    self._own = await self._login()
                own = self._own
        assert own is not None
        return own

    def forget(self, own: Own) -> None:
        """Have a new token made for the next call: Keystone does not take this one."""
        if self._own is own:
            self._own = None

    async def document(self, token: str, *, expired: bool) -> Mapping[str, Any] | None:
        """What Keystone says of a token; None for one that it refuses. Raises Unavailable."""
        query = [("allow_expired", "1")] if expired else []
        for _ in range(2):
            own = await self.own()
            headers = {
                "X-Auth-Token": own.token,
                "X-Subject-Token": token,
                "OpenStack-Identity-Access-Rules": RULES_VERSION,
            }
            answer = await self._ask("GET", query, headers)
            if answer.status == 401:
                self.forget(own)
                continue
            if answer.status == 200:
                found: Mapping[str, Any] = answer.json()["token"]
                return found
            if answer.status in (400, 404):
                return None
            raise Unavailable(AWAY)
        raise Unavailable(AWAY)

    async def _login(self) -> Own:
        user = self._user
        domain = {"name": user.domain}
        auth = {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": user.name, "password": user.password, "domain": domain}},
            },
            "scope": {"project": {"name": user.project, "domain": domain}},
        }
        answer = await self._ask("POST", [], {}, {"auth": auth})
        if answer.status != 201:
            raise Unavailable(f"Keystone does not let the service user {user.name} in: it answers {answer.status}.")
        token = answer.json()["token"]
        return Own(
            answer.headers.get("X-Subject-Token", ""),
            datetime.fromisoformat(token["expires_at"]).timestamp(),
            token["project"]["id"],
            token.get("catalog", []),
        )

    async def _ask(
        self, verb: str, query: list[tuple[str, str]], headers: dict[str, str], body: Any = None
    ) -> Answered:
        try:
            answer = await self._http.ask(verb, f"{self.auth_url}/auth/tokens", query, headers, body)
        except Unavailable:
            raise Unavailable(AWAY) from None
        if answer.status >= 500:
            raise Unavailable(AWAY)
        return answer
