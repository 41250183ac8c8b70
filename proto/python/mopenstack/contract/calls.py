"""What passes between gateway and core beside the request message: the same in one process and over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.contract.noted import CallFacts, Noted
from mopenstack.contract.operations import LATEST, Operation


@dataclass(slots=True)
class RequestContext:
    """One request: gRPC metadata, typed, and what HTTP says beside the message."""

    cloud: str = ""
    token: str = ""
    cloud_url: str = "http://127.0.0.1:8800"
    """How the client reached the cloud: scheme, host and cloud prefix."""
    microversion: int = LATEST
    request_id: str = ""
    remote: str = ""
    body: AsyncIterator[bytes] | None = None
    """The bytes of an operation with raw_request."""
    content_type: str = ""
    verb: str = ""
    """Of an HTTP request; empty for a call over gRPC, as is `path`, which begins behind the API's prefix."""
    path: str = ""
    project_id: str = ""
    """The segment of the path that the Api's `optional_prefix` stands for."""
    within: str = ""
    """The other API whose request this one is a part of ("s3"); empty for a client's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that the Api declares as `context_headers`, by their names in lower case."""
    wanted_id: str = ""
    """The id that the new object of a create shall have: what a seed asks for, never a client."""
    admin_token: str = ""
    """What the client shows to reach the admin API."""

    # What the gateway alone needs.
    api_url: str = ""
    """`cloud_url` with the API's prefix."""
    pairs: Sequence[tuple[str, str]] = ()
    """The query string, decoded."""
    raw_query: str = ""
    """The query string as it came."""
    document: Any = None
    """The JSON body."""
    has_document: bool = False
    """Whether there was one that could be read; it may be null."""
    unread: bytes = b""
    """The body of an operation that reads its body in a way of its own."""
    accept: str = ""
    """Which answers the client takes, in HTTP's words."""

    facts: CallFacts | None = None
    """What steps on the way find out of the request, for those that observe the calls."""
    keep: bool = False
    """Whether the answer is to be kept, and so what is read for it to be noted."""
    basis: Any = None
    """Of the reply, where the answer may be kept."""

    faults: str = ""
    """The fault rules that acted on the call, by their ids with commas."""
    truncates: bool = False
    """Whether one of them breaks the answer off."""
    drops: bool = False
    """Whether one of them takes it away."""

    def found(self, endpoint: Any, operation: Operation, route: str) -> None:
        """Tell those that observe the calls what the request is about."""
        facts = self.facts
        if facts is not None:
            facts.endpoint, facts.operation, facts.route = endpoint, operation, route
            facts.microversion = self.microversion

    def inner(self, microversion: int = LATEST) -> RequestContext:
        """The context of another operation within this request: at its own microversion, without body and query."""
        return RequestContext(
            cloud=self.cloud,
            token=self.token,
            cloud_url=self.cloud_url,
            microversion=microversion,
            request_id=self.request_id,
            remote=self.remote,
            content_type=self.content_type,
            verb=self.verb,
            path=self.path,
            within=self.within,
            api_url=self.api_url,
            facts=self.facts,
        )


@dataclass(slots=True)
class Page:
    """A list answer: objects of any message that has the answer's field names, and where the list goes on."""

    items: Sequence[Message]
    next_marker: str = ""
    previous_marker: str = ""
    extra: dict[str, Any] = field(default_factory=dict)  # other fields of the response message


PIECE_BYTES = 1024**2
"""What an answer of bytes that are all there is written in."""


@dataclass(slots=True)
class ByteStream:
    """Bytes as an answer (an image). `size` < 0: not known."""

    chunks: AsyncIterator[bytes]
    size: int
    content_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes, content_type: str = "application/octet-stream") -> ByteStream:
        """Bytes that are all there already."""

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, max(len(data), 1), PIECE_BYTES):
                yield data[start : start + PIECE_BYTES]

        return cls(pieces(), len(data), content_type)


Result = Message | Page | ByteStream


@dataclass(slots=True)
class Outcome:
    """A result by a name that the operation's `outcomes` declare: a PUT that `created` something."""

    name: str
    result: Result


@dataclass(slots=True)
class Reply:
    """`result` is the response message, the bare object that is its envelope's value, a Page or a ByteStream.

    A bare object and a Page's items are shared and must not be changed: their rendered JSON is kept.
    """

    result: Result
    audience: str = ""  # "admin", or "" for other callers
    outcome: str = ""  # one of the operation's outcomes, or "" for the usual one
    fields: Sequence[str] = ()  # of a response message from another process: the keys that its objects were cut down to
    basis: Any = None  # what the answer may be kept by (`Answers.keep`), where the context asks for that


class Answers(Protocol):
    """Whole answers, kept by the core until something that they were made of changes."""

    def find(self, cloud_name: str, key: Hashable) -> Any:
        """The kept answer to a request; None: there is none, or it may not be given now."""

    def commits(self, cloud_name: str) -> int:
        """How many transactions have written to a cloud, as far as this process knows."""

    def keep(self, key: Hashable, basis: Any, answer: Any, size: int) -> None:
        """Keep an answer of `size` bytes that was made of a reply with this `basis`."""


class Journal(Protocol):
    """The newest calls of one cloud."""

    bodies: bool
    """Whether their bodies and headers are kept too."""

    def add(self, call: Noted) -> None:
        """Keep a call."""

    def again(self, at: float, seconds: float, request_id: str, call: Noted) -> None:
        """Keep a read that came before, word for word, and was answered by what was kept: it is made in no time.

        `call` is what all of the kind have in common, without moment and id.
        """


class Traces(Protocol):
    """What follows calls through several services."""

    def answered(
        self, name: str, carrier: Mapping[str, str], at: float, seconds: float, failed: bool, facts: Mapping[str, Any]
    ) -> None:
        """Tell of a call that came at a time (seconds since the epoch); `carrier` are its headers or metadata."""


class Calls(Protocol):
    """What observes the calls of one process: the journals of its clouds, and its numbers."""

    def journal(self, cloud_name: str) -> Journal | None:
        """The journal of a cloud; None: it has none, or there is no such cloud."""

    def answered(self, operation: Operation | None, status: str, seconds: float) -> None:
        """Count a call: by its HTTP status, or the name of the gRPC status."""


class Core(Protocol):
    """The core as the gateway sees it, whether in this process or behind gRPC. Raises Fault."""

    @property
    def answers(self) -> Answers | None:
        """Of a core in this process; None: what another one reads cannot be known here."""

    @property
    def calls(self) -> Calls | None:
        """Of a core in this process; None: another one observes the calls that it is asked for."""

    async def call(self, operation: Operation, request: Message, context: RequestContext) -> Reply: ...

    def release(self, cloud_name: str) -> str | None:
        """The release of OpenStack that a cloud is of, empty for all that is served; None: ask `find_release`."""

    async def find_release(self, cloud_name: str) -> str:
        """The same, where it is not known at once; empty for a cloud that is not there."""

    def holds(self, message: Message) -> bool:
        """Whether the core keeps a message of a reply, so that what is made of it may be kept too."""

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Call a function with the identity of each such message once the core keeps it no longer."""

    async def authenticate(self, context: RequestContext, package: str) -> None:
        """Only look at the token: raises Unauthorized for one that does not work, or not for this request of an API."""

    async def admit(self, operation: Operation, request: Message, context: RequestContext) -> None:
        """Only look at the token, the target and the policy of a call whose request could not be read whole."""
