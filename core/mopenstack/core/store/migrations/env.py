"""How Alembic runs here: online for a SQLite file, as rendered SQL for PostgreSQL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from mopenstack.core.store.schema import metadata

config = context.config

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    url = config.get_main_option("sqlalchemy.url")
    assert url is not None
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
