"""Documents that a JSON Schema refuses: one wrong thing each, everything else as the schema wants it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
Holds = Callable[[Schema, Any], bool]
"""Whether a value is what a schema wants, as the service's own validator sees it."""
Build = Callable[[Any], Any]
"""The whole document with a value at one place."""

TEXTS = (
    "a", "abc", "1", "11111111-1111-4111-8111-111111111111", "10.0.0.1", "10.0.0.0/24", "00:11:22:33:44:55",
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z", "https://example.org/a", "http://10.0.0.1:80", "YWJj",
    "true",
    "ABC", "CUSTOM_ABC", "/dev/vdb", "active", "error", "a@b.c", "tcp", "IPv4", "a:b", "a=b", "password", "auto",
    "none",
    "host:1", "application", "1:2", "10%", "abcdefgh", "1.1", "DEBUG", "available", "in-use", "detached", "0" * 32,
    "ssh-rsa AAAA", "in:a", "VCPU:1", "default",
)  # fmt: skip
"""Strings of which one has nearly every pattern and format."""
KEYS = (*TEXTS, "CUSTOM_A", "VCPU", "_1")
OF_TYPES: dict[str, list[Any]] = {
    "object": [{"unexpected": "a"}, {}],
    "array": [["a"], []],
    "string": ["wrong!", ""],
    "integer": [987],
    "number": [1.5],
    "boolean": [True],
}
EMPTY: tuple[Any, ...] = ("", [], {})
LONGEST = 70_000
"""No text is made longer than this to be too long."""
DEPTH = 7


class Impossible(Exception):
    """There is no value that the schema takes, or none is found."""


def resolve(schema: Any, root: Schema) -> Schema:
    """A schema without its reference."""
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            found = found[step] if step else found
        schema = found
    return schema if isinstance(schema, dict) else {}


def types(schema: Schema, root: Schema) -> set[str]:
    """The JSON types that a schema speaks of; those of its alternatives together."""
    found: set[str] = set()
    if "type" in schema:
        kinds = schema["type"]
        found |= {kinds} if isinstance(kinds, str) else set(kinds)
    for word in ("oneOf", "anyOf", "allOf"):
        for one in schema.get(word, ()):
            found |= types(resolve(one, root), root)
    return found


class Maker:
    """Right and wrong documents of one schema."""

    def __init__(self, root: Schema, holds: Holds) -> None:
        self._root, self._holds = root, holds
        self._samples: dict[str, Any] = {}

    def sample(self, schema: Any, depth: int = 0) -> Any:
        """A small value that the schema takes."""
        schema = resolve(schema, self._root)
        name = json.dumps(schema, sort_keys=True, default=str)
        if name not in self._samples:
            self._samples[name] = self._sample(schema, depth)
        found = self._samples[name]
        if found is Impossible:
            raise Impossible(name[:200])
        return json.loads(json.dumps(found))

    def _sample(self, schema: Schema, depth: int) -> Any:
        whole = {**schema, **({"definitions": self._root["definitions"]} if "definitions" in self._root else {})}
        for value in self._candidates(schema, depth):
            if self._holds(whole, json.loads(json.dumps(value))):
                return value
        return Impossible

    def _candidates(self, schema: Schema, depth: int) -> Iterator[Any]:
        if depth > DEPTH:
            return
        yield from schema.get("enum", ())
        if "const" in schema:
            yield schema["const"]
        kinds = types(schema, self._root) or {"string", "object", "integer", "array"}
        if "object" in kinds:
            yield from self._objects(schema, depth)
        if "string" in kinds:
            least = max(1, schema.get("minLength", 1))
            yield from (text for text in TEXTS if len(text) >= least)
            yield "a" * least
        if kinds & {"integer", "number"}:
            low, high = schema.get("minimum"), schema.get("maximum")
            yield from (value for value in (1, low, high, 0, 2, -1, 10) if value is not None)
        if "boolean" in kinds:
            yield from (True, False)
        if "array" in kinds:
            yield from self._arrays(schema, depth)
        for word in ("oneOf", "anyOf", "allOf"):
            for one in schema.get(word, ()):
                rest = {key: value for key, value in schema.items() if key != word}
                yield from self._candidates(merged(rest, resolve(one, self._root)), depth + 1)
        if "null" in kinds:
            yield None

    def _objects(self, schema: Schema, depth: int) -> Iterator[Any]:
        properties = schema.get("properties", {})
        try:
            least = {key: self.sample(properties.get(key, {}), depth + 1) for key in schema.get("required", ())}
        except Impossible:
            return
        yield least
        for key, sub in properties.items():
            if key not in least:
                try:
                    yield {**least, key: self.sample(sub, depth + 1)}
                except Impossible:
                    continue
        for key, sub in self.free(schema):
            try:
                yield {**least, key: self.sample(sub, depth + 1)}
            except Impossible:
                continue

    def _arrays(self, schema: Schema, depth: int) -> Iterator[Any]:
        number, items = schema.get("minItems", 0), resolve(schema.get("items", {}), self._root)
        if not number:
            yield []
        if isinstance(items, dict):
            try:
                yield [self.sample(items, depth + 1)] * max(1, number)
            except Impossible:
                return
            distinct = [text for text in TEXTS if self._holds(items, text)][:number]
            if len(distinct) == number:
                yield distinct

    def free(self, schema: Schema) -> Iterator[tuple[str, Any]]:
        """A key, and what stands under it, for each pattern of keys of an object."""
        for pattern, sub in schema.get("patternProperties", {}).items():
            for key in KEYS:
                if re.search(pattern, key) and key not in schema.get("properties", {}):
                    yield key, sub
                    break
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            yield "free", more

    # -- wrong ones

    def wrong(self) -> Iterator[tuple[str, Any]]:
        """(class of wrong input, document), without repetitions; what the schema takes after all is left out."""
        seen: set[str] = set()
        for kind, document in self._places(self._root, lambda value: value, 0):
            text = json.dumps(document)
            if text not in seen and not self._holds(self._root, json.loads(text)):
                seen.add(text)
                yield kind, document

    def _places(self, schema: Any, build: Build, depth: int) -> Iterator[tuple[str, Any]]:
        schema = resolve(schema, self._root)
        nested = "nested " if depth > 1 else ""
        for kind, value in self._values(schema):
            yield nested + kind, build(value)
        if depth < DEPTH:
            yield from self._inside(schema, build, depth)

    def _inside(self, schema: Schema, build: Build, depth: int) -> Iterator[tuple[str, Any]]:
        try:
            whole = self.sample(schema)
        except Impossible:
            whole = None
        if isinstance(whole, dict) and {"properties", "patternProperties", "additionalProperties"} & schema.keys():
            for key, sub in itertools.chain(schema.get("properties", {}).items(), self.free(schema)):
                yield from self._places(sub, self._at(build, whole, key), depth + 1)
        if isinstance(schema.get("items"), dict):
            yield from self._places(schema["items"], lambda value: build([value]), depth + 1)
        for word in ("oneOf", "anyOf", "allOf"):
            for one in schema.get(word, ()):
                rest = {key: value for key, value in schema.items() if key != word}
                branch = merged(rest, resolve(one, self._root))
                if {"properties", "patternProperties", "items"} & resolve(one, self._root).keys():
                    yield from self._places(branch, build, depth + 1)

    @staticmethod
    def _at(build: Build, whole: dict[str, Any], key: str) -> Build:
        return lambda value: build({**whole, key: value})

    def _values(self, schema: Schema) -> Iterator[tuple[str, Any]]:
        kinds = types(schema, self._root)
        yield "null", None
        for kind, values in OF_TYPES.items():
            if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
                yield "wrong type", values[0]
        yield from (("empty", value) for value in EMPTY)
        if kinds & {"string"} or "enum" in schema or not kinds:
            yield from self._texts(schema)
        if kinds & {"integer", "number", "string"}:
            yield from self._numbers(schema)
        if "array" in kinds or "items" in schema:
            yield from self._lists(schema)
        if "object" in kinds or "properties" in schema:
            yield from self._keys(schema)

    def _texts(self, schema: Schema) -> Iterator[tuple[str, Any]]:
        kind = "bad enumeration" if "enum" in schema else "bad pattern"
        yield kind, "wrong!"
        yield kind, " a "
        yield kind, "a/b\u0000c"
        for one in (schema, *(resolve(each, self._root) for each in _alternatives(schema))):
            if 0 < one.get("maxLength", 0) < LONGEST:
                yield "too long", "a" * (one["maxLength"] + 1)
            if one.get("minLength", 0) > 1:
                yield "too short", "a" * (one["minLength"] - 1)

    def _numbers(self, schema: Schema) -> Iterator[tuple[str, Any]]:
        for one in (schema, *(resolve(each, self._root) for each in _alternatives(schema))):
            for word, step in (("minimum", -1), ("maximum", 1)):
                bound = one.get(word)
                if bound is not None:
                    yield "out of range", bound + step
                    yield "out of range", str(bound + step)
            if "exclusiveMinimum" in one and one["exclusiveMinimum"] is not True:
                yield "out of range", one["exclusiveMinimum"]

    def _lists(self, schema: Schema) -> Iterator[tuple[str, Any]]:
        try:
            item = self.sample(schema.get("items", {}))
        except Impossible:
            return
        if schema.get("uniqueItems"):
            yield "duplicate", [item, item]
        if 0 < schema.get("maxItems", 0) < 300:
            yield "too long", [item] * (schema["maxItems"] + 1)
            texts = [f"a{number}" for number in range(schema["maxItems"] + 1)]
            yield "too long", texts
        if schema.get("minItems", 0) > 1:
            yield "too short", [item]

    def _keys(self, schema: Schema) -> Iterator[tuple[str, Any]]:
        try:
            whole = self.sample(schema)
        except Impossible:
            return
        if not isinstance(whole, dict):
            return
        yield "unknown key", {**whole, "unexpected": "a"}
        yield "unknown key", {**whole, "a": 1, "b": 2}
        yield "unknown key", {**whole, "bad key!": "a"}
        yield "unknown key", {**whole, "a" * 256: "a"}
        yield "unknown key", {**whole, "": "a"}
        for key in schema.get("required", ()):
            yield "missing", {other: value for other, value in whole.items() if other != key}
        if schema.get("maxProperties"):
            yield "too long", {f"a{number}": "a" for number in range(schema["maxProperties"] + 1)}


def merged(one: Schema, other: Schema) -> Schema:
    """Two schemas that must both hold, as one; good enough to make values of."""
    found = {**one, **other}
    if "properties" in one and "properties" in other:
        found["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        found["required"] = [*one["required"], *other["required"]]
    return found


def _alternatives(schema: Schema) -> Iterator[Any]:
    for word in ("oneOf", "anyOf", "allOf"):
        yield from schema.get(word, ())


def wrong_queries(schema: Schema, holds: Holds) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """(class, parameters) that a schema of a query refuses; each parameter is a list of its texts."""
    texts = ("", "wrong!", "-1", "1.5", "9" * 30, "a" * 300, " ")
    for name, document in itertools.chain(
        (("unknown key", {"unexpected": ["a"]}),),
        (
            ("empty" if text == "" else "bad pattern", {key: [text]})
            for key in schema.get("properties", {})
            for text in texts
        ),
        (("duplicate", {key: ["1", "1"]}) for key in schema.get("properties", {})),
        (("duplicate", {key: ["a", "a"]}) for key in schema.get("properties", {})),
    ):
        if not holds(schema, document):
            yield name, document
