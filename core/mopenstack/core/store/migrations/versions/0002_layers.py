"""Layers of clouds: what lies above what, and what each hides."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "layers",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("below", sa.String, nullable=False),
        sa.Column("cloud", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    keys = [sa.Column(key, sa.String, primary_key=True) for key in ("cloud", "kind", "id")]
    op.create_table("shadows", *keys, sqlite_with_rowid=False)


def downgrade() -> None:
    op.drop_table("shadows")
    op.drop_table("layers")
