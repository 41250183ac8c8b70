"""Every statement of the store, written once in SQLAlchemy Core and compiled for each dialect.

What is compiled is kept in `compiled.json` beside this module, so that a start costs neither
SQLAlchemy's import nor its compiler; `make statements` writes it and a test proves that it is fresh.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ClauseElement, Dialect, bindparam, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from mopenstack.core.store import schema as s
from mopenstack.core.store.compiled import COMPILED


def compile_all() -> dict[str, Any]:
    """The content of compiled.json."""
    return {
        "sqlite": _statements(sqlite.dialect(paramstyle="named"), numbered=False),
        "postgresql": _statements(postgresql.dialect(paramstyle="named"), numbered=True),  # type: ignore[no-untyped-call]
        "cloud_tables": {
            table.name: [column.name for column in table.columns if column.name != "cloud"] for table in s.CLOUD_TABLES
        },
    }


def _statements(dialect: Dialect, *, numbered: bool) -> dict[str, str]:
    """SQL by name, with `?1` placeholders for sqlite3 and `$1` for asyncpg (`numbered`)."""
    insert: Any = postgresql_insert if numbered else sqlite_insert
    return {name: _compile(clause, names, dialect, numbered) for name, (names, clause) in _write(insert).items()}


def _compile(clause: ClauseElement, names: str, dialect: Dialect, numbered: bool) -> str:
    wanted = tuple(names.split())
    sql = str(clause.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    # One spelling for both drivers: named binds in SQLAlchemy's text become positions of `wanted`.
    for place, name in enumerate(wanted, 1):
        sql = sql.replace(f":p_{name}::VARCHAR", f"${place}").replace(f":p_{name}", f"${place}")
    if not numbered:
        for place in range(len(wanted), 0, -1):
            sql = sql.replace(f"${place}", f"?{place}")
    return " ".join(sql.split())


def _p(name: str) -> Any:
    return bindparam(f"p_{name}")


def _same(table: Any, *names: str) -> list[Any]:
    return [table.c[name] == _p(name) for name in names]


def _write(insert: Any) -> dict[str, tuple[str, Any]]:
    r, i, c, n, t, k = s.resources, s.indexes, s.claims, s.counters, s.transitions, s.clouds
    layers, h = s.layers, s.shadows

    between = (
        select(r.c.id, r.c.data)
        .where(*_same(r, "cloud", "kind"), r.c.id >= _p("low"), r.c.id < _p("high"))
        .suffix_with(text("LIMIT :p_limit"))
    )

    def values(table: Any, names: str) -> Any:
        return insert(table).values({name: _p(name) for name in names.split()})

    put = values(r, "cloud kind id data")
    schedule = values(t, "cloud kind id action due")
    put_cloud = values(k, "name data")
    put_claim = values(c, "cloud scope key owner")
    put_layer = values(layers, "name below cloud")
    counter = values(n, "cloud name value")
    add = insert(n).values(cloud=_p("cloud"), name=_p("name"), value=_p("delta"))
    indexed = _same(i, "cloud", "kind", "field", "value")
    join = select(r.c.id, r.c.data).join(i, (i.c.cloud == r.c.cloud) & (i.c.kind == r.c.kind) & (i.c.id == r.c.id))
    return {
        "get": ("cloud kind id", select(r.c.data).where(*_same(r, "cloud", "kind", "id"))),
        "put": (
            "cloud kind id data",
            put.on_conflict_do_update(index_elements=["cloud", "kind", "id"], set_={"data": put.excluded.data}),
        ),
        "remove": ("cloud kind id", delete(r).where(*_same(r, "cloud", "kind", "id"))),
        "scan": ("cloud kind", select(r.c.id, r.c.data).where(*_same(r, "cloud", "kind"))),
        "between": ("cloud kind low high limit", between.order_by(r.c.id)),
        "between_down": ("cloud kind low high limit", between.order_by(r.c.id.desc())),
        "count": ("cloud kind", select(func.count()).select_from(r).where(*_same(r, "cloud", "kind"))),
        "ids": ("cloud kind field value", select(i.c.id).where(*indexed)),
        "find": ("cloud kind field value", join.where(*indexed)),
        "count_index": ("cloud kind field value", select(func.count()).select_from(i).where(*indexed)),
        "add_index": (
            "cloud kind field value id",
            values(i, "cloud kind field value id").on_conflict_do_nothing(),
        ),
        "remove_index": (
            "cloud kind field value id",
            delete(i).where(*_same(i, "cloud", "kind", "field", "value", "id")),
        ),
        "claim": (
            "cloud scope key owner",
            values(c, "cloud scope key owner").on_conflict_do_nothing().returning(c.c.owner),
        ),
        "put_claim": (
            "cloud scope key owner",
            put_claim.on_conflict_do_update(
                index_elements=["cloud", "scope", "key"], set_={"owner": put_claim.excluded.owner}
            ),
        ),
        "claims_of": ("cloud owner", select(c.c.scope, c.c.key).where(*_same(c, "cloud", "owner"))),
        "claimed": ("cloud scope key", select(c.c.owner).where(*_same(c, "cloud", "scope", "key"))),
        "claims": ("cloud scope", select(c.c.key, c.c.owner).where(*_same(c, "cloud", "scope"))),
        "release": ("cloud scope key", delete(c).where(*_same(c, "cloud", "scope", "key"))),
        "release_all": ("cloud owner", delete(c).where(*_same(c, "cloud", "owner"))),
        "counter": ("cloud name", select(n.c.value).where(*_same(n, "cloud", "name"))),
        "versions": (
            "cloud one other",
            select(n.c.name, n.c.value).where(*_same(n, "cloud"), (n.c.name == _p("one")) | (n.c.name == _p("other"))),
        ),
        "add": (
            "cloud name delta",
            add.on_conflict_do_update(
                index_elements=["cloud", "name"], set_={"value": n.c.value + add.excluded.value}
            ).returning(n.c.value),
        ),
        "set_counter": (
            "cloud name value",
            counter.on_conflict_do_update(index_elements=["cloud", "name"], set_={"value": counter.excluded.value}),
        ),
        "add_shadow": ("cloud kind id", values(h, "cloud kind id").on_conflict_do_nothing()),
        "put_layer": (
            "name below cloud",
            put_layer.on_conflict_do_update(index_elements=["name"], set_={"cloud": put_layer.excluded.cloud}),
        ),
        "layers": ("", select(layers.c.name, layers.c.below, layers.c.cloud)),
        "remove_layer": ("name", delete(layers).where(*_same(layers, "name"))),
        "shadows": ("", select(h.c.cloud, h.c.kind, h.c.id)),
        "kinds": ("", select(r.c.cloud, r.c.kind).distinct()),
        "schedule": (
            "cloud kind id action due",
            schedule.on_conflict_do_update(
                index_elements=["cloud", "kind", "id"],
                set_={"action": schedule.excluded.action, "due": schedule.excluded.due},
            ),
        ),
        "unschedule": ("cloud kind id", delete(t).where(*_same(t, "cloud", "kind", "id"))),
        "due": (
            "cloud now",
            select(t.c.kind, t.c.id, t.c.action, t.c.due)
            .where(t.c.cloud == _p("cloud"), t.c.due <= _p("now"))
            .order_by(t.c.due, t.c.kind, t.c.id),
        ),
        "next_due": ("cloud now", select(func.min(t.c.due)).where(*_same(t, "cloud"), t.c.due > _p("now"))),
        "scheduled": ("cloud kind id", select(t.c.action, t.c.due).where(*_same(t, "cloud", "kind", "id"))),
        "put_cloud": (
            "name data",
            put_cloud.on_conflict_do_update(index_elements=["name"], set_={"data": put_cloud.excluded.data}),
        ),
        "get_cloud": ("name", select(k.c.data).where(*_same(k, "name"))),
        "clouds": ("", select(k.c.name, k.c.data).order_by(k.c.name)),
        "remove_cloud": ("name", delete(k).where(*_same(k, "name"))),
    }


if __name__ == "__main__":
    COMPILED.write_text(json.dumps(compile_all(), indent=1) + "\n")
    print(f"{COMPILED.name}: written")
