"""Shares of zones (designate.api.v2.controllers.zones.sharedzones)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.dns.base import DnsResource, invalid, says
from mopenstack.core.dns.projects import check_project
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import Taken
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones import zone_shares_pb2 as pb
from mopenstack.dns.v2.zones.zones_pb2 import Zone


class ZoneShares(DnsResource[pb.ZoneShare]):
    service = pb.DESCRIPTOR.services_by_name["ZoneShares"]
    message = pb.ZoneShare
    not_found = refusals.SharedZoneNotFound
    filters = ("target_project_id",)
    sort_keys = ("created_at", "updated_at")

    async def check_request(self, call: Call, request: Any) -> None:
        """A share is one of the zone that the path names."""
        if isinstance(request, pb.GetZoneShareRequest | pb.DeleteZoneShareRequest):
            found = await call.tx.get(pb.ZoneShare, request.zone_share_id)
            if found is None or found.zone_id != request.zone_id:
                raise refusals.SharedZoneNotFound()

    async def list_zone_shares(self, call: Call, request: pb.ListZoneSharesRequest) -> Result:
        target = next((item.values[-1] for item in request.query.filters if item.key == "target_project_id"), "")
        mine = target in ("", call.caller.project_id)
        if not call.caller.is_admin and not says(call, "all_projects") and not mine:
            raise refusals.Forbidden()
        call.target = request.zone_id
        return await self.list(call, request)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.ZoneShare]:
        return await call.tx.query(pb.ZoneShare, zone_id=str(call.target))

    async def prepare(self, call: Call, obj: pb.ZoneShare, request: Any, given: set[str]) -> None:
        zone: Zone = call.target
        if zone.type == Zone.CATALOG:
            raise refusals.CatalogZoneForbidden()
        if not obj.target_project_id:
            raise invalid("Field `target_project_id' cannot be None")
        await check_project(call, obj.target_project_id)
        if zone.project_id == obj.target_project_id:
            raise refusals.SharedWithOwner()
        obj.zone_id = zone.id
        try:
            await call.tx.claim(f"zone_share/{zone.id}", f"{obj.project_id} {obj.target_project_id}", obj)
        except Taken:
            raise refusals.DuplicateSharedZone() from None

    async def created(self, call: Call, obj: pb.ZoneShare, request: Any) -> None:
        await _note_shares(call, obj.zone_id)

    async def delete_zone_share(self, call: Call, request: pb.DeleteZoneShareRequest) -> Result:
        return await self.delete(call, request)

    async def remove(self, call: Call, obj: pb.ZoneShare) -> None:
        other = obj.target_project_id
        if any(zone.project_id == other for zone in await call.tx.query(Zone, parent_zone_id=obj.zone_id)):
            raise refusals.SharedZoneHasSubZone(project_id=other)
        if any(one.project_id == other for one in await call.tx.query(RecordSet, zone_id=obj.zone_id)):
            raise refusals.SharedZoneHasRecordsets(project_id=other)
        await _note_shares(call, obj.zone_id, without=obj.id)


async def _note_shares(call: Call, zone_id: str, without: str = "") -> None:
    """A zone knows with whom it is shared."""
    shares = await call.tx.query(pb.ZoneShare, zone_id=zone_id)
    zone = await call.tx.edit(Zone, zone_id)
    del zone.shared_with[:]
    zone.shared_with.extend(sorted({share.target_project_id for share in shares if share.id != without}))
    zone.shared = bool(zone.shared_with)
    await call.tx.put(zone)
