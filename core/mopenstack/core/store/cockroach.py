"""CockroachDB, which speaks PostgreSQL's protocol: `--store cockroachdb://user@host:26257/database`.

Every transaction is SERIALIZABLE there; one that it refuses (SQLSTATE 40001) is run again by the engine, which is what
it asks of its clients. It has no advisory locks, so that calls that met do not take turns: they are spread in time. A
cloud is written as a whole by one process at a time, which a lock on its row sees to where there is one. The migrations
are PostgreSQL's own, all of them; the order that 0003 gives to ids is the one that CockroachDB has anyway.

Source: https://www.cockroachlabs.com/docs/stable/transaction-retry-error-reference (client-side retries).
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from types import MappingProxyType
from typing import Any

from mopenstack.core.store.postgres import PostgresStore, masked, upgrade_postgres

SCHEME = "cockroachdb://"


class CockroachStore(PostgresStore):
    """`url` begins with `cockroachdb://`; the rest is as of PostgreSQL, several hosts too."""

    dialect = "cockroachdb"
    begin = "BEGIN ISOLATION LEVEL SERIALIZABLE"
    server_settings = MappingProxyType({})

    def __init__(self, url: str) -> None:
        super().__init__(f"postgresql://{url.removeprefix(SCHEME)}")
        self.url = masked(url)

    async def _migrate(self, connection: Any, upgrade: Any) -> None:
        await upgrade_postgres(connection, upgrade, self.dialect)

    async def _admitted(self, connection: Any) -> None:
        """There are no groups: they need advisory locks."""

    def _turn(self, connection: Any, cloud: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def _alone(self, connection: Any, name: str) -> None:
        await connection.fetch(f"{self.statements.get_cloud} FOR UPDATE", name)
