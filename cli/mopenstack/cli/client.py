"""The running cloud as the command line reaches it: its admin API over HTTP."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mopenstack.cli import admin_token, reach, state
from mopenstack.cli.json_client import ADMIN
from mopenstack.cli.output import fail
from mopenstack.cli.reach import context as context

TIMEOUT_SECONDS = 30


def running() -> state.Running:
    """The cloud that runs; ends the command where there is none."""
    found = state.read()
    if found is None:
        raise fail(reach.NONE_RUNS)
    return found


def ask(verb: str, path: str, body: Any = None) -> Any:
    """One call of the admin API; a refusal ends the command with its text."""
    data = None if body is None else json.dumps(body).encode()
    with _open(verb, path, data, {"Content-Type": "application/json"}) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def lines(path: str) -> Iterator[str]:
    """The lines of an answer that goes on, as they come, without their ends; until the cloud ends it."""
    with _open("GET", path, timeout=None) as answer:
        for line in answer:
            yield line.decode().rstrip("\r\n")


def receive(path: str, to: Path) -> None:
    """Write the bytes that a path of the admin API gives into a file; nothing is left of it where they do not come."""
    part = to.with_name(f"{to.name}.part")
    try:
        with _open("GET", path) as answer, part.open("wb") as file:
            shutil.copyfileobj(answer, file)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def send(path: str, file: Path) -> Any:
    """Give the bytes of a file to a path of the admin API."""
    try:
        with file.open("rb") as source:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}
            with _open("PUT", path, source, headers) as answer:
                return json.loads(answer.read())
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}") from None


def _open(
    verb: str,
    path: str,
    data: Any = None,
    headers: Mapping[str, str] = {},
    timeout: float | None = TIMEOUT_SECONDS,
) -> Any:
    """The answer to a request; a refusal ends the command with its text."""
    found = running()
    url = (found.admin or found.url) + ADMIN + path
    shown = {**headers, **({"Authorization": f"Bearer {token}"} if (token := admin_token.read()) else {})}
    # The address is our own process's, on the loopback interface.
    request = urllib.request.Request(url, data, shown, method=verb)  # noqa: S310
    try:
        return urllib.request.urlopen(request, timeout=timeout, context=context(found))  # noqa: S310
    except urllib.error.HTTPError as refused:
        raise fail(json.loads(refused.read())["detail"]) from None
    except urllib.error.URLError as error:
        raise fail(f"The cloud at {url} does not answer: {error.reason}") from None
    except (TimeoutError, ConnectionError) as error:  # once the connection stands, urllib leaves them as they are
        raise fail(f"The cloud at {url} does not answer: {error}") from None
