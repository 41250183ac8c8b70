"""The smallest requests that still show a fault: fewer of them first, then less in the last one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from fuzz import trees
from fuzz.campaign import Session
from fuzz.clouds import Yard
from fuzz.judge import Fault, Judge
from fuzz.shots import Shot

Numbered = list[tuple[int, Shot]]
"""Requests with their numbers in the round, which references name."""
Shows = Callable[[Numbered], bool]
ATTEMPTS_MAX = 120
SECONDS_MAX = 120.0
"""How long one fault may be made smaller, so that slow ones do not take all the time of a run."""
TEXT_MIN = 8

_names = (f"shrink-{number}" for number in itertools.count(1))


def shrunk(shots: Sequence[Shot], shows: Shows, attempts: int = ATTEMPTS_MAX) -> Numbered:
    """The smallest sequence found in so many attempts; empty if not even the whole one shows the fault again."""
    budget = _Budget(shows, attempts)
    numbered = list(enumerate(shots))
    for start in (_needed(numbered), _writes(numbered), numbered):
        if budget.shows(start):
            break
    else:
        return []
    kept = _fewer(start, budget)
    return _smaller(kept, budget)


class _Budget:
    def __init__(self, shows: Shows, attempts: int) -> None:
        self._shows, self._left = shows, attempts
        self._end = time.monotonic() + SECONDS_MAX

    def shows(self, shots: Numbered) -> bool:
        self._left -= 1
        return self._left >= 0 and time.monotonic() < self._end and self._shows(shots)


def _needed(shots: Numbered) -> Numbered:
    """The last request and, again and again, those whose answers it names."""
    wanted = {shots[-1][0]}
    for number, shot in reversed(shots):
        if number in wanted:
            wanted |= shot.references()
    return [(number, shot) for number, shot in shots if number in wanted]


def _writes(shots: Numbered) -> Numbered:
    needed = {number for number, _ in _needed(shots)}
    return [(number, shot) for number, shot in shots if number in needed or shot.verb not in ("GET", "HEAD", "OPTIONS")]


def _fewer(shots: Numbered, budget: _Budget) -> Numbered:
    """Delta debugging over all but the last."""
    size = max(1, (len(shots) - 1) // 2)
    while size:
        start = 0
        while start < len(shots) - 1:
            end = min(start + size, len(shots) - 1)
            fewer = shots[:start] + shots[end:]
            if budget.shows(fewer):
                shots = fewer
            else:
                start = end
        size //= 2
    return shots


def _smaller(shots: Numbered, budget: _Budget) -> Numbered:
    """Take off the last request whatever it can do without."""
    number, shot = shots[-1]
    again = True
    while again:
        again = False
        for less in _less(shot):
            if budget.shows([*shots[:-1], (number, less)]):
                shot, again = less, True
                break
    return [*shots[:-1], (number, shot)]


def _less(shot: Shot) -> Iterator[Shot]:
    if shot.pipelined:
        yield replace(shot, pipelined=0)
    if shot.framing != "length":
        yield replace(shot, framing="length")
    if shot.newline != "\r\n":
        yield replace(shot, newline="\r\n")
    if shot.version != "HTTP/1.1":
        yield replace(shot, version="HTTP/1.1")
    for index in range(len(shot.damage)):
        yield replace(shot, damage=shot.damage[:index] + shot.damage[index + 1 :])
    if shot.query:
        yield replace(shot, query=())
    for index in range(len(shot.query)):
        yield replace(shot, query=shot.query[:index] + shot.query[index + 1 :])
    for index in range(len(shot.headers)):
        yield replace(shot, headers=shot.headers[:index] + shot.headers[index + 1 :])
    if shot.body is not None:
        yield replace(shot, body=None)
        yield from (replace(shot, body=body) for body in _less_body(shot.body))


def _less_body(text: str) -> Iterator[str]:
    try:
        body = trees.parsed(text)
    except ValueError:
        if len(text) > TEXT_MIN:
            yield text[: len(text) // 2]
            yield text[len(text) // 2 :]
        return
    for place in trees.places(body):
        value = trees.at(body, place)
        if place:
            yield trees.text_of(trees.dropped(body, place))
        for less in _less_value(value):
            yield trees.text_of(trees.put(body, place, less))


def _less_value(value: Any) -> Iterator[Any]:
    if isinstance(value, (str, list)) and len(value) > TEXT_MIN and "{{" not in value:
        yield value[: len(value) // 2]
    if isinstance(value, dict) and len(value) > TEXT_MIN:
        yield dict(list(value.items())[: len(value) // 2])


def repeats(yard: Yard, arrangement: str, judge: Judge, fault: Fault) -> Shows:
    """Whether requests show a fault again, on a fresh cloud."""

    def shows(shots: Numbered) -> bool:
        running = yard.get(arrangement)
        found = None
        with Session(running, judge, next(_names)) as session:
            for number, shot in shots:
                found = session.send(number, shot)[1]
        return found is not None and found.signature == fault.signature

    return shows
