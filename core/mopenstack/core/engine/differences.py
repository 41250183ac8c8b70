"""What differs between two clouds, by resource and field."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from mopenstack.contract.blanking import blank_document
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.store.kinds import public_kind
from mopenstack.core.store.store import Differing

SECRET_WORDS = ("password", "secret", "hash", "private_key", "blob", "payload", "token", "passphrase", "admin_pass")
"""A stored field whose name has one of these is told, its value is not. What is nested in others is blanked by key."""
HIDDEN = "(not shown)"


@dataclass(frozen=True, slots=True)
class Difference:
    """`fields`: name -> (before, after), as JSON has them; None where it is not set."""

    kind: str
    id: str
    name: str
    change: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def differences(found: Iterable[Differing], resources: Mapping[str, type[Message]]) -> Iterator[Difference]:
    """Of what a store found to be not the same."""
    for kind, id, before, after in found:
        message = resources.get(public_kind(kind))
        first, second = (_fields(message, data) for data in (before, after))
        change = "added" if before is None else "removed" if after is None else "changed"
        names = sorted(first.keys() | second.keys())
        fields = {
            name: _shown(name, first.get(name), second.get(name))
            for name in names
            if first.get(name) != second.get(name)
        }
        name = second.get("name") or first.get("name")
        yield Difference(kind, id, name if isinstance(name, str) else "", change, fields)


def shown_fields(obj: Message, names: Container[str] | None = None) -> dict[str, Any]:
    """The fields of a stored message that are set, or those of some names, as JSON has them, without secrets."""
    if names is not None:
        part = type(obj)()
        copy_fields(obj, part, [field.name for field, _ in obj.ListFields() if field.name in names])
        obj = part
    return {name: _shown(name, None, value)[1] for name, value in _document(obj).items()}


def _fields(message: type[Message] | None, data: bytes | None) -> dict[str, Any]:
    return {} if data is None or message is None else _document(message.FromString(data))


def _document(obj: Message) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(obj, preserving_proto_field_name=True)
    return found


def is_secret(name: str) -> bool:
    """Whether the value of a stored field is never shown."""
    return any(word in name for word in SECRET_WORDS)


def _shown(name: str, before: Any, after: Any) -> tuple[Any, Any]:
    if is_secret(name):
        return (None if before is None else HIDDEN), (None if after is None else HIDDEN)
    return blank_document(before, key=name), blank_document(after, key=name)
