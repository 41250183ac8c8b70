"""What the rules of a mapping must look like. After keystone.federation.utils.validate_mapping_structure.

The refusal is that of the jsonschema library: a sentence for each thing that is wrong, a line each. Only what
the schemas of mappings use is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest

DEFAULT_VERSION = "1.0"

_TEXT = {"type": "string"}
_DOMAIN = {"type": "object", "properties": {"id": _TEXT, "name": _TEXT}, "additionalProperties": False}
_ROLES = {
    "type": "array",
    "items": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}, "additionalProperties": False},
}
_GROUP = {
    "type": "object",
    "oneOf": [
        {"type": "object", "properties": {"id": _TEXT}, "additionalProperties": False, "required": ["id"]},
        {
            "type": "object",
            "properties": {"name": _TEXT, "domain": _DOMAIN},
            "additionalProperties": False,
            "required": ["name", "domain"],
        },
    ],
}
_USER = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "name": _TEXT,
        "email": _TEXT,
        "domain": _DOMAIN,
        "type": {"type": "string", "enum": ["ephemeral", "local"]},
    },
    "additionalProperties": False,
}


def _condition(word: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["type", word],
        "properties": {"type": _TEXT, word: {"type": "array"}, "regex": {"type": "boolean"}},
    }


_REMOTE = {
    "type": "object",
    "oneOf": [
        {"type": "object", "required": ["type"], "properties": {"type": _TEXT}, "additionalProperties": False},
        *(_condition(word) for word in ("any_one_of", "not_any_of", "blacklist", "whitelist")),
    ],
}


def _schema(version: str) -> dict[str, Any]:
    project: dict[str, Any] = {"name": _TEXT, "roles": _ROLES}
    if version != "1.0":
        project["domain"] = _DOMAIN
    local: dict[str, Any] = {
        "user": _USER,
        "projects": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "roles"],
                "additionalProperties": False,
                "properties": project,
            },
        },
        "group": _GROUP,
        "groups": _TEXT,
        "group_ids": _TEXT,
        "domain": _DOMAIN,
    }
    if version == "3.0":
        local["projects_json"] = _TEXT
    rule = {
        "type": "object",
        "required": ["local", "remote"],
        "additionalProperties": False,
        "properties": {
            "local": {
                "type": "array",
                "items": {"type": "object", "additionalProperties": False, "properties": local},
            },
            "remote": {"minItems": 1, "type": "array", "items": _REMOTE},
        },
    }
    return {
        "type": "object",
        "required": ["rules"],
        "properties": {"rules": {"minItems": 1, "type": "array", "items": rule}, "schema_version": _TEXT},
    }


SCHEMAS = {version: _schema(version) for version in ("1.0", "2.0", "3.0")}


def check_rules(mapping: Mapping[str, Any]) -> None:
    """Refuse a mapping that is none; raises BadRequest."""
    schema = SCHEMAS.get(str(mapping.get("schema_version") or DEFAULT_VERSION))
    if schema is None:
        raise BadRequest(f"{mapping['schema_version']!r} is not a version of the schema of mappings")
    said = "".join(f"{sentence}\n" for sentence in sorted(_breaches(mapping, schema)))
    if said:
        raise BadRequest(said)


_TYPES: Mapping[str, tuple[type, ...]] = {"object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,)}


def _breaches(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """jsonschema's sentences about a value."""
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]):
        yield f"{value!r} is not of type {kind!r}"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{value!r} should be non-empty"
        for item in value if "items" in schema else ():
            yield from _breaches(item, schema["items"])
    if isinstance(value, dict):
        yield from _object_breaches(value, schema)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is not one of {schema['enum']!r}"
    if "oneOf" in schema and not any(not [*_breaches(value, one)] for one in schema["oneOf"]):
        yield f"{value!r} is not valid under any of the given schemas"


def _object_breaches(value: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{name!r} is a required property"
    known = schema.get("properties", {})
    for name, inner in known.items():
        if name in value:
            yield from _breaches(value[name], inner)
    unknown = [repr(name) for name in value if name not in known]
    if unknown and schema.get("additionalProperties") is False:
        verb = "was" if len(unknown) == 1 else "were"
        yield f"Additional properties are not allowed ({', '.join(unknown)} {verb} unexpected)"
