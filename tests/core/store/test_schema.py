"""The statements, the schema and the migrations say the same."""

from __future__ import annotations

import json
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from mopenstack.core.store import migrations
from mopenstack.core.store.compiled import COMPILED
from mopenstack.core.store.migrations import upgrade
from mopenstack.core.store.schema import metadata
from mopenstack.core.store.statements import compile_all


def test_compiled_statements_are_fresh() -> None:
    """compiled.json is what statements.py compiles to."""
    assert json.loads(COMPILED.read_text()) == compile_all(), "run `make statements`"


def test_migrations_lead_to_the_schema(tmp_path: Path) -> None:
    """A database that went through every migration has the tables of schema.py."""
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    upgrade(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


def test_cockroachdb_gets_every_migration() -> None:
    """A transaction each, without the collation that it has no need of."""
    script = upgrade("cockroachdb://")
    every = [one.revision for one in ScriptDirectory(str(Path(migrations.__file__).parent)).walk_revisions()]
    assert script.count("BEGIN;") == script.count("COMMIT;") >= len(every)
    assert all(f"'{revision}'" in script for revision in every)
    assert "COLLATE" not in script
    assert "COLLATE" in upgrade("postgresql://")
    assert upgrade("cockroachdb://", max(every)) == ""
