"""OS::Mistral::Workflow: a definition that is written from properties; a signal starts it.

Source: heat/engine/resources/openstack/mistral/workflow.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

import yaml

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.resource_types.own.signals import sign, signed_url
from mopenstack.core.orchestration.resource_types.services import executions

_WORKFLOWS = "mopenstack.workflow.v2.Workflows."
_WRONG = "Mistral resource validation error"
_SENT_OTHERWISE = ("name", "policies", "workflow")
"""Properties of a task that are not keys of its definition under their own names."""
_SHOWN = ("id", "workflow_name", "created_at", "updated_at", "state")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Workflow(Mapped):
    """Its id is its name."""

    signals: ClassVar[bool] = True
    replaced_unhealthy: ClassVar[bool] = False

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        if given.get("type") == "reverse" and not (given.get("params") or {}).get("task_name"):
            text = "'task_name' is not assigned in 'params' in case of reverse type workflow."
            raise ValidationFailed(text, [resource.name, "properties", "params"], _WRONG)
        for task in given.get("tasks") or ():
            _check_task(resource.name, str(given.get("type")), task)

    # -- actions

    async def create(self, context: Context, resource: Resource) -> str | None:
        await stack_users.make(context, resource)
        await sign(context, resource)
        definition = self._definition(context, resource, resource.properties)
        return await self._written(context, "CreateWorkflows", definition)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if changed:
            made = await self._written(context, "UpdateWorkflows", self._definition(context, resource, new))
            resource.data["name"] = resource.physical_id = made

    @staticmethod
    async def _written(context: Context, rpc: str, definition: str) -> str:
        """Write a definition; the name of its workflow."""
        body = {"definition": definition, "scope": "private"}
        answer = await rpcs.call(context, _WORKFLOWS + rpc, [], body)
        return str((answer["workflows"] if isinstance(answer, Mapping) else answer)[0]["name"])

    async def broken(self, context: Context, resource: Resource) -> bool:
        if not resource.physical_id or resource.properties.get("name") is None:
            return True
        try:
            await self.document(context, resource)
        except NotFound:
            return True
        return False

    async def delete(self, context: Context, resource: Resource) -> None:
        for id in _executions(resource):
            with suppress(NotFound):
                await executions.drop(context, id)
        resource.data.pop("executions", None)
        await stack_users.drop(context, resource)
        await super().delete(context, resource)

    async def suspend(self, context: Context, resource: Resource) -> None:
        await stack_users.enable(context, resource, False)

    async def resume(self, context: Context, resource: Resource) -> None:
        await stack_users.enable(context, resource, True)

    async def signal(self, context: Context, resource: Resource, details: Any) -> str | None:
        given, params = _signalled(resource, details)
        _check_signal(resource, given, params)
        wanted = {**(resource.properties.get("input") or {}), **(given or {})}
        all_params = {**(resource.properties.get("params") or {}), **(params or {})}
        try:
            id = await executions.start(context, self._name(context, resource), wanted, all_params)
        except Fault as refused:
            raise ResourceFailure(refused.text, "APIException") from None
        resource.data["executions"] = ",".join([id, *_executions(resource)])
        return ""

    # -- what there is

    async def reference(self, context: Context, resource: Resource) -> Any:
        return self._name(context, resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name == "executions":
            return [_told(await executions.show(context, id)) for id in _executions(resource)]
        if name == "data":
            return {"name": resource.physical_id or None, "input": resource.properties.get("input")}
        return signed_url(context, resource, expires=False) if resource.physical_id else None

    # -- its definition

    def _name(self, context: Context, resource: Resource) -> str:
        return str(resource.properties.get("name") or context.physical_name(resource, self.limit))

    def _definition(self, context: Context, resource: Resource, properties: Mapping[str, Any]) -> str:
        """The text for Mistral."""
        made: dict[str, Any] = {
            key: properties[key] for key in ("type", "description", "tags", "output") if properties.get(key) is not None
        }
        if properties.get("input") is not None:
            made["input"] = list(properties["input"])
        made["tasks"] = {task["name"]: _task(task) for task in properties["tasks"]}
        defaults = properties.get("task_defaults")
        if defaults is not None:
            made["task-defaults"] = {key.replace("_", "-"): value for key, value in defaults.items() if value}
        definition = {"version": "2.0", self._name(context, resource): made}
        return str(yaml.dump(definition, Dumper=_Dumper))


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    made = {} if task.get("workflow") is None else {"workflow": task["workflow"]}
    whole = {**task, **(task.get("policies") or {})}
    sent = {key: value for key, value in whole.items() if value is not None and key not in _SENT_OTHERWISE}
    return {**made, **{key.replace("_", "-"): value for key, value in sent.items()}}


def _check_task(name: str, kind: str, task: Mapping[str, Any]) -> None:
    if task.get("workflow") and task.get("action"):
        text = "Cannot define the following properties at the same time: workflow, action."
        raise ResourceFailure(text, "ResourcePropertyConflict")
    if not task.get("workflow") and not task.get("action"):
        text = "At least one of the following properties must be specified: workflow, action."
        raise ResourceFailure(text, "PropertyUnspecifiedError")
    if task.get("requires") is not None and kind == "direct":
        text = (
            f"task {task.get('name')} contains property 'requires' in case of direct workflow. Only reverse workflows "
            "can contain property 'requires'."
        )
        raise ValidationFailed(text, [name, "properties", "tasks", task.get("name"), "requires"], _WRONG)
    if task.get("with_items") is None and task.get("concurrency") is not None:
        raise ResourceFailure("concurrency cannot be specified without with_items.", "ResourcePropertyDependency")


def _signalled(resource: Resource, details: Any) -> tuple[Any, Any]:
    """Input and params of a signal."""
    if resource.properties.get("use_request_body_as_input"):
        return details, None
    if details is None:
        return None, None
    if not isinstance(details, Mapping):
        raise ResourceFailure(f"'{type(details).__name__}' object has no attribute 'get'", "AttributeError")
    return details.get("input"), details.get("params")


def _check_signal(resource: Resource, given: Any, params: Any) -> None:
    text = ""
    if given is not None and not isinstance(given, dict):
        text = f"Input in signal data must be a map, find a {type(given)}"
    elif given is not None:
        unknown = [key for key in given if key not in (resource.properties.get("input") or {})]
        text = f"Unknown input {unknown[0]}" if unknown else ""
    if not text and params is not None and not isinstance(params, dict):
        text = f"Params must be a map, find a {type(params)}"
    if text:
        raise ResourceFailure(f"Signal data error: {text}", "StackValidationFailed")


def _executions(resource: Resource) -> list[str]:
    """The ids of the executions that signals have started, the newest first."""
    found = resource.data.get("executions")
    return found.split(",") if found else []


def _told(execution: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: execution.get(key) for key in _SHOWN}
    return {**shown, **{key: json.loads(execution.get(key) or "null") for key in ("input", "output")}}
