"""What is known of services before they are loaded: enough to find what a request, an event or an option is about.

It is taken from services that were loaded whole, and kept (mopenstack.contract.kept) for the next start, which loads a
service when something needs it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

V = TypeVar("V")

SLICE_SECONDS = 0.01
"""Loading lets others be answered so often."""


@dataclass(slots=True)
class Known:
    """Of one service.

    apis           package -> the serialized Api of its contract
    operations     full name of each RPC -> what of it streams: "", "request", "response" or "request response"
    not_served     those that have no handler
    kinds          of resources that its contract declares
    with_others    kinds of objects that some of its objects are deleted with
    events         "event kind" of each that its core subscribes
    owners         kinds that its core has a servicer for
    lifecycles     kinds that its core has a table for
    quotas         names of the services whose quota sets its core has
    options        (name, default, help, choices) of its options
    watched        the package whose generation it asks for
    recovers       whether it has something to undo after a kill
    front, domain  of its dialect
    """

    apis: dict[str, str] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    not_served: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    with_others: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    lifecycles: list[str] = field(default_factory=list)
    quotas: list[str] = field(default_factory=list)
    options: list[tuple[str, str, str, list[str]]] = field(default_factory=list)
    watched: str = ""
    recovers: bool = False
    front: str = ""
    domain: str = ""

    def add_api(self, package: str, serialized: bytes) -> None:
        self.apis[package] = base64.b64encode(serialized).decode()

    def serialized_apis(self) -> Iterator[tuple[str, bytes]]:
        for package, text in self.apis.items():
            yield package, base64.b64decode(text)


def dumped(known: Mapping[str, Known]) -> bytes:
    """What is known of services, by their names."""
    return json.dumps({name: asdict(one) for name, one in known.items()}).encode()


def loaded(data: bytes) -> dict[str, Known]:
    """The same again; raises ValueError or TypeError for what is nothing of the kind."""
    return {name: Known(**facts) for name, facts in json.loads(data).items()}


async def in_slices(steps: Iterable[None]) -> None:
    """Take steps, and let others be answered in between."""
    begun = time.perf_counter()
    for _ in steps:
        if time.perf_counter() - begun > SLICE_SECONDS:
            await asyncio.sleep(0)
            begun = time.perf_counter()


def at_once(steps: Iterable[None]) -> None:
    """Take steps without a pause."""
    for _ in steps:
        pass


class OnDemand(Mapping[str, V], Generic[V]):
    """What services have, by name: those that have what is asked for are loaded then, and all for whoever goes through.

    there    what is loaded
    place    name -> what loads what has it; None where nothing does
    fill     loads all
    """

    def __init__(self, place: Callable[[str], Callable[[], None] | None], fill: Callable[[], None]) -> None:
        self.there: dict[str, V] = {}
        self._place, self._fill = place, fill

    def __getitem__(self, name: str) -> V:
        found = self.there.get(name)
        if found is None:
            load = self._place(name)
            if load is not None:
                load()
            found = self.there[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.there or (isinstance(name, str) and self._place(name) is not None)

    def get(self, name: str, default: Any = None) -> Any:
        found = self.there.get(name)
        if found is not None:
            return found
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(self.there)

    def __len__(self) -> int:
        self._fill()
        return len(self.there)
