"""Bodies of metadata definitions (glance.api.v2.metadef_*.RequestDeserializer): refused in their schemas' words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.operations import LATEST
from mopenstack.gateway.codec.decode import decoder
from mopenstack.gateway.hooks import BodyHook
from mopenstack.gateway.hooks.image import body_json
from mopenstack.image import metadef_schemas as schemas
from mopenstack.image.json_schema import Schema, breach
from mopenstack.image.v2 import refusals

_GENERATED = ("self", "schema", "created_at", "updated_at")
NO_OBJECT = "Request body must be a JSON object."
"""Glance says 500 here."""
_TIMES = ("created_at", "updated_at")


def _hook(schema: Schema, read_only: tuple[str, ...], *, mode: str = "create") -> BodyHook:
    def read(message: Any, body: bytes, _headers: Mapping[str, str]) -> None:
        document = body_json(body)
        if not isinstance(document, dict):
            raise BadRequest(NO_OBJECT)
        for key in read_only:
            if key in document:
                raise refusals.ReadOnlyAttribute(name=key)
        _refuse(document, schema)
        if mode == "create" and schema is schemas.OBJECT:
            for part in document.get("properties", {}).values():
                _refuse(part, schemas.PROPERTY_OF_OBJECT)
        target = message if schema is schemas.TAGS else message.document
        decoder(target.DESCRIPTOR, LATEST, "other").decode(_as_kept(document), target, ())

    return read


def _refuse(document: Any, schema: Schema) -> None:
    said = breach(document, schema)
    if said is not None:
        raise BadRequest(said)


def _as_kept(document: dict[str, Any]) -> dict[str, Any]:
    """Values of properties as Glance's model takes them: defaults are texts, bounds whole numbers."""
    kept = {key: value for key, value in document.items() if not (key == "default" and isinstance(value, dict | list))}
    if "default" in kept and isinstance(kept["default"], str | int | float):
        kept["default"] = str(kept["default"])
    for key in ("minimum", "maximum"):
        if isinstance(kept.get(key), float):
            kept[key] = int(kept[key])
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _as_kept(part) for name, part in kept["properties"].items()}
    if isinstance(kept.get("objects"), list):
        kept["objects"] = [_as_kept(part) for part in kept["objects"]]
    return kept


_V2 = "mopenstack.image.v2"
BODY_HOOKS: dict[str, BodyHook] = {
    f"{_V2}.MetadefNamespaces.CreateMetadefNamespace": _hook(schemas.NAMESPACE, _GENERATED),
    f"{_V2}.MetadefNamespaces.UpdateMetadefNamespace": _hook(schemas.NAMESPACE, _GENERATED, mode="update"),
    f"{_V2}.MetadefObjects.CreateMetadefObject": _hook(schemas.OBJECT, _GENERATED),
    f"{_V2}.MetadefObjects.UpdateMetadefObject": _hook(schemas.OBJECT, _GENERATED, mode="update"),
    f"{_V2}.MetadefProperties.CreateMetadefProperty": _hook(schemas.PROPERTY, _TIMES),
    f"{_V2}.MetadefProperties.UpdateMetadefProperty": _hook(schemas.PROPERTY, _TIMES, mode="update"),
    f"{_V2}.MetadefTags.CreateMetadefTags": _hook(schemas.TAGS, _TIMES),
    f"{_V2}.MetadefTags.UpdateMetadefTag": _hook(schemas.TAG, _TIMES, mode="update"),
    f"{_V2}.MetadefResourceTypes.CreateMetadefAssociation": _hook(schemas.ASSOCIATION, _TIMES),
}
