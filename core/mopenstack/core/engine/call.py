"""What a handler is given: one RPC under way, inside its transaction."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.calls import CallMetadata
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.core.engine.caller import SYSTEM, Caller
from mopenstack.core.engine.clouds import Cloud, Ids
from mopenstack.core.engine.quota import Quota
from mopenstack.core.store import Transaction
from mopenstack.core.store.blobs import Blob, Blobs

if TYPE_CHECKING:
    from mopenstack.core.engine.engine import Engine
    from mopenstack.core.engine.servicer import Servicer

S = TypeVar("S", bound="Servicer")


class Call:
    """One RPC. Time stands still in it: `now` and `time` are the same from beginning to end."""

    __slots__ = ("_after", "_engine", "blob", "caller", "cloud", "metadata", "operation", "target", "time", "tx")

    def __init__(
        self, engine: Engine, cloud: Cloud, tx: Transaction, metadata: CallMetadata, operation: Operation | None
    ) -> None:
        self._engine = engine
        self.cloud = cloud
        self.tx = tx
        self.metadata = metadata
        self.operation = operation
        self.caller: Caller = SYSTEM
        self.time: float = cloud.clock.time()
        self.target: Any = None
        """The object that the operation's `target` names, fetched and visible; shared, so `tx.edit` to change it."""
        self.blob: Blob | None = None
        """The bytes that came with an operation with raw_request."""
        self._after: list[Callable[[], None]] = []

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def ids(self) -> Ids:
        return self.cloud.ids

    @property
    def quota(self) -> Quota:
        return Quota(self.tx)

    @property
    def blobs(self) -> Blobs:
        return self._engine.blobs

    @property
    def microversion(self) -> int:
        """The number after the dot; the API's newest for clients that name none over gRPC."""
        return self.metadata.microversion

    def stamp(self, timestamp: Timestamp, at: float | None = None) -> None:
        """Set a Timestamp field to now, or to seconds since the epoch; whole microseconds."""
        when = self.time if at is None else at
        timestamp.seconds, microseconds = divmod(round(when * 1_000_000), 1_000_000)
        timestamp.nanos = microseconds * 1000

    def service(self, servicer: type[S]) -> S:
        """The servicer of another resource, for what crosses resources. Its plain methods check no policy."""
        return self._engine.servicer(servicer)

    def owner_of(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where nobody does."""
        return self._engine.owners.get(kind)

    def elevated(self, caller: Caller = SYSTEM) -> Call:
        """The same call in the name of somebody else: of the cloud itself, if not said otherwise."""
        other = Call(self._engine, self.cloud, self.tx, self.metadata, self.operation)
        other.caller, other.time, other._after, other.blob = caller, self.time, self._after, self.blob
        return other

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something outside the store (delete bytes) once the transaction holds, and never if it fails."""
        self._after.append(action)

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let something run beside the calls once the transaction holds; it changes the cloud by `Engine.transact`."""
        self.after_commit(lambda: self._engine.start(work()))

    @property
    def engine(self) -> Engine:
        return self._engine

    def run_after(self) -> None:
        for action in self._after:
            action()

    def at_least(self, microversion: int) -> bool:
        return self.metadata.microversion >= microversion


def names_of(message: Message) -> set[str]:
    """The fields that are set, for gRPC clients that send no mask."""
    return {field.name for field, _ in message.ListFields()}


NEWEST = LATEST
