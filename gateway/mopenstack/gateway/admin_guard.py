"""Keeps others away from the admin API: web pages that a browser on this machine shows, and clients without the token.

A page of another site that sends a request is known by `Origin` or `Sec-Fetch-Site`; one whose name was made to point
at this machine (DNS rebinding) by `Host`. Command lines, SDKs and other programs send none of the first two. Who needs
the admin token is said in contract/admin_access.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import web

from mopenstack.contract.admin_access import AdminAccess, bearer

PREFIX = "/_mopenstack"
OPEN = ("/_mopenstack/health", "/_mopenstack/ready")
"""What probes ask, from wherever they are: it tells nothing else, and changes nothing."""
WEB_PAGE = "/_mopenstack/page/"
"""Below it are the files of the web page, which asks for the token: they tell nothing of this process."""
_OWN_SITES = ("same-origin", "none")


class AdminGuard:
    """Of one process; `names` are host names by which clients may call it, beside IP addresses and localhost."""

    def __init__(self, access: AdminAccess | None = None, names: Collection[str] = ()) -> None:
        self._access = access or AdminAccess()
        self._names = frozenset(name.lower() for name in names)

    def refused(self, request: web.BaseRequest, path: str) -> web.Response | None:
        """The answer to a request that may not reach the admin API; None where it may."""
        if path in OPEN and request.method in ("GET", "HEAD"):
            return None
        why = self.foreign(request.headers, request.scheme)
        if why:
            return _problem(403, "Forbidden", why)
        if path.startswith(WEB_PAGE) and request.method in ("GET", "HEAD"):
            return None
        why = self._access.refusal(request.remote or "", token(request.headers))
        if not why:
            return None
        if not self._access.token:
            return _problem(403, "Forbidden", why)
        answer = _problem(401, "Unauthorized", why)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    def foreign(self, headers: Mapping[str, str], scheme: str) -> str:
        """Why a request may be a web page's; empty where it is none."""
        host = headers.get("Host", "")
        if host and not self._is_own(host):
            return f"The admin API is reached by an IP address or localhost, not as {host[:100]!r}."
        origin = headers.get("Origin", "")
        if origin and origin != f"{scheme}://{host}":
            return "The admin API takes no requests from pages of other origins."
        if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            return "The admin API takes no requests from pages of other sites."
        return ""

    def _is_own(self, host: str) -> bool:
        """Whether no name service that others keep had a say in how the client came here."""
        name, is_address = _read_host(host)
        return is_address or name == "localhost" or name.endswith(".localhost") or name in self._names


@lru_cache(maxsize=256)
def _read_host(host: str) -> tuple[str, bool]:
    """The name in a Host header, empty where it is none, and whether it is an IP address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return "", False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name, False
    return name, True


def token(headers: Mapping[str, str]) -> str:
    """The admin token that a request shows; empty where it shows none."""
    return bearer(headers.get("Authorization", ""))


def _problem(status: int, title: str, why: str) -> web.Response:
    return web.json_response({"title": title, "status": status, "detail": why}, status=status)
