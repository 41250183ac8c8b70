"""All writes of a transaction as one statement, which is its own transaction: one round trip, its commit included.

Each kind of write is a part of it (a common table expression). No two parts write the same row: what a transaction
released and claimed again, or removed and put again, is written once, as it is at the end.

A part takes its rows as arrays, one a column: then the text says nothing of their number, and few texts have to be
planned. Of writes that come again and again the rows are in the text one by one, which costs the server and this
process a third less.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mopenstack.core.store.base import Row
from mopenstack.core.store.postgres import in_postgres

ROWS_MAX = 16
"""The most rows of a text that has them one by one."""
SEEN_MIN = 8
"""After so many statements of a shape it has a text of its own."""
SHAPES_MAX = 512

_TEXT, _BYTES, _WHOLE, _FLOAT = "text", "bytea", "bigint", "float8"


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of write: `columns` behind `cloud`; its text for rows as arrays, and for rows one by one."""

    columns: int
    arrays: str
    rows: str


def _insert(table: str, columns: str, types: Sequence[str], conflict: str) -> Part:
    arrays = ", ".join(f"{{}}::{kind}[]" for kind in types)
    into = f"INSERT INTO {table} (cloud, {columns})"
    # The names are this module's own.
    text = f"{into} SELECT $1, * FROM unnest({arrays}) {conflict}"  # noqa: S608
    return Part(len(types), text, f"{into} VALUES {{}} {conflict}")


def _delete(table: str, *columns: str) -> Part:
    arrays = ", ".join("{}::text[]" for _ in columns)
    names = ", ".join(columns)
    same = " AND ".join(f"t.{name} = d.{name}" for name in columns)
    text = f"DELETE FROM {table} t USING unnest({arrays}) d ({names}) WHERE t.cloud = $1 AND {same}"  # noqa: S608
    return Part(len(columns), text, f"DELETE FROM {table} WHERE (cloud, {names}) IN ({{}})")  # noqa: S608


PARTS: Mapping[str, Part] = {
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
"""Kind of write, by the name of the statement for one row -> its part.

What is claimed in the belief that no other object has it is inserted as it is: else the statement is refused.
"""


Shape = tuple[tuple[str, int], ...]
"""The kinds of write of a statement, each with the number of its rows."""

_seen: Counter[Shape] = Counter()


def statement(cloud: str, rows: Mapping[str, Sequence[Row]]) -> tuple[str, list[Any]]:
    """The statement that writes rows (without their cloud) by kind of write, and its values."""
    shape = tuple([(name, len(found)) for name in PARTS if (found := rows.get(name))])
    values: list[Any] = [cloud]
    if _comes_again(shape):
        for name, _ in shape:
            for row in rows[name]:
                values += row
        return _rows_text(shape), in_postgres(values)
    for name, _ in shape:
        values += [in_postgres(column) for column in zip(*rows[name], strict=True)]
    return _arrays_text(tuple([name for name, _ in shape])), values


def _comes_again(shape: Shape) -> bool:
    """Whether writes of a shape are worth a text of their own."""
    if len(_seen) >= SHAPES_MAX and shape not in _seen:
        _seen.clear()
    _seen[shape] += 1
    return _seen[shape] > SEEN_MIN and sum(count for _, count in shape) <= ROWS_MAX


@lru_cache(maxsize=SHAPES_MAX)
def _arrays_text(names: tuple[str, ...]) -> str:
    place, parts = itertools.count(2), []
    for name in names:
        part = PARTS[name]
        parts.append(f"{name} AS ({part.arrays.format(*(f'${next(place)}' for _ in range(part.columns)))})")
    return f"WITH {', '.join(parts)} SELECT 1"


@lru_cache(maxsize=SHAPES_MAX)
def _rows_text(shape: Shape) -> str:
    place, parts = itertools.count(2), []
    for name, count in shape:
        part = PARTS[name]
        rows = [f"($1, {', '.join(f'${next(place)}' for _ in range(part.columns))})" for _ in range(count)]
        parts.append(f"{name} AS ({part.rows.format(', '.join(rows))})")
    return f"WITH {', '.join(parts)} SELECT 1"
