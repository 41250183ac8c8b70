"""One look at a stack: its plan, its resources, and what is done with them in one transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.functions.base import NOTHING
from mopenstack.core.orchestration.functions.lookups import ALL
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceType
from mopenstack.core.orchestration.runs import owners
from mopenstack.core.orchestration.runs.children import RunChildren
from mopenstack.core.orchestration.runs.kinds import kind_of_row
from mopenstack.core.orchestration.runs.plan import Identity, Plan
from mopenstack.core.orchestration.runs.states import STACKS, action_of, add_event, physical_name
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.core.orchestration.templates.parsing import as_text, of_text
from mopenstack.core.orchestration.templates.template import Template
from mopenstack.core.store.transaction import copy_of
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

log = logging.getLogger(__name__)

READY = frozenset({"CREATE", "ADOPT", "SUSPEND", "RESUME", "UPDATE", "ROLLBACK", "SNAPSHOT", "CHECK"})
"""Actions of resources whose attributes have values."""


class Run:
    """`stack` is a private copy, as are the rows; `save` puts a row."""

    def __init__(self, call: Call, stack: Stack) -> None:
        self.call, self.stack = call, stack
        self.owner = owners.as_owner(call, stack)
        self.rows: dict[str, StackResource] = {}
        self.context = RunContext(self)

    @classmethod
    async def of(cls, call: Call, stack: Stack) -> Run:
        """With the stack's resources."""
        run = cls(call, stack)
        found = await call.tx.query(StackResource, stack_id=stack.id)
        run.rows = {
            row.id: copy_of(row) for row in sorted(found, key=lambda row: (row.created_at.ToNanoseconds(), row.id))
        }
        return run

    # -- the plan

    @cached_property
    def plan(self) -> Plan:
        """Raises what a template that is wrong raises."""
        stack = self.stack
        template = Template(of_text(stack.template), dict(stack.files))
        environment = Environment.of(of_text(stack.environment))
        return Plan(template, environment, self.identity, self._fetch, self._is_missing)

    @property
    def identity(self) -> Identity:
        stack = self.stack
        return Identity(stack.stack_name, stack.id, stack.project_id, ["nova"], self.facade)

    facade: Mapping[str, Any] = {}

    def replan(self) -> None:
        """The template is another one now."""
        self.__dict__.pop("plan", None)

    # -- rows

    def current(self, name: str) -> StackResource | None:
        """The resource of a name that is not replaced."""
        found = None
        for row in self.rows.values():
            if row.resource_name == name and not row.replaced_by:
                found = row
        return found

    def shown(self, name: str) -> StackResource | None:
        """The resource that a name stands for in answers: the one of the stack's template, else any."""
        found = [row for row in self.rows.values() if row.resource_name == name]
        mine = [row for row in found if row.template == self.stack.template_number]
        kept = mine or found
        return kept[-1] if kept else None

    def _is_missing(self, name: str) -> bool:
        row = self.shown(name)
        return row is None or row.action == "INIT"

    async def save(self, row: StackResource) -> None:
        self.rows[row.id] = row
        await self.call.tx.put(copy_of(row))

    async def drop(self, row: StackResource) -> None:
        del self.rows[row.id]
        await self.call.tx.delete(StackResource, row.id)
        self.plan.forget(row.resource_name)

    async def set_state(self, row: StackResource, action: str, status: str, reason: str) -> None:
        """Note a resource's state and tell of it."""
        row.action, row.status, row.status_reason = action, status, reason
        if status == "IN_PROGRESS":
            row.since = self.call.time
        if action == "UPDATE" and status == "IN_PROGRESS":
            self.call.stamp(row.updated_time)
        await self.save(row)
        self.plan.forget(row.resource_name)
        properties = _given(of_text(row.wanted or row.properties))
        limit = getattr(self.kind(row), "limit", None) or 255
        await add_event(self.call, self.stack, action, status, reason, row, properties, limit)

    def kind(self, row: StackResource) -> ResourceType:
        """The type of a row, of the plan or of what it was made of."""
        return kind_of_row(self.plan, row)

    def resource(self, row: StackResource) -> Resource:
        """A row as its type sees it."""
        return resource_of(row)

    async def keep(self, row: StackResource, resource: Resource) -> None:
        """What a type has changed of a resource."""
        row.physical_resource_id = resource.physical_id
        row.data.clear()
        row.data.update(resource.data)
        fresh = await self.call.tx.get(StackResource, row.id)
        if fresh is not None:
            row.metadata, row.nested_id = fresh.metadata, fresh.nested_id

    # -- values

    async def _fetch(self, name: str, attribute: str, path: tuple[Any, ...]) -> Any:
        row = self.shown(name)
        if row is None or row.action == "INIT":
            return None if attribute else name
        kind, resource = self.kind(row), self.resource(row)
        if not attribute:
            return await kind.reference(self.context, resource)
        if row.action not in READY:
            return None
        if attribute == ALL:
            return {one: await kind.selected(self.context, resource, one, ()) for one in kind.attributes}
        return await kind.selected(self.context, resource, attribute, path)

    async def properties(self, name: str) -> dict[str, Any]:
        """The properties of a resource as they are to be now."""
        kind = self.plan.types[name]
        checked = self.plan.properties(name, self.context)
        if kind.properties_any:
            return {key: await self.plan.resolved(value) for key, value in checked.given.items()}
        return await checked.all()

    async def given(self, name: str) -> list[str]:
        """The names of the properties that the template gives a value."""
        found = []
        for key, snippet in self.plan.properties(name, None).given.items():
            if await self.plan.resolved(snippet, nullable=True) is not NOTHING:
                found.append(key)
        return found


def _given(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties that the template gives."""
    given = properties.pop("\0given", None)
    return properties if given is None else {key: properties[key] for key in given if key in properties}


def resource_of(row: StackResource) -> Resource:
    properties = json.loads(row.properties) if row.properties else {}
    given = properties.pop("\0given", ())
    return Resource(
        name=row.resource_name,
        type=row.resource_type,
        uuid=row.id,
        physical_id=row.physical_resource_id,
        action=row.action,
        status=row.status,
        properties=properties,
        given=frozenset(given),
        data=dict(row.data),
        metadata=of_text(row.metadata),
        update_policy=of_text(row.update_policy),
        deletion_policy=row.deletion_policy or "Delete",
        since=row.since,
    )


class RunContext(Context):
    """What types use of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.call = run.owner
        self.stack_name, self.stack_id = run.stack.stack_name, run.stack.id
        self.project_id, self.user_project_id = run.stack.project_id, run.stack.stack_user_project_id
        self.files = run.stack.files
        self.children = RunChildren(run)
        self.url = owners.url_of(run.stack) + "/heat-api"

    @property
    def now(self) -> float:
        return self._run.call.time

    def physical_name(self, resource: Resource, limit: int = 255) -> str:
        row = self._run.rows.get(resource.uuid) or StackResource(resource_name=resource.name)
        return physical_name(self._run.stack, row, limit)

    async def invoke(self, operation: str, request: Message, *, microversion: int | None = None) -> Any:
        if microversion is None:
            return await self.call.invoke(operation, request)
        return await self.call.invoke(operation, request, microversion=microversion)

    async def ask(self, operation: str, values: Mapping[str, Any]) -> Any:
        message = self.call._services.request_of(operation)()
        return await self.call.invoke(operation, json_format.ParseDict(dict(values), message))

    async def set_metadata(self, resource: Resource, metadata: Mapping[str, Any]) -> None:
        row = self._run.rows.get(resource.uuid)
        if row is not None:
            row.metadata, resource.metadata = as_text(metadata), dict(metadata)
            await self._run.save(row)

    async def peer(self, name: str) -> Resource | None:
        row = self._run.shown(name)
        return self._run.resource(row) if row is not None else None

    async def peers(self) -> list[Resource]:
        names = {row.resource_name for row in self._run.rows.values()}
        rows = [self._run.shown(name) for name in sorted(names)]
        return [self._run.resource(row) for row in rows if row is not None]

    async def find(self, uuid: str) -> tuple[Context, Resource] | None:
        call = self._run.call
        row = await call.tx.get(StackResource, uuid)
        if row is None:
            found = await call.tx.query(StackResource, physical_resource_id=uuid)
            row = next((one for one in found if one.project_id == self.project_id), None)
        if row is None or row.project_id != self.project_id:
            return None
        if row.stack_id == self.stack_id:
            return self, self._run.resource(row)
        other = await Run.of(call, await call.tx.edit(Stack, row.stack_id))
        return other.context, other.resource(row)

    async def save(self, resource: Resource) -> None:
        row = self._run.rows.get(resource.uuid)
        if row is not None:
            row.data.clear()
            row.data.update(resource.data)
            await self._run.save(row)

    async def wake(self) -> None:
        await wake(self._run.call, self.stack_id)


async def wake(call: Call, stack_id: str) -> None:
    """Let a stack that waits look again at once."""
    stack = await call.tx.get(Stack, stack_id)
    if stack is None or not stack.stack_status.endswith("IN_PROGRESS") or await call.tx.scheduled(stack) is None:
        return
    for row in await call.tx.query(StackResource, stack_id=stack_id):
        if row.status == "IN_PROGRESS" and row.look_at:
            copy = copy_of(row)
            copy.look_at = 0
            await call.tx.put(copy)
    if call.cloud.profile == "manual":
        return
    await STACKS.again(call, stack, action_of(stack).lower(), 0)
