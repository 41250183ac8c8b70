"""Clouds, clocks, states and faults. It needs no token and answers on the loopback interface only."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from google.protobuf import json_format

from mopenstack.admin.v1 import admin_pb2 as pb
from mopenstack.contract.calls import Page, is_loopback
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.faults import BadRequest, Forbidden, NotFound
from mopenstack.contract.operations import enum_words
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud, FaultRule, Profile
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class NotLoopback(Forbidden):
    message = "The admin API answers on the loopback interface only."


class ResourceNotFound(NotFound):
    message = "There is no {kind} {id}."


class NoSuchState(BadRequest):
    message = "{kind} has no state {state!r}; it has: {states}."


class Admin(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Admin"]
    transactional = False

    async def before(self, call: Call, request: Any) -> None:
        if not is_loopback(call.context.remote):
            raise NotLoopback

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
        return Page([_shown(cloud) for _, cloud in sorted(engine.clouds.items())])

    async def create_cloud(self, call: Call, request: pb.CreateCloudRequest) -> Result:
        seed = request.seed if request.HasField("seed") else None
        profile = cast("Profile", request.profile or "instant")
        return _shown(
            await call.administration.create_cloud(request.name, profile, seed=seed, options=dict(request.options))
        )

    async def reset_cloud(self, call: Call, request: pb.CloudRequest) -> Result:
        return _shown(await call.administration.reset_cloud(request.cloud))

    async def delete_cloud(self, call: Call, request: pb.CloudRequest) -> Result:
        await call.administration.delete_cloud(request.cloud)
        return EMPTY

    async def set_profile(self, call: Call, request: pb.SetProfileRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        profile = cast("Profile", request.profile)
        return _shown(await engine.settings.change(cloud, lambda fresh: setattr(fresh, "profile", profile)))

    async def set_options(self, call: Call, request: pb.SetOptionsRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        await call.administration.set_options(cloud, dict(request.options))
        return _shown(cloud)

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
        cloud = await engine.find_cloud(request.cloud)

        def change(fresh: Cloud) -> None:
            if request.HasField("time"):
                fresh.clock.set(request.time.seconds + request.time.nanos / 1e9)
            if request.HasField("rate"):
                fresh.clock.scale(request.rate)

        return _shown(await engine.settings.change(cloud, change))

    async def advance_clock(self, call: Call, request: pb.AdvanceClockRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        return _shown(await engine.settings.change(cloud, lambda fresh: fresh.clock.advance(request.seconds)))

    async def force_state(self, call: Call, request: pb.ForceStateRequest) -> Result:
        engine = call.administration.engine
        lifecycle = engine.registry.lifecycles.get(request.kind)
        if lifecycle is None:
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
                await engine.registry.lifecycles[kind].complete(inner, id, action)
            return len(waiting)

        cloud = await engine.find_cloud(request.cloud)
        return pb.CompleteTransitionsResponse(completed=await engine.transact(cloud, call.context, run))

    async def inject_fault(self, call: Call, request: pb.InjectFaultRequest) -> Result:
        engine = call.administration.engine
        served = (plan.operation for plan in engine.registry.plans.values())
        known = {name for item in served for name in (item.name, item.method, item.service)}
        if request.operation not in known:
            raise BadRequest(f"{request.operation!r} is no operation that is served.")
        cloud = await engine.find_cloud(request.cloud)
        text = request.message or "This failure was asked for."
        rule = FaultRule(request.operation, request.count or 1, request.code or "INTERNAL", text)
        await engine.settings.change(cloud, lambda fresh: fresh.faults.append(rule))
        return EMPTY

    async def clear_faults(self, call: Call, request: pb.CloudRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        await engine.settings.change(cloud, lambda fresh: fresh.faults.clear())
        return EMPTY


class Gateways(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Gateways"]
    transactional = False

    async def check_token(self, call: Call, request: pb.CheckTokenRequest) -> Result:
        engine = call.administration.engine
        await engine.authenticate(call.context, request.package)
        return EMPTY


def _shown(cloud: Cloud) -> pb.Cloud:
    shown = pb.Cloud(name=cloud.name, profile=cloud.profile, clock_rate=cloud.clock.rate, options=cloud.options)
    now = cloud.clock.time()
    shown.time.FromMicroseconds(round(now * 1_000_000))
    return shown


def _state(field: AnyField, asked: str, kind: str) -> Any:
    """The value of a state field that a word means."""
    if field.enum_type is None:
        return asked
    names = {value.name.lower(): value.number for value in field.enum_type.values if value.number}
    names.update({word.lower(): number for number, word in enum_words(field).items()})
    if asked.lower() not in names:
        raise NoSuchState(kind=kind, state=asked, states=", ".join(sorted(names)))
    return names[asked.lower()]
