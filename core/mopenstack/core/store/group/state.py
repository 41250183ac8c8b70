"""What a process of a group knows of the database, what it hears of the others, and when it may write.

No answer is older than a write that was acknowledged before it was asked for: a process tells of its commit in the
shared memory before it acknowledges it, and each looks there before it reads what it keeps. What is told names what was
written, in the same words in which views and answers name what they were made of; so they go, and the rest stays.

Transactions that write do so one after the other in a slot (the clouds whose names have the same hash). The slot's
version is odd from before a commit is sent until it is known what became of it. A process that finds it odd, and has
the turn, knows that the one that sent it was killed or lost its connection: it ends the server's process that has the
commit, waits until it is gone, and tells that all of the slot may have changed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import orjson

from mopenstack.core.store.base import Row, Unreachable
from mopenstack.core.store.group.connection import Idle
from mopenstack.core.store.group.known_claims import KnownClaims, Place
from mopenstack.core.store.group.known_ids import KnownIds
from mopenstack.core.store.group.memory import GroupMemory, Overtaken
from mopenstack.core.store.postgres import PostgresStore, in_postgres, lost
from mopenstack.core.store.turns import Turn

WAIT_SECONDS_MAX = 30.0
"""How long a transaction waits for its turn."""
LOOK_SECONDS = 0.001
"""The pause before a lock that another process has is tried again."""
TURNS_IN_A_ROW = 4
"""After so many turns of a process another one that waits has its chance."""
RECOVER_SECONDS_MAX = 10.0
RECOVER_PAUSE_SECONDS = 0.01

END_BACKENDS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name = $1 AND ($2 = 0 OR pid = $2) AND pid <> pg_backend_pid()"
)
ALL, WRITTEN, SETTINGS_CHANGED = 0, 1, 2
"""What is told: all of a slot's clouds may have changed, or one cloud; what a transaction wrote; a cloud's settings."""

committing: ContextVar[int] = ContextVar("committing")
"""The slot in which a cloud is being written as a whole."""


class GroupState(PostgresStore):
    """All but its transactions."""

    keeps = True
    server_settings: Mapping[str, str] = MappingProxyType(
        {
            # The few statements are planned once a connection, when there may be nothing in the tables yet.
            "plan_cache_mode": "force_generic_plan",
            "enable_seqscan": "off",
            "jit": "off",
            "idle_in_transaction_session_timeout": "60s",
        }
    )

    def __init__(self, url: str, memory: GroupMemory, group: str) -> None:
        """`group` is a word that no other group has; it names the connections of the group at the server."""
        super().__init__(url)
        self.memory = memory
        self.group = group
        self.server_settings = {**self.server_settings, "application_name": application_name(group, memory.worker)}
        self.idle: Idle
        self.ids = KnownIds()
        self.learned: set[str] = set()
        """The clouds of which it is known what kinds of objects they have."""
        self.settings_versions: dict[str, int] = {}
        self.reads: Mapping[str, Callable[..., Any]] = {}
        """Statement -> what finds it, of those of which something is known here (session.py)."""
        self.writes: Mapping[str, Callable[..., Any]] = {}
        """Writing statement -> what gathers its rows."""
        self.names = {getattr(self.statements, name): name for name in self.statements.__slots__}
        self.claims = KnownClaims()
        self._head = b""
        self._epoch = 0
        self._turns: defaultdict[int, Turn] = defaultdict(Turn)
        self._in_a_row: defaultdict[int, int] = defaultdict(int)

    async def open(self) -> None:
        self.memory.start_worker()
        self.memory.skip_news()
        self._epoch = self.memory.epoch
        await super().open()
        self.idle = Idle(self._pool, self._hosts)

    async def close(self) -> None:
        await self.idle.close()
        await super().close()
        self.memory.close()

    async def _admitted(self, connection: Any) -> None:
        """It is the group's own."""

    # -- what others told

    def look(self) -> bool:
        """Take notice of what the other processes committed; false: the database may be another's."""
        head = self.memory.head()
        if head != self._head:
            self._take_notice(head)
        return not self._epoch & 1

    def look_or_raise(self) -> None:
        """The same; raises Unreachable where the database may be another's."""
        if not self.look():
            raise Unreachable("the group does not have the database for itself", in_doubt=False)

    def _take_notice(self, head: bytes) -> None:
        epoch = self.memory.epoch
        if epoch != self._epoch:
            self._epoch = epoch
            self._forget_all()
        try:
            for told in self.memory.news():
                self.notice(orjson.loads(told))
        except Overtaken:
            self.memory.skip_news()
            self._forget_all()
        self._head = head

    def notice(self, told: list[Any]) -> None:
        """Take notice of one thing that was told."""
        what, cloud, *more = told
        if what == ALL:
            self._forget(cloud)
        elif what == SETTINGS_CHANGED:
            self._forget_settings(cloud)
        else:
            self._notice_writes(cloud, *more)

    def _notice_writes(
        self,
        cloud: str,
        changed: list[list[str]],
        packages: list[str],
        counters: list[str],
        due: float | None,
        claims: list[tuple[tuple[str, str], str | None]],
        scheduled: list[str],
    ) -> None:
        dependencies = [tuple(one) for one in changed]
        layer = self.chains[cloud][0]
        for what, kind, *id in dependencies:
            layer.kinds.add(kind)
            if what == "object":
                self.drop(layer, (kind, id[0]))
            elif what == "kind":
                self.lists.drop_kind(cloud, kind)
        self.take_claims(cloud, [((scope, key), owner) for (scope, key), owner in claims])
        layer.scheduled.update(scheduled)
        self.ids.drop(cloud, dependencies)
        self.views.changed(cloud, dependencies)
        self.answers.changed(cloud, dependencies)
        for package in packages:
            self.generations[(cloud, package)] += 1
        for name in counters:
            self.counters[cloud].pop(name, None)
        if due is not None and cloud in self.next_due:
            self.next_due[cloud] = min(due, self.next_due[cloud])
        self.commits[cloud] += 1

    def take_claims(self, cloud: str, claims: Collection[tuple[Place, str | None]]) -> None:
        """Take over what a transaction claimed and released (None)."""
        self.claims.put(cloud, claims)
        self.chains[cloud][0].owners.update(owner.partition("/")[0] for _, owner in claims if owner)

    def _forget(self, place: str | int) -> None:
        """Keep nothing of a cloud, or of all clouds of a slot."""
        known = {*self.chains, *self.commits, *self.settings_versions}
        for name in [place] if isinstance(place, str) else [one for one in known if self.memory.slot(one) == place]:
            self.forget_cloud(name)

    def _forget_all(self) -> None:
        for name in {*self.chains, *self.commits, *self.settings_versions}:
            self.forget_cloud(name)

    def forget_cloud(self, name: str) -> None:
        super().forget_cloud(name)
        layer = self.chains[name][0]
        for key in list(layer.objects):
            self.drop(layer, key)
        layer.kinds.clear()
        layer.owners.clear()
        layer.scheduled.clear()
        self.learned.discard(name)
        self.ids.drop_cloud(name)
        self.claims.drop_cloud(name)
        self._forget_settings(name)

    def _forget_settings(self, name: str) -> None:
        self.answers.drop_cloud(name)
        self.settings_versions.pop(name, None)
        self.commits[name] += 1

    def changes(self, name: str) -> int:
        """A number that grows when something in a cloud changes, the same one in all processes."""
        return self.memory.version(self.memory.slot(name))

    # -- turns

    async def take_turn(self, slot: int) -> None:
        """Have a slot for this transaction alone, and know all that was committed in it; raises Unreachable."""
        turn = self._turns[slot]
        await turn.acquire()
        try:
            await self._lock(slot)
            try:
                self.look_or_raise()
                if self.memory.version(slot) & 1:
                    await self.recover(slot)
            except BaseException:
                self.memory.unlock(slot)
                raise
        except BaseException:
            turn.release()
            raise

    def end_turn(self, slot: int) -> None:
        self.memory.unlock(slot)
        self._turns[slot].release()

    async def _lock(self, slot: int) -> None:
        if self.memory.is_wanted(slot):
            self._in_a_row[slot] += 1
            if self._in_a_row[slot] >= TURNS_IN_A_ROW:
                self._in_a_row.pop(slot)
                await asyncio.sleep(2 * LOOK_SECONDS)
        if self.memory.try_lock(slot):
            return
        self._in_a_row.pop(slot, None)
        until = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
        self.memory.wait(slot, True)
        try:
            while not self.memory.try_lock(slot):
                if asyncio.get_running_loop().time() > until:
                    raise Unreachable("another process does not end its turn", in_doubt=False)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self.memory.wait(slot, False)

    async def recover(self, slot: int) -> None:
        """Wait for the end of a commit of which it is not known what became, with the turn; raises Unreachable."""
        worker, backend = self.memory.committer(slot)
        until = asyncio.get_running_loop().time() + RECOVER_SECONDS_MAX
        async with super()._asking() as connection:
            while await connection.fetch(END_BACKENDS, application_name(self.group, worker), backend):
                if asyncio.get_running_loop().time() > until:
                    raise Unreachable("a commit does not end", in_doubt=False)
                await asyncio.sleep(RECOVER_PAUSE_SECONDS)
        self._forget(slot)
        self.memory.tell(orjson.dumps([ALL, slot]))
        self.memory.set_version(slot, self.memory.version(slot) + 1)

    async def try_to_recover(self, slot: int) -> None:
        with suppress(Unreachable):  # then the next one that has the turn does it
            await self.recover(slot)

    # -- the server

    @property
    def away(self) -> tuple[type[BaseException], ...]:
        """What a statement raises whose server, or connection, is gone."""
        return self._hosts.away

    async def fetch(self, connection: Any, statement: str, values: Sequence[Any]) -> Sequence[Row]:
        """What a reading statement finds; raises Unreachable."""
        try:
            found: Sequence[Row] = await connection.fetch(statement, *in_postgres(values))
        except self._hosts.away as error:
            raise lost(error) from error
        return found

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:
        async with super()._asking() as connection:
            slot = committing.get(-1)
            if slot >= 0:
                self.memory.set_version(slot, self.memory.version(slot) | 1, connection.get_server_pid())
            yield connection


def application_name(group: str, worker: int) -> str:
    """How the connections of a process of a group are named at the server."""
    return f"mopenstack {group}/{worker}"
