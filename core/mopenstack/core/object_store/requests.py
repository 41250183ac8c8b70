"""A request on an account, a container or an object as Swift's own parts hand it on, and the answer to it.

In Swift an object is what its headers say, and each part of the pipeline (quotas, manifests, versions, links) reads
some of them and asks the next part with others. `Request` carries the headers and the query by their names on the
wire, read from the fields of the contract's message; parts ask further with `Request.inner`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from mopenstack.contract.calls import ByteStream, Outcome
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation, field_rules, wire_key
from mopenstack.core.engine.call import Call
from mopenstack.core.object_store.auth.identity import Identity
from mopenstack.core.store.blobs import Blob
from mopenstack.object_store.v1 import refusals

HTML = "text/html; charset=UTF-8"
S3 = "s3"
"""`RequestContext.within` of what a request of the S3 API becomes: it sets and sees what no client of Swift does."""
S3_ITSELF = "s3 itself"
"""Of what the S3 API asks in its own name, as Swift's parts do: whether a bucket is there, what its settings are."""
TRUE_VALUES = frozenset({"true", "1", "yes", "on", "t", "y"})
"""swift.common.utils.TRUE_VALUES."""

REFUSALS: Mapping[int, type[Fault]] = {
    400: refusals.BadRequest,
    401: refusals.Unauthorized,
    403: refusals.Forbidden,
    404: refusals.NotFound,
    405: refusals.MethodNotAllowed,
    406: refusals.NotAcceptable,
    409: refusals.Conflict,
    410: refusals.Gone,
    411: refusals.LengthRequired,
    412: refusals.PreconditionFailed,
    413: refusals.EntityTooLarge,
    416: refusals.RangeNotSatisfiable,
    422: refusals.Unprocessable,
    501: refusals.NotImplemented,
}


def refusal(
    status: int, text: str | None = None, headers: Mapping[str, str] | None = None, content_type: str = HTML
) -> Fault:
    """A refusal with a status; with a `text` that is the whole body, else with Swift's page for the status.

    `headers` go with the answer.
    """
    facts: dict[str, str] = {}
    if text is not None:
        facts["content_type"] = content_type
    if headers:
        facts["headers"] = json.dumps(dict(headers))
    return REFUSALS[status](text, **facts)


def after_all(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal of a request that leaves something all the same: it is told once the transaction holds."""

    async def refuse() -> Response:
        raise refusal(status, None, headers)

    return Response(status, dict(headers or {}), later=refuse)


def status_of(fault: Fault) -> int:
    """The HTTP status of a refusal that `refusal` made; 400 for others."""
    return next((status for status, cls in REFUSALS.items() if type(fault) is cls), 400)


def status_line(what: int | Fault) -> str:
    """404 Not Found."""
    status = status_of(what) if isinstance(what, Fault) else what
    phrases = {413: "Request Entity Too Large", 416: "Requested Range Not Satisfiable"}
    return f"{status} {phrases.get(status) or HTTPStatus(status).phrase}"


def is_true(text: str | None) -> bool:
    """Whether a header or a parameter says yes (swift.common.utils.config_true_value)."""
    return text is not None and text.lower() in TRUE_VALUES


class Headers(dict[str, str]):
    """Headers by their names in lower case."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__((name.lower(), value) for name, value in pairs)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def pop(self, name: str, default: Any = None) -> Any:
        return super().pop(name.lower(), default)

    def under(self, prefix: str) -> dict[str, str]:
        """Those that begin with a prefix, by the rest of their names."""
        return {name[len(prefix) :]: value for name, value in self.items() if name.startswith(prefix)}


@dataclass(slots=True)
class Response:
    """`body` is the text of an answer, or `stream` what makes its bytes, of which there are `size` (-1: not known).

    `read` gives the bytes in [start, end) of an object, which has `size` of them: conditions and ranges are looked at
    when all parts have had their say (conditions.py).
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    size: int = -1
    read: Callable[[int, int], AsyncIterator[bytes]] | None = None
    ranged: bool = True
    """Whether a Range header counts."""
    content_type: str = HTML
    found: Any = None
    """The stored object that is answered with."""
    later: Callable[[], Awaitable[Response]] | None = None
    """Makes the response itself once the transaction is over, in transactions of its own."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class Body:
    """The bytes that came with a request; `kept` once an object has them."""

    blob: Blob | None = None
    kept: bool = False


@dataclass(slots=True)
class Request:
    """One request, or one that a part makes for it.

    `body` has the bytes once they came. `checking`: the bytes are still to
    come, so that nothing is written, and only a refusal matters. `owner` is set where the caller may see and set what
    is the account's owner's (keys, access lists). `trusted`: the cloud's own request, nobody is asked.
    """

    call: Call
    verb: str
    account: str
    container: str
    name: str
    headers: Headers
    query: dict[str, str]
    who: Identity
    checking: bool = False
    owner: bool = False
    trusted: bool = False
    signed: str = ""
    """What a signature in the address is good for: the account, or the container, below which it holds."""
    body: Body = field(default_factory=Body)
    sync_key: str = ""
    """What another cluster's container sync shows to write into the container."""
    source: Any = None
    """The stored object whose bytes a PUT takes, instead of bytes of its own."""

    @property
    def path(self) -> str:
        """The path below the API's prefix."""
        return "/v1/" + "/".join(part for part in (self.account, self.container, self.name) if part)

    @property
    def quoted_path(self) -> str:
        return quote(self.path)

    @property
    def is_object(self) -> bool:
        return bool(self.name)

    @property
    def reads(self) -> bool:
        return self.verb in ("GET", "HEAD")

    def inner(
        self,
        verb: str = "",
        *,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        trusted: bool | None = None,
        body: Body | None = None,
        source: Any = None,
    ) -> Request:
        """A request that is made for this one, of `account/container/name`, with headers and a body of its own."""
        account, container, name = (self.account, self.container, self.name) if path is None else split(path)
        given = Headers((headers or {}).items())
        for kept in ("referer", "x-service-token", "x-open-expired"):
            if kept in self.headers and kept not in given:
                given[kept] = self.headers[kept]
        return Request(
            self.call,
            verb or self.verb,
            account,
            container,
            name,
            given,
            dict(query or {}),
            self.who,
            checking=self.checking,
            trusted=self.trusted if trusted is None else trusted,
            signed=self.signed,
            body=body or Body(),
            source=source,
        )


def split(path: str) -> tuple[str, str, str]:
    """`account/container/name` in its parts; what is not there is empty."""
    account, _, rest = path.lstrip("/").partition("/")
    container, _, name = rest.partition("/")
    return account, container, name


def is_s3(call: Call) -> bool:
    """Whether a request of the S3 API became this one."""
    return call.context.within in (S3, S3_ITSELF)


def request_of(call: Call, message: Any, verb: str, who: Identity) -> Request:
    """What the contract's message says, with headers and query by their names on the wire."""
    headers = Headers()
    query: dict[str, str] = {}
    for name, wire, place in _fields(message.DESCRIPTOR):
        if "-sysmeta-" in wire and not is_s3(call):
            continue
        if place == "prefix":
            for key, value in getattr(message, name).items():
                headers[wire + key] = value
        elif message.HasField(name):
            (headers if place == "header" else query)[wire] = getattr(message, name)
    account, container = message.account or "endpoints", getattr(message, "container", "")
    name = getattr(message, "object", "")
    trusted = call.context.within == S3_ITSELF
    return Request(call, verb, account, container, name, headers, query, who, body=Body(call.blob), trusted=trusted)


@cache
def _fields(descriptor: AnyMessageType) -> tuple[tuple[str, str, str], ...]:
    """(field, name on the wire, header, prefix or query) of what a request says beside its path and its bytes."""
    found = []
    for one in descriptor.fields:
        rules = field_rules(one)
        if rules.header_prefix:
            found.append((one.name, rules.header_prefix.lower(), "prefix"))
        elif rules.header:
            found.append((one.name, rules.header.lower(), "header"))
        elif one.has_presence:
            found.append((one.name, wire_key(one), "query"))
    return tuple(found)


OUTCOMES: Mapping[int, str] = {
    200: "done",
    201: "created",
    202: "accepted",
    204: "no_content",
    206: "partial",
    301: "moved",
    302: "found",
    303: "see_other",
    304: "not_modified",
    307: "temporary_redirect",
}
"""HTTP status -> the name that the contract gives it among an operation's outcomes."""


def result_of(operation: Operation, response: Response) -> ByteStream | Outcome:
    """A response as the handler's result."""
    stream, size = response.stream, response.size
    if stream is None:
        stream, size = _once(response.body), len(response.body)
    headers = dict(response.headers)
    content_type = headers.pop("Content-Type", response.content_type)
    result = ByteStream(stream, size, content_type, headers)
    return result if response.status == operation.status(0) else Outcome(OUTCOMES[response.status], result)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


def page(status: int, phrase: str, text: str) -> bytes:
    """Swift's page for a status (swift.common.swob.Response._resp_body_property)."""
    return f"<html><h1>{phrase}</h1><p>{text}</p></html>".encode()
