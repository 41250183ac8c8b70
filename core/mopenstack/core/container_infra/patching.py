"""Magnum's JSON patches: what may be changed, in the words of the real service.

Sources: magnum/api/controllers/v1/types.py (JsonPatchType), magnum/api/utils.py (apply_jsonpatch), wsme/types.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.patches_pb2 import Patch, PatchOperation
from mopenstack.contract.operations import field_rules, is_map, wire_key
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1.common_pb2 import JsonPatch
from mopenstack.contract.values import plain, to_value
from mopenstack.core.engine.json_patch import PatchConflict, apply
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS

INTERNAL = frozenset({"/created_at", "/id", "/links", "/updated_at", "/uuid", "/project_id", "/user_id"})
DICTIONARIES = ("/labels", "/health_status_reason")
"""Attributes that a text may replace which Python reads as a dictionary."""
BOOLEANS = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"
TYPES = "(<class 'str'>, <class 'int'>)"
LABEL_TYPES = "(<class 'str'>, <class 'int'>, <class 'bool'>, <class 'float'>)"


@dataclass(frozen=True, slots=True)
class Patchable:
    """What a patch of a resource may not touch.

    internal    further attributes that no request changes
    mandatory   attributes that cannot be removed
    columns     attributes of the real service's rows that the contract has no field for
    """

    internal: frozenset[str] = frozenset()
    mandatory: frozenset[str] = frozenset()
    columns: Mapping[str, Any] = field(default_factory=dict)

    def check(self, patch: Patch) -> None:
        """Refuse operations that no object allows; raises the refusal of the first of them."""
        for operation in patch.operations:
            for name in ("op", "path"):
                if not operation.HasField(name):
                    raise _wrong(name, None, "Mandatory field missing.")
            if operation.path in INTERNAL or operation.path in self.internal:
                raise refusals.InternalAttribute(path=operation.path)
            if operation.op == "remove":
                if operation.path in self.mandatory:
                    raise refusals.MandatoryAttribute(path=operation.path)
            elif not operation.HasField("value") or operation.value.WhichOneof("kind") == "null_value":
                raise refusals.OperationNeedsValue()
            else:
                _check_value(plain(operation.value))

    def apply(self, obj: Message, patch: Patch) -> dict[str, Any]:
        """The attributes of the object as the patch makes them; raises the refusal of what does not fit."""
        document = {**attributes(obj), **self.columns}
        operations = []
        for one in patch.operations:
            if one.op == "add" and one.path.count("/") == 1:
                name = one.path.lstrip("/")
                if name not in document:
                    raise refusals.NewRootAttribute(path=one.path)
                if document[name] is not None:
                    raise refusals.AttributeHasExisted(path=one.path)
            value = plain(one.value) if one.HasField("value") else None
            if one.op == "replace" and one.path in DICTIONARIES:
                value = _read(value, patch)
            operations.append(_operation(one, value))
        try:
            changed: dict[str, Any] = apply(document, JsonPatch(operations=operations))
        except PatchConflict as conflict:
            raise refusals.PatchError(patch=told(patch), reason=conflict.reason) from None
        return changed


def told(patch: Patch) -> str:
    """A patch as Python prints it."""
    shown = []
    for one in patch.operations:
        entry: dict[str, Any] = {"path": one.path, "op": one.op}
        if one.HasField("value"):
            entry["value"] = plain(one.value)
        shown.append(entry)
    return str(shown)


def attributes(obj: Message) -> dict[str, Any]:
    """Wire key -> value of what a row has; null for what is not set."""
    found: dict[str, Any] = {}
    for one in obj.DESCRIPTOR.fields:
        rules = field_rules(one)
        if rules.links or (rules.access == annotations_pb2.ACCESS_INTERNAL and one.name != "row"):
            continue
        value = getattr(obj, one.name)
        if is_map(one):
            found[wire_key(one)] = dict(value)
        elif one.is_repeated:
            found[wire_key(one)] = list(value)
        elif one.message_type is None:
            found[wire_key(one)] = value if not one.has_presence or obj.HasField(one.name) else None
        else:
            found[wire_key(one)] = str(value) if obj.HasField(one.name) else None
    return found


def _operation(one: PatchOperation, value: Any) -> JsonPatch.Operation:
    made = JsonPatch.Operation(op=one.op.upper(), path=one.path[1:].split("/"))
    if one.op != "remove":
        made.value.CopyFrom(to_value(value))
    return made


def _check_value(value: Any) -> None:
    """wsme takes a text or a whole number."""
    if not isinstance(value, str | int):
        raise _wrong("value", value, f"Wrong type. Expected '{TYPES}', got '{type(value)}'")


def _read(value: Any, patch: Patch) -> Any:
    """A dictionary that is written as Python writes it; raises PatchError."""
    try:
        return ast.literal_eval(value) if isinstance(value, str) else _malformed(value)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as wrong:
        raise refusals.PatchError(patch=told(patch), reason=str(wrong)) from None


def _malformed(value: Any) -> Any:
    raise ValueError(f"malformed node or string: {value!r}")


# -- the attributes of a patched object, as wsme takes them


def fill(obj: Any, document: Mapping[str, Any], names: Collection[str]) -> None:
    """Give an object the named attributes of a patched document; raises InvalidInput.

    What the document has no more gets its default.
    """
    for one in obj.DESCRIPTOR.fields:
        if one.name not in names:
            continue
        key, rules = wire_key(one), field_rules(one)
        value = document.get(key)
        obj.ClearField(one.name)
        if value is None:
            if key not in document and rules.default:
                setattr(obj, one.name, ast.literal_eval(rules.default.capitalize()))
            continue
        if is_map(one):
            getattr(obj, one.name).update(_labels(key, value))
        else:
            setattr(obj, one.name, _checked(one, key, value))


def _labels(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _wrong(key, value, f"Wrong type. Expected '{{<class 'str'>: {LABEL_TYPES}}}', got '{type(value)}'")
    for item in value.values():
        if not isinstance(item, str | int | float):
            raise _wrong(key, value, f"Wrong type. Expected '{LABEL_TYPES}', got '{type(item)}'")
    return {str(name): str(item) for name, item in value.items()}


def _checked(one: Any, key: str, value: Any) -> Any:
    rules = field_rules(one)
    if one.type == FieldDescriptor.TYPE_BOOL:
        return truth(value)
    if one.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64):
        return _number(rules, key, value)
    if rules.one_of:
        if value not in rules.one_of:
            raise _wrong(key, value, f"Value should be one of: {', '.join(rules.one_of)}")
        return value
    if not isinstance(value, str):
        raise _wrong(key, value, "Value should be string")
    if len(value) < rules.min_length:
        raise _wrong(key, value, f"Value should have a minimum character requirement of {rules.min_length}")
    if rules.max_length and len(value) > rules.max_length:
        raise _wrong(key, value, f"Value should have a maximum character requirement of {rules.max_length}")
    if rules.pattern and re.search(rules.pattern, value) is None:
        raise _wrong(key, value, f"Value should match the pattern {rules.pattern}")
    return value


def truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise refusals.InvalidParameterValue(err=f"Unrecognized value '{value}', acceptable values are: {BOOLEANS}")
    return word in TRUE_WORDS


def _number(rules: annotations_pb2.Field, key: str, value: Any) -> int:
    if isinstance(value, str):
        raise _wrong(key, value, "'<' not supported between instances of 'str' and 'int'")
    if rules.HasField("minimum") and value < rules.minimum.value:
        raise _wrong(key, value, f"Value should be greater or equal to {rules.minimum.value}")
    maximum = rules.maximum.value if rules.HasField("maximum") else 2**31 - 1
    if value > maximum:
        raise _wrong(key, value, f"Value should be lower or equal to {maximum}")
    return int(value)


def _wrong(key: str, value: Any, why: str) -> refusals.InvalidInput:
    return refusals.InvalidInput(field=key, value=value, msg=why)
