"""A recording asked again, one exchange after the other, and where the answers differ."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from mopenstack.cli.recording.differences import Difference, Ids, Shapes, type_of
from mopenstack.cli.recording.exchanges import (
    BadRecording,
    Line,
    body_of,
    document_of,
    headers_of,
    read_exchanges,
    verb_of,
)
from mopenstack.cli.recording.stand_ins import Secrets, is_login, login_as, login_like, user_of
from mopenstack.cli.recording.tokens import ANONYMOUS, UNKNOWN
from mopenstack.contract.contract import contract

ANSWER_SECONDS_MAX = 60
ANSWER_BYTES_MAX = 64 * 1024**2
EXCHANGES_MAX = 200_000
ALIASES = {"block-store": "block-storage", "volumev2": "volumev3", "load_balancing": "load-balancer"}
"""Catalog types of other clouds, and ours of the same API."""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference, and the exchange that has it; the first one has number 1."""

    number: int
    line: Line
    difference: Difference


@dataclass(slots=True)
class Report:
    """How a replay ended."""

    exchanges: int = 0
    sooner: int = 0
    """Those whose answer is what the recorded cloud said to the same request later: it took its time."""
    not_served: dict[str, int] = field(default_factory=dict)
    """Catalog type -> exchanges with a service that mopenstack does not have."""
    stand_ins: dict[str, str] = field(default_factory=dict)
    """Recorded user -> who asked in their place."""
    differing: list[Found] = field(default_factory=list)

    @property
    def same(self) -> int:
        """How many exchanges are as recorded."""
        return self.exchanges - self.sooner - sum(self.not_served.values()) - self.different

    @property
    def different(self) -> int:
        """How many exchanges have a difference."""
        return len({one.number for one in self.differing})


@dataclass(slots=True)
class Answer:
    """What mopenstack answered."""

    status: int
    headers: Mapping[str, str]
    document: Any


async def replay(recording: Path, url: str, trust: ssl.SSLContext | None = None) -> Report:
    """Replay a recording on the cloud at an address; raises BadRecording, OSError."""
    lines = []
    for line in read_exchanges(recording):
        lines.append(line)
        if len(lines) > EXCHANGES_MAX:
            raise BadRecording(f"it has more than {EXCHANGES_MAX} exchanges")
        if not isinstance(line.get("service"), str):
            raise BadRecording(f"exchange {len(lines)} does not name its service")
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
    connector = aiohttp.TCPConnector(ssl=trust or True)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        return await Replay(lines, url, session).run()


def prefixes() -> dict[str, str]:
    """Catalog type -> path prefix, of every API that is served."""
    apis = contract().apis.values()
    known = {entry.type or api.type: api.prefix for api in apis for entry in api.catalog}
    return known | {alias: known[type_] for alias, type_ in ALIASES.items() if type_ in known}


class Replay:
    """The replay of one recording: what it has learned of ids and tokens on its way."""

    def __init__(self, lines: list[Line], url: str, session: aiohttp.ClientSession) -> None:
        self._lines, self._url, self._session = lines, url, session
        self._prefixes = prefixes()
        self._secrets = Secrets(lines)
        self._ids = Ids()
        self._tokens: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._later: dict[str, list[tuple[int, int]]] = {}
        for number, line in enumerate(lines):
            self._later.setdefault(_request_of(line), []).append((number, line["status"]))
        self._done: set[str] = set()

    async def run(self) -> Report:
        """Every exchange in its order."""
        report = Report(exchanges=len(self._lines))
        for number, line in enumerate(self._lines):
            service = line["service"]
            if service not in self._prefixes:
                report.not_served[service] = report.not_served.get(service, 0) + 1
                continue
            key = _request_of(line)
            if key in self._done:
                report.sooner += 1
                continue
            ours = await self._ask(line, report)
            if ours.status != line["status"] and self._is_sooner(number, key, ours.status):
                report.sooner += 1
                if verb_of(line) not in ("GET", "HEAD"):
                    self._done.add(key)
                continue
            report.differing += [Found(number + 1, line, one) for one in self._differences(line, ours)]
        return report

    def _is_sooner(self, number: int, key: str, status: int) -> bool:
        return any(later > number and status == recorded for later, recorded in self._later[key])

    # -- the request

    async def _ask(self, line: Line, report: Report) -> Answer:
        ours = await self._send(line, body_of(self._filled(line)))
        if is_login(line) and line["status"] < 300:
            if ours.status == 401:
                name, body = login_like(line.get("response"))
                report.stand_ins[user_of(line.get("response"))] = name
                ours = await self._send(line, json.dumps(body).encode())
            word = _header(line.get("response_headers") or {}, "X-Subject-Token")
            if word and ours.status < 300:
                self._tokens[word] = ours.headers.get("X-Subject-Token", "")
        return ours

    def _filled(self, line: Line) -> Line:
        """A line with our ids, addresses and values in the places of secrets."""
        if "request" not in line:
            return line
        request = self._ids.document(self._secrets.fill(line["request"], self._tokens))
        return {**line, "request": self._placed(request)}

    def _placed(self, value: Any) -> Any:
        """A document with our addresses of services."""
        text = json.dumps(value)
        if "{" in text:
            for service, prefix in self._prefixes.items():
                text = text.replace(f"{{{service.rstrip('0123456789').removesuffix('v')}}}/", f"{self._url}{prefix}/")
                text = text.replace(f"{{{service}}}/", f"{self._url}{prefix}/")
        return json.loads(text)

    async def _send(self, line: Line, body: bytes | AsyncIterator[bytes] | None) -> Answer:
        headers = {name: self._ids.text(value) for name, value in headers_of(line).items()}
        headers = self._placed(self._secrets.fill(headers, self._tokens))
        if token := await self._token(line):
            headers["X-Auth-Token"] = token
        path = self._ids.path(str(self._secrets.fill(line["path"], self._tokens)))
        url = URL(f"{self._url}{self._prefixes[line['service']]}{path}", encoded=True)
        async with self._session.request(
            verb_of(line), url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            content = await answer.content.read(ANSWER_BYTES_MAX)
            while await answer.content.read(ANSWER_BYTES_MAX):
                pass
            return Answer(answer.status, answer.headers, document_of(content, answer.content_type))

    async def _token(self, line: Line) -> str:
        word = _header(line.get("request_headers") or {}, "X-Auth-Token")
        if word in self._tokens:
            return self._tokens[word]
        role = line["as"]
        if role == ANONYMOUS:
            return ""
        if role == UNKNOWN:
            return "invalid"
        if role not in self._accounts:
            url = f"{self._url}{self._prefixes['identity']}/v3/auth/tokens"
            async with self._session.post(url, json=login_as(role)) as answer:
                self._accounts[role] = answer.headers.get("X-Subject-Token", "")
        return self._accounts[role]

    # -- the answer

    def _differences(self, line: Line, ours: Answer) -> Iterator[Difference]:
        if ours.status != line["status"]:
            yield Difference("status", "", f"{ours.status}, recorded {line['status']}", line["status"], ours.status)
            return
        if verb_of(line) == "HEAD":
            return
        recorded = line.get("response")
        before, after = _form(recorded), _form(ours.document)
        if "bytes" in (before, after) and "empty" not in (before, after):
            return
        if before != after:
            yield Difference("envelope", "", f"{after}, recorded {before}", before, after)
            return
        location = _header(line.get("response_headers") or {}, "Location")
        if location:
            self._ids.learn(location, ours.headers.get("Location", ""), "")
        if before in ("object", "list"):
            for one in Shapes(self._ids).differences(recorded, ours.document):
                refused = line["status"] >= 400 and one.kind == "keys"
                yield Difference("envelope", one.where, one.says, one.recorded, one.ours) if refused else one


def _request_of(line: Line) -> str:
    """What makes two requests the same."""
    token = _header(line.get("request_headers") or {}, "X-Auth-Token") or line["as"]
    return json.dumps([verb_of(line), line["service"], line["path"], token, line.get("request")])


def _header(headers: Mapping[str, Any], name: str) -> str:
    return next((str(value) for key, value in headers.items() if key.lower() == name.lower()), "")


def _form(document: Any) -> str:
    if document is None:
        return "empty"
    if isinstance(document, dict) and ("__text__" in document or "__bytes__" in document):
        return "text" if "__text__" in document else "bytes"
    return type_of(document)
