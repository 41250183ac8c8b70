"""The block of one transaction of a process of a group."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from mopenstack.core.store.base import Conflicted, StoreFull, Unreachable
from mopenstack.core.store.group.known_claims import ASK
from mopenstack.core.store.group.memory import TOLD_MAX
from mopenstack.core.store.group.session import GroupSession
from mopenstack.core.store.group.state import ALL, WRITTEN, GroupState
from mopenstack.core.store.group.statement import statement
from mopenstack.core.store.postgres import lost, to_its_end
from mopenstack.core.store.transaction import Transaction


class GroupTransacting:
    """`alone`: it has the turn of its cloud's slot from the beginning."""

    __slots__ = ("_alone", "_cloud", "_due", "_session", "_store", "_transaction")
    _session: GroupSession
    _transaction: Transaction

    def __init__(self, store: GroupState, cloud: str, *, alone: bool) -> None:
        self._store, self._cloud, self._alone = store, cloud, alone

    async def __aenter__(self) -> Transaction:
        store = self._store
        if self._alone:
            await store.take_turn(store.memory.slot(self._cloud))
        try:
            self._due = store.next_due.get(self._cloud)
            session = self._session = GroupSession(store, self._cloud)
            session.holds = self._alone
            self._transaction = Transaction(store, session, self._cloud)
            if self._cloud not in store.learned:
                await session.learn()
        except BaseException:
            if self._alone:
                store.end_turn(store.memory.slot(self._cloud))
            raise
        return self._transaction

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        session, done = self._session, False
        try:
            if error is None:
                await self._transaction.before_commit()
                if session.writes:
                    await to_its_end(self._commit())
                else:
                    session.check_whole()
                done = True
            elif not isinstance(error, Conflicted | Unreachable | asyncio.CancelledError):
                session.check_whole()  # what it failed for may be that it saw two moments
        finally:
            if not done and self._store.next_due.get(self._cloud) != self._due:
                self._store.next_due.pop(self._cloud, None)  # what is due was not led on
            await session.let_go(error)
            if session.holds:
                self._store.end_turn(session.slot)

    async def _commit(self) -> None:
        import asyncpg

        store, session, transaction = self._store, self._session, self._transaction
        if not session.holds:
            await session.let_go()
            await store.take_turn(session.slot)
            session.holds = True
            if store.memory.version(session.slot) != session.version or not session.is_current:
                raise Conflicted("another process has committed")
        connection = await session.connection()
        text, values = statement(self._cloud, session.all_rows())
        try:
            await self._send(connection, text, values)
        except asyncpg.DiskFullError as full:
            raise StoreFull(str(full)) from full
        store.ids.take_over(self._cloud, transaction._unsaved)
        transaction.committed()
        self._tell()

    async def _send(self, connection: Any, text: str, values: Sequence[Any]) -> None:
        """Send the statement; raises what the server says, Conflicted and Unreachable.

        The slot's version stays odd until the writes are told.
        """
        import asyncpg

        session, memory = self._session, self._store.memory
        slot, before = session.slot, session.version
        try:
            backend = connection.get_server_pid()
        except self._store.away as error:  # it was lost before anything was sent
            raise lost(error) from error
        memory.set_version(slot, before + 1, backend)
        try:
            await connection.fetch(text, *values)
        except (*self._store.away, asyncpg.StatementCompletionUnknownError) as error:
            await session.let_go(error)
            await self._store.try_to_recover(slot)
            raise lost(error, in_doubt=True) from error
        except asyncpg.UniqueViolationError as error:
            memory.set_version(slot, before)
            self._store.claims.put(session.cloud, [(place, ASK) for place in session.assumed])
            raise Conflicted("another object has what was claimed") from error
        except asyncpg.PostgresError:
            memory.set_version(slot, before)
            raise

    def _tell(self) -> None:
        """Tell of the commit, and end it."""
        store, session, cloud = self._store, self._session, self._cloud
        transaction = self._transaction
        changed, packages, unsaved = transaction._changed, transaction._generations, transaction._unsaved
        dues = [due[1] for due in session.dues.values() if due is not None]
        due = min(dues) if dues else None
        store.commits[cloud] += 1
        if due is not None and cloud in store.next_due:
            store.next_due[cloud] = min(due, store.next_due[cloud])
        claims = [*session.claims.items()]
        store.take_claims(cloud, claims)
        scheduled = {kind for (kind, _), one in session.dues.items() if one is not None}
        told = [WRITTEN, cloud, [*changed], [*packages], [*unsaved.counters], due, claims, [*scheduled]]
        record = orjson.dumps(told)
        store.memory.tell(record if len(record) <= TOLD_MAX else orjson.dumps([ALL, cloud]))
        store.memory.set_version(session.slot, session.version + 2)
