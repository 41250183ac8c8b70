"""The order of a list as a text of each object: texts lie as the objects do, and say which object they are of.

What a list is sorted by (numbers, moments, words, each up or down) is written so that comparing texts compares the
objects. So an order is kept as a sorted list of texts, without the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField

Keys = tuple[tuple[str, bool], ...]
"""(field, whether it is descending) of each key, the first one first."""

_Written = Callable[[Any], str]

_HALF = 1 << 63
_NUMBERS = frozenset(
    {
        *(FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT32),
        *(FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_ENUM),
    }
)
_NANOS_MAX = 999_999_999


class Order:
    """One order of the objects of a message.

    It ends with their ids: no two objects are equal in it. `reverse`: the texts ascend where the list descends.
    """

    __slots__ = ("_parts", "keys", "reverse")

    def __init__(self, keys: Keys, parts: Sequence[_Written], *, reverse: bool) -> None:
        self.keys, self.reverse, self._parts = keys, reverse, tuple(parts)

    def entry(self, message: Any) -> str:
        """The text of an object."""
        if not self._parts:
            return message.id  # type: ignore[no-any-return]
        return f"{''.join([part(message) for part in self._parts])}\0{message.id}"


def id_of(entry: str) -> str:
    """The id of the object that an entry is of."""
    return entry[entry.rfind("\0") + 1 :]


@lru_cache(maxsize=512)
def order_of(message: type[Message], keys: Keys) -> Order | None:
    """The order by these keys; None where they say no order of all objects, or one that texts cannot say."""
    fields = message.DESCRIPTOR.fields_by_name
    names = [name for name, _ in keys]
    if "id" not in names or any(name not in fields for name in names):
        return None
    last = names.index("id")
    reverse = keys[last][1]
    parts = [_part(fields[name], down=down != reverse) for name, down in keys[:last]]
    written = [part for part in parts if part is not None]
    return Order(keys, written, reverse=reverse) if len(written) == len(parts) else None


def _part(field: AnyField, *, down: bool) -> _Written | None:
    name = field.name
    if field.is_repeated:
        return None
    if field.type in _NUMBERS:
        return lambda obj: _number(getattr(obj, name), down=down)
    if field.type == FieldDescriptor.TYPE_STRING:
        return lambda obj: _text(getattr(obj, name), down=down)
    if field.message_type is None or field.message_type.full_name != "google.protobuf.Timestamp":
        return None
    if down:

        def falling(obj: Any) -> str:
            stamp = getattr(obj, name)
            return f"{_HALF - 1 - stamp.seconds:016x}{_NANOS_MAX - stamp.nanos:08x}"

        return falling

    def rising(obj: Any) -> str:
        stamp = getattr(obj, name)
        return f"{stamp.seconds + _HALF:016x}{stamp.nanos:08x}"

    return rising


def _number(value: int, *, down: bool) -> str:
    return f"{_HALF - 1 - value if down else value + _HALF:016x}"


_TURNED = {code: chr(0x80 - code) for code in range(0x80)}
"""ASCII the other way round."""


def _text(value: str, *, down: bool) -> str:
    """A word with an end that lies before whatever could follow it, or behind that where words descend."""
    if not down:
        return value.replace("\0", "\0\1") + "\0\0"
    if value.isascii():
        return value.translate(_TURNED) + "\x82"
    # What is beyond ASCII comes first, in as many characters as it has.
    turned = (_TURNED.get(ord(one)) or f"\0{chr(0x10FFFF - ord(one))}" for one in value)
    return "".join(turned) + "\x82"
