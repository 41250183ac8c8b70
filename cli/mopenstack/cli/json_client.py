"""JSON over HTTP to one address, on one connection: what a command, or a test, asks a cloud."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

ADMIN = "/_mopenstack"
TIMEOUT_SECONDS = 30
IDLE_SECONDS_MAX = 5
"""After so long a kept connection is not trusted any more: the server may close it at any moment."""


class Refused(Exception):
    """The other side said no: `status`, and `body` as it was decoded (None: it was no JSON)."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        detail = body.get("detail") if isinstance(body, dict) else None
        super().__init__(detail or f"HTTP {status}")


class JsonClient:
    """Speaks to the host of `url`; what is asked is relative to its path. Not for several threads at once.

    `context` is whom to trust with HTTPS, `token` an admin token to show.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None = None, token: str = "") -> None:
        parts = urlsplit(url)
        self._shown = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        self.url, self._path = url, parts.path.rstrip("/")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a server")
        self._connection = (
            HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS, context=context)
            if parts.scheme == "https"
            else HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        )
        self._used = 0.0

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """The decoded answer, None if it is empty; raises Refused (4xx, 5xx) and OSError (no answer)."""
        return self.exchange(verb, path, body)[0]

    def exchange(self, verb: str, path: str, body: Any = None, headers: Mapping[str, str] = {}) -> tuple[Any, Any]:
        """The decoded answer and its headers; raises as `ask` does."""
        data = None if body is None else json.dumps(body).encode()
        return self._exchange(verb, path, data, {"Content-Type": "application/json", **headers})

    def send(self, path: str, file: Path) -> Any:
        """PUT the bytes of a file; answers and raises as `ask` does."""
        with file.open("rb") as source:
            length = str(file.stat().st_size)
            headers = {"Content-Type": "application/octet-stream", "Content-Length": length}
            return self._exchange("PUT", path, source, headers)[0]

    def _exchange(
        self, verb: str, path: str, data: bytes | IO[bytes] | None, headers: Mapping[str, str]
    ) -> tuple[Any, Any]:
        if time.monotonic() - self._used > IDLE_SECONDS_MAX:
            self._connection.close()
        try:
            self._connection.request(verb, self._path + path, data, {**self._shown, **headers})
            answer: HTTPResponse = self._connection.getresponse()
            content = answer.read()
        except HTTPException as error:
            self._connection.close()
            raise OSError(f"{type(error).__name__}: {error}") from error
        except OSError:
            self._connection.close()
            raise
        self._used = time.monotonic()
        if answer.status >= 400:
            raise Refused(answer.status, _decoded(content))
        return (json.loads(content) if content else None), answer.headers

    def close(self) -> None:
        self._connection.close()


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
