"""What was acknowledged, when, and what an unanswered call may have done."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

PRESENT = "present"
HISTORY_SHOWN = 12
Seen = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Kind -> id -> field -> value, as a cloud shows it now."""


class Refused(Exception):
    """The cloud said no: nothing was changed."""


class Unsent(Refused):
    """There was no connection to send it over."""


class Unanswered(Exception):
    """No answer came, or one that leaves open what was done."""


@dataclass(eq=False)
class Entry:
    """One object that a client made. `known` holds its acknowledged fields, `present` among them."""

    kind: str
    name: str
    owner: str
    id: str = ""
    known: dict[str, Any] = field(default_factory=lambda: {PRESENT: False})
    pending: int = 0
    """Unanswered steps that may have changed it."""
    history: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.known.get(name)

    @property
    def usable(self) -> bool:
        """It is there, and all about it is known."""
        return bool(self.known[PRESENT]) and not self.pending

    def __str__(self) -> str:
        past = "\n".join(f"      {line}" for line in self.history[-HISTORY_SHOWN:])
        return f"{self.kind} {self.name} ({self.id or 'no id yet'})\n{past}"


class Step:
    """One call: all of its effects, or none. A context: how it ends says which."""

    def __init__(self, ledger: Ledger, what: str) -> None:
        self._ledger, self.what = ledger, what
        self.effects: dict[tuple[Entry, str], tuple[Any, Any]] = {}
        """(entry, field) -> (before, after)."""

    def creates(self, entry: Entry, **fields: Any) -> Step:
        entry.known.update(fields)
        self._ledger.add(entry)
        return self.changes(entry, present=True)

    def changes(self, entry: Entry, **fields: Any) -> Step:
        for name, value in fields.items():
            self.effects[entry, name] = (entry.known.get(name), value)
        return self

    def deletes(self, entry: Entry) -> Step:
        return self.changes(entry, present=False)

    @property
    def entries(self) -> set[Entry]:
        return {entry for entry, _ in self.effects}

    def __enter__(self) -> Step:
        for entry in self.entries:
            entry.pending += 1
            entry.history.append(f"{self._ledger.now} sent: {self.what}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self._ledger.steps += not isinstance(error, Unsent)
        if kind is None:
            self.end("after", "acknowledged")
        elif isinstance(error, Refused):
            self.end("before", f"refused: {error}")
        else:
            for entry in self.entries:
                entry.history.append(f"{self._ledger.now} not answered: {error!r}")
            self._ledger.unanswered.append(self)
        return False

    def end(self, state: Literal["before", "after"], why: str) -> None:
        """The step is over, with all of its effects or with none."""
        for (entry, name), (before, after) in self.effects.items():
            entry.known[name] = after if state == "after" else before
        for entry in self.entries:
            entry.pending -= 1
            entry.history.append(f"{self._ledger.now} {why}: {self.what}")


class Ledger:
    """Everything that the clients of one run made."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self.unanswered: list[Step] = []
        self.steps = 0
        self.settled = {"done": 0, "not done": 0}
        self._started = time.monotonic()

    @property
    def now(self) -> str:
        """Seconds since the run began."""
        return f"{time.monotonic() - self._started:9.3f} s"

    def add(self, entry: Entry) -> None:
        self._entries[entry.name] = entry

    def step(self, what: str) -> Step:
        return Step(self, what)

    def of(self, owner: str, kind: str) -> list[Entry]:
        """The usable objects of a client, in the order of their making."""
        return [e for e in self._entries.values() if e.owner == owner and e.kind == kind and e.usable]

    def past(self, owner: str, text: str) -> list[str]:
        """The past of a client's objects that a text names by their ids, and of its routers, which others depend on."""
        mine = [entry for entry in self._entries.values() if entry.owner == owner]
        return [str(entry) for entry in mine if entry.kind == "router" or (entry.id and entry.id in text)]

    def is_known(self, owner: str, kind: str) -> bool:
        """No unanswered step may have changed one of a client's objects of a kind."""
        return not any(e.pending for e in self._entries.values() if e.owner == owner and e.kind == kind)

    def kinds(self) -> Iterator[tuple[str, set[str]]]:
        """Each kind of object, with the ids that are known to be there."""
        found: dict[str, set[str]] = {}
        for entry in self._entries.values():
            ids = found.setdefault(entry.kind, set())
            if entry.known[PRESENT]:
                ids.add(entry.id)
        yield from found.items()

    # -- held against what is there

    def settle(self, seen: Seen) -> list[str]:
        """Find out what unanswered calls did; returns what is lost, half done, or there although it should not be."""
        self._find_ids(seen)
        wrong = [text for step in self.unanswered if (text := self._settle(step, seen))]
        self.unanswered.clear()
        for entry in self._entries.values():
            wrong += self._compare(entry, seen)
        wrong += self._strangers(seen)
        for name in [name for name, entry in self._entries.items() if not entry.known[PRESENT]]:
            del self._entries[name]
        return wrong

    def _find_ids(self, seen: Seen) -> None:
        names = {(kind, one.get("name")): id for kind, ids in seen.items() for id, one in ids.items()}
        for step in self.unanswered:
            for entry in step.entries:
                entry.id = entry.id or names.get((entry.kind, entry.name), "")

    def _settle(self, step: Step, seen: Seen) -> str:
        found = {place: _value(seen, *place) for place in step.effects}
        for state, which in (("after", 1), ("before", 0)):
            # Fields of what is gone cannot be asked for: its being gone says enough.
            if all(found[place] in (both[which], GONE) for place, both in step.effects.items()) and all(
                found[place] == both[which] for place, both in step.effects.items() if place[1] == PRESENT
            ):
                self.settled["done" if which else "not done"] += 1
                step.end("after" if which else "before", f"seen to be as {state}")
                return ""
        lines = [
            f"    {entry.kind} {entry.name}: {name} is {found[entry, name]!r}; before {before!r}, after {after!r}"
            for (entry, name), (before, after) in step.effects.items()
        ]
        step.end("after", "half done")
        return "\n".join([f"half done: {step.what}", *lines, *(f"    {entry}" for entry in step.entries)])

    def _compare(self, entry: Entry, seen: Seen) -> list[str]:
        one = seen.get(entry.kind, {}).get(entry.id)
        if not entry.known[PRESENT]:
            return [] if one is None else [f"acknowledged as deleted, and there: {entry}"]
        if one is None:
            return [f"lost: {entry}"]
        return [
            f"lost change: {name} is {one.get(name)!r} and was acknowledged as {value!r}: {entry}"
            for name, value in entry.known.items()
            if name != PRESENT and one.get(name) != value
        ]

    def _strangers(self, seen: Seen) -> list[str]:
        return [
            f"never acknowledged, and there: {kind} {id} {seen[kind][id].get('name', '')}"
            for kind, ids in self.kinds()
            for id in seen.get(kind, {}).keys() - ids
        ]


GONE = object()
"""The value of a field of an object that is not there."""


def _value(seen: Seen, entry: Entry, name: str) -> Any:
    one = seen.get(entry.kind, {}).get(entry.id)
    if name == PRESENT:
        return one is not None
    return GONE if one is None else one.get(name)
