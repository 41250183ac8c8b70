"""Placement's body that is a bare list beside a path variable: the aggregates of a provider, up to 1.18."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract.faults import InvalidField
from mopenstack.gateway.codec.values import decode_json, read_string
from mopenstack.gateway.hooks import BodyHook, BodySchema
from mopenstack.placement.v1 import aggregates_pb2 as pb


def aggregates_body(message: pb.ReplaceProviderAggregatesRequest, body: bytes, _headers: Mapping[str, str]) -> None:
    document = decode_json(body)
    if not isinstance(document, list):
        raise InvalidField((), document, "type", "array")
    message.aggregates.extend(read_string(item, (place,), lenient=False) for place, item in enumerate(document))


BODY_HOOKS: dict[str, BodyHook] = {
    "mopenstack.placement.v1.ProviderAggregates.ReplaceProviderAggregates": aggregates_body,
}

BODY_SCHEMAS: dict[str, BodySchema] = {
    name: lambda declared: {"application/json": declared["properties"]["aggregates"]} for name in BODY_HOOKS
}
