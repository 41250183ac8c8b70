"""Instances of shares. Source: manila/api/v2/share_instances.py, manila/api/views/share_instance.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system.base import (
    RESETTABLE,
    ManilaResource,
    asked_boolean,
    new_status,
)
from mopenstack.core.shared_file_system.replicas.states import REPLICAS
from mopenstack.core.shared_file_system.shares import removal
from mopenstack.core.shared_file_system.shares.states import SHARES
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import share_instances_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.export_locations_pb2 import ExportLocation
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

LOCATIONS_SINCE, SOFT_DELETED_SINCE = 35, 69
SAME = ("availability_zone", "host", "status", "share_network_id", "share_server_id", "progress")
"""What the main instance of a share has is kept with the share."""


def shown_instance(share: Share | None, instance: ShareInstance) -> ShareInstance:
    """An instance with what is kept with its share."""
    if share is None:
        return instance
    shown = copy_of(instance)
    if instance.main:
        for field in SAME:
            if getattr(share, field):
                setattr(shown, field, getattr(share, field))
        if share.updated_at.seconds:
            shown.updated_at.CopyFrom(share.updated_at)
        if share.share_type_id:
            shown.share_type_id = share.share_type_id
    shown.access_rules_status = share.access_rules_status
    return shown


class ShareInstances(ManilaResource[ShareInstance]):
    service = pb2.DESCRIPTOR.services_by_name["ShareInstances"]
    message = ShareInstance
    not_found = refusals.ShareInstanceNotFound
    lifecycle = REPLICAS

    async def list_instances_of_share(self, call: Call, request: Any) -> Result:
        found = await call.tx.query(ShareInstance, share_id=call.target.id)
        ordered = sorted(found, key=lambda one: (not one.main, one.created_at.seconds, one.created_at.nanos))
        return pb2.ListShareInstancesResponse(
            share_instances=[cast("Any", await self.view(call, one)) for one in ordered]
        )

    async def reset_share_instance_status(self, call: Call, request: pb2.ResetShareInstanceStatusRequest) -> Result:
        status = new_status(request, RESETTABLE)
        await set_status(call, call.target, status)
        return EMPTY

    async def force_delete_share_instance(self, call: Call, request: Any) -> Result:
        instance = call.target
        share = await call.tx.get(Share, instance.share_id)
        if share is not None and instance.main:
            if share.host:
                await SHARES.begin(call, copy_of(share), "force_delete")
            else:
                await removal.discard(call, share)
        else:
            await REPLICAS.begin(call, copy_of(instance), "force_delete")
        return EMPTY

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ShareInstance]:
        found = await call.tx.scan(ShareInstance)
        if not call.at_least(SOFT_DELETED_SINCE):
            return found
        deleted = asked_boolean(query, "is_soft_deleted")
        shares = {one.id for one in await call.tx.scan(Share) if one.is_soft_deleted == deleted}
        return [one for one in found if one.share_id in shares]

    async def matches(self, call: Call, obj: ShareInstance, key: str, values: Sequence[str]) -> bool:
        if key in ("export_location_id", "export_location_path") and call.at_least(LOCATIONS_SINCE):
            field = "id" if key == "export_location_id" else "path"
            found = await call.tx.query(ExportLocation, share_instance_id=obj.id)
            return any(getattr(one, field) == values[0] for one in found)
        return True

    async def view(self, call: Call, obj: ShareInstance) -> Message:
        shown = shown_instance(await call.tx.get(Share, obj.share_id), obj)
        if not call.at_least(54) and shown.status == "creating_from_snapshot":
            shown = copy_of(shown)
            shown.status = "creating"
        if not call.at_least(9):
            shown = copy_of(shown)
            found = sorted(await call.tx.query(ExportLocation, share_instance_id=obj.id), key=lambda one: one.place)
            shown.export_locations.extend(one.path for one in found)
            if found:
                shown.export_location = found[0].path
        return shown


async def set_status(call: Call, instance: ShareInstance, status: str) -> None:
    """The status of an instance, or of the share whose main one it is."""
    share = await call.tx.get(Share, instance.share_id) if instance.main else None
    if share is not None:
        await SHARES.force(call, copy_of(share), status)
    else:
        await REPLICAS.force(call, copy_of(instance), status)
