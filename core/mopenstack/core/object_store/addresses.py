"""Where clients reach the service."""

from __future__ import annotations

from urllib.parse import urlsplit

from mopenstack.core.engine.call import Call


def base(call: Call) -> str:
    """The address of the API, without its version: http://127.0.0.1:8800/object-store."""
    prefix = call.api.prefix if call.api is not None else ""
    return call.context.api_url or f"{call.context.cloud_url}{prefix}"


def prefix(call: Call) -> str:
    """The path in front of the version."""
    return urlsplit(base(call)).path
