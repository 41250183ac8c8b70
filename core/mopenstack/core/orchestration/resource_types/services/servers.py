"""OS::Nova::Server: its networks and block devices, what it boots with, and updates in several steps."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, soon, without_nulls
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.resource_types.own.configs import config
from mopenstack.core.orchestration.resource_types.services import (
    follows,
    server_attributes,
    server_checks,
    server_networks,
    user_data,
)

_V2 = "mopenstack.compute.v2."
_DEFERRED = frozenset(
    "BUILD HARD_REBOOT PASSWORD REBOOT RESCUE RESIZE REVERT_RESIZE SHUTOFF SUSPENDED VERIFY_RESIZE".split()  # noqa: SIM905
)


class Server(Mapped):
    """A server. What is still to do of an update is kept in its data."""

    checks: ClassVar[bool] = True

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        """All subnets that may be on its networks: which one it gets is not known beforehand."""
        wanted = resource.properties.get("networks") or ()
        found = []
        for one in others:
            if one.type != "OS::Neutron::Subnet" or not wanted:
                continue
            network = follows.network(one.properties)
            if not network or any((net.get("network") or network) == network for net in wanted):
                found.append(one.name)
        return found

    async def validate(self, context: Context, resource: Resource) -> None:
        await server_checks.check(context, resource)

    # -- create

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = await self.resolved(context, without_nulls(dict(resource.properties)))
        nics = await server_networks.nics(context, resource, given)
        if nics is None:
            raise ResourceFailure("nics are required after microversion 2.36", "ValueError")
        body: dict[str, Any] = {
            "name": given.get("name") or context.physical_name(resource, self.limit),
            "flavorRef": given["flavor"],
            "imageRef": given.get("image") or "",
            "networks": nics,
        }
        for name, key in _PLAIN.items():
            if given.get(name) not in (None, ""):
                body[key] = given[name]
        if given.get("metadata"):
            body["metadata"] = _texts(given["metadata"])
        if given.get("security_groups") and not any("port" in one for one in nics if isinstance(one, dict)):
            body["security_groups"] = [{"name": one} for one in given["security_groups"]]
        devices = server_networks.block_devices(given)
        if devices:
            body["block_device_mapping_v2"] = devices
        data = await self._user_data(context, resource, given)
        if data:
            body["user_data"] = base64.b64encode(data.encode()).decode()
        hints = given.get("scheduler_hints")
        beside = {"os:scheduler_hints": hints} if hints else None
        made = await rpcs.call(context, self.rpc("Create"), (), body, beside=beside, microversion=self.row.microversion)
        return str(made["id"])

    async def _user_data(self, context: Context, resource: Resource, given: Mapping[str, Any]) -> str:
        text = str(given.get("user_data") or "")
        kind = given.get("user_data_format") or "HEAT_CFNTOOLS"
        if kind in ("SOFTWARE_CONFIG", "RAW") and references.is_uuid(text):
            found = await config(context, text)
            text = str(found.get("config") or "") if found is not None else text
        if kind == "SOFTWARE_CONFIG":
            metadata = await user_data.deployments(context, resource)
            await context.set_metadata(resource, metadata)
            return user_data.multipart(metadata, text)
        return text if kind == "RAW" else user_data.multipart(resource.metadata, text)

    async def created(self, context: Context, resource: Resource) -> float | None:
        left = await self._active(context, resource)
        tags = resource.properties.get("tags")
        if left is None and tags:
            path = [resource.physical_id]
            await rpcs.call(context, f"{_V2}ServerTags.ReplaceServerTags", path, {"tags": list(tags)})
        return left

    async def _active(self, context: Context, resource: Resource, what: str = "Server is not active") -> float | None:
        found = await self.document(context, resource)
        status = _status(found)
        if status == "ACTIVE":
            return None
        if status in _DEFERRED:
            return soon(context)
        if status == "ERROR":
            fault = found.get("fault") or {}
            reason = f"Message: {fault.get('message', 'Unknown')}, Code: {fault.get('code', 'Unknown')}"
            raise ResourceFailure(f'Went to status ERROR due to "{reason}"', "ResourceInError")
        raise ResourceFailure(f'{what} - Unknown status {status} due to "Unknown"', "ResourceUnknownStatus")

    # -- update

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        policies = (("flavor", "flavor_update_policy"), ("image", "image_update_policy"))
        for name, policy in (*policies, ("user_data", "user_data_update_policy")):
            if name in changed and (new.get(policy) or resource.properties.get(policy)) == "REPLACE":
                return True
        return False

    async def give_way(self, context: Context, resource: Resource) -> None:
        try:
            found = await self.document(context, resource)
        except NotFound:
            return
        if _status(found) != "ERROR":
            await server_networks.let_go(context, resource)
        else:
            await server_networks.delete_ports(context, resource)

    async def come_back(self, context: Context, resource: Resource, successor: Resource | None) -> None:
        await server_networks.take_back(context, resource, successor)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        path = [resource.physical_id]
        values = await self.resolved(context, without_nulls(dict(new)))
        if "metadata" in changed:
            body = {"metadata": _texts(values.get("metadata") or {})}
            await rpcs.call(context, f"{_V2}ServerMetadata.ReplaceServerMetadata", path, body)
        if "tags" in changed:
            await rpcs.call(context, f"{_V2}ServerTags.ReplaceServerTags", path, {"tags": values.get("tags") or []})
        if "name" in changed:
            name = values.get("name") or context.physical_name(resource, self.limit)
            await rpcs.call(context, self.rpc("Update"), path, {"name": name}, microversion=self.row.microversion)
        steps: list[dict[str, Any]] = []
        if "networks" in changed:
            old = await self.resolved(context, {"networks": without_nulls(resource.properties.get("networks") or [])})
            steps += await server_networks.changes(context, resource, old["networks"], values)
        if "flavor" in changed:
            steps += [{"do": "resize", "flavorRef": values["flavor"]}, {"do": "confirm"}]
        if "user_data" in changed and new.get("user_data_update_policy") == "REBUILD":
            data = await self._user_data(context, resource, values)
            image = (await self.document(context, resource)).get("image") or {}
            steps.append({"do": "rebuild", "imageRef": image.get("id"), "user_data": _base64(data)})
        if "image" in changed:
            rebuild: dict[str, Any] = {"do": "rebuild", "imageRef": values.get("image")}
            if values.get("image_update_policy") == "REBUILD_PRESERVE_EPHEMERAL":
                rebuild["preserve_ephemeral"] = True
            if values.get("admin_pass"):
                rebuild["adminPass"] = values["admin_pass"]
            if values.get("metadata"):
                rebuild["metadata"] = _texts(values["metadata"])
            steps.append(rebuild)
        elif "admin_pass" in changed and values.get("admin_pass"):
            body = {"adminPass": values["admin_pass"]}
            await rpcs.call(context, f"{_V2}ServerActions.ChangeServerPassword", path, body)
        resource.data["steps"] = json.dumps({"todo": steps, "doing": None})

    async def updated(self, context: Context, resource: Resource) -> float | None:
        state = json.loads(resource.data.get("steps") or '{"todo": [], "doing": null}')
        while True:
            if state["doing"] is not None and not await self._done(context, resource, state["doing"]):
                resource.data["steps"] = json.dumps(state)
                return soon(context)
            if not state["todo"]:
                resource.data.pop("steps", None)
                return None
            state["doing"] = state["todo"].pop(0)
            await self._do(context, resource, state["doing"])

    async def _do(self, context: Context, resource: Resource, step: Mapping[str, Any]) -> None:
        path = [resource.physical_id]
        body = {key: value for key, value in step.items() if key not in ("do", "security_groups")}
        if step["do"] == "detach":
            try:
                await rpcs.call(
                    context, f"{_V2}ServerInterfaces.DeleteServerInterface", [resource.physical_id, step["port_id"]]
                )
            except NotFound:
                return
        elif step["do"] == "attach":
            made = await rpcs.call(context, f"{_V2}ServerInterfaces.CreateServerInterface", path, body)
            if step.get("security_groups"):
                groups = {"security_groups": step["security_groups"]}
                await rpcs.call(context, "mopenstack.network.v2.Ports.UpdatePort", [made["port_id"]], groups)
        elif step["do"] == "resize":
            await rpcs.call(context, f"{_V2}ServerActions.ResizeServer", path, body)
        elif step["do"] == "confirm":
            await rpcs.call(context, f"{_V2}ServerActions.ConfirmResizeServer", path)
        else:
            await rpcs.call(
                context, f"{_V2}ServerActions.RebuildServer", path, body, microversion=self.row.microversion
            )

    async def _done(self, context: Context, resource: Resource, step: Mapping[str, Any]) -> bool:
        if step["do"] in ("detach", "attach"):
            return await server_networks.is_done(context, resource, step)
        found = await self.document(context, resource)
        status, task = _status(found), found.get("OS-EXT-STS:task_state")
        if step["do"] == "resize":
            if status in ("RESIZE", "ACTIVE"):
                return False
            if status != "VERIFY_RESIZE":
                text = f"Resizing to '{step['flavorRef']}' failed, status '{status}'"
                raise ResourceFailure(text)
            return True
        if step["do"] == "confirm":
            if status in ("ACTIVE", "VERIFY_RESIZE") or "resize" in (task or ""):
                return status == "ACTIVE"
            text = f"Confirm resize for server {resource.physical_id} failed"
            raise ResourceFailure(f'{text} - Unknown status {status} due to "Unknown"', "ResourceUnknownStatus")
        if status == "ERROR":
            raise ResourceFailure("Rebuilding server failed, status 'ERROR'")
        return status != "REBUILD" and not str(task or "").startswith("rebuild")

    # -- delete, suspend, resume, snapshots

    async def delete(self, context: Context, resource: Resource) -> None:
        await stack_users.drop(context, resource)
        await server_networks.delete_ports(context, resource)
        await super().delete(context, resource)

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        try:
            found = await self.document(context, resource)
        except NotFound:
            return None
        status = _status(found)
        if found.get("OS-EXT-STS:task_state") == "deleting":
            return soon(context)
        if status == "DELETED":
            return None
        if status == "SOFT_DELETED":
            await rpcs.call(context, f"{_V2}ServerActions.ForceDeleteServer", [resource.physical_id])
        elif status == "ERROR":
            fault = found.get("fault") or {}
            reason = (
                f"Server {found.get('name')} delete failed: ({fault.get('code')}) {fault.get('message', 'Unknown')}"
            )
            raise ResourceFailure(f'Went to status ERROR due to "{reason}"', "ResourceInError")
        return soon(context)

    async def suspend(self, context: Context, resource: Resource) -> None:
        if _status(await self._found(context, resource, "suspend")) != "SUSPENDED":
            await rpcs.call(context, f"{_V2}ServerActions.SuspendServer", [resource.physical_id])

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        found = await self.document(context, resource)
        status = _status(found)
        if status not in _DEFERRED | {"ACTIVE"}:
            text = f"Suspend of server {found.get('name')} failed"
            raise ResourceFailure(f'{text} - Unknown status {status} due to "Unknown"', "ResourceUnknownStatus")
        return None if status == "SUSPENDED" else soon(context)

    async def resume(self, context: Context, resource: Resource) -> None:
        if _status(await self._found(context, resource, "resume")) != "ACTIVE":
            await rpcs.call(context, f"{_V2}ServerActions.ResumeServer", [resource.physical_id])

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return await self._active(context, resource)

    async def _found(self, context: Context, resource: Resource, action: str) -> dict[str, Any]:
        if not resource.physical_id:
            raise ResourceFailure(f"Cannot {action} {resource.name}, resource_id not set")
        try:
            return await self.document(context, resource)
        except NotFound:
            raise ResourceFailure(f"Failed to find server {resource.physical_id}", "NotFound") from None

    async def check(self, context: Context, resource: Resource) -> None:
        status = _status(await self.document(context, resource))
        if status != "ACTIVE":
            raise ResourceFailure(f"'status': expected 'ACTIVE', got '{status}'", "Error")

    async def snapshot(self, context: Context, resource: Resource) -> dict[str, str]:
        name = context.physical_name(resource, self.limit)
        answer = await rpcs.raw(
            context,
            f"{_V2}ServerActions.CreateServerImage",
            [resource.physical_id],
            {"name": name},
            microversion=self.row.microversion,
        )
        return {**resource.data, "snapshot_image_id": str(answer.image_id)}

    async def delete_snapshot(self, context: Context, resource: Resource, data: Mapping[str, str]) -> None:
        try:
            await rpcs.call(context, "mopenstack.image.v2.Images.DeleteImage", [data.get("snapshot_image_id", "")])
        except NotFound:
            return

    async def restore(
        self, context: Context, resource: Resource, properties: dict[str, Any], data: Mapping[str, str]
    ) -> dict[str, Any]:
        return {**properties, "image": data["snapshot_image_id"]}

    # -- attributes

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name == "name":
            return resource.properties.get("name") or context.physical_name(resource, self.limit)
        if name == "os_collect_config":
            return resource.metadata.get("os-collect-config", {})
        try:
            found = await self.document(context, resource)
        except NotFound:
            return ""
        return await server_attributes.attribute(context, found, name)


def _status(document: Mapping[str, Any]) -> str:
    return str(document.get("status")).partition("(")[0]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _texts(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Metadata as Nova takes it: values that are no texts as JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}


_PLAIN = {
    "key_name": "key_name",
    "availability_zone": "availability_zone",
    "config_drive": "config_drive",
    "diskConfig": "OS-DCF:diskConfig",
    "admin_pass": "adminPass",
}
"""Properties that are sent as they are."""
