"""Clouds, clocks and states."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from google.protobuf import json_format

from mopenstack.admin.v1 import admin_pb2 as pb
from mopenstack.contract.calls import Page
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.faults import BadRequest, NotFound
from mopenstack.contract.operations import enum_words
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud, Ids, Profile
from mopenstack.core.engine.regions import parts, whole
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.snapshots import Snapshots


class ResourceNotFound(NotFound):
    message = "There is no {kind} {id}."


class NoSuchState(BadRequest):
    message = "{kind} has no state {state!r}; it has: {states}."


class AdminServicer(Servicer):
    """Of a service about clouds as a whole; who may call it, the engine says for all of them (`for_admins`)."""

    transactional = False


class Admin(AdminServicer):
    service = pb.DESCRIPTOR.services_by_name["Admin"]

    async def get_status(self, call: Call, request: pb.GetStatusRequest) -> Result:
        engine = call.administration.engine
        pages = int(Path("/proc/self/statm").read_text().split()[1])  # noqa: ASYNC240  # no disk behind it
        return pb.Status(
            pid=os.getpid(),
            rss_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
            store=engine.store.url,
            clouds=sorted(engine.clouds),
            version=version("mopenstack"),
        )

    async def list_clouds(self, call: Call, request: pb.ListCloudsRequest) -> Result:
        engine = call.administration.engine
        return Page([shown(cloud) for _, cloud in sorted(engine.clouds.items())])

    async def create_cloud(self, call: Call, request: pb.CreateCloudRequest) -> Result:
        seed = request.seed if request.HasField("seed") else None
        calls = [plain_struct(one) for one in request.seed_calls]
        if request.source and calls:
            raise BadRequest("A cloud begins with what `source` names or with what `seed_calls` make, not with both.")
        if request.source and request.regions:
            raise BadRequest("A cloud has the regions of what `source` names; none can be chosen.")
        if request.source:
            return shown(await self._copied(call, request, seed))
        profile = cast("Profile", request.profile or "instant")
        return shown(
            await call.administration.create_cloud(
                request.name,
                profile,
                seed=seed,
                options=dict(request.options),
                seed_calls=calls,
                regions=tuple(request.regions),
            )
        )

    async def _copied(self, call: Call, request: pb.CreateCloudRequest, seed: int | None) -> Cloud:
        """A cloud that begins with what a snapshot or another cloud is."""
        engine = call.administration.engine
        options = engine.registry.options.checked(dict(request.options))
        cloud = await Snapshots(engine).fork(request.source, request.name)
        if seed is not None:
            cloud.ids = Ids(seed)
        if request.profile:
            await engine.settings.change(cloud, lambda fresh: setattr(fresh, "profile", request.profile))
        if options:
            await call.administration.set_options(cloud, options)
        return cloud

    async def reset_cloud(self, call: Call, request: pb.CloudRequest) -> Result:
        return shown(await call.administration.reset_cloud(request.cloud))

    async def delete_cloud(self, call: Call, request: pb.CloudRequest) -> Result:
        await call.administration.delete_cloud(request.cloud)
        return EMPTY

    async def set_profile(self, call: Call, request: pb.SetProfileRequest) -> Result:
        engine = call.administration.engine
        cloud = whole(await engine.find_cloud(request.cloud))
        profile = cast("Profile", request.profile)
        return shown(await engine.settings.change(cloud, lambda fresh: setattr(fresh, "profile", profile)))

    async def set_options(self, call: Call, request: pb.SetOptionsRequest) -> Result:
        engine = call.administration.engine
        cloud = whole(await engine.find_cloud(request.cloud))
        await call.administration.set_options(cloud, dict(request.options))
        return shown(cloud)

    async def list_options(self, call: Call, request: pb.ListOptionsRequest) -> Result:
        engine = call.administration.engine
        return Page(
            [
                pb.Option(name=one.name, default=one.default, help=one.help, choices=one.choices)
                for one in engine.registry.options
            ]
        )

    async def set_clock(self, call: Call, request: pb.SetClockRequest) -> Result:
        engine = call.administration.engine
        cloud = whole(await engine.find_cloud(request.cloud))

        def change(fresh: Cloud) -> None:
            if request.HasField("time"):
                fresh.clock.set(request.time.seconds + request.time.nanos / 1e9)
            if request.HasField("rate"):
                fresh.clock.scale(request.rate)

        return shown(await engine.settings.change(cloud, change))

    async def advance_clock(self, call: Call, request: pb.AdvanceClockRequest) -> Result:
        engine = call.administration.engine
        cloud = whole(await engine.find_cloud(request.cloud))
        return shown(await engine.settings.change(cloud, lambda fresh: fresh.clock.advance(request.seconds)))

    async def force_state(self, call: Call, request: pb.ForceStateRequest) -> Result:
        engine = call.administration.engine
        lifecycle = await engine.registry.lifecycle(request.kind)
        if lifecycle is None:
            await engine.registry.ready(lambda one: one.lifecycles)
            known = ", ".join(sorted(engine.registry.lifecycles))
            raise BadRequest(f"{request.kind!r} is no kind of resource with a lifecycle; these are: {known}")
        message = lifecycle.message

        async def run(inner: Call) -> None:
            if await inner.tx.get(message, request.id) is None:
                raise ResourceNotFound(kind=request.kind, id=request.id)
            obj = await inner.tx.edit(message, request.id)
            if request.fields.fields:
                try:
                    json_format.ParseDict(plain_struct(request.fields), obj)
                except json_format.ParseError as error:
                    raise BadRequest(str(error)) from None
            field = message.DESCRIPTOR.fields_by_name[lifecycle.state]
            await lifecycle.force(inner, obj, _state(field, request.state, request.kind))

        await engine.transact(await engine.find_cloud(request.cloud), call.context, run)
        return EMPTY

    async def complete_transitions(self, call: Call, request: pb.CloudRequest) -> Result:
        engine = call.administration.engine

        async def run(inner: Call) -> int:
            waiting = await inner.tx.pending()
            for kind, id, action in waiting:
                await engine.registry.lifecycle_loaded(kind).complete(inner, id, action)
            return len(waiting)

        cloud, completed = await engine.find_cloud(request.cloud), 0
        for one in parts(cloud):
            completed += await engine.transact(one, call.context, run)
        return pb.CompleteTransitionsResponse(completed=completed)


class Gateways(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Gateways"]
    transactional = False
    for_admins = False  # the token that it is asked about says all

    async def check_token(self, call: Call, request: pb.CheckTokenRequest) -> Result:
        engine = call.administration.engine
        if request.operation:
            operation = (await engine.registry.planned(request.operation)).operation
            await engine.admit(operation, operation.request.FromString(request.request), call.context)
        else:
            await engine.authenticate(call.context, request.package)
        return EMPTY

    async def get_release(self, call: Call, request: pb.GetReleaseRequest) -> Result:
        return pb.GetReleaseResponse(release=await call.administration.engine.find_release(call.context.cloud))


def shown(cloud: Cloud) -> pb.Cloud:
    """A cloud as the admin API has it."""
    found = pb.Cloud(name=cloud.name, profile=cloud.profile, clock_rate=cloud.clock.rate, options=cloud.options)
    found.regions.extend(cloud.regions or [cloud.region_name])
    now = cloud.clock.time()
    found.time.FromMicroseconds(round(now * 1_000_000))
    return found


def _state(field: AnyField, asked: str, kind: str) -> Any:
    """The value of a state field that a word means."""
    if field.enum_type is None:
        return asked
    names = {value.name.lower(): value.number for value in field.enum_type.values if value.number}
    names.update({word.lower(): number for number, word in enum_words(field).items()})
    if asked.lower() not in names:
        raise NoSuchState(kind=kind, state=asked, states=", ".join(sorted(names)))
    return names[asked.lower()]
