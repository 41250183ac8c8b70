"""The servers that a PostgreSQL URL names: which of them takes writes, and whether it still answers.

A URL with several hosts is read as libpq reads it: `postgresql://h1:p1,h2:p2/db?target_session_attrs=read-write`, which
is also what is wanted of several hosts where it does not say. The hosts are asked at the same time, so that one that is
silent costs nothing; a new connection goes first where the last one went.

Three things keep a process away from a server that lost its place. A server on an older timeline than one that was seen
before is refused, and connections to it are ended. A server that has not answered a connection for LOOK_SECONDS is
asked over another one: if that is silent too, every connection to it is ended, which frees the calls that wait there.
And one that this process has not heard of for UNHEARD_SECONDS may have been stopped meanwhile, and another one may have
taken its place: before it is believed again, all hosts are asked.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg

HOSTS_MAX = 16
CONNECT_SECONDS_MAX = 2.0
"""How long one host may take to let a connection in."""
LOOK_SECONDS = 2.0
"""After so long without an answer a server is asked whether it is there."""
TICK_SECONDS = 0.5
UNHEARD_SECONDS = 1.0
"""Shorter than any referee takes to give a leader's place to another one."""
TIMELINE = "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint"
AWAY: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word is read still, or it does not take writes
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # it took writes when the connection was made
)
"""What asyncpg raises where the server is not there, starts, ends, or does not take writes."""


class LeftBehind(ConnectionError):
    """The server has not followed a change of leaders that was seen."""


class BadStoreUrl(ValueError):
    """The URL of a store cannot be read."""


class PlacedConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that knows which host it leads to."""

    __slots__ = ("place", "timeline")

    @property
    def itself(self) -> PlacedConnection:
        """The connection, where what a pool lent stands for it."""
        return self

    async def _do_execute(self, *args: Any, **named: Any) -> Any:
        """asyncpg's, of two steps: one that is ended between them has no protocol any more, and nothing was sent."""
        try:
            return await super()._do_execute(*args, **named)
        except AttributeError as error:
            if self._protocol is not None:
                raise
            raise asyncpg.InterfaceError("the connection was ended") from error


def hosts_of(url: str) -> list[str]:
    """A URL for each host that a URL names, in its order; raises BadStoreUrl."""
    parts = urlsplit(url)
    account, at, places = parts.netloc.rpartition("@")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    hosts = places.split(",") if places else []
    if not hosts and "host" in query:
        names, ports = query["host"].split(","), query.get("port", "").split(",")
        if len(ports) not in (1, len(names)):
            raise BadStoreUrl(f"The store's URL names {len(names)} hosts and {len(ports)} ports.")
        ports = ports * len(names) if len(ports) == 1 else ports
        own = [
            _wanting_writes({**query, "host": name, **({"port": port} if port else {})}, len(names))
            for name, port in zip(names, ports, strict=True)
        ]
        return _checked([f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(one)}" for one in own])
    if len(hosts) < 2:
        return [url]
    wanted = urlencode(_wanting_writes(query, len(hosts)))
    return _checked([f"{parts.scheme}://{account}{at}{place}{parts.path}?{wanted}" for place in hosts])


def _wanting_writes(query: dict[str, str], count: int) -> dict[str, str]:
    return query if count == 1 else {"target_session_attrs": "read-write", **query}


def _checked(urls: list[str]) -> list[str]:
    if len(urls) > HOSTS_MAX:
        raise BadStoreUrl(f"The store's URL names {len(urls)} hosts; {HOSTS_MAX} at most.")
    return urls


class Hosts:
    """Connections to the one server of several that takes writes."""

    def __init__(self, url: str) -> None:
        self._urls = hosts_of(url)
        self._last: int | None = None
        """Where the last connection went."""
        self._timeline = 0
        """The highest that was seen; 0: none, or the server has no such thing."""
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        self._busy: dict[Any, float] = {}
        """Connection in use -> since when, or since it was last looked whether its server is there."""
        self._heard: dict[int, float] = {}
        """Host -> the beginning of what it answered last."""
        self._confirming: asyncio.Task[set[int]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looks: set[asyncio.Task[None]] = set()
        self.away = AWAY

    @property
    def several(self) -> bool:
        """Whether the URL names more than one."""
        return len(self._urls) > 1

    def is_useless(self, error: BaseException) -> bool:
        """Whether the connection that an error came from does not take writes any more."""
        cause = error.__cause__ or error
        if isinstance(cause, asyncpg.FeatureNotSupportedError):
            return "hot standby" in str(cause)
        return isinstance(cause, asyncpg.ReadOnlySQLTransactionError)

    async def connect(self, *_: Any, **options: Any) -> Any:
        """A new connection to a server as it is wanted; raises one of AWAY, and what a server says against it."""
        options["connection_class"] = PlacedConnection
        if self._last is not None:
            try:
                return await self._connect(self._last, options)
            except AWAY:
                if len(self._urls) == 1:
                    raise
                self._last = None
        return await self._first(range(len(self._urls)), options)

    async def _first(self, places: Sequence[int], options: dict[str, Any]) -> Any:
        """The connection that is there first, of attempts at all of the places at the same time."""
        left = {asyncio.ensure_future(self._connect(place, options)) for place in places}
        errors: list[BaseException] = []
        try:
            while left:
                done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                made = [task.result() for task in done if not task.cancelled() and task.exception() is None]
                for spare in made[1:]:
                    spare.terminate()
                if made:
                    return made[0]
                errors += [error for task in done if (error := task.exception()) is not None]
        finally:
            for task in left:
                task.add_done_callback(_end)
                task.cancel()
        # What a server says against the connection itself tells more than that another one is away.
        raise next((error for error in errors if not isinstance(error, AWAY)), errors[0])

    async def _connect(self, place: int, options: dict[str, Any]) -> Any:
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            connection = await asyncpg.connect(self._urls[place], **options)
            try:
                connection.place = place
                connection.timeline = await self._timeline_of(connection)
                self._admit(connection)
            except BaseException:
                connection.terminate()
                raise
        return connection

    async def _timeline_of(self, connection: Any) -> int:
        if len(self._urls) == 1:
            return 0
        try:
            return int(await connection.fetchval(TIMELINE))
        except (asyncpg.UndefinedFunctionError, asyncpg.FeatureNotSupportedError, asyncpg.InsufficientPrivilegeError):
            return 0  # another server that speaks PostgreSQL's protocol

    def _admit(self, connection: Any) -> None:
        """Note a connection, and end those to servers that it leaves behind; raises LeftBehind."""
        if connection.timeline < self._timeline:
            raise LeftBehind(f"it is on timeline {connection.timeline} of {self._timeline}")
        if connection.timeline > self._timeline:
            self._timeline = connection.timeline
            self._end_those(lambda one: one.timeline < self._timeline)
        self._last = connection.place
        self._open.add(connection)

    def _end_those(self, which: Any) -> None:
        for one in [one for one in self._open if which(one)]:
            self._open.discard(one)
            one.terminate()

    # -- whether a server still leads

    async def confirm(self, connection: Any) -> None:
        """Make sure that no other server has taken the place of a connection's; raises LeftBehind."""
        if len(self._urls) == 1:
            return
        itself, now = connection.itself, asyncio.get_running_loop().time()
        if now - self._heard.get(itself.place, -UNHEARD_SECONDS) < UNHEARD_SECONDS:
            return
        if self._confirming is None or self._confirming.done():
            self._confirming = asyncio.ensure_future(self._ask_all())
        answering = await asyncio.shield(self._confirming)
        if itself.timeline < self._timeline or itself.place not in answering:
            raise LeftBehind(f"it is on timeline {itself.timeline} of {self._timeline}, or silent")

    async def _ask_all(self) -> set[int]:
        """Learn the highest timeline of the servers that take writes now; the hosts of those."""
        asked = [self._connect(place, {"connection_class": PlacedConnection}) for place in range(len(self._urls))]
        made = await asyncio.gather(*asked, return_exceptions=True)
        connections = [one for one in made if isinstance(one, PlacedConnection)]
        for one in connections:
            one.terminate()
        return {one.place for one in connections if one.timeline == self._timeline}

    # -- whether a server still answers

    @contextmanager
    def in_use(self, connection: Any) -> Iterator[None]:
        """For as long as a connection is in use, its server is looked after."""
        itself = connection.itself
        self._busy[itself] = began = asyncio.get_running_loop().time()
        if self._timer is None:
            self._later()
        try:
            yield
            self._heard[itself.place] = began
        finally:
            self._busy.pop(itself, None)

    def _later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """Ask after each server that has been silent for long; again as long as a connection is in use."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        silent: set[int] = set()
        for connection, since in list(self._busy.items()):
            if now - since >= LOOK_SECONDS and not connection.is_closed():
                self._busy[connection] = now
                silent.add(connection.place)
        for place in silent:
            task = asyncio.ensure_future(self._look(place))
            self._looks.add(task)
            task.add_done_callback(self._looks.discard)
        if self._busy:
            self._later()

    async def _look(self, place: int) -> None:
        """End every connection to a server that does not let another one in, or takes no writes any more."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                connection = await asyncpg.connect(self._urls[place])
                try:
                    timeline = await self._timeline_of(connection)
                finally:
                    connection.terminate()
        except AWAY as error:
            if isinstance(error, asyncpg.TooManyConnectionsError):
                return
            if self._last == place:
                self._last = None
            self._end_those(lambda one: one.place == place)
        else:
            if timeline < self._timeline:
                self._end_those(lambda one: one.place == place)

    def close(self) -> None:
        """Look after nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for task in {*self._looks, *filter(None, [self._confirming])}:
            task.cancel()


def _end(task: asyncio.Task[Any]) -> None:
    """A connection that came too late is not kept."""
    with suppress(asyncio.CancelledError, Exception):
        task.result().terminate()
