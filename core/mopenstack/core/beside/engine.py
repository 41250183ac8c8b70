"""The engine where a real Keystone says who calls, and other services are found in its catalog."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from google.protobuf.message import Message

from mopenstack.contract.calls import Reply, RequestContext
from mopenstack.contract.elsewhere import Elsewhere, Question
from mopenstack.contract.faults import Fault, NotServed, Unauthorized, Unavailable
from mopenstack.contract.operations import Operation
from mopenstack.core.beside.call import BesideCall
from mopenstack.core.beside.callers import Callers
from mopenstack.core.beside.lookups import Lookups
from mopenstack.core.beside.registry import BesideRegistry
from mopenstack.core.beside.replay import CURRENT, Needed, Replay
from mopenstack.core.beside.transaction import BesideTransaction
from mopenstack.core.beside.undo import undo
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.engine import Engine
from mopenstack.core.identity.application_credential.access_rules import permitted
from mopenstack.core.store import Store, Transaction
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey

log = logging.getLogger(__name__)

T = TypeVar("T")

QUESTIONS_MAX = 2_000
"""Most questions of one call."""


async def authenticate(call: Call, token: str) -> Caller:
    """The caller of the call's token, which Keystone was asked for; raises Unauthorized, and Unavailable."""
    verdict = cast("BesideCall", call).replay.verdict
    if isinstance(verdict, Fault):
        raise verdict
    if not verdict.token or verdict.token != token or (verdict.access_rules and not permitted(call, verdict)):
        raise Unauthorized
    return verdict


class BesideEngine(Engine):
    """Answers the calls of the services that are served here."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        registry: BesideRegistry,
        elsewhere: Elsewhere,
        callers: Callers,
        master_key: MasterKey | None = None,
    ) -> None:
        super().__init__(store, blobs, registry, authenticate, master_key)
        self.elsewhere = elsewhere
        self._callers = callers
        self._lookups = Lookups(registry.contract)
        self._due: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Cloud -> who completes what is due there and needs others for it."""

    async def close(self) -> None:
        await super().close()
        await self.elsewhere.close()

    async def call(
        self, operation: Operation, request: Message, context: RequestContext, caller: Caller | None = None
    ) -> Reply:
        """Answer one RPC of a service that is served here; raises Fault, NotServed for those of others."""
        if self.elsewhere.has(operation.package):
            place = self.elsewhere.place(operation.package)
            raise NotServed(f"{operation.name} is served by {place}.")
        return await super().call(operation, request, context, caller)

    async def transact(
        self,
        cloud: Cloud,
        context: RequestContext,
        run: Callable[[Call], Awaitable[T]],
        operation: Operation | None = None,
        *,
        asked: bool = True,
    ) -> T:
        """Run something in one transaction; again with each answer that it needs from elsewhere."""
        replay = Replay(cloud.ids)
        if context.token:
            replay.verdict = await self._callers.verdict(context)
        mark = CURRENT.set(replay)
        locks: list[asyncio.Lock] = []

        async def begun(call: Call) -> T:
            replay.begin_call()
            return await run(call)

        try:
            while True:
                try:
                    result = await super().transact(cloud, context, begun, operation, asked=asked)
                    break
                except Needed as needed:
                    if replay.is_due and not locks:
                        lock = self._due[cloud.name]
                        await lock.acquire()
                        locks.append(lock)
                        continue  # another call may have completed it meanwhile
                    await self._answer_from_elsewhere(needed.question, replay)
        except BaseException:
            await self._undo([*replay.asked, *replay.abandoned])
            raise
        finally:
            for lock in locks:
                lock.release()
            CURRENT.reset(mark)
        await self._undo(replay.abandoned)
        return result

    async def _answer_from_elsewhere(self, question: Question, replay: Replay) -> None:
        if len(replay.asked) >= QUESTIONS_MAX:
            raise Unavailable("The call needs too much of other services.")
        try:
            await self.elsewhere.look()
            replay.add(question, await self.elsewhere.ask(question))
        except Unavailable as away:
            if not replay.is_due:
                replay.add(question, away)
                return
            # Who calls now is not to wait for what another call began.
            log.warning("what is due waits: %s", away.text)
            await self._undo(replay.asked)
            replay.asked.clear()
            replay.due_waits = True
        except Fault as fault:
            replay.add(question, fault)

    async def _undo(self, exchanges: list) -> None:  # type: ignore[type-arg]
        for question in undo(exchanges, self._lookups, self.registry.contract):
            try:
                await self.elsewhere.ask(question)
            except Fault as fault:
                log.warning("%s was not undone: %s", question.operation.name, fault.text)

    def _begin(self, cloud: Cloud, tx: Transaction, context: RequestContext, operation: Operation | None) -> Call:
        replay = CURRENT.get()
        assert replay is not None
        replay.begin()
        wrapped = BesideTransaction(tx, self.elsewhere, self._lookups, replay)
        return BesideCall(self.registry, cloud, cast("Transaction", wrapped), context, operation)
