"""What annotations cannot say of bodies.

Bulk creates: `{"networks": [{...}, {...}]}` where a single one is `{"network": {...}}` (neutron.api.v2.base).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.operations import LATEST
from mopenstack.gateway.codec.requests import RequestDecoder
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.dialects.base import TooLarge
from mopenstack.gateway.hooks import BodyHook, BodySchema

BULK_MAX = 10_000
"""Resources of one request: as many as are read in a twentieth of a second. Neutron has no limit, but a time-out."""


def _hook(singular: str, plural: str) -> BodyHook:
    def fill(message: Any, body: bytes, _headers: Mapping[str, str]) -> None:
        document = decode_json(body) if body else None
        plan = _decoder(type(message))  # type: ignore[arg-type]  # mypy takes the __hash__ of its instances
        if not isinstance(document, dict) or plural not in document or singular in document:
            plan.body(message, document)
            return
        items = document[plural]
        if not items or not isinstance(items, list):
            raise BadRequest("Resources required")
        if len(items) > BULK_MAX:
            raise TooLarge(f"Request is too large. A bulk has {BULK_MAX} resources at most.")
        # Each may come in an envelope of its own.
        wrapped = [item if isinstance(item, dict) and singular in item else {singular: item} for item in items]
        for item in wrapped:
            plan.body(message.bulk.add(), item)
        # The first stands for all where the engine looks at the request itself.
        plan.body(message, wrapped[0])

    return fill


@cache
def _decoder(request: type[Message]) -> RequestDecoder:
    return RequestDecoder(request, (), LATEST, "create")


def _pascal(name: str) -> str:
    return name.title().replace("_", "")


def _any(message: Any, body: bytes, _headers: Mapping[str, str]) -> None:
    """A body that says nothing, whatever JSON it is: Tempest sends a text with an object in it."""
    if body:
        decode_json(body)


def _gateways(message: Any, body: bytes, _headers: Mapping[str, str]) -> None:
    """`{"router": {"external_gateways": {}}}` is no gateway: so says the command line's `router unset`."""
    document = decode_json(body) if body else None
    inner = document.get("router") if isinstance(document, dict) else None
    if isinstance(inner, dict) and inner.get("external_gateways") == {}:
        document = {"router": {**inner, "external_gateways": []}}
    _decoder(type(message)).body(message, document)  # type: ignore[arg-type]  # as above


def _bulk_schema(singular: str, plural: str) -> BodySchema:
    def schema(declared: dict[str, Any]) -> dict[str, dict[str, Any]]:
        one = declared["properties"][singular]
        bulk = {"type": "object", "properties": {plural: {"type": "array", "items": one}}, "required": [plural]}
        return {"application/json": {"anyOf": [declared, bulk]}}

    return schema


_BULK = ("network", "subnet", "port", "security_group", "security_group_rule")


def _create(singular: str) -> str:
    noun = _pascal(singular)
    return f"mopenstack.network.v2.{noun}s.Create{noun}"


BODY_HOOKS: Mapping[str, BodyHook] = {
    **{f"mopenstack.network.v2.Routers.{verb}ExternalGateways": _gateways for verb in ("Add", "Update", "Remove")},
    "mopenstack.network.v2.Tags.AddTag": _any,
    **{_create(singular): _hook(singular, f"{singular}s") for singular in _BULK},
}

BODY_SCHEMAS: Mapping[str, BodySchema] = {
    "mopenstack.network.v2.Tags.AddTag": lambda declared: {},
    **{_create(singular): _bulk_schema(singular, f"{singular}s") for singular in _BULK},
}
