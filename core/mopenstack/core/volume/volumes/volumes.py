"""Volumes: create, list, show, update, delete; and what Nova needs to make and drop them.

Source: cinder/api/v3/volumes.py, cinder/volume/api.py.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.faults import BadRequest, InvalidField, PolicyRefused
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import fold_of, holds
from mopenstack.core.engine.servicer import Result, copy_fields
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import (
    RESOURCE_FILTERS,
    CinderResource,
    as_given,
    assign,
    boolean,
    literal,
    name_and_description,
)
from mopenstack.core.volume.hosts import failover, scheduling
from mopenstack.core.volume.messages import Action, Detail, Messages
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.types.type_encryption import encryption_of
from mopenstack.core.volume.types.types import check_provisioning, is_multiattach
from mopenstack.core.volume.volumes import lifecycle
from mopenstack.core.volume.volumes.encryption_keys import FIXED_KEY_ID, as_owner, drop_key, key_for
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.core.volume.volumes.metadata import check_metadata
from mopenstack.core.volume.volumes.sources import Source, has_wrong_signature, resolve, set_group
from mopenstack.volume.v3.refusals import InvalidInput, VolumeNotFound
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import volumes_pb2 as pb2
from mopenstack.volume.v3.volumes.volume_actions_pb2 import VolumeActionRequest
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume, VolumeCreate

SERVICE_UUID = "df8b83d0-9d58-48d8-967e-fa39f458076d"
"""Of the one cinder-volume service."""

FORCE_DELETE_SINCE = 23
BOOTABLE_STRICT_SINCE = 2
STRICT_BODY_SINCE = 53
TIME_FILTERS_SINCE = 60
FORCE_DELETE_POLICY = "volume:force_delete"
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt, "gte": operator.ge, "eq": operator.eq, "neq": operator.ne, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip


class Volumes(CinderResource[Volume]):
    service = pb2.DESCRIPTOR.services_by_name["Volumes"]
    message = Volume
    not_found = VolumeNotFound
    lifecycle = VOLUMES
    resource = "volume"
    simple = RESOURCE_FILTERS["volume"]

    # -- the RPCs

    async def before(self, call: Call, request: Any) -> None:
        """A name that is too long is told before the volume is looked for, as the schema's other rules are."""
        await super().before(call, request)
        if isinstance(request, pb2.UpdateVolumeRequest):
            name_and_description(request.volume)

    async def create_volume(self, call: Call, request: pb2.CreateVolumeRequest) -> Result:
        body = request.volume
        if body.others.fields and call.at_least(STRICT_BODY_SINCE):
            raise InvalidField(("volume",), _as_sent(body), "unknown", sorted(body.others.fields))
        name, description = name_and_description(body)
        check_metadata(body.metadata)
        source = await resolve(call, body)
        volume = await self.make(call, source, name, description, dict(body.metadata), request.scheduler_hints)
        return self._as_created(call, volume)

    async def get_volume_summary(self, call: Call, request: pb2.GetVolumeSummaryRequest) -> Result:
        volumes = [volume for volume in await self.candidates(call, request.query) if self.visible(call, volume)]
        distinct: dict[str, set[str]] = {}
        for volume in volumes:
            for key, value in volume.metadata.items():
                distinct.setdefault(key, set()).add(value)
        metadata = to_struct({key: sorted(values) for key, values in distinct.items()})
        summary = pb2.VolumeSummaryResponse.Summary(
            total_count=len(volumes), total_size=sum(volume.size for volume in volumes), metadata=metadata
        )
        return pb2.VolumeSummaryResponse(volume_summary=summary)

    async def get_volume_encryption(self, call: Call, request: pb2.GetVolumeRequest) -> Result:
        answer = pb2.VolumeEncryptionResponse()
        specs = await encryption_of(call, call.target.volume_type_id) if call.target.encrypted else None
        if specs is not None:
            answer.encryption_key_id = call.target.encryption_key_id or FIXED_KEY_ID
            copy_fields(specs, answer, ("control_location", "cipher", "key_size", "provider"))
        return answer

    # -- hooks

    async def view(self, call: Call, obj: Volume) -> Message:
        """The hosts of attachments are for admins and services; the others read null."""
        caller = call.caller
        if caller.is_admin or "service" in caller.roles or not any(item.host_name for item in obj.attachments):
            return obj
        shown = copy_of(obj)
        for attached in shown.attachments:
            attached.ClearField("host_name")
        return shown

    async def matches(self, call: Call, obj: Volume, key: str, values: Sequence[str]) -> bool:
        if key == "bootable":
            return obj.bootable == str(self._bootable(call, values[0])).lower()
        if key in ("created_at", "updated_at"):
            parts = values[0].split(",") if call.at_least(TIME_FILTERS_SINCE) else []
            return all(_in_time(obj, key, part) for part in parts)
        if key == "glance_metadata":
            wanted = literal(values[0])
            return isinstance(wanted, dict) and holds(obj.volume_image_metadata, wanted, fold_of(call.cloud))
        return await super().matches(call, obj, key, values)

    async def change(
        self, call: Call, old: Volume, new: Volume, request: pb2.UpdateVolumeRequest, given: set[str]
    ) -> None:
        body = request.volume
        if call.at_least(STRICT_BODY_SINCE) and not given:
            raise InvalidField(("volume",), {}, "one_of_schemas")
        VOLUMES.check(call, old, "set_bootable")  # neither may change in maintenance
        check_metadata(body.metadata)
        name, description = name_and_description(body)
        if given & {"name", "display_name"}:
            assign(new, "name", name)
        if given & {"description", "display_description"}:
            assign(new, "description", description)
        new.metadata.update(new.admin_metadata)

    async def created(self, call: Call, obj: Volume, request: Any) -> None:
        if obj.status == Volume.CREATING:
            await VOLUMES.enter(call, obj, "create_from_image" if obj.image_id and obj.host else "create")

    async def remove(self, call: Call, obj: Volume) -> None:
        await drop_key(as_owner(call, obj), obj.encryption_key_id)
        if obj.consumes_quota:
            await quotas.give(call, obj.project_id, quotas.units(obj.volume_type, volumes=1, gigabytes=obj.size))
        await scheduling.give(call, obj.host, obj.size)

    # -- what other resources and services call

    async def make(
        self,
        call: Call,
        source: Source,
        name: str | None,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        hints: Struct | None = None,
    ) -> Volume:
        """A new volume of the caller's project, in `creating`; takes its quota."""
        project = call.caller.project_id
        key_id = await key_for(call, source.type, source.snapshot, source.volume, source.image)
        check_provisioning(source.type, source.size)
        await quotas.check_size(call, project, source.size)
        await quotas.take(call, project, quotas.units(source.type.name, volumes=1, gigabytes=source.size))
        host = await scheduling.place(call, source.type, source.size, await source.host(call))
        volume = Volume(
            status=Volume.CREATING,
            size=source.size,
            availability_zone=source.zone,
            volume_type=source.type.name,
            volume_type_id=source.type.id,
            user_id=call.caller.user_id,
            project_id=project,
            bootable=str(source.bootable).lower(),
            multiattach=is_multiattach(source.type),
            encrypted=source.encrypted,
            consumes_quota=True,
            service_uuid=SERVICE_UUID,
            shared_targets=False,
            attach_status="detached",
            metadata=metadata,
            volume_image_metadata=source.image_metadata,
            scheduler_hints=hints,
            request_id=call.context.request_id,
        )
        assign(volume, "host", host or None)
        assign(volume, "encryption_key_id", key_id or None)
        set_group(volume, source.group)
        if source.type.extra_specs.get("replication_enabled") == scheduling.IS_TRUE:
            volume.replication_status = "disabled"
        assign(volume, "name", name)
        assign(volume, "description", description)
        assign(volume, "snapshot_id", source.snapshot.id if source.snapshot is not None else None)
        assign(volume, "source_volid", source.volume.id if source.volume is not None else None)
        assign(volume, "image_id", source.image.id if source.image is not None else None)
        return await self.insert(call, volume)

    async def create_for_server(
        self,
        call: Call,
        *,
        size: int = 0,
        name: str = "",
        image_id: str = "",
        snapshot_id: str = "",
        volume_type: str = "",
        zone: str = "",
    ) -> Volume:
        """A volume for Nova's block_device_mapping_v2, ready at once: building the server is what takes the time.

        Blank without image and snapshot. Raises what cinder answers to the same create.
        """
        body = VolumeCreate(
            size=size or None,
            image_ref=image_id or None,
            snapshot_id=snapshot_id or None,
            volume_type=volume_type or None,
            availability_zone=zone or None,
        )
        volume = await self.make(call, await resolve(call, body), name, "")
        await VOLUMES.complete(call, volume.id, "create")
        return await self.fetch(call, volume.id)

    @staticmethod
    async def prepare_delete(call: Call, volume: Volume, *, cascade: bool, force: bool) -> str:
        """Check a delete, discard the snapshots of a cascading one; the row that begins. Raises InvalidVolume."""
        name = "force_delete" if force else "delete"
        if volume.status in VOLUMES.actions[name].allowed:
            await scheduling.refuse_frozen(call, volume.host)
        refusal = lifecycle.refuse(VOLUMES.check(call, volume, name), volume)
        snapshots = await call.tx.query(Snapshot, volume_id=volume.id)
        if snapshots and not cascade:
            raise refusal
        for snapshot in snapshots:
            deletable = snapshot.status in (Snapshot.AVAILABLE, Snapshot.ERROR, Snapshot.DELETING)
            if not force and (not deletable or (not call.caller.is_admin and snapshot.project_id != volume.project_id)):
                raise refusal
        for snapshot in snapshots:
            await call.owner_of("snapshot").discard(call, snapshot)
        return name

    # -- inside

    def _as_created(self, call: Call, volume: Volume) -> Volume:
        """As the API answers before the scheduler and the back end have touched the new row."""
        answer = copy_of(volume)
        answer.bootable = "false"
        answer.ClearField("service_uuid")
        answer.shared_targets = True
        return answer

    @staticmethod
    def _bootable(call: Call, value: str) -> bool:
        if not call.at_least(BOOTABLE_STRICT_SINCE):
            return value not in ("False", "false", "FALSE", "")
        try:
            return boolean("bootable", value)
        except BadRequest:
            raise InvalidInput(why=f"'bootable = {value}'") from None


def _as_sent(body: VolumeCreate) -> dict[str, Any]:
    """The body as it was sent, for a refusal."""
    given = as_given(body)
    others = given.pop("others", {})
    return {**given, **others}


def _in_time(volume: Volume, key: str, comparison: str) -> bool:
    """`gt:2026-11-21T09:33:44` and the like."""
    word, _, text = comparison.partition(":")
    compare = COMPARISONS.get(word)
    if compare is None:
        raise BadRequest(f"Invalid {word} operator")
    try:
        wanted = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise BadRequest(f"Invalid {text} value") from None
    return volume.HasField(key) and compare(getattr(volume, key).ToDatetime(), wanted)


@VOLUMES.on("create", "create_from_image")
async def _created(call: Call, volume: Volume) -> None:
    """A volume that no back end took is in error, and its project is told."""
    volume.status = Volume.AVAILABLE if volume.host and not has_wrong_signature(volume) else Volume.ERROR
    await failover.begin(call, volume)
    if not volume.host:
        await call.service(Messages).tell(
            call, volume.project_id, volume.id, Action.SCHEDULE, Detail.NO_BACKEND, volume.request_id
        )


@VOLUMES.on("delete", "force_delete")
async def _deleted(call: Call, volume: Volume) -> None:
    await call.service(Volumes).discard(call, volume)


@VOLUMES.prepares("delete", "force_delete", unchecked=True)
async def _prepare_delete(call: Call, volume: Volume, request: pb2.DeleteVolumeRequest | VolumeActionRequest) -> str:
    cascade, force = False, True
    if isinstance(request, pb2.DeleteVolumeRequest):
        cascade = boolean("cascade", request.cascade)
        force = call.at_least(FORCE_DELETE_SINCE) and boolean("force", request.force)
        if force and not call.caller.is_admin:
            raise PolicyRefused([FORCE_DELETE_POLICY])
    return await call.service(Volumes).prepare_delete(call, volume, cascade=cascade, force=force)
