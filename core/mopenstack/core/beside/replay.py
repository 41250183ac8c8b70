"""What one call has asked elsewhere: its answers are given again when the call is made again."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.elsewhere import Question
from mopenstack.contract.faults import Fault
from mopenstack.core.engine.caller import ANONYMOUS, Caller
from mopenstack.core.engine.clouds import Ids


class Needed(BaseException):
    """A call needs an answer from elsewhere: it ends, and is made again with it.

    No handler is to take it for a failure; no transaction is held while others answer.
    """

    def __init__(self, question: Question) -> None:
        super().__init__(question.operation.name)
        self.question = question


@dataclass(slots=True)
class Exchange:
    """One question with its answer: a response message, or a refusal."""

    question: Question
    key: tuple[Any, ...]
    answer: Message | Fault


class Replay:
    """The exchanges of one call, in their order, and what makes each of its runs the same: the ids that it drew.

    A run that asks something else than the one before (another call has changed the cloud meanwhile) goes on from
    there anew; what it wrote elsewhere and does not write again is in `abandoned`.
    """

    def __init__(self, ids: Ids) -> None:
        self.asked: list[Exchange] = []
        self.abandoned: list[Exchange] = []
        self._cloud_ids = ids
        self.ids = ReplayedIds(ids)
        self.verdict: Caller | Fault = ANONYMOUS
        """Whose token the call came with, or why it is none."""
        self.is_due = True
        """Whether what is due is being completed, and the call itself has not begun."""
        self.due_waits = False
        """Whether what is due has to wait: a service that it needs does not answer."""
        self._has_begun = False
        self._place = 0

    def begin(self) -> None:
        """Another transaction begins: what is due is completed, or else the call itself follows."""
        self._place = 0
        self.ids.place = 0
        self.is_due = not self._has_begun

    @property
    def skips_due(self) -> bool:
        """Whether nothing is completed before the call in this run: it has begun, or what is due waits."""
        return self.due_waits or self._has_begun

    def begin_call(self) -> None:
        """The call itself begins: what was due is done, and what was asked for it is no part of the call."""
        if not self._has_begun:
            self._has_begun = True
            self.is_due = False
            self.asked.clear()
            self.ids = ReplayedIds(self._cloud_ids)
            self._place = 0

    def answer(self, question: Question) -> Message:
        """The answer to a question; raises the refusal that it is, and Needed where it is yet to be asked."""
        key = question.key
        if question.reads and (known := self._read_before(key)) is not None:
            return _given(known)
        place = self._place
        if place < len(self.asked):
            if self.asked[place].key == key:
                self._place += 1
                return _given(self.asked[place])
            self.abandoned += self.asked[place:]
            del self.asked[place:]
        raise Needed(question)

    def add(self, question: Question, answer: Message | Fault) -> None:
        """Keep an answer for the next run."""
        self.asked.append(Exchange(question, question.key, answer))

    def _read_before(self, key: tuple[Any, ...]) -> Exchange | None:
        """The same read of this run, with nothing written elsewhere since."""
        for one in reversed(self.asked[: self._place]):
            if not one.question.reads:
                return None
            if one.key == key:
                return one
        return None


def _given(one: Exchange) -> Message:
    if isinstance(one.answer, Fault):
        raise one.answer
    return one.answer


class ReplayedIds(Ids):
    """The ids of a cloud, of which each run of a call draws the same."""

    __slots__ = ("_drawn", "_ids", "place")

    def __init__(self, ids: Ids) -> None:
        super().__init__()
        self._ids = ids
        self._drawn: list[int] = []
        self.place = 0

    def _bits(self, bits: int) -> int:
        return self._next(lambda: self._ids._bits(bits))

    def below(self, end: int) -> int:
        """A number in [0, end)."""
        return self._next(lambda: self._ids.below(end)) % end

    def _next(self, draw: Callable[[], int]) -> int:
        if self.place == len(self._drawn):
            self._drawn.append(draw())
        self.place += 1
        return self._drawn[self.place - 1]


CURRENT: ContextVar[Replay | None] = ContextVar("replay", default=None)
"""That of the call which is answered; None where nothing is elsewhere (the seed)."""
