"""Whose token it is: what a real Keystone says of it, kept for a while, as keystonemiddleware does.

Nothing else of a request says who calls: headers such as X-Roles are not read.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.elsewhere import Elsewhere
from mopenstack.contract.faults import Fault, Unauthorized
from mopenstack.core.engine.caller import ANONYMOUS, Caller

CACHE_SECONDS = 300.0
"""For so long at most Keystone is not asked again. Source: keystonemiddleware.auth_token, token_cache_time."""
TOKENS_MAX = 10_000
TOKEN_BYTES_MAX = 16 * 1024
"""Longer texts are no tokens of Keystone: they are not sent there."""
SERVICE_TOKEN = "x-service-token"  # noqa: S105  # the name of a header
SERVICE_ROLES = frozenset({"service"})
"""Who may vouch for the expired token of a user. Source: keystonemiddleware.auth_token, service_token_roles."""


@dataclass(frozen=True, slots=True)
class Known:
    """What Keystone said of a token: `caller` is None where it is not valid; times by this machine's clock."""

    until: float
    expires_at: float
    caller: Caller | None
    even_expired: bool


class Callers:
    """The callers of tokens; `seconds` is how long Keystone's word is taken without asking again."""

    def __init__(self, elsewhere: Elsewhere, seconds: float = CACHE_SECONDS) -> None:
        self._elsewhere = elsewhere
        self._seconds = min(seconds, CACHE_SECONDS)
        self._known: dict[bytes, Known] = {}

    async def verdict(self, context: RequestContext) -> Caller | Fault:
        """Whose token a request came with, or why it may not be used."""
        if not context.token:
            return Unauthorized()
        try:
            vouched = False
            service_token = context.headers.get(SERVICE_TOKEN, "")
            if service_token:
                service = await self._caller(service_token, expired=False)
                if service is None:
                    return Unauthorized()
                vouched = bool(service.roles & SERVICE_ROLES)
            caller = await self._caller(context.token, expired=vouched)
        except Fault as fault:  # Keystone is away
            return fault
        return Unauthorized() if caller is None else caller

    async def _caller(self, token: str, *, expired: bool) -> Caller | None:
        """The caller of a token; with `expired` of one, too, that Keystone takes with a service's word for it."""
        if len(token) > TOKEN_BYTES_MAX or not token.isascii() or not token.isprintable():
            return None
        key, now = hashlib.sha256(token.encode()).digest(), time.time()
        known = self._known.get(key)
        if known is None or known.until <= now or (expired and known.caller is None and not known.even_expired):
            known = await self._ask(token, expired=expired)
            if len(self._known) >= TOKENS_MAX:
                self._known.clear()
            self._known[key] = known
        return known.caller if expired or known.expires_at > now else None

    async def _ask(self, token: str, *, expired: bool) -> Known:
        document = await self._elsewhere.token(token, expired=expired)
        until = time.time() + self._seconds
        if document is None:
            return Known(until, 0.0 if expired else until, None, expired)
        caller, expires_at = caller_of(document, token), seconds_of(document["expires_at"])
        return Known(until, expires_at, caller, expired)


def seconds_of(text: str) -> float:
    """A time of Keystone's (`2026-11-29T01:02:03.000000Z`) in seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def caller_of(document: Mapping[str, Any], token: str) -> Caller:
    """The caller of a token, by Keystone's document of it; its answers are not kept, as it may be revoked there.

    Source: keystoneauth1.access.access.AccessInfoV3.
    """
    user, project, domain = document["user"], document.get("project") or {}, document.get("domain") or {}
    credential = document.get("application_credential") or {}
    return Caller(
        user_id=user["id"],
        user_name=user["name"],
        user_domain_id=user["domain"]["id"],
        project_id=project.get("id", ""),
        project_name=project.get("name", ""),
        project_domain_id=(project.get("domain") or {}).get("id", ""),
        domain_id=domain.get("id", ""),
        domain_name=domain.get("name", ""),
        system=bool((document.get("system") or {}).get("all")),
        roles=frozenset(role["name"].lower() for role in document.get("roles", ())),
        token=token,
        methods=tuple(document.get("methods", ())),
        audit_ids=tuple(document.get("audit_ids", ())),
        issued_at=seconds_of(document["issued_at"]) if document.get("issued_at") else 0.0,
        application_credential_id=credential.get("id", ""),
        trust_id=(document.get("OS-TRUST:trust") or {}).get("id", ""),
        access_token_id=(document.get("OS-OAUTH1") or {}).get("access_token_id", ""),
        access_rules=_access_rules(credential),
        is_admin_project=document.get("is_admin_project", True),
    )


NO_RULE = (("", "", ""),)
"""The rules of a credential with an empty list of them: they allow no request at all."""


def _access_rules(credential: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    rules = credential.get("access_rules")
    if rules is None:
        return ()
    return tuple((rule["service"], rule["method"], rule["path"]) for rule in rules) or NO_RULE


NOBODY = ANONYMOUS
