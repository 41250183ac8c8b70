"""Answers to reads that were asked for before, by the very same request.

The key is everything that a request says: path and query, all headers as they came, the version of HTTP, scheme and the
client's address. So nothing that an answer may depend on is left out, nor what leads to the API that gives it; the core
knows when what it was made of has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from aiohttp import web

from mopenstack.contract.calls import Answers, RequestContext
from mopenstack.contract.noted import CallFacts, Noted
from mopenstack.gateway.dialects.answer import Answer
from mopenstack.gateway.kept_response import KeptResponse, Wire, wire_of
from mopenstack.gateway.observed import first_noted
from mopenstack.gateway.responses import http_response
from mopenstack.gateway.surface import Surface

ASKED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    answer: Answer
    versions: Mapping[str, str]
    """Headers that tell the microversion."""
    noted: Noted
    """What is known of such requests."""
    surface: Surface
    wire: Wire | None

    def response(self, request: web.BaseRequest, request_id: str) -> web.Response:
        """It as the answer to a request."""
        if self.wire is not None:
            return KeptResponse(self.wire, request_id)
        return http_response(request, self.surface, self.answer, self.versions, request_id)


class KeptAnswers:
    def __init__(self, answers: Answers | None, place: str) -> None:
        """`place` is the API at whose own port the requests come; empty: at the one that has all."""
        self._answers, self._place = answers, place
        self._asked: set[int] = set()

    def find(self, request: web.BaseRequest, cloud: str) -> Kept | None:
        """The answer; None: it is made."""
        key = self._key(request)
        if self._answers is None or key is None:
            return None
        found: Kept | None = self._answers.find(cloud, key)
        return found

    def is_asked_again(self, request: web.BaseRequest) -> bool:
        """Whether the request came before: what is asked for once need not be kept."""
        key = self._key(request)
        if self._answers is None or key is None:
            return False
        if hash(key) in self._asked:
            return True
        if len(self._asked) >= ASKED_MAX:
            self._asked.clear()
        self._asked.add(hash(key))
        return False

    def compare(self, request: web.BaseRequest, answer: Answer, versions: Mapping[str, str]) -> None:
        """Look at an answer that was made in place of a kept one; only where kept answers are checked."""

    def keep(
        self,
        request: web.BaseRequest,
        context: RequestContext,
        surface: Surface,
        answer: Answer,
        versions: Mapping[str, str],
        response: web.Response,
    ) -> None:
        """Keep an answer that was made of a reply with the context's basis, if it has one, and what it became."""
        if self._answers is not None and context.basis is not None and answer.status == 200:
            noted = first_noted(request, context.facts or CallFacts(), answer.status, len(answer.body))
            wire = wire_of(request, response, surface.dialect.request_id_headers)
            kept = Kept(answer, versions, noted, surface, wire)
            self._answers.keep(self._key(request), context.basis, kept, len(answer.body))

    def _key(self, request: web.BaseRequest) -> Hashable | None:
        """All that a read says; None for what is no read."""
        if request.method != "GET" or request.body_exists:
            return None
        return (self._place, request.raw_path, request.raw_headers, request.version, request.scheme, request.remote)


class ComparedAnswers(KeptAnswers):
    """Gives no kept answer, and holds each one that it could have given against the one that is made instead.

    `tell` is called for each one with the text of what differs, which is empty where nothing does. One is not held
    against an answer before which the cloud was written to: work beside the calls goes on.
    """

    def __init__(self, answers: Answers | None, place: str, tell: Callable[[str], None]) -> None:
        super().__init__(answers, place)
        self._tell = tell
        self._found: dict[int, tuple[Kept, str, int]] = {}
        """Request -> what was found, its cloud, and how often that had been written to."""

    def find(self, request: web.BaseRequest, cloud: str) -> Kept | None:
        found = super().find(request, cloud)
        if found is not None and self._answers is not None:
            self._found[id(request)] = found, cloud, self._answers.commits(cloud)
        return None

    def is_asked_again(self, request: web.BaseRequest) -> bool:
        return self._answers is not None and self._key(request) is not None

    def compare(self, request: web.BaseRequest, answer: Answer, versions: Mapping[str, str]) -> None:
        found, cloud, commits = self._found.pop(id(request), (None, "", 0))
        if found is None or self._answers is None or self._answers.commits(cloud) != commits:
            return
        kept, told = found.answer, found.versions
        differences = [
            f"a kept answer has another {what}: GET {request.raw_path}: {before!r:.300} != {now!r:.300}"
            for what, before, now in (
                ("status", kept.status, answer.status),
                ("headers", (dict(kept.headers), dict(told)), (dict(answer.headers), dict(versions))),
                ("body", kept.body, answer.body),
            )
            if before != now
        ]
        self._tell("; ".join(differences))
