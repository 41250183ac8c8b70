"""What passes between gateway and core beside the request message: the same in one process and over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.contract.operations import LATEST, Operation

_LOOPBACK = ("127.", "::1", "ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:", "::ffff:127.")


def is_loopback(peer: str) -> bool:
    """Whether a peer, as HTTP or gRPC names it, is on this machine."""
    return peer.startswith(_LOOPBACK)


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
            api_url=self.api_url,
        )


@dataclass(slots=True)
class Page:
    """A list answer: objects of any message that has the answer's field names, and where the list goes on."""

    items: Sequence[Message]
    next_marker: str = ""
    previous_marker: str = ""
    extra: dict[str, Any] = field(default_factory=dict)  # other fields of the response message


@dataclass(slots=True)
class ByteStream:
    """Bytes as an answer (an image). `size` < 0: not known."""

    chunks: AsyncIterator[bytes]
    size: int
    content_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)


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


class Core(Protocol):
    """The core as the gateway sees it, whether in this process or behind gRPC. Raises Fault."""

    async def call(self, operation: Operation, request: Message, context: RequestContext) -> Reply: ...

    def holds(self, message: Message) -> bool:
        """Whether the core keeps a message of a reply, so that what is made of it may be kept too."""

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Call a function with the identity of each such message once the core keeps it no longer."""

    async def authenticate(self, context: RequestContext, package: str) -> None:
        """Only look at the token: raises Unauthorized for one that does not work, or not for this request of an API."""
