"""One transaction of a process of a group.

What was read before is not read again: the store knows what is still so. Writes are gathered, and reads see them; they
go to the server in one statement at the end, while the process has the turn of the cloud's slot.

A transaction that did not begin with the turn reads what is there without a lock and without a snapshot. After each
read it looks whether the slot has the version that it had at the beginning: then all that it read is of one moment. If
not, it has not happened, and is made again with the turn (Conflicted).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.core.store import gathering
from mopenstack.core.store.base import Conflicted, Row
from mopenstack.core.store.compiled import Statements
from mopenstack.core.store.gathering import GatheringSession, Read, Write
from mopenstack.core.store.group.known_claims import ASK
from mopenstack.core.store.group.state import GroupState
from mopenstack.core.store.postgres import NUL
from mopenstack.core.store.transaction import SETTINGS

LIST_IDS_MAX = 20_000
"""The longest list of ids that is kept."""

KINDS = (
    "SELECT DISTINCT 'kinds', kind FROM resources WHERE cloud = $1 "
    "UNION ALL SELECT DISTINCT 'owners', split_part(owner, '/', 1) FROM claims WHERE cloud = $1 "
    "UNION ALL SELECT DISTINCT 'scheduled', kind FROM transitions WHERE cloud = $1"
)


class GroupSession(GatheringSession):
    """`holds`: whether the transaction has the turn of the cloud's slot."""

    __slots__ = (
        "_assumed_before",
        "_commits",
        "_connection",
        "_fetched",
        "_store",
        "assumed",
        "cloud",
        "holds",
        "slot",
        "version",
    )

    def __init__(self, store: GroupState, cloud: str) -> None:
        super().__init__(cloud)
        self._store, self.cloud = store, cloud
        self.slot = store.memory.slot(cloud)
        self.holds = False
        self.assumed: set[tuple[str, str]] = set()
        """Scope and key of claims of which it was not asked whether another object has them: the server says so."""
        self._fetched: dict[tuple[str, str], bytes] = {}
        self._assumed_before: list[set[tuple[str, str]]] = []
        self._connection: Any = None
        self.begin()

    def begin(self) -> None:
        """Note from when on it reads. The version is looked at first: what was committed by then, is known after."""
        self.version = self._store.memory.version(self.slot)
        self._store.look_or_raise()
        self._commits = self._store.commits[self.cloud]

    @property
    def _statements(self) -> Statements:
        return self._store.statements

    @property
    def is_current(self) -> bool:
        return self._store.commits[self.cloud] == self._commits

    def check(self) -> None:
        """Raise Conflicted unless what was read now is of the moment at which the transaction began."""
        if not self.holds and (self._store.memory.version(self.slot) != self.version or not self.is_current):
            raise Conflicted("another process has committed")

    def check_whole(self) -> None:
        """The same at the end: each read of the server was looked at; what is kept has to be as it was, too."""
        if not self.holds and not self.is_current:
            raise Conflicted("another process has committed")

    async def learn(self) -> None:
        """Ask what kinds of objects the cloud has, once."""
        store, layer = self._store, self._store.chains[self.cloud][0]
        for what, kind in await self._ask(KINDS, self.cloud):
            getattr(layer, what).add(kind)
        store.layers[self.cloud] = layer
        store.learned.add(self.cloud)

    # -- the connection

    async def connection(self) -> Any:
        """A connection, which the transaction has until `let_go`."""
        if self._connection is None:
            self._connection = await self._store.idle.take()
        return self._connection

    async def let_go(self, error: BaseException | None = None) -> None:
        """Give the connection back; `error` is what it ended with."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._store.idle.give(connection, error)

    async def _ask(self, statement: str, *values: Any) -> Sequence[Row]:
        """What the server has, without what this transaction wrote."""
        if not self.holds and self.version & 1:
            raise Conflicted("another process commits")
        rows = await self._store.fetch(await self.connection(), statement, values)
        self.check()
        return rows

    # -- reads

    async def one(self, statement: str, *values: Any) -> Row | None:
        if statement == self._store.statements.get:
            return await self._get(*values)
        rows = await self.all(statement, *values)
        return rows[0] if rows else None

    async def all(self, statement: str, *values: Any) -> Sequence[Row]:
        read = self._store.reads.get(statement)
        return await self._ask(statement, *values) if read is None else await read(self, *values)

    async def _get(self, layer: str, kind: str, id: str) -> Row | None:
        data = self._fetched.get((kind, id))
        if data is not None:
            return (data,)
        ids = self._store.ids
        if ids.get(layer, ("", kind, id)) is not None:
            return None
        rows = await self._ask(self._store.statements.get, layer, kind, id)
        if not rows:
            ids.put(layer, ("", kind, id), 0)
            return None
        return rows[0]

    async def _ids(self, layer: str, kind: str, field: str, value: str) -> Sequence[Row]:
        """The ids that an index names; the objects come along, and are read with them."""
        key = (kind, field, value)
        known = self._store.ids.get(layer, key)
        if not isinstance(known, dict):
            rows = await self._ask(self._store.statements.find, layer, *key)
            known = self._take(layer, key, rows)
        return [(id,) for id in known]

    async def _claimed(self, layer: str, scope: str, key: str) -> Sequence[Row]:
        place, known = (scope, key), self._store.claims
        if place in self.claims:
            owner = self.claims[place]
        else:
            owner = known.find(self.cloud, place)
            if owner is None or owner == ASK:
                rows = await self._ask(self._statements.claimed, layer, scope, key)
                owner = rows[0][0] if rows else None
                known.put(self.cloud, [(place, owner)])
        return [] if owner is None else [(owner,)]

    async def _scan(self, layer: str, kind: str) -> Sequence[Row]:
        known, objects = self._store.ids.get(layer, (kind,)), self._store.chains[layer][0].objects
        if isinstance(known, dict) and all((kind, id) in objects for id in known):
            return [(id, b"") for id in known]
        known = self._take(layer, (kind,), await self._ask(self._store.statements.scan, layer, kind))
        return [(id, self._fetched[kind, id]) for id in known]

    def _take(self, layer: str, key: tuple[str, ...], rows: Sequence[Row]) -> dict[str, None]:
        ids: dict[str, None] = {}
        for id, data in rows:
            id = id.replace(NUL, "\0") if NUL in id else id
            self._fetched[key[0], id] = data
            ids[id] = None
        if len(ids) <= LIST_IDS_MAX:
            self._store.ids.put(layer, key, ids)
        return ids

    async def _count(self, layer: str, kind: str) -> Sequence[Row]:
        return await self._number(self._store.statements.count, layer, kind)

    async def _count_index(self, layer: str, kind: str, field: str, value: str) -> Sequence[Row]:
        return await self._number(self._store.statements.count_index, layer, kind, field, value)

    async def _number(self, statement: str, layer: str, *key: str) -> Sequence[Row]:
        known = self._store.ids.get(layer, key)
        if known is None:
            known = int((await self._ask(statement, layer, *key))[0][0])
            self._store.ids.put(layer, key, known)
        return [(known if isinstance(known, int) else len(known),)]

    async def _versions(self, cloud: str, *names: str) -> Sequence[Row]:
        known = self._store.settings_versions
        if cloud not in known:
            rows = await self._ask(self._store.statements.versions, cloud, *names)
            known[cloud] = next((int(row[1]) for row in rows if row[0] == SETTINGS), 0)
        return [(SETTINGS, known[cloud])]

    # -- writes

    async def run(self, statement: str, *values: Any) -> Row | None:
        """Gather what a statement writes; the row that it would return."""
        row: Row | None = await self._store.writes[statement](self, *values)
        return row

    async def run_each(self, statement: str, rows: Sequence[Row]) -> None:
        self.rows[self._store.names[statement]] = [row[1:] for row in rows]

    def all_rows(self) -> Mapping[str, Sequence[Row]]:
        """All that is written, by kind of write."""
        claims, dues = self.claims.items(), self.dues.items()
        return {
            **self.rows,
            "release": [place for place, owner in claims if owner is None],
            "claim": [(*place, owner) for place, owner in claims if owner is not None and place in self.assumed],
            "put_claim": [
                (*place, owner) for place, owner in claims if owner is not None and place not in self.assumed
            ],
            "unschedule": [place for place, due in dues if due is None],
            "schedule": [(*place, *due) for place, due in dues if due is not None],
        }

    async def _claim(self, layer: str, scope: str, key: str, owner: str) -> Row | None:
        place = (scope, key)
        if place in self.claims or self._store.claims.find(self.cloud, place) is not None:
            if await self._claimed(layer, scope, key):
                return None
        else:
            self.assumed.add(place)
        self.claims[place] = owner
        return (owner,)

    async def _put_claim(self, _: str, scope: str, key: str, owner: str) -> None:
        self.assumed.discard((scope, key))
        self.claims[scope, key] = owner

    async def _release(self, _: str, scope: str, key: str) -> None:
        self.assumed.discard((scope, key))
        self.claims[scope, key] = None

    async def _begin_part(self) -> None:
        await super()._begin_part()
        self._assumed_before.append(set(self.assumed))

    async def _undo_part(self) -> None:
        await super()._undo_part()
        self.assumed = self._assumed_before[-1]

    async def _end_part(self) -> None:
        await super()._end_part()
        self._assumed_before.pop()


def reads(statements: Statements) -> dict[str, Read]:
    """Statement -> what it finds, of those of which something is known here."""
    own = GroupSession
    return gathering.reads(own, statements) | {
        statements.claimed: own._claimed,
        statements.ids: own._ids,
        statements.scan: own._scan,
        statements.count: own._count,
        statements.count_index: own._count_index,
        statements.versions: own._versions,
    }


def writes(statements: Statements) -> Mapping[str, Write]:
    """Writing statement -> what gathers its rows."""
    return gathering.writes(GroupSession, statements)
