"""The rows of a whole cloud: as a message for a file, and with other keys of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BadRequest
from mopenstack.core.store.base import Row, Rows
from mopenstack.core.store.compiled import cloud_tables
from mopenstack.core.store.kinds import kind_of, public_kind
from mopenstack.core.store.transaction import SETTINGS
from mopenstack.store.v1.store_pb2 import CloudState

Resources = Mapping[str, type[Message]]
"""Kind -> message class."""


class NotServed(BadRequest):
    message = "There are resources of services that this process does not serve: {kinds}."


def state_of(rows: Rows) -> CloudState:
    """The rows of a cloud as a message."""
    found = CloudState()
    for kind, id, data in _columns(rows, "resources", "kind", "id", "data"):
        found.objects.add(kind=kind, id=id, data=bytes(data))
    for scope, key, owner in _columns(rows, "claims", "scope", "key", "owner"):
        found.claims.add(scope=scope, key=key, owner=owner)
    for name, value in _columns(rows, "counters", "name", "value"):
        if name != SETTINGS:  # a shared store's own
            found.counters[name] = value
    for kind, id, action, due in _columns(rows, "transitions", "kind", "id", "action", "due"):
        found.transitions.add(kind=kind, id=id, action=action, due=due)
    return found


def rows_of(state: CloudState, resources: Resources) -> Rows:
    """The rows that a message has, with the index rows that follow from its objects; raises NotServed, DecodeError."""
    unknown = {public_kind(one.kind) for one in state.objects} - resources.keys()
    if unknown:
        raise NotServed(kinds=", ".join(sorted(unknown)))
    indexed = []
    for one in state.objects:
        message = resources[public_kind(one.kind)]
        entries = kind_of(message).entries(message.FromString(one.data))
        indexed += [{"kind": one.kind, "id": one.id, "field": field, "value": value} for field, value in entries]
    return {
        "resources": _rows("resources", ({"kind": o.kind, "id": o.id, "data": o.data} for o in state.objects)),
        "indexes": _rows("indexes", indexed),
        "claims": _rows("claims", ({"scope": c.scope, "key": c.key, "owner": c.owner} for c in state.claims)),
        "counters": _rows("counters", ({"name": name, "value": value} for name, value in state.counters.items())),
        "transitions": _rows(
            "transitions",
            ({"kind": t.kind, "id": t.id, "action": t.action, "due": t.due} for t in state.transitions),
        ),
    }


def keys_in(state: CloudState, keys: Iterable[str]) -> list[str]:
    """Which of these keys of bytes the objects have."""
    wanted = set(keys)
    if not wanted:
        return []
    pattern = re.compile(b"|".join(re.escape(key.encode()) for key in sorted(wanted, key=len, reverse=True)))
    found = {match.decode() for one in state.objects for match in pattern.findall(one.data)}
    return sorted(found)


def change_keys(state: CloudState, changes: Mapping[str, str], resources: Resources) -> None:
    """Give bytes other keys in all objects that have them."""
    if not changes:
        return
    pattern = re.compile(b"|".join(re.escape(key.encode()) for key in changes))
    for one in state.objects:
        if pattern.search(one.data) and public_kind(one.kind) in resources:
            message = resources[public_kind(one.kind)].FromString(one.data)
            _change(message, changes)
            one.data = message.SerializeToString()


def _change(message: Message, changes: Mapping[str, str]) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in list(value):
                if isinstance(value[key], Message):
                    _change(value[key], changes)
                elif isinstance(value[key], str):
                    value[key] = changes.get(value[key], value[key])
        elif field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                _change(inner, changes)
        elif field.type == field.TYPE_STRING:
            if field.is_repeated:
                value[:] = [changes.get(item, item) for item in value]
            else:
                setattr(message, field.name, changes.get(value, value))


def _columns(rows: Rows, table: str, *names: str) -> Iterable[tuple[Any, ...]]:
    places = [cloud_tables()[table].index(name) for name in names]
    return (tuple(row[place] for place in places) for row in rows.get(table, ()))


def _rows(table: str, values: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [tuple(one[name] for name in cloud_tables()[table]) for one in values]
