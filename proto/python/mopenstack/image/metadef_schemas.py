"""Glance's JSON schemas of metadata definitions (glance.api.v2.metadef_*).

They word the gateway's refusals, and GET /v2/schemas/metadefs/... shows them.
"""

from __future__ import annotations

from typing import Any

from mopenstack.image.json_schema import Schema

_TYPE_WORDS = ["array", "boolean", "integer", "number", "object", "string", None]
_STRING: Schema = {"type": "string"}
_HIDDEN: Schema = {"readOnly": True, "type": "string"}
_STRINGS: Schema = {"type": "array", "items": {"type": "string"}}
_NOT_NEGATIVE: Schema = {"$ref": "#/definitions/positiveInteger"}
_ZERO_IF_ABSENT: Schema = {"$ref": "#/definitions/positiveIntegerDefault0"}
_BASE_DEFINITIONS: Schema = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "positiveIntegerDefault0": {"allOf": [{"$ref": "#/definitions/positiveInteger"}, {"default": 0}]},
}


def _time(what: str) -> Schema:
    return {"type": "string", "readOnly": True, "description": f"Date and time of {what}", "format": "date-time"}


def _limited(length: int, description: str = "") -> Schema:
    said = {"description": description} if description else {}
    return {"type": "string", **said, "maxLength": length}


PROPERTY_RULES: Schema = {
    "name": _limited(80),
    "title": _STRING,
    "description": _STRING,
    "operators": _STRINGS,
    "type": {"type": "string", "enum": _TYPE_WORDS},
    "required": {"$ref": "#/definitions/stringArray"},
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": _NOT_NEGATIVE,
    "minLength": _ZERO_IF_ABSENT,
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": {"type": "boolean"},
    "default": {},
    "items": {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": _TYPE_WORDS}, "enum": {"type": "array"}},
    },
    "maxItems": _NOT_NEGATIVE,
    "minItems": _ZERO_IF_ABSENT,
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": {"type": "boolean"},
}

_DEFINITIONS: Schema = {
    **_BASE_DEFINITIONS,
    "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    "property": {
        "type": "object",
        "additionalProperties": {"type": "object", "required": ["title", "type"], "properties": PROPERTY_RULES},
    },
}
_PROPERTY_DEFINITIONS: Schema = {
    **_BASE_DEFINITIONS,
    "stringArray": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
}

_OBJECT_PROPERTIES: Schema = {
    "name": _limited(80),
    "description": _STRING,
    "required": {"$ref": "#/definitions/stringArray"},
    "properties": {"$ref": "#/definitions/property"},
    "schema": _HIDDEN,
    "self": _HIDDEN,
    "created_at": _time("object creation"),
    "updated_at": _time("the last object modification"),
}

_NAMESPACE_PROPERTIES: Schema = {
    "namespace": _limited(80, "The unique namespace text."),
    "display_name": _limited(80, "The user friendly name for the namespace. Used by UI if available."),
    "description": _limited(500, "Provides a user friendly description of the namespace."),
    "visibility": {
        "type": "string",
        "description": "Scope of namespace accessibility.",
        "enum": ["public", "private"],
    },
    "protected": {"type": "boolean", "description": "If true, namespace will not be deletable."},
    "owner": _limited(255, "Owner of the namespace."),
    "created_at": _time("namespace creation"),
    "updated_at": _time("the last namespace modification"),
    "schema": _HIDDEN,
    "self": _HIDDEN,
    "resource_type_associations": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": _STRING, "prefix": _STRING, "properties_target": _STRING},
        },
    },
    "properties": {"$ref": "#/definitions/property"},
    "objects": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": _STRING,
                "description": _STRING,
                "required": {"$ref": "#/definitions/stringArray"},
                "properties": {"$ref": "#/definitions/property"},
            },
        },
    },
    "tags": {"type": "array", "items": {"type": "object", "properties": {"name": _STRING}}},
}

_ASSOCIATION_PROPERTIES: Schema = {
    "name": _limited(
        80,
        "Resource type names should be aligned with Heat resource types whenever possible: "
        "https://docs.openstack.org/heat/latest/template_guide/openstack.html",
    ),
    "prefix": _limited(
        80,
        "Specifies the prefix to use for the given resource type. Any properties in the namespace should be prefixed "
        "with this prefix when being applied to the specified resource type. Must include prefix separator (e.g. a "
        "colon :).",
    ),
    "properties_target": _limited(
        80,
        "Some resource types allow more than one key / value pair per instance.  For example, Cinder allows user and "
        "image metadata on volumes. Only the image properties metadata is evaluated by Nova (scheduling or drivers). "
        "This property allows a namespace target to remove the ambiguity.",
    ),
    "created_at": _time("resource type association"),
    "updated_at": _time("the last resource type association modification"),
}

_TAG_PROPERTIES: Schema = {
    "name": _limited(80),
    "created_at": _time("tag creation"),
    "updated_at": _time("the last tag modification"),
}


def _schema(name: str, properties: Schema, required: list[str], definitions: Schema | None = None) -> Schema:
    more = {"definitions": definitions} if definitions else {}
    return {"name": name, "properties": properties, "additionalProperties": False, **more, "required": required}


NAMESPACE = _schema("namespace", _NAMESPACE_PROPERTIES, ["namespace"], _DEFINITIONS)
OBJECT = _schema("object", _OBJECT_PROPERTIES, ["name"], _DEFINITIONS)
PROPERTY = _schema("property", PROPERTY_RULES, ["type", "title", "name"], _PROPERTY_DEFINITIONS)
PROPERTY_OF_OBJECT = _schema("property", PROPERTY_RULES, ["type", "title"], _PROPERTY_DEFINITIONS)
ASSOCIATION = _schema("resource_type_association", _ASSOCIATION_PROPERTIES, ["name"])
TAG = _schema("tag", _TAG_PROPERTIES, ["name"])
TAGS: Schema = {
    "name": "tags",
    "properties": {
        "tags": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}},
                "required": ["name"],
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}


def _collection(name: str, item: Schema, *, named: bool = False) -> Schema:
    """A list, or (`named`) an object of items by name."""
    plain = dict(item)
    definitions = plain.pop("definitions", None)
    many: dict[str, Any] = (
        {"type": "object", "additionalProperties": plain} if named else {"type": "array", "items": plain}
    )
    shown: Schema = {
        "name": name,
        "properties": {name: many, **{key: {"type": "string"} for key in ("first", "next", "schema")}},
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }
    return {**shown, "definitions": definitions} if definitions else shown


METADEF_SCHEMAS: dict[str, Schema] = {
    "namespace": NAMESPACE,
    "namespaces": _collection("namespaces", NAMESPACE),
    "resource_type": ASSOCIATION,
    "resource_types": _collection("resource_type_associations", ASSOCIATION),
    "object": OBJECT,
    "objects": _collection("objects", OBJECT),
    "property": PROPERTY,
    "properties": _collection("properties", PROPERTY_OF_OBJECT, named=True),
    "tag": TAG,
    "tags": _collection("tags", TAG),
}
"""What GET /v2/schemas/metadefs/{name} answers."""
