"""What Heat publishes of its resource types: types.jsonl beside this module, read when it is first asked for.

A line is parsed when its type is asked for. gateway/schemas/heat_types.py writes the file, and says what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mopenstack.core.orchestration.resource_types.base import SUPPORTED, Attribute, Constraint, Property, Support

_BEGIN = '{"type":"'
_HIDDEN = Support("HIDDEN")


@cache
def _lines() -> dict[str, str]:
    """Type -> its line, in the order in which Heat lists them."""
    path = Path(__file__).parent / "types.jsonl"
    found = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith(_BEGIN):
            found[line[len(_BEGIN) : line.index('"', len(_BEGIN))]] = line
    return found


def names() -> list[str]:
    """The names of all types, hidden ones included, in the order in which Heat lists them."""
    return list(_lines())


@cache
def published(name: str) -> Mapping[str, Any]:
    """The line of a type; raises KeyError."""
    line: dict[str, Any] = json.loads(_lines()[name])
    return line


def schema(name: str) -> dict[str, Any]:
    """What `GET /resource_types/<name>` shows, without the description; raises KeyError."""
    line = published(name)
    return {
        "resource_type": name,
        "properties": {
            key: _shown(one)
            for key, one in line["properties"].items()
            if not one.get("hidden") and not one.get("unimplemented")
        },
        "attributes": {key: one for key, one in line["attributes"].items() if not one.get("hidden")},
        "support_status": line["support_status"],
    }


def _shown(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A property's schema without the marks that the API does not show, at every depth."""
    shown = {key: one for key, one in schema.items() if key not in ("hidden", "unimplemented")}
    if "schema" in shown:
        shown["schema"] = {key: _shown(one) for key, one in shown["schema"].items()}
    return shown


def properties(name: str) -> dict[str, Property]:
    """The property schemas of a type; raises KeyError."""
    return {key: _property(one) for key, one in published(name)["properties"].items()}


def attributes(name: str) -> dict[str, Attribute]:
    """The attribute schemas of a type; raises KeyError."""
    return {
        key: Attribute(one.get("description"), one.get("type", ""), _HIDDEN if one.get("hidden") else SUPPORTED)
        for key, one in published(name)["attributes"].items()
    }


def update_policy(name: str) -> dict[str, Property]:
    """What an update_policy of a type may hold; raises KeyError."""
    return {key: _property(one) for key, one in published(name)["update_policy"].items()}


def support(name: str) -> Support:
    """The support status of a type; raises KeyError."""
    return _support(published(name)["support_status"])


def _support(document: Mapping[str, Any]) -> Support:
    before = document["previous_status"]
    return Support(
        document["status"], document["version"], document["message"], _support(before) if before is not None else None
    )


def _property(document: Mapping[str, Any]) -> Property:
    inner: Any = None
    if "schema" in document:
        inner = {key: _property(one) for key, one in document["schema"].items()}
        inner = inner["*"] if list(inner) == ["*"] else inner
    return Property(
        type=document["type"],
        description=document.get("description"),
        required=document["required"],
        default=document.get("default"),
        constraints=tuple(_constraints(document.get("constraints", ()))),
        immutable=document["immutable"],
        update_allowed=document["update_allowed"],
        schema=inner,
        support=_HIDDEN if document.get("hidden") else SUPPORTED,
    )


def _constraints(documents: Any) -> Iterator[Constraint]:
    for document in documents:
        description = document.get("description")
        for kind, value in document.items():
            if kind in ("range", "length"):
                low, high = value.get("min"), value.get("max")
                yield Constraint(kind, minimum=low, maximum=high, description=description)
            elif kind == "modulo":
                yield Constraint(kind, step=value["step"], offset=value["offset"], description=description)
            elif kind == "allowed_values":
                yield Constraint(kind, values=tuple(value), description=description)
            elif kind == "allowed_pattern":
                yield Constraint(kind, pattern=value, description=description)
            elif kind == "custom_constraint":
                yield Constraint("custom", name=value, description=description)
