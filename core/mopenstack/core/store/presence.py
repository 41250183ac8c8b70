"""How processes on one PostgreSQL see each other: those on their own, and a group that has the database for itself."""

from __future__ import annotations

from typing import Any

OWNER_LOCK = "7355610, 1"
"""The advisory lock of the group that has the database."""
SINGLE = "mopenstack"
"""The name of the connections of a process on its own."""
OWNED = (
    "This database is served by another `mopenstack up --workers`, which has it for itself: "
    "stop it first, or use another database."
)
_IS_OWNED = """
SELECT EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted AND objsubid = 2
    AND classid = 7355610 AND objid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""


async def is_owned(connection: Any) -> bool:
    """Whether a group has the database that a connection leads to."""
    return bool(await connection.fetchval(_IS_OWNED))
