"""PostgreSQL keeps ids in the order of code points, whatever order the database has."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = ("resources", "indexes", "transitions", "shadows")


def upgrade() -> None:
    _collate("C")


def downgrade() -> None:
    _collate("default")


def _collate(name: str) -> None:
    context = op.get_context()
    if context.dialect.name == "postgresql" and not context.opts.get("orders_by_bytes"):
        for table in _TABLES:
            op.alter_column(table, "id", type_=sa.String(collation=name))
