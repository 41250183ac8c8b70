"""The first schema: clouds, resources, indexes, claims, counters, transitions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEYED = {
    "clouds": (("name",), (("data", sa.LargeBinary),)),
    "resources": (("cloud", "kind", "id"), (("data", sa.LargeBinary),)),
    "indexes": (("cloud", "kind", "field", "value", "id"), ()),
    "claims": (("cloud", "scope", "key"), (("owner", sa.String),)),
    "counters": (("cloud", "name"), (("value", sa.BigInteger),)),
    "transitions": (("cloud", "kind", "id"), (("action", sa.String), ("due", sa.Float))),
}


def upgrade() -> None:
    for name, (keys, values) in _KEYED.items():
        columns = [sa.Column(key, sa.String, primary_key=True) for key in keys]
        columns += [sa.Column(value, type_, nullable=False) for value, type_ in values]
        op.create_table(name, *columns, sqlite_with_rowid=False)
    op.create_index("claims_by_owner", "claims", ["cloud", "owner"])
    op.create_index("transitions_by_due", "transitions", ["cloud", "due"])


def downgrade() -> None:
    for name in reversed(_KEYED):
        op.drop_table(name)
