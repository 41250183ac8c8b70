"""Apply a JSON patch (RFC 6902) to a document.

    new = apply(document, request.patch)

The texts of the refusals are those of the Python library jsonpatch, which Ironic and Magnum answer with.
Source: RFC 6902, RFC 6901, jsonpatch 1.33, jsonpointer 3.0.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

from mopenstack.contract.v1.common_pb2 import JsonPatch
from mopenstack.contract.values import plain, whole_number

Operation = JsonPatch.Operation
Parent = dict[str, Any] | list[Any]

_INDEX = re.compile("0|[1-9][0-9]*")
APPEND = "-"
"""The token that stands for the place behind the last item of an array."""


class PatchConflict(Exception):
    """An operation that the document does not allow. `op` is its name, `path` its JSON pointer."""

    def __init__(self, operation: JsonPatch.Operation, reason: str) -> None:
        self.op = Operation.Op.Name(operation.op).lower()
        self.path = pointer(operation.path)
        self.reason = reason
        super().__init__(reason)


class ValueDiffers(PatchConflict):
    """A `test` whose value is another one, or is not there."""


class _Unresolved(Exception):
    """A pointer that leads nowhere."""


def pointer(tokens: Sequence[str]) -> str:
    """Reference tokens as a JSON pointer: ["a/b", "0"] -> "/a~1b/0"."""
    return "".join(f"/{token.replace('~', '~0').replace('/', '~1')}" for token in tokens)


def apply(document: Any, patch: JsonPatch) -> Any:
    """The document after all operations of a patch; the given one stays as it is. Raises PatchConflict."""
    changed = copy.deepcopy(document)
    for operation in patch.operations:
        try:
            changed = _STEPS[operation.op](changed, operation)
        except _Unresolved as error:
            kind = ValueDiffers if operation.op == Operation.TEST else PatchConflict
            raise kind(operation, str(error)) from None
    return changed


def resolve(document: Any, tokens: Sequence[str]) -> Any:
    """The value that a pointer's tokens lead to; raises KeyError."""
    try:
        return _value(document, tokens)
    except _Unresolved as error:
        raise KeyError(str(error)) from None


def _value(document: Any, tokens: Sequence[str]) -> Any:
    for token in tokens:
        document = _step(document, token)
    return document


def _step(document: Any, token: str) -> Any:
    if isinstance(document, dict):
        if token not in document:
            raise _Unresolved(f"member '{token}' not found in {document}")
        return document[token]
    if isinstance(document, list):
        index = _index(token)
        if index >= len(document):
            raise _Unresolved(f"index '{index}' is out of bounds")
        return document[index]
    raise _Unresolved(
        f"document '{document}' does not support indexing, must be a mapping/sequence or support __getitem__"
    )


def _index(token: str) -> int:
    if _INDEX.fullmatch(token) is None:
        raise _Unresolved(f"'{token}' is not a valid sequence index")
    return whole_number(token)


def _parent(document: Any, operation: JsonPatch.Operation) -> tuple[Parent, str]:
    """(object or array, last token) of an operation's path."""
    *above, last = operation.path
    parent = _value(document, above)
    if not isinstance(parent, dict | list):
        raise _Unresolved(f"unable to fully resolve json pointer {pointer(operation.path)}, part {last}")
    return parent, last


def _add(document: Any, operation: JsonPatch.Operation) -> Any:
    return _put(document, operation, plain(operation.value))


def _put(document: Any, operation: JsonPatch.Operation, value: Any) -> Any:
    if not operation.path:
        return value
    parent, last = _parent(document, operation)
    if isinstance(parent, dict):
        parent[last] = value
    elif last == APPEND:
        parent.append(value)
    else:
        index = _index(last)
        if index > len(parent):
            raise PatchConflict(operation, "can't insert outside of list")
        parent.insert(index, value)
    return document


def _remove(document: Any, operation: JsonPatch.Operation) -> Any:
    if not operation.path:
        return None
    parent, last = _parent(document, operation)
    _delete(parent, last, operation)
    return document


def _delete(parent: Parent, last: str, operation: JsonPatch.Operation) -> None:
    if isinstance(parent, dict) and last in parent:
        del parent[last]
    elif isinstance(parent, list) and _index(last) < len(parent):
        del parent[_index(last)]
    else:
        raise PatchConflict(operation, f"can't remove a non-existent object '{last}'")


def _replace(document: Any, operation: JsonPatch.Operation) -> Any:
    value = plain(operation.value)
    if not operation.path:
        return value
    parent, last = _parent(document, operation)
    if isinstance(parent, dict):
        if last not in parent:
            raise PatchConflict(operation, f"can't replace a non-existent object '{last}'")
        parent[last] = value
        return document
    if last == APPEND:
        raise PatchConflict(operation, "'path' with '-' can't be applied to 'replace' operation")
    index = _index(last)
    if index >= len(parent):
        raise PatchConflict(operation, "can't replace outside of list")
    parent[index] = value
    return document


def _move(document: Any, operation: JsonPatch.Operation) -> Any:
    value = _value(document, operation.source)
    source, path = list(operation.source), list(operation.path)
    if source == path:
        return document
    if path[: len(source)] == source:
        raise PatchConflict(operation, "Cannot move values into their own children")
    _delete(_value(document, source[:-1]), source[-1], operation)
    return _put(document, operation, value)


def _copy(document: Any, operation: JsonPatch.Operation) -> Any:
    return _put(document, operation, copy.deepcopy(_value(document, operation.source)))


def _test(document: Any, operation: JsonPatch.Operation) -> Any:
    found, wanted = _value(document, operation.path), plain(operation.value)
    if not _equal(found, wanted):
        kinds = type(found), type(wanted)
        raise ValueDiffers(operation, f"{found} ({kinds[0]}) is not equal to tested value {wanted} ({kinds[1]})")
    return document


def _equal(left: Any, right: Any) -> bool:
    """As JSON has it: `true` is no 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


_STEPS: dict[int, Callable[[Any, JsonPatch.Operation], Any]] = {
    Operation.ADD: _add,
    Operation.REMOVE: _remove,
    Operation.REPLACE: _replace,
    Operation.MOVE: _move,
    Operation.COPY: _copy,
    Operation.TEST: _test,
}
