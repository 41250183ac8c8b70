"""Objects as they are kept: their ids, what a container counts of them, the bytes behind them, their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.object_store.containers import deletion
from mopenstack.core.object_store.options import OPEN_EXPIRED
from mopenstack.core.object_store.requests import refusal
from mopenstack.object_store.v1 import containers_pb2, objects_pb2

Object = objects_pb2.Object
Container = containers_pb2.Container

LIFECYCLE = Lifecycle(
    Object,
    (Action("expire", frozenset({Object.STORED}), to=Object.STORED, begins=False),),
    lambda action, found: refusal(409),
)
"""An object with X-Delete-At has one thing before it: its end, at that moment of the cloud's clock."""

OPEN_SECONDS = 300
"""How long it is there after that moment, where clients may open what has expired: the interval of Swift's expirer."""


async def find(call: Call, path: str, *, opened: bool = False) -> Object | None:
    """The object at `account/container/name`, if it has not expired; one that is `opened` may have."""
    found = await call.tx.get(Object, path)
    return None if found is None or (expired(call, found) and not opened) else found


def expired(call: Call, found: Object) -> bool:
    """Whether its X-Delete-At has come."""
    at = found.headers.get("x-delete-at")
    return at is not None and int(at) <= call.time


async def put(call: Call, new: Object) -> None:
    """Store an object in the place of the one that is there."""
    old = await call.tx.get(Object, new.id)
    new.status = Object.STORED
    await call.tx.put(new)
    await _schedule(call, new, old)
    size = counted(new) - (counted(old) if old is not None else 0)
    await count(call, new.container_id, 0 if old is not None else 1, size)
    if old is not None and old.blob != new.blob:
        await deletion.forget_bytes(call, old.blob)


async def _schedule(call: Call, new: Object, old: Object | None) -> None:
    at = new.headers.get("x-delete-at")
    if at is not None:
        later = OPEN_SECONDS if call.cloud.enabled(OPEN_EXPIRED) else 0
        await call.tx.schedule(new, "expire", float(at) + later)
    elif old is not None and "x-delete-at" in old.headers:
        await call.tx.unschedule(LIFECYCLE.kind, new.id)


async def remove(call: Call, found: Object) -> None:
    """Delete an object and the bytes that no other one has."""
    await call.tx.delete(Object, found.id)
    await count(call, found.container_id, -1, -counted(found))
    await deletion.forget_bytes(call, found.blob)


@LIFECYCLE.on("expire")
async def _expire(call: Call, found: Object) -> None:
    await remove(call, found)


def counted(found: Object) -> int:
    """The bytes that its container counts: those of a version are counted where versions are kept."""
    return 0 if "version-id" in found.system else found.blob_size


async def count(call: Call, container_id: str, objects: int, size: int) -> None:
    """What the container has of objects and bytes; of a hidden one, its container has the bytes, too."""
    if not objects and not size:
        return
    container = await call.tx.edit(Container, container_id)
    container.object_count += objects
    container.bytes_used += size
    await call.tx.put(container)
    if container.hidden and size:
        shown = await call.tx.edit(Container, f"{container.account}/{container.name}")
        shown.version_bytes += size
        await call.tx.put(shown)


def reader(call: Call, found: Object) -> Callable[[int, int], AsyncIterator[bytes]]:
    """(start, end) -> the bytes of an object between them."""
    blobs, key = call.blobs, found.blob

    def read(start: int, end: int) -> AsyncIterator[bytes]:
        return blobs.read(key, start, end) if key and start < end else _nothing()

    return read


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield
