"""The bytes of a rendered object, kept for as long as the very same (immutable) message comes again."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message

from mopenstack.gateway.codec.encode import Encoder
from mopenstack.gateway.codec.values import dumps

KEPT_BYTES_MAX = 64 * 1024 * 1024


class Kept:
    """Rendered bytes of the messages that the core holds, for as long as it does; by their identity."""

    def __init__(self, holds: Callable[[Message], bool]) -> None:
        self._holds = holds
        self._kept: dict[int, dict[tuple[int, str], bytes]] = {}
        self._bytes = 0

    def render(self, message: Message, encoder: Encoder, base: str) -> bytes:
        """The object's JSON; rendered only if this very message was not rendered this way before."""
        key = (id(encoder), base)
        ways = self._kept.get(id(message))
        if ways is not None:
            found = ways.get(key)
            if found is not None:
                return found
        rendered = dumps(encoder.document(message, base))
        if self._holds(message):
            if self._bytes >= KEPT_BYTES_MAX:
                self._kept.clear()
                self._bytes = 0
            self._kept.setdefault(id(message), {})[key] = rendered
            self._bytes += len(rendered)
        return rendered

    def forget(self, identity: int) -> None:
        """Drop what was rendered of a message that the core holds no longer."""
        ways = self._kept.pop(identity, None)
        if ways is not None:
            self._bytes -= sum(map(len, ways.values()))
