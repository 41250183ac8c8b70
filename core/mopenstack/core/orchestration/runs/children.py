"""Nested stacks: stacks that are resources of another one. Source: heat/engine/resources/stack_resource.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types.base import Children, Missing, Resource, ResourceFailure
from mopenstack.core.orchestration.runs import rows, starts, validation
from mopenstack.core.orchestration.runs.client_errors import Failed, of_child
from mopenstack.core.orchestration.runs.plan import Identity, Plan
from mopenstack.core.orchestration.runs.states import action_of, status_of
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.core.orchestration.templates.parsing import as_text, of_text
from mopenstack.core.orchestration.templates.template import Template
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

DEPTH_MAX = 5
"""heat.conf, max_nested_stack_depth."""


class RunChildren(Children):
    """Of the stack of one run; other runs are made as it was."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self._kept: dict[str, tuple[Stack, Any]] = {}

    async def create(
        self,
        resource: Resource,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, Any] | None = None,
        timeout_mins: int | None = None,
        disable_rollback: bool = True,
    ) -> str:
        run, parent = self._run, self._run.stack
        if parent.nested_depth >= DEPTH_MAX:
            raise refusals.RequestLimitExceeded(message=f"Recursion depth exceeds {DEPTH_MAX}.")
        child = Stack(
            id=run.call.ids.uuid(),
            stack_name=run.context.physical_name(resource),
            project_id=parent.project_id,
            stack_owner=parent.stack_owner,
            owner_id=parent.id,
            on_behalf=parent.on_behalf,
            parent_resource_name=resource.name,
            root_id=parent.root_id or parent.id,
            nested_depth=parent.nested_depth + 1,
            disable_rollback=disable_rollback,
            stack_user_project_id=parent.stack_user_project_id,
        )
        if timeout_mins is not None or parent.HasField("timeout_mins"):
            child.timeout_mins = parent.timeout_mins if timeout_mins is None else timeout_mins
        run.call.stamp(child.created_at)
        own = dict(files) if files is not None else dict(parent.files)
        starts.set_template(child, dict(template), self._environment(resource, parameters, environment), own)
        nested = await self._validate(child, resource)
        left = of_text(parent.adopted).get(resource.name) if action_of(parent) == "ADOPT" else None
        child.adopted = as_text((left or {}).get("resources") or {}) if left else ""
        await starts.insert(run.call, child, "ADOPT" if left else "CREATE")
        await rows.announce(nested)
        row = run.rows.get(resource.uuid)
        if row is not None:
            row.nested_id = child.id
            await run.save(row)
        return child.id

    def _environment(
        self, resource: Resource, parameters: Mapping[str, Any], environment: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        base = self._run.plan.environment.for_nested(resource.name)
        merged = Environment.of(base)
        if environment:
            merged.merge(environment)
        merged.parameters |= parameters
        return merged.document()

    async def _validate(self, child: Stack, resource: Resource) -> Any:
        """The run of a nested stack whose template is checked."""
        plan = plan_of(child, self._run, resource)
        validation.check_template(plan)
        await self._check_total(child, len(plan.template.resources))
        other = type(self._run)(self._run.call, child)
        other.__dict__["plan"] = plan
        await validation.validate(plan, other.context)
        return other

    async def _check_total(self, child: Stack, more: int) -> None:
        total, ids = more, [child.root_id]
        for id in ids:  # grows
            total += await self._run.call.tx.count(StackResource, stack_id=id)
            nested = await self._run.call.tx.query(Stack, owner_id=id)
            ids += [one.id for one in nested if one.id != child.id]
            if total > validation.RESOURCES_MAX:
                raise refusals.RequestLimitExceeded(message="Maximum resources per stack exceeded.")

    async def update(
        self,
        resource: Resource,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, Any] | None = None,
        timeout_mins: int | None = None,
    ) -> None:
        child = await self._private(resource)
        if child is None:
            raise Missing(f"The nested stack of {resource.name} is not there.")
        if action_of(child) == "SUSPEND":
            raise ResourceFailure("Updating a stack when it is suspended is not supported.", "")
        own = dict(files) if files is not None else dict(self._run.stack.files)
        starts.replace_template(child, dict(template), self._environment(resource, parameters, environment), own)
        nested = await self._validate(child, resource)
        await starts.begin(self._run.call, child, "UPDATE")
        nested.rows = (await type(self._run).of(self._run.call, child)).rows
        await rows.announce(nested)

    async def act(self, resource: Resource, action: str) -> None:
        child = await self._private(resource)
        if child is None or child.stack_status == "DELETE_COMPLETE":
            raise Missing(f"The nested stack of {resource.name} is not there.")
        if action == "DELETE":
            starts.replace_template(
                child, starts.without_resources(of_text(child.template)), of_text(child.environment), dict(child.files)
            )
        await starts.begin(self._run.call, child, action)

    async def finished(self, resource: Resource, action: str) -> bool:
        child = await self._child(resource)
        if child is None or child.stack_status == "DELETE_COMPLETE":
            if action == "DELETE":
                return True
            raise Failed(f"The Stack ({resource.physical_id}) could not be found.", "NotFound")
        if status_of(child) == "IN_PROGRESS":
            return False
        if status_of(child) == "FAILED":
            raise of_child(child.stack_status_reason, action_of(child))
        return True

    async def template(self, resource: Resource) -> dict[str, Any]:
        child = await self._child(resource)
        return of_text(child.template) if child is not None else {}

    async def resources(self, resource: Resource) -> list[Resource]:
        run = await self._nested(resource)
        return [run.resource(row) for row in run.rows.values() if not row.replaced_by] if run is not None else []

    async def output(self, resource: Resource, name: str) -> Any:
        run = await self._nested(resource)
        one = run.plan.outputs.get(name) if run is not None else None
        if one is None:
            return None
        value, error = await run.plan.output(one)
        if error is not None:
            raise ResourceFailure(f"Error in {resource.name} output {name}: {error}", "TemplateOutputError")
        return value

    async def outputs(self, resource: Resource) -> dict[str, Any]:
        run = await self._nested(resource)
        if run is None:
            return {}
        return {name: (await run.plan.output(one))[0] for name, one in run.plan.outputs.items()}

    async def attribute(self, resource: Resource, member: str, name: str, path: list[Any]) -> Any:
        run = await self._nested(resource)
        if run is None:
            return None
        if run.shown(member) is None:
            raise refusals.ResourceNotFound(name=member, stack=run.stack.stack_name)
        return await run._fetch(member, name, tuple(path))

    async def identifier(self, resource: Resource) -> str:
        child = await self._child(resource)
        if child is None:
            return resource.physical_id
        return Identity(child.stack_name, child.id, child.project_id).arn

    # -- inside

    async def _child(self, resource: Resource) -> Stack | None:
        row = self._run.rows.get(resource.uuid)
        id = resource.physical_id or (row.nested_id if row is not None else "")
        return await self._run.call.tx.get(Stack, id) if id else None

    async def _private(self, resource: Resource) -> Stack | None:
        child = await self._child(resource)
        return await self._run.call.tx.edit(Stack, child.id) if child is not None else None

    async def _nested(self, resource: Resource) -> Any:
        child = await self._child(resource)
        if child is None:
            return None
        kept = self._kept.get(child.id)
        if kept is None or kept[0] is not child:
            run = await type(self._run).of(self._run.call, await self._run.call.tx.edit(Stack, child.id))
            kept = self._kept[child.id] = (child, run)
        return kept[1]


def plan_of(stack: Stack, parent: Any, resource: Resource) -> Plan:
    """The plan of a nested stack that is not there yet."""
    identity = Identity(stack.stack_name, stack.id, stack.project_id, facade=facade_of(resource))
    return Plan(
        Template(of_text(stack.template), dict(stack.files)), Environment.of(of_text(stack.environment)), identity
    )


def facade_of(resource: Resource) -> dict[str, Any]:
    """What functions of a nested stack may know of the resource that it is."""
    return {
        "metadata": resource.metadata,
        "deletion_policy": resource.deletion_policy,
        "update_policy": resource.update_policy,
    }
