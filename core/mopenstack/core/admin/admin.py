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
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud, FaultRule, Profile
from mopenstack.core.engine.options import known_options
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.store.kinds import kinds_by_name


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
        if not is_loopback(call.metadata.remote):
            raise NotLoopback

    async def get_status(self, call: Call, request: pb.GetStatusRequest) -> Result:
        pages = int(Path("/proc/self/statm").read_text().split()[1])  # noqa: ASYNC240  # no disk behind it
        return pb.Status(
            pid=os.getpid(),
            rss_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
            store=self.engine.store.url,
            clouds=sorted(self.engine.clouds),
            version=version("mopenstack"),
        )

    async def list_clouds(self, call: Call, request: pb.ListCloudsRequest) -> Result:
        return Page([_shown(cloud) for _, cloud in sorted(self.engine.clouds.items())])

    async def create_cloud(self, call: Call, request: pb.CreateCloudRequest) -> Result:
        seed = request.seed if request.HasField("seed") else None
        profile = cast("Profile", request.profile or "instant")
        return _shown(await self.engine.create_cloud(request.name, profile, seed=seed, options=dict(request.options)))

    async def reset_cloud(self, call: Call, request: pb.CloudRequest) -> Result:
        return _shown(await self.engine.reset_cloud(request.cloud))

    async def delete_cloud(self, call: Call, request: pb.CloudRequest) -> Result:
        await self.engine.delete_cloud(request.cloud)
        return EMPTY

    async def set_profile(self, call: Call, request: pb.SetProfileRequest) -> Result:
        cloud = await self.engine.find_cloud(request.cloud)
        profile = cast("Profile", request.profile)
        return _shown(await self.engine.settings.change(cloud, lambda fresh: setattr(fresh, "profile", profile)))

    async def set_options(self, call: Call, request: pb.SetOptionsRequest) -> Result:
        cloud = await self.engine.find_cloud(request.cloud)
        await self.engine.set_options(cloud, dict(request.options))
        return _shown(cloud)

    async def list_options(self, call: Call, request: pb.ListOptionsRequest) -> Result:
        return Page(
            [
                pb.Option(name=one.name, default=one.default, help=one.help, choices=one.choices)
                for one in known_options()
            ]
        )

    async def set_clock(self, call: Call, request: pb.SetClockRequest) -> Result:
        cloud = await self.engine.find_cloud(request.cloud)

        def change(fresh: Cloud) -> None:
            if request.HasField("time"):
                fresh.clock.set(request.time.seconds + request.time.nanos / 1e9)
            if request.HasField("rate"):
                fresh.clock.scale(request.rate)

        return _shown(await self.engine.settings.change(cloud, change))

    async def advance_clock(self, call: Call, request: pb.AdvanceClockRequest) -> Result:
        cloud = await self.engine.find_cloud(request.cloud)
        return _shown(await self.engine.settings.change(cloud, lambda fresh: fresh.clock.advance(request.seconds)))

    async def force_state(self, call: Call, request: pb.ForceStateRequest) -> Result:
        kind = kinds_by_name().get(request.kind)
        lifecycle = self.engine.lifecycles.get(kind.message) if kind else None
        if kind is None or lifecycle is None:
            known = sorted(item.DESCRIPTOR.name for item in self.engine.lifecycles)
            raise BadRequest(f"{request.kind!r} is no kind of resource with a lifecycle; these are: {', '.join(known)}")

        async def run(inner: Call) -> None:
            if await inner.tx.get(kind.message, request.id) is None:
                raise ResourceNotFound(kind=kind.name, id=request.id)
            obj = await inner.tx.edit(kind.message, request.id)
            if request.fields.fields:
                try:
                    json_format.ParseDict(json_format.MessageToDict(request.fields), obj)
                except json_format.ParseError as error:
                    raise BadRequest(str(error)) from None
            field = kind.message.DESCRIPTOR.fields_by_name[lifecycle.state]
            await lifecycle.force(inner, obj, _state(field, request.state, kind.name))

        await self.engine.transact(await self.engine.find_cloud(request.cloud), call.metadata, run)
        return EMPTY

    async def complete_transitions(self, call: Call, request: pb.CloudRequest) -> Result:
        async def run(inner: Call) -> int:
            waiting = await inner.tx.pending()
            for kind, id, action in waiting:
                await self.engine.lifecycles[kind.message].complete(inner, id, action)
            return len(waiting)

        cloud = await self.engine.find_cloud(request.cloud)
        return pb.CompleteTransitionsResponse(completed=await self.engine.transact(cloud, call.metadata, run))

    async def inject_fault(self, call: Call, request: pb.InjectFaultRequest) -> Result:
        known = {name for item in self.engine.served() for name in (item.name, item.method, item.service)}
        if request.operation not in known:
            raise BadRequest(f"{request.operation!r} is no operation that is served.")
        cloud = await self.engine.find_cloud(request.cloud)
        text = request.message or "This failure was asked for."
        rule = FaultRule(request.operation, request.count or 1, request.code or "INTERNAL", text)
        await self.engine.settings.change(cloud, lambda fresh: fresh.faults.append(rule))
        return EMPTY

    async def clear_faults(self, call: Call, request: pb.CloudRequest) -> Result:
        cloud = await self.engine.find_cloud(request.cloud)
        await self.engine.settings.change(cloud, lambda fresh: fresh.faults.clear())
        return EMPTY


class Gateways(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Gateways"]
    transactional = False

    async def check_token(self, call: Call, request: pb.CheckTokenRequest) -> Result:
        await self.engine.authenticate(call.metadata)
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
