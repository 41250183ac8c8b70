"""What rows cannot say of Cinder's volumes: sources, updates in several steps, attachments to servers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.faults import BadRequest, Conflict, Fault, NotFound
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, conflict, refuse, soon

_V3 = "mopenstack.volume.v3."
_NOVA = "mopenstack.compute.v2.ServerVolumes."
_MAKING = ("creating", "restoring-backup", "downloading")


def unknown(status: Any, what: str) -> ResourceFailure:
    """A state that means nothing to Heat."""
    return ResourceFailure(f'{what} - Unknown status {status} due to "Unknown"', "ResourceUnknownStatus")


class Volume(Mapped):
    """OS::Cinder::Volume. What is still to do of an update is kept in its data."""

    checks: ClassVar[bool] = True

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.given
        conflict(resource, "image", "imageRef")
        if "backup_id" in given:
            return
        exclusive = [name for name in ("snapshot_id", "source_volid", "image", "imageRef") if name in given]
        sources = [name for name in ("snapshot_id", "source_volid") if name in given]
        refuse(
            "size" not in given and (len(sources) != 1 or len(exclusive) != 1),
            'If neither "backup_id" nor "size" is provided, one and only one of "source_volid", "snapshot_id" must be '
            f"specified, but currently specified options: {exclusive}.",
        )
        refuse(
            "size" in given and len(exclusive) > 1,
            'If "size" is provided, only one of "image", "imageRef", "source_volid", "snapshot_id" can be specified, '
            f"but currently specified options: {exclusive}.",
        )

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("image"):
            values["image"] = await references.find(context, "glance.image", values["image"])
        return values

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        body = super().body(context, resource, values)
        body.pop("multiattach", None)
        return {key: value for key, value in body.items() if key != "backup_id"}

    async def made(self, context: Context, resource: Resource, body: dict[str, Any], values: dict[str, Any]) -> Any:
        if values.get("backup_id"):
            name = {"name": body["name"], "description": body.get("description")}
            made = await rpcs.call(context, f"{_V3}Backups.RestoreBackup", [values["backup_id"]], {})
            await rpcs.call(context, self.rpc("Update"), [made["volume_id"]], name)
            return {"id": made["volume_id"]}
        hints = values.get("scheduler_hints")
        beside = {"OS-SCH-HNT:scheduler_hints": hints} if hints else None
        return await rpcs.call(context, self.rpc("Create"), (), body, beside=beside)

    async def created(self, context: Context, resource: Resource) -> float | None:
        status = (await self.document(context, resource)).get("status")
        if status in _MAKING:
            return soon(context)
        if status == "error":
            raise ResourceFailure('Went to status error due to "Unknown"', "ResourceInError")
        if status != "available":
            raise unknown(status, "Volume create failed")
        if resource.properties.get("read_only") is not None:
            await self._read_only(context, resource, resource.properties["read_only"])
        return None

    async def _read_only(self, context: Context, resource: Resource, flag: Any) -> None:
        operation = f"{_V3}VolumeActions.UpdateVolumeReadonlyFlag"
        await rpcs.call(context, operation, [resource.physical_id], {"readonly": bool(flag)})

    # -- update

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        path = [resource.physical_id]
        plain = changed & {"name", "description"}
        if plain:
            name = new.get("name") or context.physical_name(resource, self.limit)
            await rpcs.call(context, self.rpc("Update"), path, {"name": name, "description": new.get("description")})
        if "metadata" in changed:
            body = {"metadata": new.get("metadata") or {}}
            await rpcs.call(context, f"{_V3}VolumeMetadata.ReplaceVolumeMetadata", path, body)
        if "volume_type" in changed and new.get("volume_type"):
            body = {"new_type": new["volume_type"], "migration_policy": "never"}
            await rpcs.call(context, f"{_V3}VolumeChanges.RetypeVolume", path, body)
        found = await self.document(context, resource)
        steps: list[dict[str, Any]] = []
        moves = "backup_id" in changed or "read_only" in changed
        at = next(iter(found.get("attachments") or ()), None) if moves else None
        if at is not None:
            steps.append({"do": "detach", "server": at["server_id"], "volume": resource.physical_id})
        if "backup_id" in changed and new.get("backup_id"):
            steps.append({"do": "restore", "backup": new["backup_id"]})
        if "size" in changed and new.get("size") is not None:
            if new["size"] < found["size"]:
                raise ResourceFailure("Shrinking volume is not supported.", "NotSupported")
            if new["size"] > found["size"]:
                steps.append({"do": "extend", "size": new["size"]})
        if "read_only" in changed and new.get("read_only") is not None:
            steps.append({"do": "read_only", "flag": new["read_only"]})
        if at is not None:
            back = {"do": "attach", "server": at["server_id"], "volume": resource.physical_id}
            steps.append({**back, "device": at.get("device")})
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
        if step["do"] == "detach":
            await detach(context, step["server"], step["volume"])
        elif step["do"] == "attach":
            await attach(context, step["server"], step["volume"], step.get("device"))
        elif step["do"] == "restore":
            body = {"volume_id": resource.physical_id}
            await rpcs.call(context, f"{_V3}Backups.RestoreBackup", [step["backup"]], body)
        elif step["do"] == "extend":
            path, body = [resource.physical_id], {"new_size": step["size"]}
            try:
                await rpcs.call(context, f"{_V3}VolumeChanges.ExtendVolume", path, body)
            except BadRequest as error:
                text = f"Failed to extend volume {resource.physical_id} - {error.text} (HTTP 400)"
                raise ResourceFailure(text) from None
        else:
            await self._read_only(context, resource, step["flag"])

    async def _done(self, context: Context, resource: Resource, step: Mapping[str, Any]) -> bool:
        found = await self.document(context, resource)
        status = found.get("status")
        if step["do"] == "detach":
            return bool(status == "available")
        if step["do"] == "attach":
            return bool(status == "in-use")
        if step["do"] == "restore":
            if status not in ("available", "restoring-backup"):
                raise unknown(status, "Volume backup restore failed")
            return bool(status == "available")
        if step["do"] == "extend":
            if status not in ("available", "in-use", "extending"):
                raise unknown(status, "Volume resize failed")
            return bool(status != "extending")
        return True

    # -- delete, check, snapshots

    async def delete(self, context: Context, resource: Resource) -> None:
        status = (await self.document(context, resource)).get("status")
        if status == "in-use":
            raise ResourceFailure("Volume in use")
        if status != "deleting":
            await super().delete(context, resource)

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        try:
            status = str((await self.document(context, resource)).get("status"))
        except NotFound:
            return None
        if status.lower() == "error_deleting":
            raise ResourceFailure(f'Went to status {status} due to "delete"', "ResourceInError")
        return soon(context)

    async def check(self, context: Context, resource: Resource) -> None:
        status = (await self.document(context, resource)).get("status")
        if status not in ("available", "in-use"):
            raise ResourceFailure(f"'status': expected '['available', 'in-use']', got '{status}'", "Error")

    async def snapshot(self, context: Context, resource: Resource) -> dict[str, str]:
        body = {"volume_id": resource.physical_id, "force": True}
        made = await rpcs.call(context, f"{_V3}Backups.CreateBackup", body=body)
        return {**resource.data, "backup_id": str(made["id"])}

    async def delete_snapshot(self, context: Context, resource: Resource, data: Mapping[str, str]) -> None:
        if data.get("backup_id"):
            await rpcs.call(context, f"{_V3}Backups.DeleteBackup", [data["backup_id"]])

    async def restore(
        self, context: Context, resource: Resource, properties: dict[str, Any], data: Mapping[str, str]
    ) -> dict[str, Any]:
        kept = {key: value for key, value in properties.items() if key not in ("imageRef", "image", "source_volid")}
        return {**kept, "backup_id": data["backup_id"]}

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        found = await self.document(context, resource)
        if name == "metadata":
            return json.dumps(found.get("metadata") or {})
        if name == "metadata_values":
            return found.get("metadata")
        if name == "attachments_list":
            return found.get("attachments")
        key = self.row.shown.get(name)
        return found.get(key) if key else str(found.get(name))


async def attach(context: Context, server: str, volume: str, device: Any) -> str:
    """Attach a volume to a server; the id of the attachment, which is the volume's."""
    body = {"volumeId": volume, **({"device": device} if device else {})}
    try:
        await rpcs.call(context, f"{_NOVA}AttachServerVolume", [server], body)
    except Conflict:
        raise
    except (BadRequest, NotFound) as error:
        text = f"Failed to attach volume {volume} to server {server} - {error.text}"
        raise ResourceFailure(text) from None
    return volume


async def detach(context: Context, server: str, volume: str) -> None:
    """Detach a volume from a server; one that is not attached is detached."""
    try:
        await rpcs.call(context, f"{_NOVA}DetachServerVolume", [server, volume])
    except (NotFound, BadRequest):
        return


async def is_attached(context: Context, volume: str) -> bool:
    """Whether a volume that is being attached is attached."""
    status = (await rpcs.call(context, f"{_V3}Volumes.GetVolume", [volume])).get("status")
    if status in ("available", "attaching", "reserved"):
        return False
    if status != "in-use":
        raise unknown(status, "Volume attachment failed")
    return True


class Attachment(Mapped):
    """OS::Cinder::VolumeAttachment: a volume at a server."""

    words: ClassVar[tuple[str, str, str]] = ("instance_uuid", "volume_id", "mountpoint")

    def _given(self, resource: Resource) -> tuple[str, str, Any]:
        server, volume, device = (resource.properties.get(word) for word in self.words)
        return str(server), str(volume), device

    async def create(self, context: Context, resource: Resource) -> str | None:
        return await attach(context, *self._given(resource))

    async def created(self, context: Context, resource: Resource) -> float | None:
        return None if await is_attached(context, self._given(resource)[1]) else soon(context)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        server, volume, _ = self._given(resource)
        await detach(context, server, volume)
        resource.data["moves"] = json.dumps({"from": [server, volume]})

    async def updated(self, context: Context, resource: Resource) -> float | None:
        state = json.loads(resource.data.get("moves") or "{}")
        if state:
            if not await self._is_detached(context, *state["from"]):
                return soon(context)
            resource.physical_id = await attach(context, *self._given(resource))
            resource.data.pop("moves", None)
        return await self.created(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        await detach(context, *self._given(resource)[:2])

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        gone = await self._is_detached(context, *self._given(resource)[:2])
        return None if gone else soon(context)

    @staticmethod
    async def _is_detached(context: Context, server: str, volume: str) -> bool:
        try:
            found = await rpcs.call(context, f"{_V3}Volumes.GetVolume", [volume])
        except NotFound:
            return True
        status = found.get("status")
        if status in ("in-use", "detaching") and any(
            one.get("server_id") == server for one in found.get("attachments") or ()
        ):
            return False
        if status == "error":
            raise unknown(status, "Volume detachment failed")
        try:
            await rpcs.call(context, f"{_NOVA}GetServerVolume", [server, volume])
        except Fault:
            return True
        return False

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return None

    async def show(self, context: Context, resource: Resource) -> Any:
        return None
