"""What a handler is given: one RPC under way, inside its transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.core.engine.caller import SYSTEM, Caller
from mopenstack.core.engine.clouds import Cloud, Ids
from mopenstack.core.engine.quota import Quota, QuotaSet
from mopenstack.core.store import Transaction
from mopenstack.core.store.blobs import Blob, Blobs

S = TypeVar("S")
T = TypeVar("T")


class Background(Protocol):
    """What work beside the calls may use: `call.start`."""

    blobs: Blobs

    async def transact(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[T]]) -> T:
        """Run something in a transaction of its own."""

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        """Run something beside the calls; it ends with the process."""


class Services(Protocol):
    """The services that are served, as a call reaches them."""

    background: Background
    administration: Any
    quotas: dict[str, QuotaSet]

    def servicer(self, cls: type[S]) -> S:
        """The one instance of a servicer class; raises KeyError for one that is not served."""

    def owner(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where there is none."""

    async def admit(self, call: Call, request: Message) -> None:
        """Declared rules, target and policy of the call's operation."""

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
        "blob",
        "caller",
        "cloud",
        "context",
        "operation",
        "target",
        "time",
        "tx",
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
        self.time: float = cloud.clock.time()
        self.target: Any = None
        """The object that the operation's `target` names, fetched and visible; shared, so `tx.edit` to change it."""
        self.blob: Blob | None = None
        """The bytes that came with an operation with raw_request."""
        self._after: list[Callable[[], None]] = []
        self.written: list[str] = []
        """Keys of bytes that are kept only if the transaction holds."""

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def ids(self) -> Ids:
        return self.cloud.ids

    @property
    def blobs(self) -> Blobs:
        return self._services.background.blobs

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
        when = self.time if at is None else at
        timestamp.seconds, microseconds = divmod(round(when * 1_000_000), 1_000_000)
        timestamp.nanos = microseconds * 1000

    @property
    def administration(self) -> Any:
        """The administration of the clouds (engine.administration), for the admin service."""
        return self._services.administration

    # -- other resources and services

    def service(self, servicer: type[S]) -> S:
        """The servicer of another resource of the same service. Its plain methods check no policy."""
        return self._services.servicer(servicer)

    def owner_of(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where there is none."""
        return self._services.owner(kind)

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

    async def admit(self, part: Message) -> None:
        """Check a part of a request that is a request of the same operation (one object of a bulk create)."""
        await self._services.admit(self, part)

    async def publish(self, event: str, kind: str, *facts: Any) -> None:
        """Tell the subscribers of an event (engine.events), in this transaction; they may refuse."""
        await self._services.publish(self, event, kind, *facts)

    def elevated(self, caller: Caller = SYSTEM) -> Call:
        """The same call in the name of another caller: of the cloud itself, if not said otherwise."""
        return self.nested(self.operation, self.context, caller)

    def nested(self, operation: Operation | None, context: RequestContext, caller: Caller) -> Call:
        """A call inside of this one: the same transaction, time and work after the commit."""
        other = Call(self._services, self.cloud, self.tx, context, operation)
        other.caller, other.time, other.blob = caller, self.time, self.blob
        other._after, other.written = self._after, self.written
        return other

    # -- bytes, and after the commit

    async def write_bytes(self, chunks: AsyncIterator[bytes]) -> Blob:
        """Store bytes of the cloud; they are gone again if the transaction fails. Raises BlobsFull."""
        key = f"{self.cloud.name}/{self.ids.uuid()}"
        self.written.append(key)
        return await self.blobs.write(key, chunks)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something outside the store (delete bytes) once the transaction holds, and never if it fails."""
        self._after.append(action)

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        """Let something run beside the calls once the transaction holds; it changes the cloud by `transact`."""
        background = self._services.background
        self.after_commit(lambda: background.start(work))

    def run_after(self) -> None:
        for action in self._after:
            action()


def names_of(message: Message) -> set[str]:
    """The fields that are set, for gRPC clients that send no mask."""
    return {field.name for field, _ in message.ListFields()}
