"""JSON patches as they are sent: RFC 6902, and the two drafts of it that Glance takes.

Source: RFC 6902 and RFC 6901; for the drafts glance.api.v2.images.RequestDeserializer.
"""

from __future__ import annotations

import re
from typing import Any

from mopenstack.contract.faults import InvalidField
from mopenstack.contract.v1.common_pb2 import JsonPatch
from mopenstack.gateway.codec.values import Path, read_string, read_value

Operation = JsonPatch.Operation

OPERATIONS = tuple(word.lower() for word, number in Operation.Op.items() if number)
"""The values of `op` as they are written."""
DRAFT_OPERATIONS = ("add", "remove", "replace")
_WITH_VALUE = ("add", "replace", "test")
_WITH_SOURCE = ("move", "copy")


class InvalidPatch(InvalidField):
    """A document that is no patch.

    rule: array, object, op_missing, op_unknown, path_missing, value_missing, from_missing, pointer_start,
    pointer_adjacent, pointer_end, pointer_escape, member_missing, member_twice. `value` is what was given, `bound` the
    operations that are known or the name of the operation.
    """


def read_patch(document: Any, path: Path = ()) -> JsonPatch:
    """An array of operations as RFC 6902 has it; raises InvalidPatch."""
    patch = JsonPatch()
    for place, raw in _operations(document, path):
        patch.operations.append(_operation(raw, place))
    return patch


def read_draft(document: Any, draft: int) -> JsonPatch:
    """A patch of draft 4 (`{"add": "/name", "value": …}`) or 10, as Glance reads them; raises InvalidPatch."""
    patch = JsonPatch(draft=draft)
    for place, raw in _operations(document, ()):
        op, pointer = _draft_10(raw, place) if draft == 10 else _draft_4(raw, place)
        change = patch.operations.add(op=op.upper(), path=_draft_tokens(pointer, place))
        if op != "remove":
            change.value.CopyFrom(read_value(_member(raw, "value", op, place)))
    return patch


def tokens(pointer: Any, path: Path) -> list[str]:
    """The reference tokens of a JSON pointer (RFC 6901), unescaped; raises InvalidPatch."""
    text = read_string(pointer, path, lenient=False)
    if not text:
        return []
    if not text.startswith("/"):
        raise InvalidPatch(path, pointer, "pointer_start")
    return _unescaped(text[1:], pointer, path)


def _operations(document: Any, path: Path) -> list[tuple[Path, dict[str, Any]]]:
    """(place, object) of each operation of a patch."""
    if not isinstance(document, list):
        raise InvalidPatch(path, document, "array")
    found = []
    for number, raw in enumerate(document):
        if not isinstance(raw, dict):
            raise InvalidPatch((*path, number), raw, "object")
        found.append(((*path, number), raw))
    return found


def _operation(raw: dict[str, Any], place: Path) -> JsonPatch.Operation:
    op = raw.get("op")
    if op is None:
        raise InvalidPatch(place, raw, "op_missing", OPERATIONS)
    if not isinstance(op, str) or op not in OPERATIONS:
        raise InvalidPatch((*place, "op"), op, "op_unknown", OPERATIONS)
    change = Operation(op=op.upper(), path=tokens(_member(raw, "path", op, place), (*place, "path")))
    if op in _WITH_VALUE:
        change.value.CopyFrom(read_value(_member(raw, "value", op, place)))
    if op in _WITH_SOURCE:
        change.source.extend(tokens(_member(raw, "from", op, place), (*place, "from")))
    return change


def _member(raw: dict[str, Any], name: str, op: str, place: Path) -> Any:
    if name not in raw:
        raise InvalidPatch((*place, name), raw, f"{name}_missing", op)
    return raw[name]


def _unescaped(text: str, pointer: Any, path: Path) -> list[str]:
    if re.search("~(?![01])", text):
        raise InvalidPatch(path, pointer, "pointer_escape")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


# -- Glance's drafts


def _draft_10(raw: dict[str, Any], place: Path) -> tuple[str, Any]:
    op = raw.get("op")
    if op is None:
        raise InvalidPatch(place, raw, "op_missing", DRAFT_OPERATIONS)
    if not isinstance(op, str) or op not in DRAFT_OPERATIONS:
        raise InvalidPatch((*place, "op"), op, "op_unknown", DRAFT_OPERATIONS)
    return op, _member(raw, "path", op, place)


def _draft_4(raw: dict[str, Any], place: Path) -> tuple[str, Any]:
    ops = [op for op in DRAFT_OPERATIONS if op in raw]
    if len(ops) != 1:
        raise InvalidPatch(place, raw, "member_twice" if ops else "member_missing", DRAFT_OPERATIONS)
    return ops[0], raw[ops[0]]


def _draft_tokens(pointer: Any, place: Path) -> list[str]:
    """A pointer's tokens, without the spaces around them; an empty one is refused."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise InvalidPatch(place, pointer, "pointer_start")
    if re.search(r"/\s*?/", pointer[1:]):
        raise InvalidPatch(place, pointer, "pointer_adjacent")
    if len(pointer) > 1 and pointer.endswith("/"):
        raise InvalidPatch(place, pointer, "pointer_end")
    return [token.strip() for token in _unescaped(pointer.lstrip("/"), pointer, place)]
