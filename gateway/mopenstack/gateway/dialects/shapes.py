"""JSON Schemas of what dialects write, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}


def const(value: int | str) -> Schema:
    return {"const": value}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def shape(properties: Schema, optional: Schema | None = None) -> Schema:
    """An object that has these keys, and may have the optional ones."""
    return {"type": "object", "properties": {**properties, **(optional or {})}, "required": list(properties)}


LINKS: Schema = array(shape({"rel": TEXT, "href": TEXT}))
OF_WEBOB: Schema = shape({"message": TEXT, "code": TEXT, "title": TEXT})
"""What webob makes of a refusal where JSON is wanted."""
