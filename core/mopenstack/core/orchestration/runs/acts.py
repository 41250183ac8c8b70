"""Actions of one resource: begun, looked at until they are done, and noted with their events.

Source: heat/engine/resource.py (_do_action).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.orchestration.resource_types.base import Missing, Resource, ResourceFailure, ResourceType
from mopenstack.core.orchestration.runs.client_errors import failed_by
from mopenstack.core.orchestration.runs.run import Run, resource_of
from mopenstack.core.orchestration.runs.states import action_of
from mopenstack.core.orchestration.templates.parsing import as_text, of_text
from mopenstack.core.store import Conflicted
from mopenstack.core.store.base import StoreFull, Unreachable
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource

log = logging.getLogger(__name__)

LOOKS_FREE = 4
"""So often an instant cloud looks again at once: what a resource waits for is led on in between."""
LOOK_SECONDS = 1.0
Look = Callable[[], Awaitable[float | None]]


async def create(run: Run, row: StackResource) -> bool:
    """Make a resource; whether it is done. Raises Failed (client_errors)."""
    action = "ADOPT" if action_of(run.stack) == "ADOPT" else "CREATE"
    return await _begin(run, row, action, lambda kind, resource: _create(run, row, kind, resource))


async def _create(run: Run, row: StackResource, kind: ResourceType, resource: Resource) -> None:
    name = row.resource_name
    definition = run.plan.definitions[name]
    properties = await run.properties(name)
    given = await run.given(name)
    row.properties = json.dumps(properties | {"\0given": given})
    resource.properties, resource.given = properties, frozenset(given)
    row.metadata = as_text(resource.metadata | (await run.plan.resolved(definition.metadata) or {}))
    resource.metadata = json.loads(row.metadata)
    policy = await run.plan.resolved(definition.update_policy)
    row.update_policy = as_text(policy) if policy else ""
    resource.update_policy = policy or {}
    await run.save(row)
    if definition.external_id is not None:
        row.external_id = resource.physical_id = str(await run.plan.resolved(definition.external_id))
        return
    if row.action == "ADOPT" and not kind.nested:
        await _adopt(run, row, resource)
        return
    resource.physical_id = (await kind.create(run.context, resource)) or resource.physical_id


async def _adopt(run: Run, row: StackResource, resource: Resource) -> None:
    """Take what an abandoned stack left. Source: Resource.handle_adopt."""
    left = of_text(run.stack.adopted).get(row.resource_name) or {}
    if not left.get("resource_id"):
        raise ResourceFailure("Resource ID was not provided.", "Exception")
    resource.physical_id = str(left["resource_id"])
    data = left.get("resource_data")
    resource.data.update({key: str(value) for key, value in data.items()} if isinstance(data, dict) else {})
    row.metadata = as_text(left.get("metadata") or {})
    await run.save(row)


async def update(run: Run, row: StackResource, new: dict[str, Any], changed: frozenset[str]) -> bool:
    """Change a resource in place; whether it is done. Raises Failed (client_errors)."""

    async def change(kind: ResourceType, resource: Resource) -> None:
        name = row.resource_name
        definition = run.plan.definitions[name]
        policy = await run.plan.resolved(definition.update_policy)
        row.update_policy = as_text(policy) if policy else ""
        resource.update_policy = policy or {}
        await kind.update(run.context, resource, dict(new), changed)
        row.properties = json.dumps(new | {"\0given": await run.given(name)})

    return await _begin(run, row, "UPDATE", change)


async def delete(run: Run, row: StackResource) -> bool:
    """Delete a resource; whether it is gone. Raises Failed (client_errors)."""
    if row.action == "INIT":
        await run.drop(row)
        return True

    async def remove(kind: ResourceType, resource: Resource) -> None:
        keeps = resource.deletion_policy == "Retain" or row.external_id
        if (resource.physical_id or kind.bare) and not keeps:
            try:
                await kind.delete(run.context, resource)
            except (Missing, NotFound):
                resource.physical_id = ""
        else:
            resource.physical_id = ""

    return await _begin(run, row, "DELETE", remove)


async def act(run: Run, row: StackResource, action: str) -> bool:
    """SUSPEND, RESUME, CHECK or SNAPSHOT a resource; whether it is done. Raises Failed (client_errors)."""

    async def begin(kind: ResourceType, resource: Resource) -> None:
        if action == "SUSPEND":
            await kind.suspend(run.context, resource)
        elif action == "RESUME":
            await kind.resume(run.context, resource)
        elif action == "CHECK":
            try:
                await kind.check(run.context, resource)
            except (Missing, NotFound) as gone:
                raise failed_by(gone, run.call.context.request_id) from None
        else:
            row.data["snapshot"] = json.dumps(await kind.snapshot(run.context, resource))

    return await _begin(run, row, action, begin)


async def give_way(run: Run, row: StackResource) -> None:
    """Let a resource make room for the one that replaces it. Raises Failed."""
    if row.physical_resource_id and not row.external_id:
        await _prepared(run, row, lambda kind, resource: kind.give_way(run.context, resource))


async def come_back(run: Run, row: StackResource) -> None:
    """Let a resource that a rollback keeps take back what it gave away. Raises Failed."""
    other = run.rows.get(row.replaced_by)
    successor = resource_of(other) if other is not None else None
    await _prepared(run, row, lambda kind, resource: kind.come_back(run.context, resource, successor))


async def _prepared(run: Run, row: StackResource, work: Callable[[ResourceType, Resource], Awaitable[None]]) -> None:
    resource = resource_of(row)
    try:
        async with run.call.part():
            await work(run.kind(row), resource)
            await run.keep(row, resource)
    except (Fault, ResourceFailure) as error:
        raise failed_by(error, run.call.context.request_id) from None
    await run.save(row)


async def give_up(run: Run, row: StackResource, reason: str) -> None:
    """Let an action that is under way fail."""
    try:
        async with run.call.part():
            await run.kind(row).cancel(run.context, resource_of(row))
    except (Fault, ResourceFailure) as error:
        log.debug("stack %s: %s is given up: %s", run.stack.id, row.resource_name, error)
    await run.set_state(row, row.action, "FAILED", reason)


async def _begin(
    run: Run, row: StackResource, action: str, begin: Callable[[ResourceType, Resource], Awaitable[None]]
) -> bool:
    await run.set_state(row, action, "IN_PROGRESS", "state changed")
    row.looks, row.look_at = 0, 0
    kind, resource = run.kind(row), resource_of(row)

    async def work() -> float | None:
        await begin(kind, resource)
        await run.keep(row, resource)
        if action == "DELETE" and not resource.physical_id and not kind.bare:
            return None
        return await _look_of(run, kind, row, action)

    return await _attempt(run, row, action, work)


async def look(run: Run, row: StackResource) -> bool:
    """Look again at a resource whose action is under way; whether it is done. Raises Failed (client_errors)."""
    if row.look_at > run.call.time:
        return False
    kind = run.kind(row)
    return await _attempt(run, row, row.action, lambda: _look_of(run, kind, row, row.action))


async def _look_of(run: Run, kind: ResourceType, row: StackResource, action: str) -> float | None:
    looks: dict[str, Callable[[Any, Resource], Awaitable[float | None]]] = {
        "CREATE": kind.created,
        **({"ADOPT": kind.created} if kind.nested else {}),
        "UPDATE": kind.updated,
        "DELETE": kind.deleted,
        "SUSPEND": kind.suspended,
        "RESUME": kind.resumed,
    }
    ask = looks.get(action)
    if ask is None or (row.external_id and action in ("CREATE", "DELETE")):
        return None
    resource = resource_of(row)
    try:
        left = await ask(run.context, resource)
    except (Missing, NotFound):
        if action != "DELETE":
            raise
        left = None
    await run.keep(row, resource)
    return left


async def _attempt(run: Run, row: StackResource, action: str, work: Look) -> bool:
    """Do a step whose writes go if it fails; note what came of it."""
    before = StackResource()
    before.CopyFrom(row)
    try:
        async with run.call.part():
            left = await work()
    except (Conflicted, StoreFull, Unreachable):
        raise
    except Exception as error:
        if type(error).__module__.startswith("asyncpg"):
            raise
        failed = failed_by(error, run.call.context.request_id)
        if failed.kind in ("TypeError", "AttributeError", "AssertionError", "NameError", "RuntimeError"):
            log.exception("stack %s: %s of %s", run.stack.id, action, row.resource_name)
        row.CopyFrom(before)
        section = run.plan.template.words.resources
        await run.set_state(row, action, "FAILED", failed.reason(section, row.resource_name))
        raise failed from None
    if left is None:
        await _done(run, row, action)
        return True
    row.looks += 1
    soon = run.call.cloud.profile == "instant" and row.looks < LOOKS_FREE
    row.look_at = run.call.time + (0 if soon else max(left, 0.01))
    await run.save(row)
    return False


async def _done(run: Run, row: StackResource, action: str) -> None:
    row.look_at = row.looks = 0
    reason = "state changed"
    kind = run.kind(row)
    if action == "CHECK" and not kind.checks:
        reason = f"CHECK not supported for {row.resource_type}"
    elif action != "CHECK":
        reason = kind.reason_on_success
    hooks = run.plan.environment.hooks(row.resource_name)
    if hooks:
        row.data["acted"] = str(row.walk)
    await run.set_state(row, action, "COMPLETE", reason)
    if action == "DELETE" and "post-delete" not in hooks:
        await run.drop(row)
