"""Keeps web pages away from the admin API: it needs no token, and a browser on this machine can reach it.

A page of another site that sends a request is known by `Origin` or `Sec-Fetch-Site`; one whose name was made to point
at this machine (DNS rebinding) by `Host`. Command lines, SDKs and other programs send none of the first two.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

PREFIX = "/_mopenstack"
_OWN_SITES = ("same-origin", "none")


def refusal(headers: Mapping[str, str], scheme: str) -> str:
    """Why a request may not reach the admin API; empty where it may."""
    host = headers.get("Host", "")
    if host and not _is_own(host):
        return f"The admin API is reached by an IP address or localhost, not as {host[:100]!r}."
    origin = headers.get("Origin", "")
    if origin and origin != f"{scheme}://{host}":
        return "The admin API takes no requests from pages of other origins."
    if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
        return "The admin API takes no requests from pages of other sites."
    return ""


def _is_own(host: str) -> bool:
    """Whether no name service had a say in how the client came here."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
