"""How each stored message is kept: its kind and its declared indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import field_rules, resources
from mopenstack.contract.v1 import annotations_pb2, options_pb2


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    package: str
    message: type[Message]
    indexes: dict[str, Callable[[Message], Iterable[str]]]

    def entries(self, message: Message) -> set[tuple[str, str]]:
        """(field, value) of every index row of an object; empty values have none."""
        return {(field, value) for field, read in self.indexes.items() for value in read(message) if value}


def index_value(value: Any) -> str:
    """One spelling of a value in an index: booleans are "1" or nothing."""
    if isinstance(value, bool):
        return "1" if value else ""
    # PostgreSQL's text cannot hold NUL.
    return str(value).replace("\0", "")


@cache
def kinds() -> dict[type[Message], Kind]:
    """Message class -> how it is kept."""
    found = {}
    for name, message in resources().items():
        indexes = {}
        for field in message.DESCRIPTOR.fields:
            if field_rules(field).index:
                indexes[field.name] = _reader(field)
        found[message] = Kind(name, message.DESCRIPTOR.file.package, message, indexes)
    return found


@cache
def kinds_by_name() -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds().values()}


def resource_options(message: type[Message]) -> annotations_pb2.Resource:
    """What the message's option `resource` says."""
    return message.DESCRIPTOR.GetOptions().Extensions[options_pb2.resource]


def _reader(field: AnyField) -> Callable[[Message], Iterable[str]]:
    name = field.name
    if field.is_repeated:
        if field.message_type is not None and "ip_address" in field.message_type.fields_by_name:
            return lambda message: [item.ip_address for item in getattr(message, name)]
        return lambda message: [index_value(value) for value in getattr(message, name)]
    return lambda message: (index_value(getattr(message, name)),)
