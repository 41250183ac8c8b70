"""Which messages a store keeps decoded, so that what others keep of them (rendered JSON) goes when they go."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message


class Held:
    """Messages by identity, counted: one may be kept both as an object and as its own view."""

    __slots__ = ("_counts", "_listeners")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._listeners: list[Callable[[int], None]] = []

    def __contains__(self, message: Message) -> bool:
        return id(message) in self._counts

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Call a function with the identity of each message that is no longer kept, before it goes."""
        self._listeners.append(listener)

    def add(self, message: Message) -> None:
        key = id(message)
        self._counts[key] = self._counts.get(key, 0) + 1

    def drop(self, message: Message) -> None:
        key = id(message)
        left = self._counts[key] - 1
        if left:
            self._counts[key] = left
            return
        del self._counts[key]
        for listener in self._listeners:
            listener(key)
