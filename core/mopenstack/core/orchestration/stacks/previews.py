"""What would come of a template: resources of a new stack, changes of one that is there.

Sources: heat/engine/api.py (format_stack_preview), heat/engine/update.py (preview).
"""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types.base import ResourceFailure
from mopenstack.core.orchestration.runs.graph import backwards
from mopenstack.core.orchestration.runs.plan import Plan
from mopenstack.core.orchestration.runs.run import Run, resource_of
from mopenstack.core.orchestration.stacks import attributes, making, views
from mopenstack.core.orchestration.templates.parsing import of_text
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack


def _time(row: StackResource, field: str) -> str:
    moment = getattr(row, field).ToDatetime()
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


async def _shown(run: Run, name: str, row: StackResource | None) -> dict[str, Any]:
    """A resource as previews show it: as it is, or without its values."""
    definition = run.plan.definitions.get(name)
    types = run.plan.types
    kind = types[name] if name in types else run.kind(row) if row is not None else None
    needed_by = backwards({one: run.plan.requires(one) for one in run.plan.definitions})
    shown = {
        "updated_time": _time(row, "updated_time") if row is not None else None,
        "creation_time": _time(row, "created_at") if row is not None else None,
        "resource_name": name,
        "physical_resource_id": row.physical_resource_id if row is not None else "",
        "resource_action": row.action if row is not None else "INIT",
        "resource_status": row.status if row is not None else "COMPLETE",
        "resource_status_reason": row.status_reason if row is not None else "",
        "resource_type": row.resource_type if row is not None else definition.type if definition else "",
        "resource_identity": views.identity(run.stack, f"/resources/{name}"),
        "stack_identity": views.identity(run.stack),
        "stack_name": run.stack.stack_name,
        "required_by": needed_by.get(name, []),
        "description": (definition.description if definition is not None else "") or "",
        "metadata": of_text(row.metadata) if row is not None else {},
        "attributes": {one: None for one in kind.attributes if one != "show"} if kind is not None else {},
    }
    if row is not None:
        shown["attributes"] = await attributes.shown(run, row, [])
        nested = await run.call.tx.get(Stack, row.nested_id) if row.nested_id else None
        if nested is not None:
            shown["nested_stack_id"] = views.identity(nested)
    if run.stack.parent_resource_name:
        shown["parent_resource"] = run.stack.parent_resource_name
    return shown


async def resources(run: Run) -> list[Any]:
    """The resources of a new stack; those of nested ones are lists of their own."""
    found: list[Any] = []
    for name in run.plan.definitions:
        kind = run.plan.types[name]
        properties = run.plan.properties(name, run.context)
        values: dict[str, Any] = {}
        for key in kind.properties:
            try:
                values[key] = await properties.value(key)
            except (ValueError, ValidationFailed, Fault):
                values[key] = None
        if kind.nested:
            nested = await _nested(run, name)
            if nested is not None:
                found.append(nested)
                continue
        found.append(await _shown(run, name, None) | {"properties": values})
    return found


async def _nested(run: Run, name: str) -> list[Any] | None:
    nested = await _nested_run(run, name)
    return await resources(nested) if nested is not None else None


async def _nested_run(run: Run, name: str) -> Run | None:
    """The nested stack that a resource would have."""
    from mopenstack.core.orchestration.runs.validation import provisional

    properties = run.plan.properties(name, run.context)
    resource = await provisional(run.plan, name, properties)
    try:
        document, parameters = await run.plan.types[name].child_template(run.context, resource, resource.properties)
    except (TypeError, AttributeError, KeyError, ResourceFailure):
        return None
    if not document:
        return None
    plan = making.child_plan(run.plan, run, resource, document, parameters)
    stack = Stack(stack_name=plan.identity.name, project_id=run.stack.project_id, parent_resource_name=name,
                  on_behalf=run.stack.on_behalf)  # fmt: skip
    return making.run_of(run.call, stack, plan)


class Changes:
    """unchanged, updated, replaced, added, deleted: what would become of the resources of a stack.

    Values that depend on other resources are not known here, since Heat looks at the new stack as if nothing was made
    of it yet. Source: EngineService.preview_update_stack.
    """

    def __init__(self, *, nested: bool) -> None:
        self.found: dict[str, list[dict[str, Any]]] = {
            "unchanged": [], "updated": [], "replaced": [], "added": [], "deleted": [],
        }  # fmt: skip
        self._nested = nested

    async def compare(self, before: Run, after: Run) -> None:
        """Add the changes from a stack that is there to one that is not."""
        rows = {row.resource_name: row for row in before.rows.values() if not row.replaced_by}
        fates: dict[str, list[str]] = {fate: [] for fate in self.found}
        for name in after.plan.definitions:
            fates[await _fate(before, after, name, rows[name]) if name in rows else "added"].append(name)
        fates["deleted"] = [name for name in rows if name not in after.plan.definitions]
        for fate, names in fates.items():
            for name in names:
                run, row = (before, rows[name]) if fate in ("updated", "deleted") else (after, None)
                self.found[fate].append(await _shown(run, name, row))
        if self._nested:
            await self._delete(before, [*fates["deleted"], *fates["replaced"]])
            await self._add(after, [*fates["added"], *fates["replaced"]])
            for name in fates["updated"]:
                old, new = await _child(before, name), await _nested_run(after, name)
                if old is not None and new is not None:
                    await self.compare(old, new)

    async def _delete(self, before: Run, names: list[str]) -> None:
        for name in names:
            child = await _child(before, name)
            if child is not None:
                rows = {row.resource_name: row for row in child.rows.values() if not row.replaced_by}
                self.found["deleted"] += [await _shown(child, one, row) for one, row in rows.items()]
                await self._delete(child, list(rows))

    async def _add(self, after: Run, names: list[str]) -> None:
        for name in names:
            child = await _nested_run(after, name) if after.plan.types[name].nested else None
            if child is not None:
                self.found["added"] += [await _shown(child, one, None) for one in child.plan.definitions]
                await self._add(child, list(child.plan.definitions))


async def changes(before: Run, after: Run, *, nested: bool) -> dict[str, list[dict[str, Any]]]:
    """What an update would do, by what becomes of the resources; with those of nested stacks, if asked for."""
    plan = after.plan
    fresh = making.run_of(after.call, after.stack, Plan(plan.template, plan.environment, plan.identity))
    found = Changes(nested=nested)
    await found.compare(before, fresh)
    return found.found


async def _child(run: Run, name: str) -> Run | None:
    """The nested stack of a resource that is there."""
    row = run.shown(name)
    child = await run.call.tx.get(Stack, row.nested_id) if row is not None and row.nested_id else None
    return await Run.of(run.call, await run.call.tx.edit(Stack, child.id)) if child is not None else None


async def _fate(before: Run, after: Run, name: str, row: StackResource) -> str:
    kind, definition, resource = after.plan.types[name], after.plan.definitions[name], resource_of(row)
    if definition.type != row.resource_type or row.status == "FAILED":
        return "replaced"
    if kind.properties_any:
        return "unchanged"
    if kind.nested and row.physical_resource_id:  # its own resources decide
        return "updated"
    new = await after.plan.properties(name, after.context).all()
    changed = frozenset(key for key in new if new[key] != resource.properties.get(key))
    if not changed:
        return "unchanged"
    allowed = all(kind.properties[key].update_allowed for key in changed)
    return "replaced" if not allowed or kind.replaces(after.context, resource, new, changed) else "updated"
