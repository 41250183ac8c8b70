"""Calls that bring bytes: they are taken in outside of any transaction, between one that allows them and the call's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.contract.calls import Reply, RequestContext
from mopenstack.contract.faults import OverLimit, Unavailable
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.background import Tasks
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.plans import Plan
from mopenstack.core.engine.servicer import Later
from mopenstack.core.store.base import Unreachable
from mopenstack.core.store.blobs import Blob, Blobs, BlobsFull, BlobTooLarge

log = logging.getLogger(__name__)

Answer = Callable[[Call], Awaitable[tuple[Reply, Later | None]]]

UNDO_ATTEMPTS_MAX = 600
UNDO_SECONDS = (0.05, 1.0)
"""So often what an upload left is tried to be undone where there is no room to write that; the first pause and the
longest, each twice the one before."""
BODY_BYTES_MAX = 16 * 1024**3
"""Most bytes of an image; Glance's image_size_cap is 1 TiB, a laptop's disk is not."""


class Transact(Protocol):
    """`Engine.transact`."""

    async def __call__(
        self,
        cloud: Cloud,
        context: RequestContext,
        run: Callable[[Call], Awaitable[Any]],
        operation: Operation | None = None,
        *,
        asked: bool = True,
    ) -> Any: ...


class Uploads:
    """Takes in the bytes of calls."""

    def __init__(self, blobs: Blobs, transact: Transact, tasks: Tasks) -> None:
        self._blobs, self.transact, self._tasks = blobs, transact, tasks

    async def take(
        self,
        plan: Plan,
        cloud: Cloud,
        request: Message,
        context: RequestContext,
        admit: Callable[[Call], Awaitable[None]],
        answer: Answer,
        *,
        folder: str,
        asked: bool,
    ) -> tuple[Reply, Later | None]:
        """Check that the call may be made, take the bytes in, then answer.

        The servicer's `prepare_<handler>` has a transaction of its own before the bytes come;
        `abandon_<handler>` has one, in the cloud's own name, if they do not come, are refused or find no room; where
        that cannot be written, it is tried again beside the calls. Bytes in a folder of no cloud are found by what they
        are: those of the seed are the same in every process.
        """
        prepare = getattr(plan.servicer, f"prepare_{plan.operation.handler}", None)
        abandon = getattr(plan.servicer, f"abandon_{plan.operation.handler}", None)
        key = f"{folder}/{cloud.ids.uuid()}" if folder else cloud.new_blob_key()
        blob: Blob

        async def look(call: Call) -> None:
            await admit(call)
            if prepare is not None:
                await prepare(call, request)

        async def run(call: Call) -> tuple[Reply, Later | None]:
            call.blob = blob
            return await answer(call)

        async def give_up(call: Call) -> None:
            assert abandon is not None
            await abandon(call, request)

        await self.transact(cloud, context, look, plan.operation, asked=asked)
        assert context.body is not None
        try:
            digest = plan.servicer.sha512 or bool(folder)
            blob = await self._blobs.write(key, context.body, BODY_BYTES_MAX, sha512=digest)
            if folder:
                key = f"{folder}/{blob.sha512[:32]}"
                blob = self._blobs.rename(blob, key)
            found: tuple[Reply, Later | None] = await self.transact(cloud, context, run, plan.operation)
            return found
        except BaseException as error:
            if not _may_hold(error):
                self._blobs.delete(key)
            if abandon is not None:
                await self._give_up(cloud, context, give_up)
            if isinstance(error, BlobTooLarge):
                raise OverLimit(str(error)) from None
            if isinstance(error, BlobsFull):
                raise plan.servicer.no_room(str(error)) from error
            raise

    async def _give_up(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[None]]) -> None:
        """Undo what was prepared for bytes."""
        try:
            await self.transact(cloud, context, run)
        except Unavailable:
            log.warning("%s: an upload that failed is undone later", context.request_id)
            self._tasks.start(lambda _: self._undo(cloud, context, run))

    async def _undo(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[None]]) -> None:
        first, longest = UNDO_SECONDS
        for attempt in range(UNDO_ATTEMPTS_MAX):
            await asyncio.sleep(min(first * 2 ** min(attempt, 10), longest))
            try:
                await self.transact(cloud, context, run)
            except Unavailable:
                continue
            return


def _may_hold(error: BaseException) -> bool:
    """Whether the transaction that ended with this may have been committed all the same."""
    return isinstance(error.__cause__, Unreachable) and error.__cause__.in_doubt
