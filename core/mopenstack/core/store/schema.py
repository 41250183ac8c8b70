"""The tables. Alembic's migrations bring a file or a server to this; a test proves that they do."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, LargeBinary, MetaData, String, Table

metadata = MetaData()
IDS = String().with_variant(String(collation="C"), "postgresql")
"""Ids are in the order of code points, which is SQLite's own, so that a part of a long list is found by the index."""

# Every row belongs to a layer of a cloud: `cloud` is the layer's name, which is the cloud's own where it has one layer
# (layers.py). Objects are protobuf bytes; what is searched for is in `indexes`.
clouds = Table(
    "clouds",
    metadata,
    Column("name", String, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

resources = Table(
    "resources",
    metadata,
    Column("cloud", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", IDS, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

indexes = Table(
    "indexes",
    metadata,
    Column("cloud", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("id", IDS, primary_key=True),
    sqlite_with_rowid=False,
)

# What must be unique in a scope: an address in a subnet, a MAC, a name in a domain.
claims = Table(
    "claims",
    metadata,
    Column("cloud", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("owner", String, nullable=False),
    Index("claims_by_owner", "cloud", "owner"),
    sqlite_with_rowid=False,
)

counters = Table(
    "counters",
    metadata,
    Column("cloud", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# One transition under way an object; `due` is the cloud's time in seconds since the epoch.
transitions = Table(
    "transitions",
    metadata,
    Column("cloud", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", IDS, primary_key=True),
    Column("action", String, nullable=False),
    Column("due", Float, nullable=False),
    Index("transitions_by_due", "cloud", "due"),
    sqlite_with_rowid=False,
)

# Which layer lies above which (none: ""), and the cloud that writes to it ("": it never changes again).
layers = Table(
    "layers",
    metadata,
    Column("name", String, primary_key=True),
    Column("below", String, nullable=False),
    Column("cloud", String, nullable=False),
    sqlite_with_rowid=False,
)

# Objects of the layers below that a layer changed or deleted.
shadows = Table(
    "shadows",
    metadata,
    Column("cloud", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", IDS, primary_key=True),
    sqlite_with_rowid=False,
)

CLOUD_TABLES = (resources, indexes, claims, counters, transitions)
"""The tables whose rows are a cloud's state: copied for a new cloud, deleted with it."""
