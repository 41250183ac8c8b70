"""HTTP requests to other services, with limits."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from mopenstack.contract.faults import Unavailable

SECONDS_MAX = 60.0
CONNECT_SECONDS_MAX = 5.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The JSON body, None where there is none; raises Unavailable for another one."""
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unavailable("The service does not answer in JSON.") from None


class Http:
    """A pool of connections; `trust` says whose certificates are taken (False: everyone's)."""

    def __init__(self, trust: ssl.SSLContext | bool = True) -> None:
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        verb: str,
        url: str,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answered:
        """Make a request, with a JSON body where there is one; raises Unavailable where there is no answer."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=SECONDS_MAX, sock_connect=CONNECT_SECONDS_MAX)
            connector = aiohttp.TCPConnector(ssl=self._trust, limit=64)
            self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        sent = {"Accept": "application/json", **(headers or {})}
        data = None
        if body is not None:
            data = orjson.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            async with self._session.request(
                verb, url, params=list(query), headers=sent, data=data, allow_redirects=False
            ) as answer:
                found = await answer.content.read(ANSWER_BYTES_MAX + 1)
                while (more := await answer.content.read(ANSWER_BYTES_MAX)) and len(found) <= ANSWER_BYTES_MAX:
                    found += more
                if len(found) > ANSWER_BYTES_MAX:
                    raise Unavailable(f"{_shown(url)} answers too much.")
                return Answered(answer.status, answer.headers, found)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"{_shown(url)} does not answer: {type(error).__name__}") from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _shown(url: str) -> str:
    """The part of a URL that says who is asked."""
    return "/".join(url.split("/")[:3])
