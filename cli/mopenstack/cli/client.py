"""The running cloud as the command line reaches it: its admin API over HTTP."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from mopenstack.cli import state
from mopenstack.cli.output import fail

ADMIN = "/_mopenstack"
TIMEOUT_SECONDS = 30


def running() -> state.Running:
    """The cloud that runs; ends the command where there is none."""
    found = state.read()
    if found is None:
        raise fail("No cloud is running here. Start one: mopenstack up --detach")
    return found


def ask(verb: str, path: str, body: Any = None) -> Any:
    """One call of the admin API; a refusal ends the command with its text."""
    found = running()
    url = (found.admin or found.url) + ADMIN + path
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    # The address is our own process's, on the loopback interface.
    request = urllib.request.Request(url, data, headers, method=verb)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=_context(found)) as answer:  # noqa: S310
            content = answer.read()
    except urllib.error.HTTPError as refused:
        raise fail(json.loads(refused.read())["detail"]) from None
    except OSError as error:
        raise fail(f"The cloud at {url} does not answer: {error}") from None
    return json.loads(content) if content else None


def _context(found: state.Running) -> ssl.SSLContext | None:
    if not found.cert:
        return None
    from mopenstack.cli.tls import trusting

    return trusting(found.cert)
