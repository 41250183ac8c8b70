"""One call, from its metadata to its reply: the order of steps that holds for every operation.

    fault injection -> token -> declared rules -> target (404) -> policy (403) -> handler

all in one transaction; a refusal at any step leaves nothing behind, and a transaction that the database
refuses because of a concurrent one is run again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar, cast

from cryptography.fernet import Fernet
from google.protobuf.message import Message

from mopenstack.contract.calls import CallMetadata, Reply
from mopenstack.contract.descriptors import AnyService
from mopenstack.contract.faults import (
    Conflict,
    Fault,
    NotServed,
    OverLimit,
    PolicyRefused,
    Unavailable,
)
from mopenstack.contract.operations import Operation, apis
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import ANONYMOUS, Caller
from mopenstack.core.engine.clouds import DEFAULT, Cloud, Profile, valid_name
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.options import apply, checked
from mopenstack.core.engine.plans import Plan, make_plans
from mopenstack.core.engine.servicer import ResourceServicer, Servicer
from mopenstack.core.engine.settings import CloudNotFound, FaultDue, Settings, fault_of, with_version
from mopenstack.core.store import Conflicted, Store, Transaction
from mopenstack.core.store.base import Row
from mopenstack.core.store.blobs import Blob, Blobs, BlobTooLarge

S = TypeVar("S", bound=Servicer)
T = TypeVar("T")
Authenticate = Callable[[Call, str], Awaitable[Caller]]
Plant = Callable[["Engine", str], Awaitable[None]]

ATTEMPTS_MAX = 30
ALONE_FROM = 1
"""The attempt from which those that were refused go one after the other."""
_INSIDE = "\0inside:"
"""Begins the names of callers without a token; no header can carry it."""
BODY_BYTES_MAX = 16 * 1024**3
"""Most bytes of an image; Glance's image_size_cap is 1 TiB, a laptop's disk is not."""


class CloudExists(Conflict):
    message = "There is a cloud named {name} already."


class BadCloudName(Fault):
    code = "INVALID_ARGUMENT"
    message = "{name!r} cannot name a cloud: use lower-case letters, digits and dashes, 63 at most."


class Engine:
    """All clouds of one process over one store."""

    def __init__(
        self, store: Store, blobs: Blobs, servicers: Iterable[type[Servicer]], authenticate: Authenticate
    ) -> None:
        self.store = store
        self.blobs = blobs
        self.clouds: dict[str, Cloud] = {}
        self.settings = Settings(store, self.clouds)
        self._authenticate = authenticate
        self._servicers: dict[type[Servicer], Servicer] = {cls: cls(self) for cls in servicers}
        self.owners: dict[str, ResourceServicer[Any]] = {
            servicer.options.kind: servicer
            for servicer in self._servicers.values()
            if isinstance(servicer, ResourceServicer)
        }
        self.lifecycles: dict[type[Message], Lifecycle[Any]] = {
            cls.lifecycle.message: cls.lifecycle for cls in self._servicers if cls.lifecycle is not None
        }
        self._plans = make_plans(self._servicers, self.owners)
        self._template: dict[str, list[Row]] | None = None
        self.blob_folder = ""
        """Where bytes go that belong to no cloud alone; no cloud can have its name."""
        self._inside: dict[str, Caller] = {}
        self.plant: Plant | None = None
        self._running: set[asyncio.Task[None]] = set()

    # -- what servicers and the command line ask

    def servicer(self, cls: type[S]) -> S:
        """The one instance of a servicer class."""
        return cast("S", self._servicers[cls])

    def served(self) -> list[Operation]:
        """The operations that somebody answers."""
        return [plan.operation for plan in self._plans.values()]

    @staticmethod
    def api_type(service: AnyService) -> str:
        """The catalog type of a service's API."""
        return apis()[service.file.package].type

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something run beside the calls (a download); it ends with the engine."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    # -- clouds

    async def open(self) -> None:
        """Open the store and take up the clouds that it holds."""
        await self.store.open()
        for name, data in await self.store.clouds():
            self.clouds[name] = Cloud.load(name, data)

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.store.close()
        self.blobs.close()

    def cloud(self, name: str) -> Cloud:
        try:
            return self.clouds[name or DEFAULT]
        except KeyError:
            raise CloudNotFound(name=name) from None

    async def find_cloud(self, name: str) -> Cloud:
        """Like `cloud`, but looks into a shared store for one that another process made."""
        return await self.settings.find(name)

    async def create_cloud(
        self,
        name: str,
        profile: Profile = "instant",
        *,
        seed: int | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Cloud:
        """A fresh cloud with the seed's objects; raises CloudExists, BadCloudName and what is wrong with options."""
        if not valid_name(name):
            raise BadCloudName(name=name)
        if name in self.clouds:
            raise CloudExists(name=name)
        cloud = Cloud(name, profile, key=Fernet.generate_key(), options=checked(options or {}))
        cloud.ids.__init__(seed)  # type: ignore[misc]
        await self.store.create_cloud(name, cloud.dump(), with_version(await self._template_rows()))
        self.clouds[name] = cloud
        await self._apply_options(cloud, cloud.options)
        return cloud

    async def delete_cloud(self, name: str) -> None:
        """Forget a cloud and all that is in it."""
        cloud = self.cloud(name)
        await self.store.delete_cloud(cloud.name)
        self.blobs.delete_folder(cloud.name)
        del self.clouds[cloud.name]

    async def reset_cloud(self, name: str) -> Cloud:
        """Back to the seed, with a new key: tokens from before do not work."""
        old = self.cloud(name)
        await self.delete_cloud(old.name)
        return await self.create_cloud(old.name, old.profile, seed=old.ids.seed, options=old.options)

    async def set_options(self, cloud: Cloud, options: Mapping[str, str]) -> None:
        """Change options of a cloud, the others stay; raises what is wrong with them."""
        changes = checked(options)
        await self._apply_options(cloud, changes)
        await self.settings.change(cloud, lambda fresh: fresh.options.update(changes))

    async def _apply_options(self, cloud: Cloud, options: Mapping[str, str]) -> None:
        if options:
            await self.transact(cloud, CallMetadata(cloud=cloud.name), lambda call: apply(call, options))

    async def _template_rows(self) -> dict[str, list[Row]]:
        """The seed's rows, planted once in a store in memory and copied into every new cloud."""
        if self._template is None:
            from mopenstack.core.store.sqlite import SqliteStore

            nursery = Engine(SqliteStore(), self.blobs, list(self._servicers), self._authenticate)
            nursery.blob_folder = "_seed"
            await nursery.store.open()
            await nursery.store.create_cloud(DEFAULT, b"{}", {})
            nursery.clouds[DEFAULT] = Cloud(DEFAULT, key=Fernet.generate_key())
            if self.plant is not None:
                await self.plant(nursery, DEFAULT)
            self._template = await nursery.store.export_cloud(DEFAULT)
            await nursery.store.close()
        return self._template

    # -- calls

    async def call(self, operation: Operation, request: Message, metadata: CallMetadata) -> Reply:
        """Answer one RPC; raises Fault."""
        plan = self._plans.get(operation.name)
        if plan is None:
            raise NotServed(f"{operation.name} is declared and not served yet.")
        if not plan.servicer.transactional:
            return await self._call_outside(plan, request, metadata)
        cloud = self.clouds.get(metadata.cloud or DEFAULT) or await self.find_cloud(metadata.cloud)
        if cloud.faults and self.store.exclusive:
            rule = fault_of(cloud, operation)
            if rule is not None:
                await self.settings.spend(cloud, rule)
        if operation.raw_request and metadata.body is not None:
            return await self._take_bytes(plan, cloud, request, metadata)

        async def run(call: Call) -> Reply:
            return await self._answer(plan, call, request)

        return await self.transact(cloud, metadata, run, operation)

    async def _answer(self, plan: Plan, call: Call, request: Message) -> Reply:
        await self._prelude(plan, call, request)
        result = await plan.handler(call, request)
        return Reply(result, plan.servicer.audience(call))

    async def _call_outside(self, plan: Plan, request: Message, metadata: CallMetadata) -> Reply:
        call = Call(self, Cloud(DEFAULT), cast("Transaction", None), metadata, plan.operation)
        await plan.servicer.before(call, request)
        plan.validate(request, call.microversion)
        return Reply(await plan.handler(call, request), "admin")

    async def call_as(self, caller: Caller, operation: Operation, request: Message, metadata: CallMetadata) -> Reply:
        """Answer an RPC in the name of a caller without a token: seeds, and the admin service."""
        metadata.token = f"{_INSIDE}{id(caller)}"
        self._inside[metadata.token] = caller
        try:
            return await self.call(operation, request, metadata)
        finally:
            del self._inside[metadata.token]

    async def authenticate(self, metadata: CallMetadata) -> None:
        """Only look at the token."""

        async def run(call: Call) -> None:
            await self._who(call)

        await self.transact(await self.find_cloud(metadata.cloud), metadata, run)

    async def _who(self, call: Call) -> Caller:
        inside = self._inside.get(call.metadata.token)
        return inside if inside is not None else await self._authenticate(call, call.metadata.token)

    async def transact(
        self,
        cloud: Cloud,
        metadata: CallMetadata,
        run: Callable[[Call], Awaitable[T]],
        operation: Operation | None = None,
    ) -> T:
        """Run something in one transaction after applying what is due; again when the database refuses it."""
        shared = not self.store.exclusive
        for attempt in range(ATTEMPTS_MAX):
            try:
                async with self.store.transaction(cloud.name, alone=attempt >= ALONE_FROM) as tx:
                    if shared:
                        await self._look_at_settings(cloud, tx, operation)
                    call = Call(self, cloud, tx, metadata, operation)
                    if not tx.nothing_due(call.time):
                        await self._apply_due(call, tx)
                    result = await run(call)
                call.run_after()
                return result
            except Conflicted:
                # Spread the next attempts of those who met; which moment is no secret.
                await asyncio.sleep(random.random() * 0.002 * 2 ** min(attempt, 6))  # noqa: S311
            except FaultDue as due:
                await self.settings.spend(cloud, due.rule)
        raise Unavailable("Too many concurrent changes; try again.")

    async def _look_at_settings(self, cloud: Cloud, tx: Transaction, operation: Operation | None) -> None:
        await self.settings.refresh(cloud, tx)
        rule = fault_of(cloud, operation) if cloud.faults and operation is not None else None
        if rule is not None:
            raise FaultDue(rule)

    async def _apply_due(self, call: Call, tx: Transaction) -> None:
        for kind, id, action in await tx.due(call.time):
            lifecycle = self.lifecycles.get(kind.message)
            if lifecycle is None:
                await tx.unschedule(kind.name, id)
            else:
                await lifecycle.complete(call, id, action)

    async def _prelude(self, plan: Plan, call: Call, request: Message) -> None:
        operation = plan.operation
        call.caller = (
            await self._who(call) if not operation.anonymous or call.metadata.token in self._inside else ANONYMOUS
        )
        await self._admit(plan, call, request)

    async def admit(self, call: Call, part: Message) -> None:
        """Check a part of a request that is a request of the same operation (one object of a bulk create)."""
        assert call.operation is not None
        await self._admit(self._plans[call.operation.name], call, part)

    async def _admit(self, plan: Plan, call: Call, request: Message) -> None:
        """Declared rules, target, policy."""
        plan.validate(request, call.microversion)
        if plan.before:
            await plan.servicer.before(call, request)
        target: Any = None
        if plan.owner is not None:
            target = call.target = await plan.owner.fetch(call, getattr(request, plan.target_variable))
        if plan.operation.anonymous:
            return
        if target is None:
            target = getattr(request, plan.body_field) if plan.body_field else request
        caller = call.caller
        if plan.scopes and caller.policy_scope not in plan.scopes:
            raise PolicyRefused([plan.policy])
        if not plan.check(caller, target):
            raise plan.servicer.refusal(call, [plan.policy])
        if plan.field_policies:
            self._check_fields(plan, call, request, target)

    @staticmethod
    def _check_fields(plan: Plan, call: Call, request: Message, target: Any) -> None:
        body = getattr(request, plan.body_field)
        mask = getattr(request, plan.mask_field).paths if plan.mask_field else ()
        given = set(mask) or {field.name for field, _ in body.ListFields()}
        creating = plan.operation.kind_of_write == "create"
        asked = [
            (key, check)
            for name, key, check, default in plan.field_policies
            if name in given and not (creating and getattr(body, name) == default)
        ]
        if not all(check(call.caller, target) for _, check in asked):
            raise PolicyRefused([plan.policy, *(f"{plan.policy}:{key}" for key, _ in asked)])

    # -- bytes

    async def _take_bytes(self, plan: Plan, cloud: Cloud, request: Message, metadata: CallMetadata) -> Reply:
        """Check that the call may be made, take the bytes in outside of any transaction, then answer.

        The servicer's `prepare_<handler>` has a transaction of its own before the bytes come;
        `abandon_<handler>` has one, in the cloud's own name, if they do not come or are refused.
        """
        prepare = getattr(plan.servicer, f"prepare_{plan.operation.handler}", None)
        abandon = getattr(plan.servicer, f"abandon_{plan.operation.handler}", None)
        key = f"{self.blob_folder or cloud.name}/{cloud.ids.uuid()}"
        blob: Blob

        async def look(call: Call) -> None:
            await self._prelude(plan, call, request)
            if prepare is not None:
                await prepare(call, request)

        async def run(call: Call) -> Reply:
            call.blob = blob
            return await self._answer(plan, call, request)

        async def give_up(call: Call) -> None:
            if abandon is not None:
                await abandon(call, request)

        await self.transact(cloud, metadata, look, plan.operation)
        assert metadata.body is not None
        try:
            blob = await self.blobs.write(key, metadata.body, BODY_BYTES_MAX)
            if self.blob_folder:
                # The seed's bytes are the same in every process: they are found by what they are.
                key = f"{self.blob_folder}/{blob.sha512[:32]}"
                blob = self.blobs.rename(blob, key)
            return await self.transact(cloud, metadata, run, plan.operation)
        except BaseException as error:
            self.blobs.delete(key)
            await self.transact(cloud, metadata, give_up, plan.operation)
            if isinstance(error, BlobTooLarge):
                raise OverLimit(str(error)) from None
            raise
