"""What takes a while and needs no store: it is made while no transaction is held.

An answer that a client waits for is made after the transaction of its call (`Later`). What a call needs within its
transaction ends that (`Outside`), is made, and the transaction is begun again with it (`Made`), as it is for services
that are not loaded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mopenstack.contract.calls import Outcome, Reply, Result
from mopenstack.contract.faults import Unavailable

MADE_MAX = 200
"""So much is made for one transaction; a call that needs more is refused."""


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that takes a while and needs the store no longer: it is made after the transaction, others go on.

    within   makes it instead for a call of another one, inside of the transaction of that, whose part it is
    """

    make: Callable[[], Awaitable[Result | Outcome]]
    within: Callable[[], Awaitable[Result | Outcome]] | None = None


async def whole(reply: Reply, later: Later) -> Reply:
    """The reply with its result, which is made only now that the transaction is over."""
    made = await later.make()
    if isinstance(made, Outcome):
        reply.outcome, made = made.name, made.result
    reply.result = made
    return reply


class Outside(BaseException):
    """A call needs what takes a while: its transaction ends, and is made again with it.

    No handler is to take it for a failure.
    """

    def __init__(self, key: str, make: Callable[[], Awaitable[Any]]) -> None:
        super().__init__("what takes a while is made outside of the transaction")
        self.key, self.make = key, make
        self.due: tuple[str, str, str] | None = None
        """The transition that needs it; None for the call itself."""


class Made:
    """What was made for one transaction, in the order in which it asks: each of its runs is given the same.

    A run that asks for something else than the one before (the cloud has changed meanwhile) goes on from there anew.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[str, Any]] = []
        self.count = 0
        """How much of it the run has taken."""
        self._total = 0

    def again(self) -> Made:
        """Another run begins."""
        self.count = 0
        return self

    def clear(self) -> None:
        """The transaction holds; what follows is another one."""
        self._kept.clear()

    def take(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """What `make` gives or raises; `key` says what is asked for. Raises Outside where it is yet to be made."""
        if self.count < len(self._kept) and self._kept[self.count][0] == key:
            found = self._kept[self.count][1]
            self.count += 1
            if isinstance(found, Exception):
                raise found
            return found
        del self._kept[self.count :]
        raise Outside(key, make)

    async def add(self, wanted: Outside) -> None:
        """Make what a run asked for; raises Unavailable where that is too much."""
        self._total += 1
        if self._total > MADE_MAX:
            raise Unavailable("The call needs too much that takes a while.")
        try:
            made = await wanted.make()
        except Exception as refused:
            made = refused
        self._kept.append((wanted.key, made))
