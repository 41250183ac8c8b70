"""OS::Mistral::ExternalResource: what is done to it is the execution of a workflow.

Source: heat/engine/resources/openstack/mistral/external_resource.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, soon
from mopenstack.core.orchestration.resource_types.services import executions

_UNDER_WAY = "_execution"
"""Of the resource's data: the execution that is waited for."""
_NEW = "_new"
"""Of its data: nobody has looked at it. What it failed with is noted apart from its start, which is undone else."""
_ID_MAX = 255


class ExternalResource(Mapped):
    """Its id is what its workflow says (`resource_id` of the output), else that of the last execution."""

    bare: ClassVar[bool] = True

    def always_updates(self, resource: Resource) -> bool:
        return bool(resource.properties.get("always_update"))

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        before, after = resource.properties.get("input") or {}, new.get("input") or {}
        return any(before.get(name) != after.get(name) for name in new.get("replace_on_change_inputs") or ())

    async def _begin(self, context: Context, resource: Resource, action: str, given: Any = None) -> None:
        """Start the workflow of an action, if there is one."""
        resource.data.pop(_UNDER_WAY, None)
        wanted = (resource.properties["actions"] or {}).get(action)
        if not wanted:
            return
        params = dict(wanted.get("params") or {})
        if resource.physical_id:
            params["env"] = {**(params.get("env") or {}), "heat_extresource_data": _outputs(resource)}
        given = given or resource.properties["input"]
        description = resource.properties["description"]
        resource.data[_UNDER_WAY] = await executions.start(context, wanted["workflow"], given, params, description)
        resource.data[_NEW] = "yes"

    async def _look(self, context: Context, resource: Resource) -> float | None:
        """None when the execution of the action is over; raises ResourceFailure where it failed."""
        id = resource.data.get(_UNDER_WAY)
        if not id:
            return None
        if resource.data.pop(_NEW, ""):
            return 0.0
        found = await executions.show(context, id)
        state = str(found["state"])
        if state in ("ERROR", "CANCELLED"):
            if found.get("state_info") is None:
                raise ResourceFailure("argument of type 'NoneType' is not iterable", "TypeError")
            raise ResourceFailure(str(found["state_info"]), "")
        if state in ("IDLE", "RUNNING", "PAUSED"):
            resource.physical_id = id
            return soon(context)
        if state != "SUCCESS":
            text = f'Mistral execution is in unknown state. - Unknown status {state} due to "Unknown"'
            raise ResourceFailure(text, "ResourceUnknownStatus")
        output = json.loads(found.get("output") or "{}")
        resource.data["outputs"] = json.dumps({**_outputs(resource), **output})
        resource.physical_id = str(output.get("resource_id") or id)[:_ID_MAX]
        del resource.data[_UNDER_WAY]
        return None

    async def create(self, context: Context, resource: Resource) -> str | None:
        await self._begin(context, resource, "CREATE")
        return None

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await self._begin(context, resource, "UPDATE", new["input"] if "input" in changed else None)

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def suspend(self, context: Context, resource: Resource) -> None:
        await self._begin(context, resource, "SUSPEND")

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def resume(self, context: Context, resource: Resource) -> None:
        await self._begin(context, resource, "RESUME")

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        await self._begin(context, resource, "DELETE")

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return resource.data.get("outputs") if resource.physical_id else None

    async def show(self, context: Context, resource: Resource) -> Any:
        try:
            return await super().show(context, resource)
        except NotFound:
            return None


def _outputs(resource: Resource) -> dict[str, Any]:
    """What all executions gave."""
    found: dict[str, Any] = json.loads(resource.data.get("outputs", "{}"))
    return found
