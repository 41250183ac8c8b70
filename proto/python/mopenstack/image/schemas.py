"""Glance's JSON schemas, and its words for a document that breaks one.

They are part of the contract (`GET /v2/schemas/{name}` serves them), and both sides need them: the
gateway to refuse a body whose types cannot become a message, the core to refuse the values of a patch.
Source: glance.api.v2.images, image_members, tasks and glance.schema; jsonschema's texts.
"""

from __future__ import annotations

from typing import Any

from mopenstack.image.json_schema import Schema, breaches

UUID_PATTERN = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")


def _text(description: str, **rules: Any) -> Schema:
    return {"type": "string", "description": description, **rules}


def _read_only(kind: str | list[str], description: str, **rules: Any) -> Schema:
    return {"type": kind, "readOnly": True, "description": description, **rules}


_VALIDATION_DATA: Schema = {
    "description": (
        "Values to be used to populate the corresponding image properties. If the image status is not 'queued', "
        "values must exactly match those already contained in the image properties."
    ),
    "type": "object",
    "writeOnly": True,
    "additionalProperties": False,
    "properties": {
        "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
        "os_hash_algo": {"type": "string", "maxLength": 64},
        "os_hash_value": {"type": "string", "maxLength": 128},
    },
    "required": ["os_hash_algo", "os_hash_value"],
}

IMAGE_PROPERTIES: dict[str, Schema] = {
    "id": _text("An identifier for the image", pattern=UUID_PATTERN),
    "name": {"type": ["null", "string"], "description": "Descriptive name for the image", "maxLength": 255},
    "status": _read_only(
        "string",
        "Status of the image",
        enum=[
            *("queued", "saving", "active", "killed", "deleted", "uploading", "importing"),
            *("pending_delete", "deactivated"),
        ],
    ),
    "visibility": _text("Scope of image accessibility", enum=["community", "public", "private", "shared"]),
    "protected": {"type": "boolean", "description": "If true, image will not be deletable."},
    "os_hidden": {
        "type": "boolean",
        "description": "If true, image will not appear in default image list response.",
    },
    "checksum": _read_only(["null", "string"], "md5 hash of image contents.", maxLength=32),
    "os_hash_algo": _read_only(["null", "string"], "Algorithm to calculate the os_hash_value", maxLength=64),
    "os_hash_value": _read_only(
        ["null", "string"],
        "Hexdigest of the image contents using the algorithm specified by the os_hash_algo",
        maxLength=128,
    ),
    "owner": {"type": ["null", "string"], "description": "Owner of the image", "maxLength": 255},
    "size": _read_only(["null", "integer"], "Size of image file in bytes"),
    "virtual_size": _read_only(["null", "integer"], "Virtual size of image in bytes"),
    "container_format": {
        "type": ["null", "string"],
        "description": "Format of the container",
        "enum": [None, *CONTAINER_FORMATS],
    },
    "disk_format": {"type": ["null", "string"], "description": "Format of the disk", "enum": [None, *DISK_FORMATS]},
    "created_at": _read_only("string", "Date and time of image registration"),
    "updated_at": _read_only("string", "Date and time of the last image modification"),
    "tags": {
        "type": "array",
        "description": "List of strings related to the image",
        "items": {"type": "string", "maxLength": 255},
    },
    "direct_url": _read_only("string", "URL to access the image file kept in external store"),
    "min_ram": {"type": "integer", "description": "Amount of ram (in MB) required to boot image."},
    "min_disk": {"type": "integer", "description": "Amount of disk space (in GB) required to boot image."},
    "self": _read_only("string", "An image self url"),
    "file": _read_only("string", "An image file url"),
    "stores": _read_only(
        "string",
        "Store in which image data resides.  Only present when the operator has enabled multiple stores.  "
        "May be a comma-separated list of store identifiers.",
    ),
    "schema": _read_only("string", "An image schema url"),
    "locations": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "url": {"type": "string", "maxLength": 255},
                "metadata": {"type": "object"},
                "validation_data": _VALIDATION_DATA,
            },
            "required": ["url", "metadata"],
        },
        "description": "A set of URLs to access the image file kept in external store",
    },
}

_MEMBER_PROPERTIES: dict[str, Schema] = {
    "member_id": _text("An identifier for the image member (tenantId)"),
    "image_id": _text("An identifier for the image", pattern=UUID_PATTERN),
    "created_at": _text("Date and time of image member creation"),
    "updated_at": _text("Date and time of last modification of image member"),
    "status": _text("The status of this image member", enum=["pending", "accepted", "rejected"]),
    "schema": {"readOnly": True, "type": "string"},
}

_TASK_PROPERTIES: dict[str, Schema] = {
    "id": {"description": "An identifier for the task", "pattern": UUID_PATTERN, "type": "string"},
    "type": {
        "description": "The type of task represented by this content",
        "enum": ["import", "api_image_import", "location_import"],
        "type": "string",
    },
    "status": {
        "description": "The current status of this task",
        "enum": ["pending", "processing", "success", "failure"],
        "type": "string",
    },
    "input": {"description": "The parameters required by task, JSON blob", "type": ["null", "object"]},
    "result": {"description": "The result of current task, JSON blob", "type": ["null", "object"]},
    "owner": {"description": "An identifier for the owner of this task", "type": "string"},
    "message": {
        "description": "Human-readable informative message only included when appropriate (usually on failure)",
        "type": "string",
    },
    "image_id": {"description": "Image associated with the task", "type": "string"},
    "request_id": {"description": "Human-readable informative request-id", "type": "string"},
    "user_id": {"description": "User associated with the task", "type": "string"},
    "expires_at": {
        "description": "Datetime when this resource would be subject to removal",
        "type": ["null", "string"],
    },
    "created_at": {"description": "Datetime when this resource was created", "type": "string"},
    "updated_at": {"description": "Datetime when this resource was updated", "type": "string"},
    "self": {"readOnly": True, "type": "string"},
    "schema": {"readOnly": True, "type": "string"},
}

_FREE: Schema = {"type": "string"}
IMAGE: Schema = {
    "name": "image",
    "properties": IMAGE_PROPERTIES,
    "additionalProperties": _FREE,
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
_MEMBER: Schema = {"name": "member", "properties": _MEMBER_PROPERTIES}
_TASK: Schema = {"name": "task", "properties": _TASK_PROPERTIES}
TASK: Schema = {**_TASK, "additionalProperties": False}
"""What a body that makes a task is held to."""
LOCATION: Schema = {
    "name": "location",
    "properties": {
        "add_location": {
            "type": "object",
            "description": ("Values of location url, do_secure_hash and validation_data for new add location API"),
            "properties": {
                "url": _read_only("string", "The URL of the new location to be added in the image."),
                "validation_data": {
                    "type": "object",
                    "writeOnly": True,
                    "additionalProperties": False,
                    "properties": {
                        "os_hash_algo": {
                            "type": "string",
                            "maxLength": 64,
                            "enum": ["sha1", "sha256", "sha512", "md5"],
                        },
                        "os_hash_value": {"type": "string", "maxLength": 128},
                    },
                    "dependentRequired": {"os_hash_value": ["os_hash_algo"], "os_hash_algo": ["os_hash_value"]},
                },
            },
            "required": ["url"],
        }
    },
    "additionalProperties": {"type": "string"},
}
_BRIEF_TASK: Schema = {
    "name": "task",
    "properties": {k: v for k, v in _TASK_PROPERTIES.items() if k not in ("input", "result", "message")},
}


def collection(name: str, item: Schema, paged: bool) -> Schema:
    """A list of items; `paged` as glance shows the lists that have pages."""
    pages = ("first", "next") if paged else ()
    return {
        "name": name,
        "properties": {
            name: {"type": "array", "items": item},
            **{page: {"type": "string"} for page in pages},
            "schema": {"type": "string"},
        },
        "links": [
            *({"rel": page, "href": f"{{{page}}}"} for page in pages),
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


SCHEMAS: dict[str, Schema] = {
    "image": IMAGE,
    "images": collection("images", IMAGE, paged=True),
    "member": _MEMBER,
    "members": collection("members", _MEMBER, paged=False),
    "task": _TASK,
    "tasks": collection("tasks", _BRIEF_TASK, paged=False),
}
"""What GET /v2/schemas/{name} answers; those of metadata definitions are in metadef_schemas."""


def image_breach(document: dict[str, Any]) -> str | None:
    """Glance's refusal of an image's JSON document (or a part of one); None if it is right.

    Schemas of locations are not looked into: glance refuses locations before it reads them.
    """
    for key, value in document.items():
        place: tuple[str, ...] = ("properties", key) if key in IMAGE_PROPERTIES else ("additionalProperties",)
        rules = IMAGE_PROPERTIES.get(key, _FREE)
        for breach in breaches(value, rules, place=place, instance=(key,)):
            return f"Provided object does not match schema 'image': {breach.text}"
    return None
