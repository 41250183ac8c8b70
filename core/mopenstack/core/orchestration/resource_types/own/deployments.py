"""OS::Heat::SoftwareDeployment and StructuredDeployment: a configuration on a server, done when the server says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import invalid
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.resource_types.own.configs import CONFIGS, config
from mopenstack.core.orchestration.resource_types.own.members import followed
from mopenstack.core.orchestration.resource_types.own.signals import Signalled, credentials, sign, signed_url
from mopenstack.core.orchestration.resource_types.own.simple import LOOK_AGAIN

DEPLOYMENTS = "mopenstack.orchestration.v1.SoftwareDeployments"
_BY_PASSWORD = ("HEAT_SIGNAL", "ZAQAR_SIGNAL")
_OUTPUTS = ("deploy_stdout", "deploy_stderr", "deploy_status_code")


class Deployment(Signalled):
    """Each action that it is for makes a configuration of its own, with the values of the inputs."""

    attributes_any: ClassVar[bool] = True
    empty: ClassVar[Any] = ""

    async def validate(self, context: Context, resource: Resource) -> None:
        server = resource.properties.get("server")
        found = await context.find(server) if server else None
        kind = found[1].properties.get("user_data_format") if found is not None else None
        if kind and kind != "SOFTWARE_CONFIG":
            raise invalid(
                f"Resource {server}'s property user_data_format should be set to SOFTWARE_CONFIG since there are "
                "software deployments on it."
            )

    async def create(self, context: Context, resource: Resource) -> str | None:
        return await self._act(context, resource, "CREATE", resource.properties)

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        made = await self._act(context, resource, "UPDATE", new)
        resource.physical_id = resource.physical_id or made or ""

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        await self._act(context, resource, "DELETE", resource.properties)

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        left = await self._look(context, resource) if await self._server_is_there(context, resource) else None
        if left is None and resource.physical_id:
            found = await self._deployment(context, resource)
            await rpcs.call(context, f"{DEPLOYMENTS}.DeleteSoftwareDeployment", [resource.physical_id])
            await self._drop(context, found.get("config_id"))
            await stack_users.drop(context, resource)
        return left

    async def suspend(self, context: Context, resource: Resource) -> None:
        await self._act(context, resource, "SUSPEND", resource.properties)

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def resume(self, context: Context, resource: Resource) -> None:
        await self._act(context, resource, "RESUME", resource.properties)

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource)

    async def cancel(self, context: Context, resource: Resource) -> None:
        if not resource.physical_id:
            return
        found = await self._deployment(context, resource)
        if found.get("status") == "IN_PROGRESS":
            body = {"status": "FAILED", "status_reason": "Deployment cancelled."}
            await rpcs.call(context, f"{DEPLOYMENTS}.UpdateSoftwareDeployment", [resource.physical_id], body)

    async def signal(self, context: Context, resource: Resource, details: Any) -> str | None:
        found = await self._deployment(context, resource)
        if found.get("status") != "IN_PROGRESS":
            return ""
        values = details if isinstance(details, Mapping) else {}
        derived = await config(context, found["config_id"]) or {}
        outputs, reasons = dict(found.get("output_values") or {}), {}
        code, event = values.get("deploy_status_code"), f"deployment {resource.physical_id} succeeded"
        if code and str(code) != "0":
            reasons["deploy_status_code"] = f"Deployment exited with non-zero status code: {code}"
            event = f"deployment {resource.physical_id} failed ({code})"
        for output in derived.get("outputs") or ():
            name = output["name"]
            if name in values:
                outputs[name] = values[name]
                if output.get("error_output"):
                    reasons[name] = values[name]
                    event = f"deployment {resource.physical_id} failed"
        outputs.update({name: values.get(name) for name in _OUTPUTS})
        status = "FAILED" if reasons else "COMPLETE"
        reason = ", ".join(f"{name} : {text}" for name, text in reasons.items()) or "Outputs received"
        body = {"output_values": outputs, "status": status, "status_reason": reason}
        await rpcs.call(context, f"{DEPLOYMENTS}.UpdateSoftwareDeployment", [resource.physical_id], body)
        await context.wake()
        return event

    async def told(self, context: Context, resource: Resource, name: str) -> Any:
        return await self._deployment(context, resource) if name == "show" and resource.physical_id else None

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        if name == "show":
            return None
        if resource.physical_id:
            values = (await self._deployment(context, resource)).get("output_values") or {}
            if name in values:
                return followed(values[name], path)
        source = await config(context, resource.properties.get("config") or "") or {}
        if name not in _OUTPUTS and name not in [one["name"] for one in source.get("outputs") or ()]:
            raise invalid(f"The Referenced Attribute ({resource.name} {name}) is incorrect.")
        return None

    # -- what an action does

    async def _act(
        self, context: Context, resource: Resource, action: str, properties: Mapping[str, Any]
    ) -> str | None:
        resource.data.pop("waits", None)
        source = await config(context, properties.get("config") or "") if properties.get("config") else {}
        if source is None:
            raise ResourceFailure(f"Software config with id {properties['config']} not found", "NotFound")
        actions = properties.get("actions") or ()
        if source.get("group") == "component":
            actions = [one for part in source["config"]["configs"] for one in part["actions"]]
        if action not in actions:
            return resource.physical_id or None
        silent = properties.get("signal_transport") == "NO_SIGNAL"
        body = {
            "config_id": await self._derive(context, resource, action, properties, source),
            "action": action,
            "input_values": properties.get("input_values"),
            "status": "COMPLETE" if silent else "IN_PROGRESS",
            "status_reason": "Not waiting for outputs signal" if silent else "Deploy data available",
        }
        if not silent:
            resource.data["waits"] = "true"
        if not resource.physical_id:
            body["server_id"] = properties["server"]
            made = await rpcs.call(context, f"{DEPLOYMENTS}.CreateSoftwareDeployment", body=body)
            return str(made["id"])
        before = (await self._deployment(context, resource)).get("config_id")
        await rpcs.call(context, f"{DEPLOYMENTS}.UpdateSoftwareDeployment", [resource.physical_id], body)
        await self._drop(context, before)
        return resource.physical_id

    async def _derive(
        self,
        context: Context,
        resource: Resource,
        action: str,
        properties: Mapping[str, Any],
        source: Mapping[str, Any],
    ) -> str:
        """The configuration of one action: that of the property, with values of its inputs."""
        transport = properties.get("signal_transport")
        if transport == "CFN_SIGNAL":
            await sign(context, resource)
        elif transport in _BY_PASSWORD:
            await stack_users.make(context, resource, password=True)
        inputs = self._inputs(context, resource, action, properties, source)
        text = self.derived(source.get("config"), inputs, properties)
        body = {
            "group": source.get("group") or "Heat::Ungrouped",
            "config": text or self.empty,
            "options": source.get("options") or {},
            "inputs": inputs,
            "outputs": source.get("outputs") or [],
            "name": properties.get("name") or source.get("name") or context.physical_name(resource),
        }
        made = await rpcs.call(context, f"{CONFIGS}.CreateSoftwareConfig", body=body)
        return str(made["id"])

    def derived(self, text: Any, inputs: Sequence[Mapping[str, Any]], properties: Mapping[str, Any]) -> Any:
        """What the server gets of a configuration."""
        return text

    def _inputs(
        self,
        context: Context,
        resource: Resource,
        action: str,
        properties: Mapping[str, Any],
        source: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        values = dict(properties.get("input_values") or {})
        made = [{**one, "value": values.pop(one["name"], one.get("default"))} for one in source.get("inputs") or ()]
        made += [_input(name, value) for name, value in values.items()]
        transport = properties.get("signal_transport")
        stack = f"{context.stack_name}/{context.stack_id}"
        made += [
            _input("deploy_server_id", properties.get("server"), "ID of the server being deployed to"),
            _input("deploy_action", action, "Name of the current action being deployed"),
            _input("deploy_stack_id", stack, "ID of the stack this deployment belongs to"),
            _input("deploy_resource_name", resource.name, "Name of this deployment resource in the stack"),
            _input(
                "deploy_signal_transport",
                transport,
                "How the server should signal to heat with the deployment output values.",
            ),
        ]
        if transport == "CFN_SIGNAL":
            url = signed_url(context, resource)
            made.append(_input("deploy_signal_id", url, "ID of signal to use for signaling output values"))
            made.append(_input("deploy_signal_verb", "POST", "HTTP verb to use for signaling output values"))
        elif transport in _BY_PASSWORD:
            known = credentials(context, resource)
            made += [_input(f"deploy_{key}", known[key], text) for key, text in _CREDENTIALS.items()]
        return made

    # -- what there is

    async def _deployment(self, context: Context, resource: Resource) -> dict[str, Any]:
        found: dict[str, Any] = await rpcs.call(context, f"{DEPLOYMENTS}.GetSoftwareDeployment", [resource.physical_id])
        return found

    async def _look(self, context: Context, resource: Resource) -> float | None:
        if not resource.physical_id or not resource.data.get("waits"):
            return None
        found = await self._deployment(context, resource)
        if found.get("status") == "FAILED":
            raise ResourceFailure(f"Deployment to server failed: {found.get('status_reason')}")
        return None if found.get("status") == "COMPLETE" else LOOK_AGAIN

    async def _server_is_there(self, context: Context, resource: Resource) -> bool:
        try:
            found = await self._deployment(context, resource)
            await rpcs.call(context, "mopenstack.compute.v2.Servers.GetServer", [found.get("server_id") or ""])
        except (NotFound, ResourceFailure):
            return False
        return True

    @staticmethod
    async def _drop(context: Context, config_id: Any) -> None:
        if config_id:
            try:
                await rpcs.call(context, f"{CONFIGS}.DeleteSoftwareConfig", [config_id])
            except NotFound:
                return


_CREDENTIALS = {
    "auth_url": "URL for API authentication",
    "username": "Username for API authentication",
    "user_id": "User ID for API authentication",
    "password": "Password for API authentication",
    "project_id": "ID of project for API authentication",
    "region_name": "Region name for API authentication",
}


def _input(name: str, value: Any, description: str | None = None) -> dict[str, Any]:
    made = {"name": name, "type": "String", "value": value}
    return made if description is None else {**made, "description": description}


class StructuredDeployment(Deployment):
    """Puts the values of inputs into the configuration, where it asks for them with get_input."""

    empty: ClassVar[Any] = {}

    def derived(self, text: Any, inputs: Sequence[Mapping[str, Any]], properties: Mapping[str, Any]) -> Any:
        values = {one["name"]: one.get("value") for one in inputs}
        strict = properties.get("input_values_validate") == "STRICT"
        return _replaced(text, properties.get("input_key") or "get_input", values, strict)


def _replaced(value: Any, key: str, values: Mapping[str, Any], strict: bool) -> Any:
    if isinstance(value, Mapping):
        if len(value) == 1 and isinstance(value.get(key), str):
            if strict and value[key] not in values:
                raise ResourceFailure(f"The Parameter ({value[key]}) was not provided.", "UserParameterMissing")
            return values.get(value[key])
        return {name: _replaced(one, key, values, strict) for name, one in value.items()}
    return [_replaced(one, key, values, strict) for one in value] if isinstance(value, list) else value
