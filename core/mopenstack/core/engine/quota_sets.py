"""Quota sets: the operations that show and set limits of projects, declared with `quota_set`.

What a service has to say about its quota sets is one `QuotaSetRules`, a value of one of its modules:

    RULES = QuotaSetRules("compute", below_usage=refusals.QuotaBelowUsage, force="force")

Limits may also be set for parts of a project (its users in Nova, its users and share types in Manila): a part without a
limit of its own has the project's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.calls import Outcome, Page, Result
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation, message_class
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import EMPTY, Handler
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.listing import TRUE_WORDS

Step = annotations_pb2.QuotaSet
UNLIMITED = -1


class Part(NamedTuple):
    """A part of a project with limits of its own: the field of the request that names it, and its id."""

    field: str
    id: str

    @property
    def key(self) -> str:
        return f"{self.field}={self.id}"

    def scope(self, project_id: str) -> str:
        """Where its limits are kept."""
        return f"{project_id}/{self.key}"


@dataclass(frozen=True, slots=True)
class QuotaSetRules:
    """The rules of one service's quota sets.

    service         name of the Service whose quotas they are
    below_usage     refusal of a new limit below the usage, or below what parts of the project were given;
                    facts: limit, resource, used; none: any limit may be set
    force           field of the body that sets limits below the usage all the same; empty: there is none
    check           (call, request): refuses a request before anything else, such as one for an unknown project; a reset
                    is not checked
    resources       (call) -> the resources that there are now; none: those with a default limit
    read            (request, resources) -> the given limits, where the body is no message with a field for each
                    resource: refuses unknown resources and bad values; None is the default again
    with_usage      (request) -> whether a show includes the usage
    not_set         refusal of a reset of a project without limits of its own; facts: project_id
    parts           fields of the request that name a part of the project, of which a request gives one; none: limits
                    are the projects' alone
    part_usage      (call, project id, part) -> units in use of a part, by resource
    above_project   refusal of a part's limit above what the project has left; facts: limit, resource, maximum
    leaves_out      (part) -> the resources that such a part has no limits of; none: it has those of the project
    """

    service: str
    below_usage: type[Fault] | None = None
    force: str = ""
    check: Callable[[Call, Any], Awaitable[None]] | None = None
    resources: Callable[[Call], Awaitable[Collection[str]]] | None = None
    read: Callable[[Any, Collection[str]], Mapping[str, int | None]] | None = None
    with_usage: Callable[[Any], bool] | None = None
    not_set: type[Fault] | None = None
    parts: tuple[str, ...] = ()
    part_usage: Callable[[Call, str, Part], Awaitable[Mapping[str, int]]] | None = None
    above_project: type[Fault] | None = None
    leaves_out: Callable[[Part | None], Collection[str]] | None = None


def quota_set_handler(operation: Operation, rules: QuotaSetRules) -> Handler:
    """The handler of an operation with the option `quota_set`; raises ValueError for one that does not fit."""
    return _Steps(operation, rules).handler(operation.options.quota_set.step)


class _Steps:
    """The steps of one operation on quota sets."""

    _ids: ClassVar[tuple[str, ...]] = ("id", "project_id")

    def __init__(self, operation: Operation, rules: QuotaSetRules) -> None:
        self._operation, self._rules = operation, rules
        self._subject = operation.routes[0].path.rpartition("{")[2].partition("}")[0]
        self._shown: type[Message] | None = None
        if operation.response is not common.Empty:
            first = operation.response.DESCRIPTOR.fields[0].message_type
            enveloped = first is not None and not first.GetOptions().map_entry
            self._shown = message_class(first) if first is not None and enveloped else operation.response

    def handler(self, step: int) -> Handler:
        """The coroutine that makes one step."""
        steps: dict[int, Handler] = {
            Step.STEP_SHOW: self.show,
            Step.STEP_DEFAULTS: self.defaults,
            Step.STEP_DETAIL: self.detail,
            Step.STEP_UPDATE: self.update,
            Step.STEP_RESET: self.reset,
            Step.STEP_LIST: self.list,
            Step.STEP_SHOW_CLASS: self.show_class,
            Step.STEP_UPDATE_CLASS: self.update_class,
        }
        if step not in steps:
            raise ValueError(f"{self._operation.name}: its quota_set has no step")
        return steps[step]

    # -- the steps

    async def show(self, call: Call, request: Any) -> Result | Outcome:
        if self._rules.with_usage is not None and self._rules.with_usage(request):
            return await self.detail(call, request)
        await self._check(call, request)
        project_id, part = self._named(request)
        return self._answer(project_id, await self._limits(call, project_id, part))

    async def detail(self, call: Call, request: Any) -> Result | Outcome:
        await self._check(call, request)
        project_id, part = self._named(request)
        limits = await self._limits(call, project_id, part)
        return self._answer(project_id, limits, await self._usage(call, project_id, part, limits))

    async def defaults(self, call: Call, request: Any) -> Result | Outcome:
        await self._check(call, request)
        return self._answer(self._named(request)[0], await self._limits(call, "class:default"))

    async def list(self, call: Call, request: Any) -> Result | Outcome:
        projects = await call.quota.projects(self._rules.service)
        return Page([self._answer(project_id, await self._limits(call, project_id)) for project_id in projects])

    async def update(self, call: Call, request: Any) -> Result | Outcome:
        await self._check(call, request)
        project_id, part = self._named(request)
        changes = await self._given(call, request)
        if not self._is_forced(request):
            limits = {resource: limit for resource, limit in changes.items() if limit is not None}
            await self._check_limits(call, project_id, part, limits)
        scope = part.scope(project_id) if part is not None else project_id
        await call.quota.set_limits(self._rules.service, scope, changes)
        return self._answer("", await self._limits(call, project_id, part))

    async def reset(self, call: Call, request: Any) -> Result | Outcome:
        project_id, part = self._named(request)
        service = self._rules.service
        if part is not None:
            await call.quota.reset_limits(service, part.scope(project_id))
            return EMPTY
        if self._rules.not_set is not None and await call.quota.own_limits(service, project_id) is None:
            raise self._rules.not_set(project_id=project_id)
        for own in await call.quota.parts(service, project_id):
            await call.quota.reset_limits(service, f"{project_id}/{own}")
        await call.quota.reset_limits(service, project_id)
        return EMPTY

    async def show_class(self, call: Call, request: Any) -> Result | Outcome:
        name = self._named(request)[0]
        return self._answer(name, await self._limits(call, f"class:{name}"))

    async def update_class(self, call: Call, request: Any) -> Result | Outcome:
        scope = f"class:{self._named(request)[0]}"
        await call.quota.set_limits(self._rules.service, scope, await self._given(call, request))
        return self._answer("", await self._limits(call, scope))

    # -- inside

    def _is_forced(self, request: Any) -> bool:
        """Whether a request sets limits below the usage; the field may be a key of a Struct."""
        if not self._rules.force:
            return False
        for struct in (value for _, value in request.ListFields() if isinstance(value, Struct)):
            return str(plain_struct(struct).get(self._rules.force, "")).lower() in TRUE_WORDS
        return bool(getattr(envelope(request)[0], self._rules.force, False))

    def _named(self, request: Any) -> tuple[str, Part | None]:
        """(project or class, part of the project) of a request."""
        given = (Part(field, getattr(request, field, "")) for field in self._rules.parts)
        return getattr(request, self._subject), next((part for part in given if part.id), None)

    async def _check(self, call: Call, request: Any) -> None:
        if self._rules.check is not None:
            await self._rules.check(call, request)

    async def _resources(self, call: Call) -> Collection[str]:
        if self._rules.resources is not None:
            return await self._rules.resources(call)
        return call.quota.defaults(self._rules.service)

    async def _limits(self, call: Call, scope: str, part: Part | None = None) -> dict[str, int]:
        """The limit of each resource that there is now."""
        service = self._rules.service
        limits = await call.quota.limits(service, scope)
        if part is not None:
            limits |= await call.quota.own_limits(service, part.scope(scope)) or {}
        absent = self._rules.leaves_out(part) if self._rules.leaves_out is not None else ()
        return {name: limits.get(name, UNLIMITED) for name in await self._resources(call) if name not in absent}

    async def _usage(
        self, call: Call, project_id: str, part: Part | None, resources: Collection[str]
    ) -> Mapping[str, int]:
        if part is not None and self._rules.part_usage is not None:
            return await self._rules.part_usage(call, project_id, part)
        return {resource: await call.quota.used(self._rules.service, project_id, resource) for resource in resources}

    async def _given(self, call: Call, request: Any) -> Mapping[str, int | None]:
        """The limits that a request sets."""
        resources = await self._resources(call)
        if self._rules.read is not None:
            return self._rules.read(request, resources)
        body, _ = envelope(request)
        return {field.name: value for field, value in body.ListFields() if field.name in resources}

    async def _check_limits(self, call: Call, project_id: str, part: Part | None, changes: Mapping[str, int]) -> None:
        """Refuse limits below what is used or given to parts, and a part's above what the project has left."""
        rules = self._rules
        if rules.below_usage is None:
            return
        used = await self._usage(call, project_id, part, changes)
        limits = await call.quota.limits(rules.service, project_id) if part is not None else {}
        parts = await call.quota.parts(rules.service, project_id) if rules.parts else {}
        for resource, limit in changes.items():
            given = self._given_to_parts(parts, part, resource)
            least = max(used[resource], given) if part is None else used[resource]
            if UNLIMITED < limit < least:
                raise rules.below_usage(limit=limit, resource=resource, used=least)
            whole = limits.get(resource, UNLIMITED)
            if rules.above_project is not None and whole != UNLIMITED:
                maximum = whole - given
                if limit == UNLIMITED or limit > maximum:
                    raise rules.above_project(limit=limit, resource=resource, maximum=maximum)

    def _given_to_parts(self, parts: Mapping[str, Mapping[str, int]], part: Part | None, resource: str) -> int:
        """The sum of a resource's limits of a project's parts: of the others of one kind, or of the kind with most."""
        sums, own_key = [0], part.key if part is not None else ""
        for kind in self._rules.parts if part is None else (part.field,):
            others = [own for key, own in parts.items() if key.startswith(f"{kind}=") and key != own_key]
            sums.append(sum(max(0, own.get(resource, 0)) for own in others))
        return max(sums)

    def _answer(self, id: str, limits: Mapping[str, int], used: Mapping[str, int] | None = None) -> Message:
        """The object in the envelope."""
        assert self._shown is not None, f"{self._operation.name} answers nothing"
        answer: Any = self._shown()
        fields = answer.DESCRIPTOR.fields_by_name
        for name in self._ids:
            if id and name in fields:
                setattr(answer, name, id)
        for resource, limit in limits.items():
            if used is None:
                if resource in fields:
                    setattr(answer, resource, limit)
                else:
                    answer.limits[resource] = limit
            else:
                usage = getattr(answer, resource) if resource in fields else answer.usages[resource]
                usage.limit = limit
                setattr(usage, "in_use" if "in_use" in usage.DESCRIPTOR.fields_by_name else "used", used[resource])
        return answer  # type: ignore[no-any-return]
