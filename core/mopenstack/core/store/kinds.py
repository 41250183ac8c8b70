"""How each stored message is kept: its kind and its declared indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import field_rules
from mopenstack.contract.v1 import annotations_pb2, options_pb2

REGION = "@"
"""What stands between a kind, the scope of a claim or a counter, and the further region of which it is."""


class Stored(Protocol):
    """A stored message. All have an `id`; the engine keeps the other fields of those that declare them."""

    id: str
    project_id: str
    revision_number: int

    @property
    def created_at(self) -> Timestamp: ...

    @property
    def updated_at(self) -> Timestamp: ...


def stored(message: Any) -> Stored:
    """The same message, as the type checker should see it."""
    kept: Stored = message
    return kept


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    package: str
    message: type[Message]
    indexes: dict[str, Callable[[Message], Iterable[str]]]
    history: bool = False
    """Whether its objects are records of what was: written once, seldom read, and so not kept decoded."""

    def entries(self, message: Message) -> set[tuple[str, str]]:
        """(field, value) of every index row of an object; empty values have none."""
        return {(field, value) for field, read in self.indexes.items() for value in read(message) if value}


def index_value(value: Any) -> str:
    """One spelling of a value in an index: booleans are "1" or nothing."""
    if isinstance(value, bool):
        return "1" if value else ""
    # PostgreSQL's text cannot hold NUL.
    return str(value).replace("\0", "")


class _Kinds(dict[type[Message], Kind]):
    """Message class -> how its objects are kept; read from its descriptor once."""

    def __missing__(self, message: type[Message]) -> Kind:
        indexes = {field.name: _reader(field) for field in message.DESCRIPTOR.fields if field_rules(field).index}
        name, history = resource_options(message).kind, resource_options(message).history
        if not name:
            raise ValueError(f"{message.DESCRIPTOR.full_name} is not stored: it has no option `resource`")
        found = self[message] = Kind(name, message.DESCRIPTOR.file.package, message, indexes, history)
        return found


kind_of: Callable[[type[Message]], Kind] = _Kinds().__getitem__
"""How the objects of a message class are kept; raises ValueError for one that is not stored."""


def public_kind(kind: str) -> str:
    """The kind without its region."""
    return kind.partition(REGION)[0]


def resource_options(message: type[Message]) -> annotations_pb2.Resource:
    """What the message's option `resource` says."""
    return message.DESCRIPTOR.GetOptions().Extensions[options_pb2.resource]


def _reader(field: AnyField) -> Callable[[Message], Iterable[str]]:
    name = field.name
    if field.is_repeated:
        if field.message_type is not None and "ip_address" in field.message_type.fields_by_name:
            return lambda message: [item.ip_address for item in getattr(message, name)]
        return lambda message: [index_value(value) for value in getattr(message, name)]
    if field.type == field.TYPE_STRING:
        return lambda message: (getattr(message, name).replace("\0", ""),)
    return lambda message: (index_value(getattr(message, name)),)
