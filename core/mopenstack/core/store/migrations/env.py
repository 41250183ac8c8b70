"""How Alembic runs here: online for a SQLite file, as rendered SQL for PostgreSQL and what speaks its protocol.

CockroachDB gets PostgreSQL's SQL, a transaction a migration; `orders_by_bytes` tells the migrations that its texts are
in the order of code points already.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from mopenstack.core.store.schema import metadata

config = context.config

if context.is_offline_mode():
    cockroach = (config.get_main_option("sqlalchemy.url") or "").startswith("cockroachdb:")
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata,
        literal_binds=True,
        transaction_per_migration=cockroach,
        orders_by_bytes=cockroach,
    )
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
