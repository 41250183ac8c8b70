"""What goes with an account: its containers, their objects, and the bytes that no other object has."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.object_store.v1 import containers_pb2, objects_pb2

PIECE = 1000


async def forget_bytes(call: Call, key: str) -> None:
    """Drop bytes once no object has them any more; called after the object is gone from the store."""
    if key and not await call.tx.count(objects_pb2.Object, blob=key):
        call.delete_bytes(key)


async def empty_account(call: Call, account: str) -> None:
    """Delete every container of an account with its objects."""
    for container in await call.tx.query(containers_pb2.Container, account=account):
        await empty(call, container.id)
        await call.tx.delete(containers_pb2.Container, container.id)


async def empty(call: Call, container_id: str) -> None:
    """Delete every object of a container."""
    low = f"{container_id}/"
    while rows := await call.tx.between(objects_pb2.Object, low, f"{container_id}0", PIECE):
        for row in rows:
            await call.tx.delete(objects_pb2.Object, row.id)
            await forget_bytes(call, row.blob)
        low = rows[-1].id + "\x01"
