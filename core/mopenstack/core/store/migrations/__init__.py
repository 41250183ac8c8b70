"""Alembic's migrations. A new one: add a file to `versions/`; tests/core/store proves that they lead to the schema."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config

from mopenstack.core.store.base import UnusableDatabase


def upgrade_sqlite(file: Path) -> None:
    """Bring a SQLite file to the newest version; raises UnusableDatabase and leaves the file as it is."""
    if file.exists():
        try:
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                version = connection.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
                damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            foreign = "no such table" in str(error)
            what = "is not a database of mopenstack" if foreign else f"is damaged ({error})"
            raise UnusableDatabase(f"{file} {what}. It was left as it is; {_WAY_OUT}") from None
        if damage != "ok":
            raise UnusableDatabase(f"{file} is damaged ({damage}). It was left as it is; {_WAY_OUT}")
        check_version(str(file), version[0] if version else None)
    upgrade(f"sqlite:///{file}")


_WAY_OUT = "choose another folder with --data, or move the file away to begin anew."


def check_version(where: str, version: str | None) -> None:
    """Raise UnusableDatabase for a version that this mopenstack does not know."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(Path(__file__).parent)).walk_revisions()}
    if version is not None and version not in known:
        raise UnusableDatabase(
            f"{where} was written by a newer mopenstack (schema {version}). It was left as it is; use that version."
        )


def upgrade(url: str, current: str | None = None) -> str:
    """Bring a SQLite file to the newest version; for PostgreSQL and CockroachDB return the SQL that does it.

    `current` is the version that such a database is at. Empty text: nothing to do.
    """
    buffer = io.StringIO()
    config = Config(output_buffer=buffer)
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    if url.startswith("sqlite"):
        command.upgrade(config, "head")
        return ""
    from alembic.script import ScriptDirectory

    if ScriptDirectory.from_config(config).get_current_head() == current:
        return ""
    command.upgrade(config, f"{current or 'base'}:head", sql=True)
    return buffer.getvalue()
