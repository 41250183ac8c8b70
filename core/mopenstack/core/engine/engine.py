"""One call, from its context to its reply: the order of steps that holds for every operation.

    fault injection -> token -> declared rules -> target (404) -> policy (403) -> handler

all in one transaction; a refusal at any step leaves nothing behind, and a transaction that the database
refuses because of a concurrent one is run again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Reply, RequestContext
from mopenstack.contract.faults import OverLimit, Unavailable
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.admission import admit
from mopenstack.core.engine.background import Tasks, Unstarted
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import ANONYMOUS, Caller
from mopenstack.core.engine.clouds import DEFAULT, Cloud
from mopenstack.core.engine.plans import Plan
from mopenstack.core.engine.registry import Registry
from mopenstack.core.engine.servicer import EMPTY, Later
from mopenstack.core.engine.settings import FaultDue, Settings, fault_of, unavailable
from mopenstack.core.store import Conflicted, Store, Transaction
from mopenstack.core.store.base import StoreFull, Unreachable
from mopenstack.core.store.blobs import Blob, Blobs, BlobsFull, BlobTooLarge

log = logging.getLogger(__name__)

T = TypeVar("T")
Authenticate = Callable[[Call, str], Awaitable[Caller]]
"""(call, token) -> who it is; raises Unauthorized."""

ATTEMPTS_MAX = 30
ALONE_FROM = 1
"""The attempt from which those that were refused go one after the other."""
REACH_ATTEMPTS_MAX = 4
"""So often a database is asked that does not answer, each time after REACH_SECONDS."""
REACH_SECONDS = 0.25
UNDO_ATTEMPTS_MAX = 600
UNDO_SECONDS = 1.0
"""So often, and with such a pause, what an upload left is undone where there is no room to write that."""
BODY_BYTES_MAX = 16 * 1024**3
"""Most bytes of an image; Glance's image_size_cap is 1 TiB, a laptop's disk is not."""


class Engine:
    """Answers the calls of all clouds of one process over one store."""

    def __init__(self, store: Store, blobs: Blobs, registry: Registry, authenticate: Authenticate) -> None:
        self.store = store
        self.blobs = blobs
        self.registry = registry
        self.clouds: dict[str, Cloud] = {}
        self.settings = Settings(store, self.clouds)
        self.blob_folder = ""
        """Where bytes go that belong to no cloud alone; no cloud can have its name."""
        self._authenticate = authenticate
        self._tasks = Tasks(blobs, self.transact)
        if isinstance(registry.background, Unstarted):
            registry.background = self._tasks
        store.watched = registry.watched

    async def open(self) -> None:
        """Open the store and take up the clouds that it holds."""
        await self.store.open()
        for name, data in await self.store.clouds():
            self.clouds[name] = Cloud.load(name, data)
        if self.store.exclusive:  # else what is under way may be another process's
            for cloud in self.clouds.values():
                await self._recover(cloud)

    async def _recover(self, cloud: Cloud) -> None:
        """After a kill: undo what calls had under way, and drop bytes that no object has."""

        async def run(call: Call) -> None:
            for servicer in self.registry.servicers:
                await servicer.recover(call)

        try:
            await self.transact(cloud, RequestContext(cloud=cloud.name), run)
        except Unavailable as error:  # the disk is full
            log.warning("%s: what was under way is as it was: %s", cloud.name, error.text)
            return
        keys = self.blobs.keys(cloud.name)
        for key in keys - await self.store.mentioned(cloud.name, keys):
            self.blobs.delete(key)

    async def close(self) -> None:
        await self._tasks.close()
        await self.store.close()
        self.blobs.close()

    def beside(self, store: Store) -> Engine:
        """An engine of the same services over another store."""
        return Engine(store, self.blobs, self.registry, self._authenticate)

    async def find_cloud(self, name: str) -> Cloud:
        """A cloud of this process, or of the shared store; raises CloudNotFound."""
        return await self.settings.find(name)

    async def call(
        self, operation: Operation, request: Message, context: RequestContext, caller: Caller | None = None
    ) -> Reply:
        """Answer one RPC, for the context's token or for a caller without one; raises Fault."""
        plan = self.registry.plan(operation.name)
        if not plan.servicer.transactional:
            return await self._call_outside(plan, request, context)
        cloud = self.clouds.get(context.cloud or DEFAULT) or await self.find_cloud(context.cloud)
        if cloud.faults and self.store.exclusive:
            rule = fault_of(cloud, operation)
            if rule is not None:
                await self.settings.spend(cloud, rule)
        if operation.raw_request and context.body is not None:
            return await self._take_bytes(plan, cloud, request, context, caller)

        async def run(call: Call) -> tuple[Reply, Later | None]:
            return await self._answer(plan, call, request, caller)

        reply, later = await self.transact(cloud, context, run, operation)
        return reply if later is None else await _whole(reply, later)

    def holds(self, message: Message) -> bool:
        """Whether the store keeps a message decoded."""
        return message in self.store.held

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Call a function with the identity of each message that the store keeps no longer."""
        self.store.held.on_drop(listener)

    async def authenticate(self, context: RequestContext, package: str) -> None:
        """Only look at the token, and at whether it may be used for this request of an API."""

        async def run(call: Call) -> None:
            call.api = self.registry.contract.apis.get(package)
            await self._authenticate(call, context.token)

        await self.transact(await self.find_cloud(context.cloud), context, run)

    async def _answer(
        self, plan: Plan, call: Call, request: Message, caller: Caller | None
    ) -> tuple[Reply, Later | None]:
        """The reply, and what makes its result where that comes later."""
        await self._admit(plan, call, request, caller)
        result = await plan.handler(call, request)
        audience = plan.servicer.audience(call)
        if isinstance(result, Later):
            return Reply(EMPTY, audience), result
        if isinstance(result, Outcome):
            return Reply(result.result, audience, result.name), None
        return Reply(result, audience), None

    async def _admit(self, plan: Plan, call: Call, request: Message, caller: Caller | None) -> None:
        if caller is not None:
            call.caller = caller
        elif plan.operation.anonymous:
            call.caller = ANONYMOUS
        else:
            call.caller = await self._authenticate(call, call.context.token)
        await admit(plan, call, request)

    async def _call_outside(self, plan: Plan, request: Message, context: RequestContext) -> Reply:
        call = Call(self.registry, Cloud(DEFAULT), cast("Transaction", None), context, plan.operation)
        await plan.servicer.before(call, request)
        plan.validate(request, call.microversion)
        try:
            result = await plan.handler(call, request)
        except (StoreFull, Unreachable) as error:
            raise unavailable(error) from error
        assert not isinstance(result, Outcome | Later)
        return Reply(result, "admin")

    # -- transactions

    async def transact(
        self,
        cloud: Cloud,
        context: RequestContext,
        run: Callable[[Call], Awaitable[T]],
        operation: Operation | None = None,
    ) -> T:
        """Run something in one transaction after applying what is due; again when the database refuses it.

        What is due waits while there is no room to write it: what only reads is answered still.
        """
        shared, full = not self.store.exclusive, False
        for attempt in range(ATTEMPTS_MAX):
            written: list[str] = []
            try:
                async with self.store.transaction(cloud.name, alone=attempt >= ALONE_FROM) as tx:
                    if shared:
                        await self._look_at_settings(cloud, tx, operation)
                    call = Call(self.registry, cloud, tx, context, operation)
                    written = call.written
                    if not full and not tx.nothing_due(call.time):
                        await self._apply_due(call, tx)
                    result = await run(call)
                written.clear()
                call.run_after()
                return result
            except Conflicted:
                # Spread the next attempts of those that met; which moment is no secret.
                await asyncio.sleep(random.random() * 0.002 * 2 ** min(attempt, 6))  # noqa: S311
            except FaultDue as due:
                await self.settings.spend(cloud, due.rule)
            except StoreFull as error:
                if full:
                    raise unavailable(error) from error
                full = True
            except Unreachable as away:
                if away.begun:
                    written.clear()  # the transaction may hold
                if away.begun or attempt >= REACH_ATTEMPTS_MAX:
                    raise unavailable(away) from away
                await asyncio.sleep(REACH_SECONDS)
            finally:
                for key in written:
                    self.blobs.delete(key)
        raise Unavailable("Too many concurrent changes; try again.")

    async def _look_at_settings(self, cloud: Cloud, tx: Transaction, operation: Operation | None) -> None:
        await self.settings.refresh(cloud, tx)
        rule = fault_of(cloud, operation) if cloud.faults and operation is not None else None
        if rule is not None:
            raise FaultDue(rule)

    async def _apply_due(self, call: Call, tx: Transaction) -> None:
        for kind, id, action in await tx.due(call.time):
            lifecycle = self.registry.lifecycles.get(kind)
            if lifecycle is not None:
                await lifecycle.complete(call, id, action)
            elif kind in self.registry.contract.resources:
                await tx.unschedule(kind, id)

    # -- bytes

    async def _take_bytes(
        self, plan: Plan, cloud: Cloud, request: Message, context: RequestContext, caller: Caller | None
    ) -> Reply:
        """Check that the call may be made, take the bytes in outside of any transaction, then answer.

        The servicer's `prepare_<handler>` has a transaction of its own before the bytes come;
        `abandon_<handler>` has one, in the cloud's own name, if they do not come, are refused or find no room; where
        that cannot be written, it is tried again beside the calls.
        """
        prepare = getattr(plan.servicer, f"prepare_{plan.operation.handler}", None)
        abandon = getattr(plan.servicer, f"abandon_{plan.operation.handler}", None)
        key = f"{self.blob_folder or cloud.name}/{cloud.ids.uuid()}"
        blob: Blob

        async def look(call: Call) -> None:
            await self._admit(plan, call, request, caller)
            if prepare is not None:
                await prepare(call, request)

        async def run(call: Call) -> tuple[Reply, Later | None]:
            call.blob = blob
            return await self._answer(plan, call, request, caller)

        async def give_up(call: Call) -> None:
            assert abandon is not None
            await abandon(call, request)

        await self.transact(cloud, context, look, plan.operation)
        assert context.body is not None
        try:
            blob = await self.blobs.write(key, context.body, BODY_BYTES_MAX)
            if self.blob_folder:
                # The seed's bytes are the same in every process: they are found by what they are.
                key = f"{self.blob_folder}/{blob.sha512[:32]}"
                blob = self.blobs.rename(blob, key)
            reply, later = await self.transact(cloud, context, run, plan.operation)
            return reply if later is None else await _whole(reply, later)
        except BaseException as error:
            if not _may_hold(error):
                self.blobs.delete(key)
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
        for _ in range(UNDO_ATTEMPTS_MAX):
            await asyncio.sleep(UNDO_SECONDS)
            try:
                await self.transact(cloud, context, run)
            except Unavailable:
                continue
            return


def _may_hold(error: BaseException) -> bool:
    """Whether the transaction that ended with this may have been committed all the same."""
    return isinstance(error.__cause__, Unreachable) and error.__cause__.begun


async def _whole(reply: Reply, later: Later) -> Reply:
    """The reply with its result, which is made only now that the transaction is over."""
    reply.result = await later.make()
    return reply
