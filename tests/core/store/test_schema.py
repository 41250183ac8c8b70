"""The statements, the schema and the migrations say the same."""

from __future__ import annotations

import json
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

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
