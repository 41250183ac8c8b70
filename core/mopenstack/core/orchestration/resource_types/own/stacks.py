"""Stacks as resources: OS::Heat::Stack is a stack of its own, AWS::CloudFormation::Stack is nested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import yaml

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described, invalid
from mopenstack.core.orchestration.resource_types.own.members import AT_ONCE, Nested, followed
from mopenstack.core.orchestration.resource_types.own.remote import there

_STACKS = "mopenstack.orchestration.v1.Stacks"
_ACTIONS = "mopenstack.orchestration.v1.StackActions"
_SNAPSHOTS = "mopenstack.orchestration.v1.StackSnapshots"


async def _found_region(context: Context, region: str) -> None:
    try:
        await rpcs.call(context, "mopenstack.identity.v3.Regions.GetRegion", [region])
    except (Fault, ResourceFailure):
        raise invalid(
            f'Cannot establish connection to Heat endpoint at region "{region}" due to "public endpoint for '
            f'orchestration service in {region} region not found"'
        ) from None


class Stack(Described):
    """OS::Heat::Stack: made by the API, so that it outlives nothing and is seen by itself."""

    checks: ClassVar[bool] = True

    async def validate(self, context: Context, resource: Resource) -> None:
        text = resource.properties.get("template")
        if text is None:
            return
        body = {"template": _parsed(text), "files": dict(context.files), "environment": {}}
        body["parameters"] = resource.properties.get("parameters") or {}
        region = (resource.properties.get("context") or {}).get("region_name")
        if region:
            await _found_region(context, region)
        where = f'region "{region}"'
        if (resource.properties.get("context") or {}).get("credential_secret_id"):
            where = "remote cloud"
        try:
            elsewhere = await there(context, resource)
        except (Fault, ResourceFailure) as error:
            text = f'Cannot establish connection to Heat endpoint at {where} due to "{error}"'
            raise invalid(text) from None
        try:
            await rpcs.call(elsewhere, "mopenstack.orchestration.v1.Templates.ValidateTemplate", body=body)
        except (Fault, ResourceFailure) as error:
            raise invalid(
                f'Failed validating stack template using Heat endpoint at {where} due to "ERROR: {error}"'
            ) from None

    async def create(self, context: Context, resource: Resource) -> str | None:
        name = context.physical_name(resource)
        body = {"stack_name": name, "disable_rollback": True, **self._body(context, resource.properties)}
        made = await rpcs.call(await there(context, resource), f"{_STACKS}.CreateStack", body=body)
        resource.data["stack_name"] = name
        return str(made["id"])

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "CREATE")

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        if (resource.action, resource.status) == ("CHECK", "FAILED"):
            return True
        before, after = resource.properties.get("context") or {}, new.get("context") or {}
        return "context" in changed and before.get("region_name") != after.get("region_name")

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await rpcs.call(
            await there(context, resource), f"{_STACKS}.UpdateStack", self._path(resource), self._body(context, new)
        )

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "UPDATE")

    async def delete(self, context: Context, resource: Resource) -> None:
        await rpcs.call(await there(context, resource), f"{_STACKS}.DeleteStack", self._path(resource))

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "DELETE")

    async def suspend(self, context: Context, resource: Resource) -> None:
        await rpcs.call(await there(context, resource), f"{_ACTIONS}.SuspendStack", self._path(resource))

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "SUSPEND")

    async def resume(self, context: Context, resource: Resource) -> None:
        await rpcs.call(await there(context, resource), f"{_ACTIONS}.ResumeStack", self._path(resource))

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "RESUME")

    async def check(self, context: Context, resource: Resource) -> None:
        await rpcs.call(await there(context, resource), f"{_ACTIONS}.CheckStack", self._path(resource))

    async def snapshot(self, context: Context, resource: Resource) -> dict[str, str]:
        made = await rpcs.call(
            await there(context, resource), f"{_SNAPSHOTS}.CreateStackSnapshot", self._path(resource)
        )
        return {**resource.data, "snapshot_id": str(made["id"])}

    async def delete_snapshot(self, context: Context, resource: Resource, data: Mapping[str, str]) -> None:
        if data.get("snapshot_id"):
            path = [*self._path(resource), data["snapshot_id"]]
            await rpcs.call(await there(context, resource), f"{_SNAPSHOTS}.DeleteStackSnapshot", path)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        found = await self._stack(context, resource)
        if name == "stack_name":
            return found.get("stack_name") or context.physical_name(resource)
        return {one["output_key"]: one.get("output_value") for one in found.get("outputs") or ()}

    async def show(self, context: Context, resource: Resource) -> Any:
        return await self._stack(context, resource)

    @staticmethod
    def _path(resource: Resource) -> list[str]:
        return [resource.data.get("stack_name", resource.physical_id), resource.physical_id]

    @staticmethod
    def _body(context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "template": _parsed(properties["template"]),
            "files": dict(context.files),
            "environment": {},
            "parameters": properties.get("parameters") or {},
        }
        if properties.get("timeout") is not None:
            body["timeout_mins"] = properties["timeout"]
        return body

    async def _stack(self, context: Context, resource: Resource) -> dict[str, Any]:
        found: dict[str, Any] = await rpcs.call(
            await there(context, resource), f"{_STACKS}.GetStack", self._path(resource)
        )
        return found

    async def _look(self, context: Context, resource: Resource, action: str) -> float | None:
        try:
            found = await self._stack(context, resource)
        except NotFound:
            return None
        doing, _, status = str(found["stack_status"]).partition("_")
        if doing != action or status == "IN_PROGRESS":
            return AT_ONCE
        if status == "FAILED":
            reason = found.get("stack_status_reason")
            raise ResourceFailure(f'Went to status {found["stack_status"]} due to "{reason}"', "ResourceInError")
        return None


def _parsed(text: Any) -> Any:
    """A template as a document; raises ResourceFailure for a text that is none."""
    if not isinstance(text, str):
        return text
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader that leaves dates as they are
    except yaml.YAMLError as error:
        raise ResourceFailure(f"Error parsing template: {error}", "ValueError") from None
    if not isinstance(found, dict):
        raise ResourceFailure("The template is not a JSON object or YAML mapping.", "ValueError")
    return found


class _Loader(yaml.SafeLoader):
    """Dates stay texts, as Heat reads templates."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))  # type: ignore[arg-type]


class NestedStack(Nested):
    """AWS::CloudFormation::Stack: a nested stack of a template that has an address."""

    attributes_any: ClassVar[bool] = True

    async def child_template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        url = str(properties["TemplateURL"])
        text = context.files.get(url)
        if text is None:
            raise ResourceFailure(
                f"Could not fetch remote template '{url}': Failed to retrieve template from {url}", "ValueError"
            )
        return _parsed(text), dict(properties.get("Parameters") or {})

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        outputs = await context.children.outputs(resource) if name.startswith("Outputs.") else {}
        key = name.partition(".")[2]
        if key not in outputs:
            raise invalid(f"The Referenced Attribute ({resource.name} {name}) is incorrect.")
        return followed(outputs[key], path)

    async def reference(self, context: Context, resource: Resource) -> Any:
        return await context.children.identifier(resource) if resource.physical_id else resource.name
