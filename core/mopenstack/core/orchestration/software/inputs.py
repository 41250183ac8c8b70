"""Inputs and outputs of software configurations. Source: heat/engine/software_config_io.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Value

from mopenstack.contract.values import to_value
from mopenstack.core.orchestration.templates.parameters import CFN_WORDS
from mopenstack.core.orchestration.templates.values import number
from mopenstack.orchestration.v1 import refusals

TYPES = tuple(CFN_WORDS.values())
_INPUT_KEYS = ("name", "description", "type", "default", "replace_on_change", "value")
_OUTPUT_KEYS = ("name", "description", "type", "error_output")


def _items(source: Any, keys: tuple[str, ...]) -> list[Mapping[str, Any]]:
    if source is None:
        return []
    if not isinstance(source, list) or not all(isinstance(one, Mapping) for one in source):
        raise refusals.BadRequest(
            message="The server could not comply with the request since it is either malformed or otherwise incorrect."
        )
    for one in source:
        if set(one) - set(keys) or not isinstance(one.get("name"), str) or one.get("type", "String") not in TYPES:
            raise refusals.ValueError()
    return source


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise refusals.ValueError()


def _default(value: Any, kind: str) -> Any:
    """The default as its type has it; raises ValueError."""
    if value is None or (value == "" and kind != "String"):
        return value
    try:
        if kind == "Number":
            return number(value)
        if kind == "Boolean":
            return _flag(value)
        if kind == "CommaDelimitedList":
            return value if isinstance(value, list) else str(value).split(",")
        if kind == "String":
            if not isinstance(value, str | int | bool):
                raise refusals.ValueError()
            return str(value)
    except (ValueError, TypeError):
        raise refusals.ValueError() from None
    return value


def inputs_of(source: Any) -> list[Value]:
    """The inputs as they are stored; raises ValueError and BadRequest."""
    found = []
    for one in _items(source, _INPUT_KEYS):
        kind = one.get("type", "String")
        shown: dict[str, Any] = {"name": one["name"]}
        if one.get("description") is not None:
            shown["description"] = str(one["description"])
        shown["type"] = kind
        if one.get("default") is not None:
            shown["default"] = _default(one["default"], kind)
        if _flag(one.get("replace_on_change")):
            shown["replace_on_change"] = True
        if "value" in one:
            shown["value"] = one["value"]
        found.append(to_value(shown))
    return found


def outputs_of(source: Any) -> list[Value]:
    """The outputs as they are stored; raises ValueError and BadRequest."""
    found = []
    for one in _items(source, _OUTPUT_KEYS):
        shown: dict[str, Any] = {"name": one["name"]}
        if one.get("description") is not None:
            shown["description"] = str(one["description"])
        shown |= {"type": one.get("type", "String"), "error_output": _flag(one.get("error_output"))}
        found.append(to_value(shown))
    return found
