"""The journals of clouds: what they keep, the calls in them, and what a test says of those."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any, cast

import orjson
from google.protobuf import json_format

from mopenstack.admin.v1 import journal_pb2 as pb
from mopenstack.contract.calls import ByteStream, RequestContext
from mopenstack.contract.faults import BadRequest, Conflict, NotFound
from mopenstack.contract.noted import Noted
from mopenstack.core.admin.call_filter import CallFilter
from mopenstack.core.admin.call_view import curl, har_entry, line, shown
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.journal import Mode
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer

Numbered = tuple[int, Noted]

LIST_DEFAULT = 100
LINES_MAX = 20
"""Calls that an assertion which fails tells of."""
SLICE = 50
"""Calls that are written at once: others are answered in between."""
LARGE = 4096
"""Bytes of documents after which others are answered too."""
QUIET_SECONDS = 10.0
"""After so long without a call a client that follows a journal is sent a comment: whether it is still there shows."""


class CallNotFound(NotFound):
    message = "There is no call {id} in the journal of {cloud} (any more)."


class NotAsExpected(Conflict):
    """There are more or fewer calls than a test expects."""


class Journal(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Journal"]
    transactional = False

    async def get_journal(self, call: Call, request: pb.GetJournalRequest) -> Result:
        return self._state(call, await self._cloud(call, request))

    async def set_journal(self, call: Call, request: pb.SetJournalRequest) -> Result:
        engine = call.administration.engine
        cloud = await self._cloud(call, request)
        given: dict[str, Any] = {
            name: getattr(request, name) for name in ("mode", "calls_max", "bytes_max") if request.HasField(name)
        }
        if "mode" in given:
            given["mode"] = cast("Mode", given["mode"])

        def change(fresh: Cloud) -> None:
            fresh.journal = replace(engine.calls.settings(fresh), **given)

        await engine.settings.change(cloud, change)
        return self._state(call, cloud)

    async def list_calls(self, call: Call, request: pb.ListCallsRequest) -> Result:
        cloud = await self._cloud(call, request)
        found = await self._found(call, cloud, request)
        limit = request.limit or LIST_DEFAULT
        return pb.ListCallsResponse(calls=[shown(*one) for one in found[-limit:]], total=len(found))

    async def get_call(self, call: Call, request: pb.GetCallRequest) -> Result:
        cloud = await self._cloud(call, request)
        number = int(request.id) if request.id.isascii() and request.id.isdecimal() and len(request.id) < 10 else 0
        for found, one in self._calls(cloud, number - 1)[:1] if number else ():
            if found == number:
                return pb.CallResponse(call=shown(found, one, whole=True))
        raise CallNotFound(id=request.id, cloud=cloud.name)

    async def clear_calls(self, call: Call, request: pb.ClearCallsRequest) -> Result:
        cloud = await self._cloud(call, request)
        if cloud.calls is not None:
            cloud.calls.clear()
        return EMPTY

    async def follow_calls(self, call: Call, request: pb.FollowCallsRequest) -> Result:
        engine = call.administration.engine
        cloud = await self._cloud(call, request)
        if engine.calls.journal(cloud.name) is None:
            raise Conflict(f"The journal of {cloud.name} is off: set its mode to `calls` or `bodies`.")
        passes = await self._filter(call, cloud, request)
        seen = cloud.calls.last if cloud.calls is not None else 0
        if request.last_event_id.isascii() and request.last_event_id.isdecimal():
            seen = int(request.last_event_id)
        elif request.HasField("after"):
            seen = request.after
        return ByteStream(_events(engine, cloud.name, passes, seen), -1, "text/event-stream", _UNCACHED)

    async def export_calls(self, call: Call, request: pb.ExportCallsRequest) -> Result:
        cloud = await self._cloud(call, request)
        found = [one for _, one in await self._found(call, cloud, request) if one.method]
        if request.format == "curl":
            return ByteStream(_curls(found), -1, "text/plain; charset=utf-8")
        return ByteStream(_har(found), -1, "application/json")

    async def assert_calls(self, call: Call, request: pb.AssertCallsRequest) -> Result:
        bounds = [name for name in ("exactly", "at_least", "at_most") if request.HasField(name)]
        if not bounds:
            raise BadRequest("An assertion needs one of exactly, at_least and at_most.")
        cloud = await self._cloud(call, request)
        if call.administration.engine.calls.journal(cloud.name) is None:
            raise BadRequest(f"The journal of {cloud.name} is off: nothing can be said of its calls.")
        found = await self._found(call, cloud, request)
        count = len(found)
        holds = {"exactly": int.__eq__, "at_least": int.__ge__, "at_most": int.__le__}
        broken = [name for name in bounds if not holds[name](count, getattr(request, name))]
        if broken:
            expected = " and ".join(f"{name.replace('_', ' ')} {getattr(request, name)}" for name in broken)
            told = "".join(f"\n{line(one)}" for _, one in found[-LINES_MAX:])
            raise NotAsExpected(f"Expected {expected} {_what(request)}; there are {count}.{told}")
        return pb.AssertCallsResponse(count=count)

    # -- inside

    async def _cloud(self, call: Call, request: Any) -> Cloud:
        """The cloud with its settings as they are now: another process may have changed them."""
        engine = call.administration.engine
        cloud: Cloud = await engine.find_cloud(request.cloud)
        if not engine.store.exclusive:
            await engine.transact(cloud, RequestContext(cloud=cloud.name), _look)
        return cloud

    def _state(self, call: Call, cloud: Cloud) -> pb.JournalResponse:
        settings, ring = call.administration.engine.calls.settings(cloud), cloud.calls
        state = pb.JournalState(mode=settings.mode, calls_max=settings.calls_max, bytes_max=settings.bytes_max)
        if ring is not None:
            state.calls, state.bytes, state.dropped, state.last = len(ring), ring.bytes, ring.dropped, ring.last
        return pb.JournalResponse(journal=state)

    async def _filter(self, call: Call, cloud: Cloud, request: Any) -> CallFilter:
        engine = call.administration.engine
        served = (await engine.registry.every_plan()).values() if request.operation else ()
        names = {name for one in served for name in (one.operation.name, one.operation.method, one.operation.service)}
        return CallFilter(request, names, bodies=engine.calls.settings(cloud).mode == "bodies")

    @staticmethod
    def _calls(cloud: Cloud, after: int) -> list[Numbered]:
        return cloud.calls.after(after) if cloud.calls is not None else []

    async def _found(self, call: Call, cloud: Cloud, request: Any) -> list[Numbered]:
        """The calls that the filters of a request let through."""
        passes = await self._filter(call, cloud, request)
        found: list[Numbered] = []
        for place, one in enumerate(self._calls(cloud, request.after), 1):
            if passes(one[1]):
                found.append(one)
            if place % SLICE == 0 or len(one[1].request) > LARGE:
                await asyncio.sleep(0)
        return found


async def _look(call: Call) -> None:
    """Nothing: a transaction begins with the settings."""


_UNCACHED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def _events(engine: Any, cloud_name: str, passes: CallFilter, seen: int) -> AsyncIterator[bytes]:
    """Server-sent events, until the cloud is gone or its journal is off."""
    yield b": calls\n\n"
    before = None
    while (ring := engine.calls.journal(cloud_name)) is not None:
        if before not in (None, ring) or ring.last < seen:
            seen = 0  # the cloud was reset: its journal began anew
        before = ring
        fresh = ring.after(seen)
        for place, (number, one) in enumerate(fresh, 1):
            seen = number
            if passes(one):
                yield b"id: %d\ndata: %b\n\n" % (number, _json(shown(number, one, whole=True)))
            if place % SLICE == 0 or len(one.request) + len(one.answer) > LARGE:
                await asyncio.sleep(0)
        if not fresh and not await ring.more(QUIET_SECONDS):
            yield b":\n\n"


def _json(view: pb.RecordedCall) -> bytes:
    """A call as JSON, with the keys that the API has."""
    document = json_format.MessageToDict(
        view, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return orjson.dumps(document)


async def _curls(found: list[Noted]) -> AsyncIterator[bytes]:
    for one in found:
        yield curl(one).encode() + b"\n"
        await asyncio.sleep(0)


async def _har(found: list[Noted]) -> AsyncIterator[bytes]:
    creator = orjson.dumps({"name": "mopenstack", "version": version("mopenstack")})
    yield b'{"log":{"version":"1.2","creator":%b,"entries":[' % creator
    for place, one in enumerate(found):
        yield (b",\n" if place else b"\n") + orjson.dumps(har_entry(one))
        await asyncio.sleep(0)
    yield b"\n]}}\n"


def _what(request: pb.AssertCallsRequest) -> str:
    """What an assertion is about, in words."""
    words = [request.operation or "calls"]
    for name in ("status", "project", "user", "method", "path", "since"):
        if value := getattr(request, name):
            words.append(f"{name} {value}")
    return (
        " with ".join((words[0], ", ".join([*words[1:], *request.where]))) if words[1:] or request.where else words[0]
    )
