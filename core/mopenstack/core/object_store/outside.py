"""Work on a request outside of its transaction, in others of its own: what takes long does not hold the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from mopenstack.core.engine.call import Call
from mopenstack.core.object_store.requests import Body, Request
from mopenstack.core.store.blobs import Blob, BlobsFull
from mopenstack.object_store.v1 import refusals

T = TypeVar("T")


class Outside:
    """What a response that is made later may use of its request."""

    def __init__(self, req: Request) -> None:
        self._req = req
        call = req.call
        self._background, self._cloud, self._context = call.background, call.cloud, call.context
        self._operation, self._caller = call.operation, call.caller

    async def transact(self, run: Callable[[Request], Awaitable[T]]) -> T:
        """Run something on the request in a transaction of its own."""

        async def inner(call: Call) -> T:
            nested = call.nested(self._operation, self._context, self._caller)
            return await run(replace(self._req, call=nested, body=Body()))

        return await self._background.transact(self._cloud, self._context, inner)

    async def write(self, chunks: AsyncIterator[bytes]) -> Blob:
        """Store bytes; who does not give them to an object forgets them."""
        try:
            return await self._background.blobs.write(self._cloud.new_blob_key(), chunks, sha512=False)
        except BlobsFull as full:
            raise refusals.InsufficientStorage(drive="blobs") from full

    def read(self, blob: Blob) -> AsyncIterator[bytes]:
        return self._background.blobs.read(blob.key)

    def forget(self, blob: Blob) -> None:
        self._background.blobs.delete(blob.key)

    async def put(self, chunks: AsyncIterator[bytes], run: Callable[[Request, Body], Awaitable[T]]) -> T:
        """Store bytes, and what `run` makes of them in a transaction; they are gone again unless an object has them."""
        blob = await self.write(chunks)
        body = Body(blob)
        try:
            return await self.transact(lambda req: run(req, body))
        finally:
            if not body.kept:
                self.forget(blob)
