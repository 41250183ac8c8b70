"""The fields of an answer that travel as HTTP headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import LATEST, exists, field_rules
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.codec.encode import View, link_address, scalar


def has_headers(descriptor: AnyMessageType) -> bool:
    """Whether an answer has fields that travel as headers."""
    return bool(_headers(descriptor, LATEST) or _header_maps(descriptor))


def header_fields(descriptor: AnyMessageType, microversion: int, base: str, message: Any) -> dict[str, str]:
    """The fields of an answer that travel as headers; empty ones are left out."""
    found = {}
    for header, read in _headers(descriptor, microversion):
        value = read(message, base)
        if value:
            found[header] = value
    for name, prefix in _header_maps(descriptor):
        for key, value in getattr(message, name).items():
            found[prefix + key.title()] = value
    return found


@cache
def header_names(descriptor: AnyMessageType) -> tuple[str, ...]:
    """The fields of an answer that travel as headers of a declared name."""
    return tuple(field.name for field in descriptor.fields if field_rules(field).header)


@cache
def _header_maps(descriptor: AnyMessageType) -> tuple[tuple[str, str], ...]:
    """(field, prefix) of the maps that are headers."""
    found = ((field.name, field_rules(field).header_prefix) for field in descriptor.fields)
    return tuple((name, prefix) for name, prefix in found if prefix)


@cache
def _headers(descriptor: AnyMessageType, microversion: int) -> tuple[tuple[str, Callable[[Any, str], str]], ...]:
    """(header, (answer, base URL) -> its text) of the fields that are headers."""
    found = []
    for field in descriptor.fields:
        rules = field_rules(field)
        if rules.header and exists(rules, microversion):
            found.append((rules.header, _header(field, rules)))
    return tuple(found)


def _header(field: AnyField, rules: annotations_pb2.Field) -> Callable[[Any, str], str]:
    name, default = field.name, json.loads(rules.default) if rules.default else ""
    if rules.links:
        address = link_address(field, rules.links[0])
        return lambda message, base: address(message, base) or ""
    if field.message_type is not None:
        one = scalar(field, rules, View(LATEST, "", ""))
        return lambda message, base: one(getattr(message, name), base, message) if message.HasField(name) else ""

    def text(message: Any, base: str) -> str:
        value = getattr(message, name)
        return str(value) if value not in ("", None) else str(default)

    return text
