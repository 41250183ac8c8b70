"""All writes of a transaction as one statement, which is its own transaction: one round trip, its commit included.

Each kind of write is a part of it (a common table expression) and takes its rows as arrays, one a column. No two parts
write the same row: what a transaction released and claimed again, or removed and put again, is written once, as it is
at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from mopenstack.core.store.base import Row
from mopenstack.core.store.postgres import in_postgres

_TEXT, _BYTES, _WHOLE, _FLOAT = "text", "bytea", "bigint", "float8"


def _insert(table: str, columns: str, types: Sequence[str], conflict: str) -> tuple[str, int]:
    arrays = ", ".join(f"{{}}::{kind}[]" for kind in types)
    # The names are this module's own.
    text = f"INSERT INTO {table} (cloud, {columns}) SELECT $1, * FROM unnest({arrays}) {conflict}"  # noqa: S608
    return text, len(types)


def _delete(table: str, *columns: str) -> tuple[str, int]:
    arrays = ", ".join("{}::text[]" for _ in columns)
    same = " AND ".join(f"t.{name} = d.{name}" for name in columns)
    names = ", ".join(columns)
    text = f"DELETE FROM {table} t USING unnest({arrays}) d ({names}) WHERE t.cloud = $1 AND {same}"  # noqa: S608
    return text, len(columns)


PARTS: Mapping[str, tuple[str, int]] = {
    "remove": _delete("resources", "kind", "id"),
    "remove_index": _delete("indexes", "kind", "field", "value", "id"),
    "put": _insert(
        "resources",
        "kind, id, data",
        (_TEXT, _TEXT, _BYTES),
        "ON CONFLICT (cloud, kind, id) DO UPDATE SET data = excluded.data",
    ),
    "add_index": _insert("indexes", "kind, field, value, id", (_TEXT,) * 4, "ON CONFLICT DO NOTHING"),
    "set_counter": _insert(
        "counters", "name, value", (_TEXT, _WHOLE), "ON CONFLICT (cloud, name) DO UPDATE SET value = excluded.value"
    ),
    "release": _delete("claims", "scope", "key"),
    "claim": _insert("claims", "scope, key, owner", (_TEXT, _TEXT, _TEXT), ""),
    "put_claim": _insert(
        "claims",
        "scope, key, owner",
        (_TEXT, _TEXT, _TEXT),
        "ON CONFLICT (cloud, scope, key) DO UPDATE SET owner = excluded.owner",
    ),
    "unschedule": _delete("transitions", "kind", "id"),
    "schedule": _insert(
        "transitions",
        "kind, id, action, due",
        (_TEXT, _TEXT, _TEXT, _FLOAT),
        "ON CONFLICT (cloud, kind, id) DO UPDATE SET action = excluded.action, due = excluded.due",
    ),
}
"""Kind of write, by the name of the statement for one row -> its part, and how many columns it has behind `cloud`.

What is claimed in the belief that no other object has it is inserted as it is: else the statement is refused.
"""


@lru_cache(maxsize=512)
def _text(names: tuple[str, ...]) -> str:
    place, parts = 2, []
    for name in names:
        text, columns = PARTS[name]
        parts.append(f"{name} AS ({text.format(*(f'${number}' for number in range(place, place + columns)))})")
        place += columns
    return f"WITH {', '.join(parts)} SELECT 1"


def statement(cloud: str, rows: Mapping[str, Sequence[Row]]) -> tuple[str, list[Any]]:
    """The statement that writes rows (without their cloud) by kind of write, and its values."""
    names = tuple(name for name in PARTS if rows.get(name))
    values: list[Any] = [cloud]
    for name in names:
        values += [in_postgres(column) for column in zip(*rows[name], strict=True)]
    return _text(names), values
