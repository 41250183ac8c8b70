"""Alembic's migrations. A new one: add a file to `versions/`; tests/core/store proves that they lead to the schema."""

from __future__ import annotations

import io
from pathlib import Path

from alembic import command
from alembic.config import Config


def upgrade(url: str, current: str | None = None) -> str:
    """Bring a SQLite file to the newest version; for PostgreSQL return the SQL that does it.

    `current` is the version that the PostgreSQL database is at. Empty text: nothing to do.
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
