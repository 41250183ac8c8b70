"""Who may reach the admin API: clients of this machine, or those that have the admin token.

A cloud that listens on the loopback interface alone needs no token. As soon as it listens on more, whoever reaches a
port could drive it, from this machine too (a proxy's clients come from here): then each call carries the token, as
`Authorization: Bearer TOKEN`, over HTTP as a header and over gRPC as metadata.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass

VARIABLE = "MOPENSTACK_ADMIN_TOKEN"
"""The environment variable that gives the token, to a cloud and to those that call it."""
TOKEN_MIN = 16
"""Characters that a token has at least: it must not be guessed."""
_LOOPBACK = ("127.", "::1", "ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:", "::ffff:127.")
_BEARER = "bearer "


def is_loopback(peer: str) -> bool:
    """Whether a peer, as HTTP or gRPC names it, is on this machine."""
    return peer.startswith(_LOOPBACK)


def listens_wide(host: str) -> bool:
    """Whether a server at this host (a name or an IP address, `unix:` and a path) is reached from other machines."""
    if host == "localhost" or host.startswith("unix:"):
        return False
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return True


def new_token() -> str:
    """A token that cannot be guessed: 43 letters, digits, dashes and underscores."""
    return secrets.token_urlsafe(32)


def bearer(authorization: str) -> str:
    """The token of an `Authorization` header; empty for one of another scheme."""
    return authorization[len(_BEARER) :].strip() if authorization[: len(_BEARER)].lower() == _BEARER else ""


@dataclass(frozen=True, slots=True)
class AdminAccess:
    """The rule of one process. With a token every call needs it; without one, clients of this machine alone are served.

    `closed`: the process listens on more than the loopback interface and was given no token, so nobody is served.
    """

    token: str = ""
    closed: bool = False

    def refusal(self, remote: str, given: str) -> str:
        """Why a call of a peer that gives this token is refused; empty where it is not."""
        if self.closed:
            return f"The admin API needs a token: start this process with {VARIABLE}."
        if not self.token:
            return "" if is_loopback(remote) else "The admin API answers on the loopback interface only."
        if not given:
            return "The admin API needs its token here: Authorization: Bearer TOKEN."
        if not hmac.compare_digest(self.token.encode(), given.encode(errors="replace")):
            return "That is not the token of the admin API."
        return ""
