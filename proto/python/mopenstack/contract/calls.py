"""What passes between gateway and core beside the request message: the same in one process and over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.contract.operations import LATEST, Operation

_LOOPBACK = ("127.", "::1", "ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:", "::ffff:127.")


def is_loopback(peer: str) -> bool:
    """Whether a peer, as HTTP or gRPC names it, is on this machine."""
    return peer.startswith(_LOOPBACK)


@dataclass(slots=True)
class CallMetadata:
    """gRPC metadata, typed. `base_url` is how the client reached the cloud: scheme, host and cloud prefix.

    `verb` and `path` (behind the API's prefix) are those of an HTTP request, empty for a call over gRPC.
    """

    cloud: str = ""
    token: str = ""
    base_url: str = "http://127.0.0.1:8800"
    microversion: int = LATEST
    request_id: str = ""
    remote: str = ""
    body: AsyncIterator[bytes] | None = None  # of operations with raw_request
    content_type: str = ""
    verb: str = ""
    path: str = ""


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
    status: int = 0


@dataclass(slots=True)
class Reply:
    """`result` is the response message, the bare object that is its envelope's value, a Page or a ByteStream.

    A bare object and a Page's items are shared and must not be changed: their rendered JSON is kept.
    """

    result: Message | Page | ByteStream
    audience: str = ""  # "admin", or "" for everybody else


class Core(Protocol):
    """The core as the gateway sees it, whether in this process or behind gRPC. Raises Fault."""

    async def call(self, operation: Operation, request: Message, metadata: CallMetadata) -> Reply: ...

    async def authenticate(self, metadata: CallMetadata) -> None:
        """Only look at the token: raises Unauthorized for one that does not work."""
