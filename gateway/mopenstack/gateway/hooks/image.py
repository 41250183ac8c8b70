"""Bodies of images: the flat document of a create, and JSON patches (glance.api.v2.images.RequestDeserializer)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, Forbidden, InvalidField
from mopenstack.contract.operations import LATEST
from mopenstack.gateway.codec.decode import decoder
from mopenstack.gateway.codec.values import decode_json, to_value
from mopenstack.gateway.hooks import BodyHook
from mopenstack.image.json_schema import breach
from mopenstack.image.schemas import LOCATION, TASK, image_breach
from mopenstack.image.v2 import tasks_pb2
from mopenstack.image.v2.images import images_pb2 as pb
from mopenstack.image.v2.images import locations_pb2

Change = pb.UpdateImageRequest.Change
JsonObject = dict[str, Any]

OPERATIONS = {"add": Change.ADD, "remove": Change.REMOVE, "replace": Change.REPLACE}
PATCH_TYPES = {
    "application/openstack-images-v2.0-json-patch": 4,
    "application/openstack-images-v2.1-json-patch": 10,
}
"""Content type -> draft of the JSON patch."""


class UnsupportedMediaType(BadRequest):
    message = "The request media type {content_type} is not supported by this server.\n"


class ReadOnlyAttribute(Forbidden):
    message = "Attribute '{name}' is read-only."


class BadPatch(BadRequest):
    """The body is no JSON patch, or not one that Glance takes."""


def body_json(body: bytes) -> Any:
    """A body as JSON, refused as Glance refuses one that is none."""
    if not body:
        raise BadRequest("Body expected in request.")
    try:
        document = decode_json(body)
        # Half of a surrogate pair is no text: no message can hold it.
        json.dumps(document, ensure_ascii=False).encode()
        return document
    except (InvalidField, UnicodeEncodeError):
        raise BadRequest("Malformed JSON in request body.") from None


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
    """The changes of a JSON patch."""
    content_type = headers.get("Content-Type", "").partition(";")[0].strip()
    draft = PATCH_TYPES.get(content_type)
    if draft is None:
        raise UnsupportedMediaType(content_type=content_type)
    document = body_json(body)
    if not isinstance(document, list):
        raise BadPatch("Request body must be a JSON array of operation objects.")
    for raw in document:
        if not isinstance(raw, dict):
            raise BadPatch("Operations must be JSON objects.")
        message.changes.append(_change(raw, draft))


def _change(raw: JsonObject, draft: int) -> pb.UpdateImageRequest.Change:
    op, pointer = _draft_10(raw) if draft == 10 else _draft_4(raw)
    change = Change(op=OPERATIONS[op], path=_parts(pointer), strict_add=draft == 4)
    if op != "remove":
        if "value" not in raw:
            raise BadPatch(f'Operation "{op}" requires a member named "value".')
        change.value.CopyFrom(to_value(raw["value"]))
    return change


def _draft_10(raw: JsonObject) -> tuple[str, Any]:
    allowed = f"It must be one of the following: {', '.join(OPERATIONS)}."
    op = raw.get("op")
    if op is None:
        raise BadPatch(f"Unable to find `op` in JSON Schema change. {allowed}")
    if not isinstance(op, str) or op not in OPERATIONS:
        raise BadPatch(f"Invalid operation: `{op}`. {allowed}")
    if "path" not in raw:
        raise BadPatch("Unable to find 'path' in JSON Schema change")
    return op, raw["path"]


def _draft_4(raw: JsonObject) -> tuple[str, Any]:
    ops = [op for op in OPERATIONS if op in raw]
    names = '"add", "remove", or "replace"'
    if len(ops) > 1:
        raise BadPatch(f"Operation objects must contain only one member named {names}.")
    if not ops:
        raise BadPatch(f"Operation objects must contain exactly one member named {names}.")
    return ops[0], raw[ops[0]]


def _parts(pointer: Any) -> list[str]:
    """A JSON pointer's parts, unescaped."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise BadPatch(f'Pointer `{pointer}` does not start with "/".')
    if re.search(r"/\s*?/", pointer[1:]):
        raise BadPatch(f'Pointer `{pointer}` contains adjacent "/".')
    if len(pointer) > 1 and pointer.endswith("/"):
        raise BadPatch(f'Pointer `{pointer}` end with "/".')
    if re.search("~[^01]", pointer) or pointer.endswith("~"):
        raise BadPatch(f'Pointer `{pointer}` contains "~" not part of a recognized escape sequence.')
    return [part.replace("~1", "/").replace("~0", "~").strip() for part in pointer.lstrip("/").split("/")]


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
    message.input.update(document["input"] or {})


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
