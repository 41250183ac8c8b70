"""What a cloud holds, of every service alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.admin.v1 import resources_pb2 as pb
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.contract.operations import LATEST, Operation, minor
from mopenstack.core.admin.admin import AdminServicer, ResourceNotFound
from mopenstack.core.admin.state_diagrams import diagram, state_of, states_of, task_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import SYSTEM
from mopenstack.core.engine.differences import is_secret, shown_fields
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.registry import Registry
from mopenstack.core.engine.servicer import Result
from mopenstack.core.engine.whole_answers import whole
from mopenstack.core.store.kinds import kind_of, resource_options

T = TypeVar("T")

LIMIT = 50
"""Resources on a page, where a request does not say how many."""
LOOK_SECONDS, DUE_SECONDS = 0.1, 0.5
"""How often a waiting call looks whether something has changed, and whether something is due."""
SORTS = ("name", "state", "project", "created_at", "updated_at")


class NoSuchKind(BadRequest):
    message = "{kind!r} is no kind of resource of a service that is served."


class Resources(AdminServicer):
    service = pb.DESCRIPTOR.services_by_name["Resources"]

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, type[Message]] = {}

    async def _kinds(self, call: Call) -> dict[str, type[Message]]:
        """What can be looked at: what a servicer keeps, has a lifecycle, or has a name; by service."""
        registry: Registry = call.administration.engine.registry
        if not self._known:
            await registry.ready()
            found = {}
            for service in registry.contract.services:
                for kind, message in sorted(registry.contract.stored_by(service.name).items()):
                    shown = _shows(registry, kind) is not None or kind in registry.lifecycles.there
                    named = "name" in message.DESCRIPTOR.fields_by_name
                    if (shown or named) and not resource_options(message).history:
                        found[kind] = message
            self._known = found
        return self._known

    async def _message(self, call: Call, kind: str) -> type[Message]:
        """What the resources of a kind are stored as; raises NoSuchKind."""
        found = (await self._kinds(call)).get(kind)
        if found is None:
            raise NoSuchKind(kind=kind)
        return found

    async def list_resource_kinds(self, call: Call, request: pb.ListResourceKindsRequest) -> Result:
        kinds = await self._kinds(call)
        registry: Registry = call.administration.engine.registry

        async def run(inner: Call) -> dict[str, int]:
            return {kind: await _count(inner, message, request.project) for kind, message in kinds.items()}

        counts = await _within(call, request.cloud, run)
        found = []
        for kind, message in kinds.items():
            lifecycle = registry.lifecycles.get(kind)
            found.append(
                pb.ResourceKind(
                    kind=kind,
                    service=registry.contract.service_of(message.DESCRIPTOR.file.package).name,
                    count=counts[kind],
                    owned="project_id" in message.DESCRIPTOR.fields_by_name,
                    states=states_of(lifecycle) if lifecycle is not None else (),
                )
            )
        return Page(found)

    async def list_resources(self, call: Call, request: pb.ListResourcesRequest) -> Result:
        message = await self._message(call, request.kind)
        lifecycle = call.administration.engine.registry.lifecycles.get(request.kind)
        wanted = frozenset(request.fields)

        async def run(inner: Call) -> pb.ListResourcesResponse:
            projects = await _project_names(inner)
            found = await _of_project(inner, message, request.project)
            states = {state for one in found if (state := state_of(one, lifecycle))}
            found = _searched(found, request, message, lifecycle, wanted)
            _sort(found, request.sort, lifecycle, projects)
            rows = found[request.offset : request.offset + (request.limit or LIMIT)]
            return pb.ListResourcesResponse(
                resources=[_row(one, lifecycle, projects, wanted) for one in rows],
                total=len(found),
                states=sorted(states),
            )

        return await _within(call, request.cloud, run)

    async def get_resource(self, call: Call, request: pb.GetResourceRequest) -> Result:
        message = await self._message(call, request.kind)
        registry: Registry = call.administration.engine.registry
        lifecycle = registry.lifecycles.get(request.kind)
        operation = _shows(registry, request.kind)

        async def run(inner: Call) -> pb.ResourceDetail:
            obj = await inner.tx.get(message, request.id)
            if obj is None:
                raise ResourceNotFound(kind=request.kind, id=request.id)
            found = pb.ResourceDetail(resource=_row(obj, lifecycle, await _project_names(inner), frozenset()))
            json_format.ParseDict(shown_fields(obj), found.stored)
            if lifecycle is not None:
                found.diagram.CopyFrom(await diagram(inner, lifecycle, obj))
            if operation is not None:
                await _answer(inner, operation, obj, found.answer, request.cloud)
            return found

        return await _within(call, request.cloud, run)

    async def watch_cloud(self, call: Call, request: pb.WatchCloudRequest) -> Result:
        engine = call.administration.engine
        loop = asyncio.get_running_loop()
        end, looked = loop.time() + request.seconds, 0.0

        async def run(inner: Call) -> None:
            """What is due completes before any call."""

        while True:
            cloud = await engine.find_cloud(request.cloud)
            if loop.time() - looked >= DUE_SECONDS:
                await engine.transact(cloud, call.context.inner(), run)
                looked = loop.time()
            number = engine.store.changes(cloud.name)
            over = loop.time() >= end
            if number != request.after or over:
                break
            await asyncio.sleep(LOOK_SECONDS)
        answer = pb.WatchCloudResponse(number=number if engine.store.keeps else request.after + 1)
        answer.time.FromMicroseconds(round(cloud.clock.time() * 1_000_000))
        return answer

    async def list_quotas(self, call: Call, request: pb.ListQuotasRequest) -> Result:
        registry: Registry = call.administration.engine.registry
        await registry.ready(lambda one: bool(one.quotas))

        async def run(inner: Call) -> list[pb.QuotaUse]:
            found = []
            for service in sorted(registry.quotas.there):
                limits, used = await inner.quota.limits(service, request.project), {}
                used = await inner.quota.usage(service, request.project)
                found += [
                    pb.QuotaUse(service=service, resource=name, limit=limit, used=used.get(name, 0))
                    for name, limit in sorted(limits.items())
                ]
            return found

        return Page(await _within(call, request.cloud, run))


async def _within(call: Call, cloud_name: str, run: Callable[[Call], Awaitable[T]]) -> T:
    """What a function makes in a transaction of a cloud; only looked at, so nothing of it stays."""
    engine = call.administration.engine
    context = call.context.inner()
    found: T = await engine.transact(await engine.find_cloud(cloud_name), context, run)
    return found


def _shows(registry: Registry, kind: str) -> Operation | None:
    """The operation by which its service shows one resource of a kind."""
    owner = registry.owners.there.get(kind)
    if owner is None:
        return None
    noun = owner.options.noun or (owner.presents or owner.message).DESCRIPTOR.name
    found: Operation | None = registry.contract.by_name.get(f"{owner.service.full_name}.Get{noun}")
    return found if found is not None and found.routes and not found.raw_response else None


async def _answer(call: Call, operation: Operation, obj: Any, into: pb.ApiAnswer, cloud: str) -> None:
    """What the operation answers to an admin, if the object says all that its path names."""
    route = operation.routes[-1]
    owner = call.owner_of(kind_of(type(obj)).name)
    names = [part[1:-1].partition("=")[0] for part in route.path.split("/") if part.startswith("{")]
    values = {name: str(getattr(obj, name, "")) for name in names[:-1]}
    values[names[-1]] = str(getattr(obj, owner.options.key or "id"))
    if not all(values.values()):
        return
    request = operation.request(**values)
    if "user_id" in operation.request.DESCRIPTOR.fields_by_name and "user_id" not in values:
        request.user_id = getattr(obj, "user_id", "")  # type: ignore[attr-defined]
    result = await _asked(call, operation, request, str(getattr(obj, "project_id", "") or ""))
    if result is None:
        return
    path = "/".join(values.get(part[1:-1].partition("=")[0], part) for part in route.path.split("/"))
    into.cloud, into.request = cloud, f"{route.verb} {operation.api.prefix}{path}"
    if operation.api.microversion_max and minor(operation.api.microversion_max, LATEST) != LATEST:
        into.microversion = operation.api.microversion_max
    into.document.Pack(whole(operation, result, "admin"))


async def _asked(call: Call, operation: Operation, request: Message, project: str) -> Any:
    """The operation's result for an admin of a project, or of the system; None where it shows it to neither."""
    for caller in (replace(SYSTEM, project_id=project, system=False), SYSTEM):
        try:
            async with call.part():
                return await call.elevated(caller).invoke(operation.name, request)
        except Fault:
            continue
    return None


async def _count(call: Call, message: type[Message], project: str) -> int:
    if project and "project_id" in kind_of(message).indexes:
        return await call.tx.count(message, project_id=project)
    if project:
        return len(await _of_project(call, message, project))
    return await call.tx.count(message)


async def _of_project(call: Call, message: type[Message], project: str) -> list[Any]:
    """All of a kind, or those of a project; of a kind that no project owns, none."""
    if not project:
        return list(await call.tx.scan(message))
    if "project_id" not in message.DESCRIPTOR.fields_by_name:
        return []
    if "project_id" in kind_of(message).indexes:
        return list(await call.tx.query(message, project_id=project))
    return [one for one in await call.tx.scan(message) if one.project_id == project]  # type: ignore[attr-defined]


async def _project_names(call: Call) -> dict[str, str]:
    """Id -> name of the cloud's projects."""
    owner = call.other_owner_of("project")
    return {one.id: one.name for one in await call.tx.scan(owner.message)} if owner is not None else {}


def _searched(
    found: Iterable[Any],
    request: pb.ListResourcesRequest,
    message: type[Message],
    lifecycle: Lifecycle[Any] | None,
    wanted: frozenset[str],
) -> list[Any]:
    """Those that are in the state and have the text that a request asks for."""
    text, state = request.search.lower(), request.state
    texts = [
        field.name
        for field in message.DESCRIPTOR.fields
        if field.name in wanted and field.type == field.TYPE_STRING and not is_secret(field.name)
    ]

    def has(one: Any) -> bool:
        return (
            text in one.id.lower()
            or text in _name(one).lower()
            or any(text in str(getattr(one, field, "")).lower() for field in texts)
        )

    return [one for one in found if (not state or state_of(one, lifecycle) == state) and (not text or has(one))]


def _sort(found: list[Any], sort: str, lifecycle: Lifecycle[Any] | None, projects: dict[str, str]) -> None:
    name, down = sort.removeprefix("-") or "name", sort.startswith("-")
    if name not in SORTS:
        raise BadRequest(f"sort: {sort!r} is none of {', '.join(SORTS)}.")

    def key(one: Any) -> tuple[Any, str]:
        if name == "name":
            return (_name(one).lower(), one.id)
        if name == "state":
            return (state_of(one, lifecycle), one.id)
        if name == "project":
            return (projects.get(getattr(one, "project_id", ""), ""), one.id)
        moment = getattr(one, name, None)
        return ((moment.seconds, moment.nanos) if isinstance(moment, Timestamp) else (0, 0), one.id)

    found.sort(key=key, reverse=down)


def _name(one: Any) -> str:
    return str(getattr(one, "name", "") or "")


def _row(one: Any, lifecycle: Lifecycle[Any] | None, projects: dict[str, str], wanted: frozenset[str]) -> pb.Resource:
    project = str(getattr(one, "project_id", "") or "")
    row = pb.Resource(
        kind=kind_of(type(one)).name,
        id=one.id,
        name=_name(one),
        project=project,
        project_name=projects.get(project, ""),
        state=state_of(one, lifecycle),
        task=task_of(one, lifecycle),
    )
    fields = one.DESCRIPTOR.fields_by_name
    for name in ("created_at", "updated_at"):
        if name in fields and fields[name].has_presence and one.HasField(name):
            getattr(row, name).CopyFrom(getattr(one, name))
    if wanted:
        json_format.ParseDict(shown_fields(one, wanted), row.fields)
    return row
