"""Where an answer differs from the recorded one: the walk through both, and what differs in their shapes.

Tests that hold answers to every value bring their own rules to the same walk (`Comparison`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_END = re.compile(r"(?:_(?:ids?|uuids?|ref)|_?ids?)\Z")
_PLACE = re.compile(r"\[\d*\]\Z")
MARKS = ("type", "name", "id", "uuid", "hypervisor_hostname")
_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", dict: "object"}


def kind_of(word: str) -> str:
    """`network` of `networks`, `network_id`, `networkRef`; `volume_attachment` of `os-volume_attachments`."""
    name = _CAPITAL.sub("_", word).lower().replace("-", "_").removeprefix("os_")
    name = _END.sub("", name) or name
    name = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
    return "project" if name == "tenant" else name


def mark(item: Any) -> str:
    """What names an item of a list."""
    if not isinstance(item, dict):
        return str(item)
    if "binary" in item:
        return f"{item['binary']} {item.get('host')}"
    return next((str(item[key]) for key in MARKS if key in item), "")


def type_of(value: Any) -> str:
    """The type of a JSON value; null is of none."""
    return "null" if value is None else _TYPES[type(value)]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents differ."""

    kind: str
    """status, envelope, keys, types, items or values."""
    where: str
    says: str
    recorded: Any = None
    ours: Any = None

    def __str__(self) -> str:
        return f"{self.where}: {self.says}"


class Comparison:
    """Walks through two documents; subclasses say what differs in lists and values.

    ids     recorded id -> ours, found on the way
    known   ids that stand in both clouds
    """

    def __init__(self, ids: dict[str, str] | None = None, known: frozenset[str] = frozenset()) -> None:
        self.ids: dict[str, str] = {} if ids is None else ids
        self.known = known

    def differences(self, recorded: Any, ours: Any, where: str = "") -> Iterator[Difference]:
        """One for each place where two documents differ."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            yield from self.of_objects(recorded, ours, where)
        elif isinstance(recorded, list) and isinstance(ours, list):
            yield from self.of_lists(recorded, ours, where)
        else:
            yield from self.of_values(recorded, ours, where)

    def of_objects(self, recorded: dict[str, Any], ours: dict[str, Any], where: str) -> Iterator[Difference]:
        """Keys that one of both lacks, and what differs behind the others."""
        drawn = {key for key in recorded if ID.fullmatch(key) and key not in self.known}
        if drawn and len(recorded) == len(ours):
            ours = {self.ids.get(key, old): value for old, (key, value) in zip(recorded, ours.items(), strict=True)}
        kind = "keys" if where else "envelope"
        if lacking := recorded.keys() - ours.keys():
            words = sorted(lacking)
            yield Difference(kind, where, f"lacks {', '.join(words)}", words, None)
        if more := self.besides(ours.keys() - recorded.keys()):
            words = sorted(more)
            yield Difference(kind, where, f"has {', '.join(words)} besides", None, words)
        for key in recorded:
            if key in ours:
                yield from self.differences(recorded[key], ours[key], f"{where}.{key}")

    def besides(self, more: set[str]) -> set[str]:
        """Of the keys that ours alone has, those that differ."""
        return more

    def of_lists(self, recorded: list[Any], ours: list[Any], where: str) -> Iterator[Difference]:
        """What differs in two lists."""
        raise NotImplementedError

    def of_values(self, recorded: Any, ours: Any, where: str) -> Iterator[Difference]:
        """What differs in two values that are not both objects or both lists."""
        raise NotImplementedError


@dataclass(slots=True)
class Ids:
    """What the answers of a replay gave: recorded id -> ours."""

    long: dict[str, str] = field(default_factory=dict)
    short: dict[tuple[str, str], str] = field(default_factory=dict)
    """By kind: "1" names a flavor and an aggregate."""

    def learn(self, recorded: Any, ours: Any, where: str) -> None:
        """Take up what two values at the same place say."""
        if isinstance(recorded, str) and isinstance(ours, str):
            before, after = ID.findall(recorded), ID.findall(ours)
            if len(before) == len(after):
                for old, new in zip(before, after, strict=True):
                    self.long.setdefault(old, new)
                if before:
                    return
        parents = where.split(".")
        if parents[-1] in ("id", "uuid") and len(parents) > 1 and recorded != ours:
            self.short.setdefault((kind_of(_PLACE.sub("", parents[-2])), str(recorded)), str(ours))

    def text(self, text: str, kind: str = "") -> str:
        """A recorded text with our ids; `kind` is what it may name."""
        if (kind, text) in self.short:
            return self.short[kind, text]
        return ID.sub(lambda found: self.long.get(found[0], found[0]), text)

    def path(self, path: str) -> str:
        """A recorded path with our ids."""
        before, question, query = path.partition("?")
        parts = before.split("/")
        parts = [self.text(part, kind_of(parts[number - 1]) if number else "") for number, part in enumerate(parts)]
        return "/".join(parts) + question + self.text(query)

    def document(self, value: Any, key: str = "") -> Any:
        """A recorded document with our ids."""
        if isinstance(value, dict):
            return {self.text(name): self.document(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.document(inner, key) for inner in value]
        if isinstance(value, str):
            return self.text(value, kind_of(key))
        known = self.short.get((kind_of(key), str(value))) if isinstance(value, int) and key else None
        return int(known) if known is not None and known.isdecimal() else value


class Shapes(Comparison):
    """Keys and types: what values are, and which things a cloud has, does not differ. Learns ids on the way.

    A null is of any type, since what has no value yet is null.
    """

    def __init__(self, ids: Ids) -> None:
        super().__init__(ids.long)
        self._learned = ids

    def of_lists(self, recorded: list[Any], ours: list[Any], where: str) -> Iterator[Difference]:
        pairs, left = self.paired(recorded, ours)
        for number, old, new in pairs:
            yield from self.differences(old, new, f"{where}[{number}]")
        for number, old in left:
            made = self.ids.get(str(old.get("id"))) if isinstance(old, dict) else None
            if made is not None:
                yield Difference("items", f"{where}[{number}]", f"lacks {mark(old)}", mark(old), None)
            elif ours:
                yield from Shapes(Ids()).differences(old, ours[0], f"{where}[{number}]")

    def paired(self, recorded: list[Any], ours: list[Any]) -> tuple[list[tuple[int, Any, Any]], list[tuple[int, Any]]]:
        """Items that are the same thing, by id, else by what names them, else by place; and those that ours lacks."""
        rest = dict(enumerate(ours))
        pairs: dict[int, Any] = {}
        for wants, has in ((self._by_id, _own_id), (mark, mark)):
            for number, old in enumerate(recorded):
                if number in pairs or not (wanted := wants(old)):
                    continue
                found = next((place for place, new in rest.items() if has(new) == wanted), None)
                if found is not None:
                    pairs[number] = rest.pop(found)
        left = [number for number in range(len(recorded)) if number not in pairs]
        if len(left) == len(rest):
            pairs |= dict(zip(left, rest.values(), strict=True))
        return (
            [(number, recorded[number], pairs[number]) for number in sorted(pairs)],
            [(number, recorded[number]) for number in left if number not in pairs],
        )

    def _by_id(self, item: Any) -> str:
        id = _own_id(item)
        return self.ids.get(id, id) if ID.fullmatch(id) else ""

    def of_values(self, recorded: Any, ours: Any, where: str) -> Iterator[Difference]:
        if recorded is None or ours is None:
            return
        before, after = type_of(recorded), type_of(ours)
        if before != after:
            yield Difference("types", where, f"{after}, recorded {before}", before, after)
            return
        self._learned.learn(recorded, ours, where)


def _own_id(item: Any) -> str:
    return str(item.get("id") or item.get("uuid") or "") if isinstance(item, dict) else ""


def without_place(document: Any, places: Mapping[str, str]) -> Any:
    """A document with the addresses of services as `{compute}` and the like."""
    text = json.dumps(document)
    for place, name in places.items():
        text = text.replace(place, name)
    return json.loads(text)
