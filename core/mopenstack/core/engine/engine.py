"""One call, from its context to its reply: the order of steps that holds for every operation.

    fault rules -> token -> declared rules -> target (404) -> policy (403) -> handler

all but the first in one transaction; a refusal at any step leaves nothing behind, and a transaction that the database
refuses because of a concurrent one is run again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar, cast

from google.protobuf.message import Message

from mopenstack.contract.admin_access import AdminAccess
from mopenstack.contract.calls import Outcome, Reply, RequestContext
from mopenstack.contract.faults import Forbidden, NotFound, Unauthorized, Unavailable
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.admission import admit
from mopenstack.core.engine.alone import Precedence, alone_from
from mopenstack.core.engine.answers import Answers
from mopenstack.core.engine.background import Tasks, Unstarted
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import ANONYMOUS, Caller
from mopenstack.core.engine.clouds import DEFAULT, NO_CLOUD, Cloud, valid_name
from mopenstack.core.engine.due import AfterCalls, Apart, apply_due, note_read, only_due
from mopenstack.core.engine.fault_rules import LOST
from mopenstack.core.engine.injection import Forgotten, Injection, Rules, Verdict
from mopenstack.core.engine.observer import Observer
from mopenstack.core.engine.outside import Later, Made, Outside, whole
from mopenstack.core.engine.plans import Plan
from mopenstack.core.engine.regions import further, home_of, home_url
from mopenstack.core.engine.registry import NotLoaded, Registry
from mopenstack.core.engine.releases import release_of
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.engine.settings import Settings, unavailable
from mopenstack.core.engine.uploads import Uploads
from mopenstack.core.store import Conflicted, Store, Transaction
from mopenstack.core.store.base import StoreFull, Template, Unreachable
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey
from mopenstack.core.store.regions import seen_in

log = logging.getLogger(__name__)

T = TypeVar("T")
Authenticate = Callable[[Call, str], Awaitable[Caller]]
"""(call, token) -> who it is; raises Unauthorized."""

ATTEMPTS_MAX = 30
REACH_SECONDS = 0.25
"""The pause before a database that did not answer is asked again, for as long as its store says."""


class NoAdminAccess(Forbidden):
    """The caller may not reach the admin API."""


class BadAdminToken(Unauthorized):
    """The caller did not show the token of the admin API."""


class Engine:
    """Answers the calls of all clouds of one process over one store."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        registry: Registry,
        authenticate: Authenticate,
        master_key: MasterKey | None = None,
    ) -> None:
        self.store = store
        self.blobs = blobs
        self.master_key = master_key or MasterKey()
        self.registry = registry
        self.clouds: dict[str, Cloud] = {}
        self.settings = Settings(store, self.clouds)
        self.answers: Answers = Answers(store, self.clouds)
        self.calls: Observer = Observer(self.clouds)
        self.blob_folder = ""
        """Where bytes go that belong to no cloud alone; no cloud can have its name."""
        self.admin_access = AdminAccess()
        self.address = ""
        """Where the gateway of this process is reached by itself; empty: there is none, or not yet."""
        self.trust: str | bool = True
        """The certificate that it shows, or whether the usual ones say whom to trust."""
        self._authenticate = authenticate
        self._injection = Injection(self)
        self._precedence = Precedence()
        self._tasks = Tasks(blobs, self.transact, self.master_key)
        self._after_calls = AfterCalls(store, self.transact, self._tasks.start)
        self._apart = Apart(registry, self.transact, self._tasks.start)
        self.uploads = Uploads(blobs, self.transact, self._tasks)
        if isinstance(registry.background, Unstarted):
            registry.background = self._tasks
        store.watched = registry.watched
        store.shared = frozenset(one.contract for one in registry.contract.services if not one.regional)
        store.on_layer_dropped = blobs.delete_folder

    async def open(self) -> None:
        """Open the store and take up the clouds that it holds."""
        await self.store.open()
        for name, data in await self.store.clouds():
            if not valid_name(name):  # a snapshot
                continue
            self.serve(Cloud.load(name, data))
        if self.store.exclusive:  # else what is under way may be another process's
            if self.clouds:
                await self.registry.ready(lambda one: one.recovers)
            for cloud in self.clouds.values():
                await self._recover(cloud)
            keys = {key for folder in self.store.layers for key in self.blobs.keys(folder)}
            for key in keys - await self.store.mentioned(keys):
                self.blobs.delete(key)

    async def _recover(self, cloud: Cloud) -> None:
        """After a kill: undo what calls had under way."""

        async def run(call: Call) -> None:
            for servicer in self.registry.servicers:
                await servicer.recover(call)

        try:
            for one in (cloud, *further(cloud)):
                await self.transact(one, RequestContext(cloud=one.address), run)
        except Unavailable as error:  # the disk is full
            log.warning("%s: what was under way is as it was: %s", cloud.name, error.text)

    async def close(self) -> None:
        await self._tasks.close()
        await self.store.close()
        self.blobs.close()

    def beside(self, store: Store) -> Engine:
        """An engine of the same services over another store."""
        return Engine(store, self.blobs, self.registry, self._authenticate, self.master_key)

    async def replace_cloud(self, cloud: Cloud, template: Callable[[], Awaitable[Template]], folder: str = "") -> None:
        """Put something in the place of all that a cloud holds, and serve it with other settings.

        `folder`: where the bytes of it lie, if that is one that the store's `new_folder` named.
        """
        # In an exclusive store bytes go with the layer that has them.
        before = set() if self.store.exclusive else self.blobs.keys(cloud.name)
        await self.store.replace_cloud(cloud.name, cloud.dump(), await template(), folder)
        for key in before:
            self.blobs.delete(key)
        self.serve(cloud)

    def serve(self, cloud: Cloud) -> None:
        """Answer for a cloud that the store has, in place of one of the same name."""
        cloud.folder = self.store.folder(cloud.name)
        before = self.clouds.get(cloud.name)
        self.clouds[cloud.name] = cloud
        if before is not None:
            before.let_go()

    async def find_cloud(self, name: str) -> Cloud:
        """A cloud of this process, or of the shared store; raises CloudNotFound."""
        return await self.settings.find(name)

    def release(self, cloud_name: str) -> str | None:
        """The release that a cloud is of, empty for all that is served; None: ask `find_release`."""
        cloud = self.clouds.get(cloud_name or DEFAULT)
        return release_of(cloud) if cloud is not None else None

    async def find_release(self, cloud_name: str) -> str:
        """The same of a cloud that this process does not know yet, or of a region; empty where there is none."""
        try:
            return release_of(await self.find_cloud(cloud_name))
        except (NotFound, Unavailable):
            return ""

    async def cloud_now(self, name: str) -> Cloud:
        """The same as the store has it now, with what other processes set; raises CloudNotFound."""
        cloud = await self.find_cloud(name)
        if not self.store.exclusive:
            async with self.store.transaction(cloud.name) as tx:
                await self.settings.refresh(cloud, tx)
        return cloud

    async def call(
        self, operation: Operation, request: Message, context: RequestContext, caller: Caller | None = None
    ) -> Reply:
        """Answer one RPC, for the context's token or for a caller without one; raises Fault."""
        plan = self.registry.made.get(operation.name) or await self.registry.planned(operation.name)
        if not plan.servicer.transactional:
            return await self._call_outside(plan, request, context)
        cloud = self.clouds.get(context.cloud or DEFAULT) or await self._other_cloud(plan, context)
        if not cloud.faults.rules:
            try:
                return await self._run(plan, cloud, request, context, caller)
            except Rules:  # another process has added some
                pass
        run = partial(self._run, plan, cloud, request, context, caller)
        return await self._injection.call(cloud, plan, request, context, caller, run)

    async def _other_cloud(self, plan: Plan, context: RequestContext) -> Cloud:
        """A cloud of another process, or a region: what all regions share is asked of the cloud itself."""
        cloud = await self.find_cloud(context.cloud)
        if cloud.region and plan.operation.package in self.store.shared:
            cloud = home_of(cloud)
            context.cloud_url = home_url(context.cloud_url)
        return cloud

    async def _run(
        self,
        plan: Plan,
        cloud: Cloud,
        request: Message,
        context: RequestContext,
        caller: Caller | None,
        verdict: Verdict | None = None,
    ) -> Reply:
        operation, asked = plan.operation, verdict is not None

        async def look(call: Call) -> None:
            await self._admit(plan, call, request, caller)

        async def run(call: Call) -> tuple[Reply, Later | None]:
            return await self._answer(plan, call, request, caller, verdict)

        if operation.raw_request and context.body is not None:
            reply, later = await self.uploads.take(
                plan, cloud, request, context, look, run, folder=self.blob_folder, asked=asked
            )
        else:
            reply, later = await self.transact(cloud, context, run, operation, asked=asked)
        self._after_calls.look(cloud, context)
        return reply if later is None else await whole(reply, later)

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

    async def authenticated(self, call: Call) -> Caller:
        """Whose token a call is made with; raises Unauthorized."""
        return await self._authenticate(call, call.context.token)

    async def admit(self, operation: Operation, request: Message, context: RequestContext) -> None:
        """Only look at the token, the target and the policy of a call whose request could not be read whole."""
        plan = await self.registry.planned(operation.name)

        async def run(call: Call) -> None:
            call.caller = await self._authenticate(call, context.token)
            await admit(plan, call, request, whole=False)

        await self.transact(await self.find_cloud(context.cloud), context, run, operation)

    async def _answer(
        self, plan: Plan, call: Call, request: Message, caller: Caller | None, verdict: Verdict | None
    ) -> tuple[Reply, Later | None]:
        """The reply, and what makes its result where that comes later."""
        if verdict is not None:
            verdict.bind(call)
            reply, later = await self._answer(plan, call, request, caller, None)
            if later is None and verdict.effect(LOST):
                raise Forgotten(reply)
            return reply, later
        keep = call.context.keep
        if keep:
            call.tx.note_reads()
        await self._admit(plan, call, request, caller)
        result = await plan.handler(call, request)
        if call.cloud.behaviours:
            await note_read(self.registry, call)
        audience = plan.servicer.audience(call)
        if isinstance(result, Later):
            return Reply(EMPTY, audience), result
        if isinstance(result, Outcome):
            return Reply(result.result, audience, result.name), None
        return Reply(result, audience, basis=self.answers.basis(call) if keep else None), None

    async def _admit(self, plan: Plan, call: Call, request: Message, caller: Caller | None) -> None:
        if caller is not None:
            call.caller = caller
        elif plan.operation.anonymous:
            call.caller = ANONYMOUS
        elif plan.operation.options.optional_token:
            call.caller = await self._caller_if_any(call)
        else:
            call.caller = await self._authenticate(call, call.context.token)
        if call.context.facts is not None:
            call.context.facts.caller = call.caller
        await admit(plan, call, request)

    async def _caller_if_any(self, call: Call) -> Caller:
        """Whose token it is; nobody's, where it is none that works."""
        try:
            return await self._authenticate(call, call.context.token) if call.context.token else ANONYMOUS
        except Unauthorized:
            return ANONYMOUS

    async def _call_outside(self, plan: Plan, request: Message, context: RequestContext) -> Reply:
        call = Call(self.registry, NO_CLOUD, cast("Transaction", None), context, plan.operation)
        if plan.servicer.for_admins and (why := self.admin_access.refusal(context.remote, context.admin_token)):
            raise (BadAdminToken if self.admin_access.token else NoAdminAccess)(why)
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
        *,
        asked: bool = True,
    ) -> T:
        """Run something in one transaction after applying what is due; again when the database refuses it.

        What is due has a transaction of its own: a call that is refused undoes nothing but itself. Where there is no
        room for it, what only reads or gives a token goes without. Raises Rules where the cloud turns out to have fault
        rules, and these were not asked.
        """
        shared, full, settled = not self.store.exclusive, False, False
        attempt, until, made, alone = -1, 0.0, Made(), alone_from(self.store, operation)
        while (attempt := attempt + 1) < ATTEMPTS_MAX:
            written: list[str] = []
            drawn = None if self.registry.is_whole else cloud.ids.drawn()
            late = await self._precedence.begin(cloud.name, attempt) if shared else None
            try:
                async with self.store.transaction(cloud.name, alone=attempt >= alone) as tx:
                    if shared:
                        await self.settings.refresh(cloud, tx)
                        if cloud.faults and not asked:
                            raise Rules
                    if cloud.region:
                        tx = seen_in(tx, cloud.region)
                    call = self._begin(cloud, tx, context, operation)
                    written, call.made = call.written, made.again()
                    looked = full or settled or tx.nothing_due(call.started)
                    settled = not looked and await apply_due(self.registry, call, self._apart) and run is not only_due
                    if not settled:
                        result = await run(call)
                written.clear()
                made.clear()
                call.run_after()
                if not settled:
                    return result
            except NotLoaded as missing:
                cloud.ids.draw_again(drawn)
                await self.registry.load_missing(missing)
            except Outside as wanted:
                attempt -= 1
                await self._apart.make(cloud, context, wanted, made)
            except Conflicted:
                # Spread the next attempts of those that met; which moment is no secret.
                await asyncio.sleep(random.random() * 0.002 * 2 ** min(attempt, 6))  # noqa: S311
            except StoreFull as error:
                if full or not (operation is None or operation.reads or operation.anonymous):
                    raise unavailable(error) from error
                full = True
            except Unreachable as away:
                if away.in_doubt:
                    written.clear()  # the transaction may hold, and is not made a second time
                until = until or asyncio.get_running_loop().time() + self.store.wait_seconds
                if away.in_doubt or asyncio.get_running_loop().time() >= until:
                    raise unavailable(away) from away
                cloud.ids.draw_again(drawn)
                attempt -= 1
                await asyncio.sleep(REACH_SECONDS)
            finally:
                if late is not None:
                    self._precedence.end(cloud.name, late)
                for key in written:
                    self.blobs.delete(key)
        raise Unavailable("Too many concurrent changes; try again.")

    def _begin(self, cloud: Cloud, tx: Transaction, context: RequestContext, operation: Operation | None) -> Call:
        """The call of a transaction that begins."""
        return Call(self.registry, cloud, tx, context, operation)
