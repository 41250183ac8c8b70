"""What a handler is given: one RPC under way, inside its transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.core.engine.caller import SYSTEM, Caller
from mopenstack.core.engine.clouds import Cloud, Ids
from mopenstack.core.engine.courses import Fate
from mopenstack.core.engine.fault_rules import FaultRule
from mopenstack.core.engine.outside import Made
from mopenstack.core.engine.quota import Quota, QuotaSet
from mopenstack.core.engine.regions import home_url, in_region, region_url
from mopenstack.core.store import Transaction
from mopenstack.core.store.blobs import Blob, Blobs
from mopenstack.core.store.master_key import MasterKey
from mopenstack.core.store.regions import seen_in

S = TypeVar("S")
T = TypeVar("T")


class Background(Protocol):
    """What work beside the calls may use: `call.start`."""

    blobs: Blobs
    master_key: MasterKey

    async def transact(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[T]]) -> T:
        """Run something in a transaction of its own."""

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        """Run something beside the calls; it ends with the process."""


class Services(Protocol):
    """The services that are served, as a call reaches them."""

    background: Background
    administration: Any

    @property
    def quotas(self) -> Mapping[str, QuotaSet]:
        """By service."""

    def servicer(self, cls: type[S]) -> S:
        """The one instance of a servicer class; raises KeyError for one that is not served."""

    def owner(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where there is none."""

    def serves(self, operation: str) -> bool:
        """Whether an RPC is served."""

    def owner_loaded(self, kind: str) -> Any:
        """The same, of a service that may have to be loaded for it."""

    async def admit(self, call: Call, request: Message) -> None:
        """Declared rules, target and policy of the call's operation."""

    def request_of(self, operation: str) -> type[Message]:
        """The request message of an RPC; raises NotServed for one that is not served."""

    async def invoke(
        self, call: Call, operation: str, request: Message, caller: Caller | None, microversion: int = LATEST
    ) -> Any:
        """Answer another RPC in the same transaction."""

    async def publish(self, call: Call, event: str, kind: str, *facts: Any) -> None:
        """Tell the subscribers of an event."""


class Call:
    """One RPC. `now` and `time` are the same from its beginning to its end."""

    __slots__ = (
        "_after",
        "_services",
        "api",
        "between",
        "blob",
        "caller",
        "cloud",
        "context",
        "fate",
        "made",
        "operation",
        "started",
        "target",
        "tx",
        "wanted_id",
        "written",
    )

    def __init__(
        self, services: Services, cloud: Cloud, tx: Transaction, context: RequestContext, operation: Operation | None
    ) -> None:
        self._services = services
        self.cloud = cloud
        self.tx = tx
        self.context = context
        self.operation = operation
        self.api = operation.api if operation is not None else None
        """Whose request it is; None for what the engine does on its own."""
        self.caller: Caller = SYSTEM
        self.started: float = cloud.clock.time()
        """The cloud's time at its beginning, for the engine: a handler reads `time`."""
        self.target: Any = None
        """The object that the operation's `target` names, fetched and visible; shared, so `tx.edit` to change it."""
        self.blob: Blob | None = None
        """The bytes that came with an operation with raw_request."""
        self.wanted_id = context.wanted_id
        self._after: list[Callable[[], None]] = []
        self.between: Sequence[FaultRule] = ()
        """The fault rules that calls of other services may meet; none, almost always."""
        self.fate: Fate | None = None
        """What a fault rule makes of the transitions that the call begins."""
        self.written: list[str] = []
        """Keys of bytes that are kept only if the transaction holds."""
        self.made = Made()
        """What was made outside of the transaction for it."""

    @property
    def time(self) -> float:
        """The cloud's time, in seconds since the epoch; an answer that depends on it is not kept."""
        self._read_beside()
        return self.started

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def ids(self) -> Ids:
        self._read_beside()
        return self.cloud.ids

    def take_id(self) -> str:
        """The id that the seed wants for the first new object of this call; "" where it wants none."""
        wanted, self.wanted_id = self.wanted_id, ""
        return wanted

    @property
    def blobs(self) -> Blobs:
        """The bytes of all clouds; an answer that depends on them is not kept."""
        self._read_beside()
        return self._services.background.blobs

    @property
    def master_key(self) -> bytes:
        """What payloads at rest are encrypted with; the store does not hold it."""
        return self._services.background.master_key.value

    @property
    def takes_time(self) -> bool:
        """Whether what the call begins may take a while: by the cloud's profile, or by a rule."""
        return self.cloud.profile != "instant" or bool(self.cloud.behaviours) or self.fate is not None

    @property
    def background(self) -> Background:
        """What runs outside of this call's transaction, in others of its own."""
        return self._services.background

    @property
    def quota(self) -> Quota:
        return Quota(self.tx, self._services.quotas)

    @property
    def microversion(self) -> int:
        """The number behind the dot; the latest one for a call over gRPC."""
        return self.context.microversion

    def at_least(self, microversion: int) -> bool:
        return self.context.microversion >= microversion

    def stamp(self, timestamp: Timestamp, at: float | None = None) -> None:
        """Set a Timestamp field to now, or to seconds since the epoch; whole microseconds."""
        if at is None:
            self._read_beside()
            at = self.started
        timestamp.seconds, microseconds = divmod(round(at * 1_000_000), 1_000_000)
        timestamp.nanos = microseconds * 1000

    @property
    def administration(self) -> Any:
        """The administration of the clouds (engine.administration), for the admin service."""
        self._read_beside()
        return self._services.administration

    # -- other resources and services

    def service(self, servicer: type[S]) -> S:
        """The servicer of another resource of the same service. Its plain methods check no policy."""
        return self._services.servicer(servicer)

    def owner_of(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where there is none."""
        return self._services.owner(kind)

    def serves(self, operation: str) -> bool:
        """Whether an RPC of another service is served in this process."""
        return self._services.serves(operation)

    def other_owner_of(self, kind: str) -> Any:
        """The same of another service, which is loaded for it: the call is made again then."""
        return self._services.owner_loaded(kind)

    async def invoke(
        self, operation: str, request: Message, *, elevated: bool = False, microversion: int = LATEST
    ) -> Any:
        """Answer another RPC ("mopenstack.network.v2.Networks.CreateNetwork") in this transaction.

        Its rules, target and policy are checked for this call's caller, or for the cloud itself if `elevated`. The
        result is what the handler returns: the bare object of the envelope, the response message, or a Page. Raises
        what the operation refuses; NotServed where the service is not served. The microversion is the number behind the
        dot, where the real service asks for another one than the latest.
        """
        return await self._services.invoke(self, operation, request, SYSTEM if elevated else None, microversion)

    async def ask(self, operation: str, **values: Any) -> Any:
        """Answer an RPC of a service that need not be there, whose messages the caller therefore does not import.

        The request has these values; raises NotServed where the service is not served.
        """
        return await self.invoke(operation, self._services.request_of(operation)(**values))

    def request_of(self, operation: str) -> type[Message]:
        """The request message of an RPC; raises NotServed for one that is not served."""
        return self._services.request_of(operation)

    async def admit(self, part: Message) -> None:
        """Check a part of a request that is a request of the same operation (one object of a bulk create)."""
        await self._services.admit(self, part)

    async def publish(self, event: str, kind: str, *facts: Any) -> None:
        """Tell the subscribers of an event (engine.events), in this transaction; they may refuse."""
        await self._services.publish(self, event, kind, *facts)

    def elevated(self, caller: Caller = SYSTEM) -> Call:
        """The same call in the name of another caller: of the cloud itself, if not said otherwise."""
        return self.nested(self.operation, self.context, caller)

    def at(self, seconds: float) -> Call:
        """The same call at another time of the cloud: when what it completes was due."""
        other = self.elevated(self.caller)
        other.started = seconds
        return other

    def nested(self, operation: Operation | None, context: RequestContext, caller: Caller) -> Call:
        """A call inside of this one: the same transaction, time and work after the commit."""
        other = type(self)(self._services, self.cloud, self.tx, context, operation)
        return self._like_this(other, caller)

    def of_region(self, region: str) -> Call:
        """The same call in another region of its cloud; empty: in the first one."""
        if region == self.cloud.region:
            return self
        cloud, url = in_region(self.cloud, region), self.context.cloud_url
        url = region_url(url, cloud.name, region) if region else home_url(url)
        context = replace(self.context, cloud=cloud.address, cloud_url=url)
        other = type(self)(self._services, cloud, seen_in(self.tx, region), context, self.operation)
        other.target, other.wanted_id = self.target, self.wanted_id
        return self._like_this(other, self.caller)

    def _like_this(self, other: Call, caller: Caller) -> Call:
        other.caller, other.started, other.blob = caller, self.started, self.blob
        other._after, other.written = self._after, self.written
        other.between, other.fate, other.made = self.between, self.fate, self.made
        return other

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """A part of the call that is undone alone when it raises, for a call that goes on without it."""
        after = len(self._after)
        try:
            async with self.tx.part():
                yield
        except Exception:
            del self._after[after:]
            raise

    def outside(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """What `make` gives or raises, made outside of this transaction: that ends, and is begun again with it.

        `key` says what is asked for, and is the same whenever the transaction is run. Nothing that was written before
        may be seen by `make`.
        """
        return self.made.take(key, make)

    # -- bytes, and after the commit

    async def write_bytes(self, chunks: AsyncIterator[bytes]) -> Blob:
        """Store bytes of the cloud; they are gone again if the transaction fails. Raises BlobsFull."""
        key = self.cloud.new_blob_key()
        self.written.append(key)
        return await self.blobs.write(key, chunks)

    def delete_bytes(self, key: str) -> None:
        """Delete bytes once the transaction holds, unless other clouds may have them too (the seed's, a fork's)."""
        if self.cloud.owns_bytes(key):
            self.after_commit(lambda: self.blobs.delete(key))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something outside the store (delete bytes) once the transaction holds, and never if it fails."""
        self._after.append(action)

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        """Let something run beside the calls once the transaction holds; it changes the cloud by `transact`."""
        background = self._services.background
        self.after_commit(lambda: background.start(work))

    def _read_beside(self) -> None:
        """What comes of the call depends on more than objects; a call outside of the store has no transaction."""
        if self.tx is not None:
            self.tx.read_beside()

    @property
    def has_after(self) -> bool:
        """Whether there is something to do after the commit."""
        return bool(self._after)

    def run_after(self) -> None:
        for action in self._after:
            action()


def names_of(message: Message) -> set[str]:
    """The fields that are set, for gRPC clients that send no mask."""
    return {field.name for field, _ in message.ListFields()}
