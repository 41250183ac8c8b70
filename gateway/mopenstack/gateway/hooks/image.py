"""Bodies of images: the flat document of a create, and JSON patches (glance.api.v2.images.RequestDeserializer)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.operations import LATEST
from mopenstack.contract.values import to_struct
from mopenstack.gateway.codec.decode import decoder
from mopenstack.gateway.codec.json_patch import DRAFT_OPERATIONS, read_draft
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.hooks import BodyHook, BodySchema
from mopenstack.image.json_schema import breach
from mopenstack.image.schemas import LOCATION, TASK, image_breach
from mopenstack.image.v2 import refusals, tasks_pb2
from mopenstack.image.v2.images import images_pb2 as pb
from mopenstack.image.v2.images import locations_pb2

PATCH_TYPES = {
    "application/openstack-images-v2.0-json-patch": 4,
    "application/openstack-images-v2.1-json-patch": 10,
}
"""Content type -> draft of the JSON patch."""


def body_json(body: bytes) -> Any:
    """A body as JSON, refused as Glance refuses one that is none."""
    if not body:
        raise BadRequest("Body expected in request.")
    try:
        document = decode_json(body)
        # Half of a surrogate pair is no text: no message can hold it.
        json.dumps(document, ensure_ascii=False).encode()
    except (InvalidField, UnicodeEncodeError):
        raise BadRequest("Malformed JSON in request body.") from None
    if not isinstance(document, dict | list):
        raise BadRequest("Unexpected body type. Expected list/dict.")
    return document


def create_body(message: pb.CreateImageRequest, body: bytes, _headers: Mapping[str, str]) -> None:
    """The image; types are refused in the schema's words, what may not be given is the core's to refuse."""
    document = body_json(body)
    if not isinstance(document, dict):
        raise BadRequest("Malformed JSON in request body.")
    said = image_breach(document)
    if said:
        raise BadRequest(said)
    if "locations" in document:
        # A list among free properties, which are strings: the core refuses the name.
        document["locations"] = ""
    free = {key: str(value) for key, value in document.items() if key in _OUTPUT and value is not None}
    plan = decoder(pb.Image.DESCRIPTOR, LATEST, "create")
    plan.decode({**{k: v for k, v in document.items() if k not in _OUTPUT}, **free}, message.image, ())


_OUTPUT = ("size", "virtual_size")
"""Read-only keys that are no strings."""


def update_body(message: pb.UpdateImageRequest, body: bytes, headers: Mapping[str, str]) -> None:
    """A JSON patch, of the draft that the content type names."""
    content_type = headers.get("Content-Type", "").partition(";")[0].strip()
    draft = PATCH_TYPES.get(content_type)
    if draft is None:
        raise refusals.UnsupportedMediaType(content_type=content_type)
    message.patch.CopyFrom(read_draft(body_json(body), draft))


def task_body(message: tasks_pb2.CreateTaskRequest, body: bytes, _headers: Mapping[str, str]) -> None:
    """A task's type and input (glance.api.v2.tasks.RequestDeserializer.create)."""
    document = body_json(body)
    for key in ("type", "input"):
        if not isinstance(document, dict) or key not in document:
            raise BadRequest(f"Task '{key}' is required")
    said = breach(document, TASK)
    if said is not None:
        raise BadRequest(said)
    message.type = document["type"]
    message.input.CopyFrom(to_struct(document["input"] or {}))


def location_body(message: locations_pb2.AddLocationRequest, body: bytes, _headers: Mapping[str, str]) -> None:
    """An address, and what its bytes must be."""
    document = body_json(body)
    said = breach({"add_location": document}, LOCATION)
    if said is not None:
        raise BadRequest(said)
    decoder(message.DESCRIPTOR, LATEST, "other").decode(document, message, ())


BODY_HOOKS: dict[str, BodyHook] = {
    "mopenstack.image.v2.Images.CreateImage": create_body,
    "mopenstack.image.v2.Images.UpdateImage": update_body,
    "mopenstack.image.v2.Tasks.CreateTask": task_body,
    "mopenstack.image.v2.Locations.AddLocation": location_body,
}


def _patch_schemas(declared: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The two drafts of JSON patch: the operation as a member `op`, or as the key of the pointer."""
    pointer, value = {"type": "string", "pattern": "^/"}, {"description": "Not with remove."}
    change = {"op": {"enum": list(DRAFT_OPERATIONS)}, "path": pointer, "value": value}
    old = [{"type": "object", "properties": {op: pointer, "value": value}, "required": [op]} for op in DRAFT_OPERATIONS]
    drafts: dict[int, dict[str, Any]] = {
        10: {"type": "object", "properties": change, "required": ["op", "path"]},
        4: {"oneOf": old},
    }
    return {kind: {"type": "array", "items": drafts[draft]} for kind, draft in PATCH_TYPES.items()}


BODY_SCHEMAS: dict[str, BodySchema] = {"mopenstack.image.v2.Images.UpdateImage": _patch_schemas}
