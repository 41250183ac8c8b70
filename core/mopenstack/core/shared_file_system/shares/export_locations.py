"""Paths by which shares are mounted. Source: manila/api/v2/share_export_locations.py; the dummy driver's paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import Result
from mopenstack.core.shared_file_system.base import ManilaResource, check_given_metadata, no_such_item
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer
from mopenstack.shared_file_system.v2.shares import export_locations_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.export_locations_pb2 import ExportLocation
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

ADDRESSES = ("11.0.0.11", "10.0.0.10", "10.0.0.20")
"""The service's own address, for administrators; the preferred one; another one."""
SERVED = ("10.0.0.12", "10.0.0.10", "10.0.0.11")
"""The same of share servers."""
KEY = re.compile(r"[a-zA-Z0-9\-_:. ]{1,255}")
PREFERRED = "preferred"
ACTIVE_ONLY_SINCE = 47


async def make(call: Call, share: Share, instance_id: str, server_id: str = "", folder: str = "") -> None:
    """The export locations of an instance that is on a back end now."""
    name = share.mount_point_name or f"share_{share.id}_{instance_id}".replace("-", "_")
    path = folder or f"/path/to/fake/share/{name}"
    server = await call.tx.get(ShareServer, server_id) if server_id else None
    for place, address in enumerate(ADDRESSES if server is None else SERVED):
        found = ExportLocation(
            id=call.ids.uuid(), path=f"{address}:{path}", share_id=share.id, share_instance_id=instance_id, place=place
        )
        found.is_admin_only, found.preferred, found.project_id = place == 0, place == 1, share.project_id
        call.stamp(found.created_at)
        call.stamp(found.updated_at)
        await call.tx.put(found, fresh=True)


async def forget(call: Call, instance_id: str) -> None:
    """An instance is mounted no more."""
    for found in await call.tx.query(ExportLocation, share_instance_id=instance_id):
        await call.tx.delete(ExportLocation, found.id)


class ExportLocations(ManilaResource[ExportLocation]):
    service = pb2.DESCRIPTOR.services_by_name["ExportLocations"]
    message = ExportLocation
    not_found = refusals.ExportLocationNotFound

    async def list_share_export_locations(self, call: Call, request: Any) -> Result:
        found = await self._of_share(call, call.target)
        return pb2.ListExportLocationsResponse(export_locations=[_without(one) for one in found])

    async def get_share_export_location(self, call: Call, request: pb2.ShareExportLocationRequest) -> Result:
        found = await call.tx.get(ExportLocation, request.export_location_id)
        if found is None or found.share_id != call.target.id:
            raise refusals.ExportLocationNotFound(id=request.export_location_id)
        instance = await call.tx.get(ShareInstance, found.share_instance_id)
        beside = instance is not None and not instance.main and instance.replica_state != "active"
        if beside and call.at_least(ACTIVE_ONLY_SINCE):
            raise refusals.ExportLocationNotFound(id=request.export_location_id)
        if found.is_admin_only and not call.caller.is_admin:
            raise refusals.AccessDenied()
        return pb2.ExportLocationResponse(export_location=_without(found))

    async def list_instance_export_locations(self, call: Call, request: Any) -> Result:
        found = await self._of_instance(call, call.target)
        return pb2.ListExportLocationsResponse(export_locations=[_without(one) for one in found])

    async def get_instance_export_location(self, call: Call, request: pb2.InstanceExportLocationRequest) -> Result:
        return pb2.ExportLocationResponse(export_location=_without(await self._one(call, request.export_location_id)))

    async def list_replica_export_locations(self, call: Call, request: Any) -> Result:
        _check_replica(call.target)
        found = await self._of_instance(call, call.target)
        share = await call.tx.get(Share, call.target.share_id)
        found = [one for one in found if call.caller.is_admin or not one.is_admin_only]
        shown = [_of_replica(one, call.target, share) for one in found]
        return pb2.ListReplicaExportLocationsResponse(export_locations=shown)

    async def get_replica_export_location(self, call: Call, request: pb2.ReplicaExportLocationRequest) -> Result:
        _check_replica(call.target)
        found = await self._one(call, request.export_location_id)
        if found.is_admin_only and not call.caller.is_admin:
            raise refusals.AccessDenied()
        return pb2.ReplicaExportLocationResponse(
            export_location=_of_replica(found, call.target, await call.tx.get(Share, found.share_id))
        )

    async def _one(self, call: Call, id: str) -> ExportLocation:
        found = await call.tx.get(ExportLocation, id)
        if found is None or found.share_instance_id != call.target.id:
            raise refusals.ExportLocationNotFound(id=id)
        return found

    async def _of_instance(self, call: Call, instance: ShareInstance) -> list[ExportLocation]:
        found = await call.tx.query(ExportLocation, share_instance_id=instance.id)
        return sorted(found, key=lambda one: one.place)

    async def _of_share(self, call: Call, share: Share) -> list[ExportLocation]:
        """Those of the active instances, and what migrations make left out."""
        instances = {one.id: one for one in await call.tx.query(ShareInstance, share_id=share.id)}
        shown = []
        for one in sorted(await call.tx.query(ExportLocation, share_id=share.id), key=lambda one: one.place):
            instance = instances.get(one.share_instance_id)
            active = instance is not None and (instance.main or instance.replica_state == "active")
            replica = instance is not None and bool(instance.replica_state) and not call.at_least(ACTIVE_ONLY_SINCE)
            if (active or replica) and (call.caller.is_admin or not one.is_admin_only):
                shown.append(one)
        return shown


def _check_replica(instance: ShareInstance) -> None:
    if not instance.replica_state:
        raise refusals.ReplicaOfExportLocationNotFound(id=instance.id)


def _without(found: ExportLocation) -> ExportLocation:
    """An export location as it is shown: whether it is preferred is no metadata then."""
    if PREFERRED not in found.metadata:
        return found
    shown = copy_of(found)
    shown.preferred = shown.metadata.pop(PREFERRED, "0") in ("1", "True", "true")
    return shown


def _of_replica(found: ExportLocation, instance: ShareInstance, share: Share | None) -> ExportLocation:
    shown = copy_of(_without(found))
    keeper = share if instance.main and share is not None else instance
    shown.replica_state, shown.availability_zone = instance.replica_state, keeper.availability_zone
    return shown


async def _check_keys(call: Call, found: ExportLocation, before: Any, request: Any) -> None:
    """Keys are what Manila's schema allows; its words for others are jsonschema's."""
    given = dict(getattr(request, "metadata", {}))
    bad = next((key for key in given if not KEY.fullmatch(key)), None)
    if bad is not None:
        pattern = "^[a-zA-Z0-9-_:. ]{1,255}$"
        raise refusals.Refused(
            f"Invalid input for field/attribute metadata. Value: {given}. '{bad}' does not match any of the regexes: "
            f"'{pattern}'"
        )
    await check_given_metadata(call, request)


async def _complete(call: Call, found: ExportLocation, answer: Any) -> None:
    """The metadata that the database has also say whether the location is preferred."""
    items: Mapping[str, str] | None = getattr(answer, "metadata", None)
    if items is not None and call.operation is not None and not call.operation.method.startswith("List"):
        answer.metadata[PREFERRED] = str(int(found.preferred))


METADATA = Collection("export_location", "metadata", change=_check_keys, missing=no_such_item, complete=_complete)


class ExportLocationMetadata(ManilaResource[ExportLocation]):
    service = pb2.DESCRIPTOR.services_by_name["ExportLocationMetadata"]
    message = ExportLocation
    noun = "ExportLocationMetadata"
    not_found = refusals.ExportLocationOfMetadataNotFound

    async def check_request(self, call: Call, request: Any) -> None:
        """The share of the path is looked for first."""
        share = await call.tx.get(Share, request.share_id)
        mine = share is not None and (call.caller.is_admin or share.project_id == call.caller.project_id)
        reads = call.operation is not None and call.operation.routes[0].verb == "GET"
        if share is None or not (mine or (reads and share.is_public)):
            raise refusals.ShareOfExportLocationNotFound(id=request.share_id)
