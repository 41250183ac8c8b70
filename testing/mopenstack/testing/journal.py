"""What a failed test shows of its cloud: the newest calls of the journal, where that is served."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mopenstack.cli.json_client import Refused
from mopenstack.testing.cloud import Cloud

SHOWN = 20


def last_requests(cloud: Cloud) -> str:
    """A line for each of the last calls, oldest first; empty where there is nothing to show."""
    try:
        answer = cloud.ask("GET", f"/journal/calls?limit={SHOWN}")
    except (Refused, OSError):
        return ""
    prefix = urlsplit(cloud.auth_url).path.removesuffix("/identity/v3")
    return "\n".join(_line(call, prefix) for call in answer["calls"])


def _line(call: dict[str, Any], prefix: str) -> str:
    fault = f"  (fault {call['fault']})" if call.get("fault") else ""
    said = call.get("status") or call.get("code", "")
    path = call.get("path", "").removeprefix(prefix)
    return f"{said:>3} {call.get('method', ''):6} {path}  {call.get('milliseconds', 0):.1f} ms{fault}"
