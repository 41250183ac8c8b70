"""Transfers of zones between projects (designate.central.service)."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from mopenstack.contract.calls import Page, Result
from mopenstack.core.dns.base import SERVICE, DnsResource, check_same, invalid, says
from mopenstack.core.engine.call import Call
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones import zone_transfers_pb2 as pb
from mopenstack.dns.v2.zones.zones_pb2 import ACTIVE, COMPLETE, DELETE, Zone

KEY_LENGTH = 8


class ZoneTransferRequests(DnsResource[pb.ZoneTransferRequest]):
    service = pb.DESCRIPTOR.services_by_name["ZoneTransferRequests"]
    message = pb.ZoneTransferRequest
    not_found = refusals.ZoneTransferRequestNotFound
    filters = ("status",)

    def audience(self, call: Call) -> str:
        """Key and projects are for the project that made the offer, and for administrators."""
        return "admin" if call.caller.is_admin or _is_own(call, call.target) else ""

    def visible(self, call: Call, obj: pb.ZoneTransferRequest) -> bool:
        """An offer to all can be shown by whoever has its id; lists have what `visible` declares."""
        listed = call.operation is not None and call.operation.method.startswith("List")
        shown = call.operation is not None and call.operation.method.startswith("Get")
        return super().visible(call, obj) or (shown and not listed)

    async def list(self, call: Call, request: Any) -> Result:
        page = await super().list(call, request)
        assert isinstance(page, Page)
        own = [item for item in page.items if _is_own(call, item)]
        call.target = own[0] if own else None
        if own and not call.caller.is_admin:
            page.items = [item if _is_own(call, item) else _public(item) for item in page.items]
        return page

    async def prepare(self, call: Call, obj: pb.ZoneTransferRequest, request: Any, given: set[str]) -> None:
        zone: Zone = call.target
        if zone.type == Zone.CATALOG:
            raise refusals.CatalogZoneForbidden()
        if zone.action == DELETE:
            raise refusals.ZoneToTransferBeingDeleted()
        if any(one.status == ACTIVE for one in await call.tx.query(pb.ZoneTransferRequest, zone_id=zone.id)):
            raise refusals.DuplicateZoneTransferRequest()
        obj.zone_id, obj.zone_name, obj.status = zone.id, zone.name, ACTIVE
        obj.key = base64.b32encode(uuid.UUID(call.ids.uuid()).bytes).decode()[:KEY_LENGTH]

    async def created(self, call: Call, obj: pb.ZoneTransferRequest, request: Any) -> None:
        call.target = obj

    async def change(self, call: Call, old: Any, new: Any, request: Any, given: set[str]) -> None:
        check_same(old, new, given, "target_project_id")

    async def get(self, call: Call, request: Any) -> Result:
        offer: pb.ZoneTransferRequest = call.target
        mine = offer.target_project_id in ("", call.caller.project_id)
        if not (call.caller.is_admin or _is_own(call, offer, "member") or mine):
            raise refusals.Forbidden()
        return await super().get(call, request)


class ZoneTransferAccepts(DnsResource[pb.ZoneTransferAccept]):
    service = pb.DESCRIPTOR.services_by_name["ZoneTransferAccepts"]
    message = pb.ZoneTransferAccept
    not_found = refusals.ZoneTransferAcceptNotFound
    filters = ("status",)
    counted = True

    async def prepare(self, call: Call, obj: pb.ZoneTransferAccept, request: Any, given: set[str]) -> None:
        try:
            uuid.UUID(obj.zone_transfer_request_id)
        except ValueError:
            raise invalid("badly formed hexadecimal UUID string") from None
        offer = await call.tx.get(pb.ZoneTransferRequest, obj.zone_transfer_request_id)
        if offer is None:
            raise refusals.ZoneTransferRequestNotFound()
        mine = offer.target_project_id in ("", call.caller.project_id)
        if not (call.caller.is_admin or _is_own(call, offer, "member") or mine):
            raise refusals.Forbidden()
        if offer.status != ACTIVE:
            used = "has been used" if offer.status == COMPLETE else "Invalid"
            raise refusals.InvalidZoneTransferRequest(f"Zone Transfer Request {used}")
        if offer.key != obj.key:
            raise refusals.InvalidKey()
        zone = await call.tx.get(Zone, offer.zone_id)
        if zone is None:
            raise refusals.ZoneNotFound(id=offer.zone_id)
        if zone.action == DELETE:
            raise refusals.ZoneToTransferBeingDeleted()
        await _give(call, zone, obj.project_id)
        done = await call.tx.edit(pb.ZoneTransferRequest, offer.id)
        done.status = COMPLETE
        call.stamp(done.updated_at)
        await call.tx.put(done)
        obj.zone_id, obj.status = zone.id, COMPLETE
        call.stamp(obj.updated_at)

    async def answer(self, call: Call, obj: pb.ZoneTransferAccept, request: Any) -> Result:
        if not isinstance(request, pb.CreateZoneTransferAcceptRequest):
            return obj
        shown = pb.ZoneTransferAccept()
        shown.CopyFrom(obj)
        shown.key = request.transfer_accept.key
        return pb.ZoneTransferAcceptResponse(transfer_accept=shown)

    async def created(self, call: Call, obj: pb.ZoneTransferAccept, request: Any) -> None:
        kept = await call.tx.edit(pb.ZoneTransferAccept, obj.id)
        kept.ClearField("key")
        await call.tx.put(kept)


async def _give(call: Call, zone: Zone, project_id: str) -> None:
    """The zone with its record sets is another project's."""
    if project_id != zone.project_id:
        await call.quota.take(SERVICE, project_id, {"zones": 1})
        await call.quota.give(SERVICE, zone.project_id, {"zones": 1})
    given = await call.tx.edit(Zone, zone.id)
    before, given.project_id = given.project_id, project_id
    given.version += 1
    call.stamp(given.changed_at)
    await call.tx.put(given)
    for one in await call.tx.query(RecordSet, zone_id=zone.id):
        if one.project_id == before:
            moved = await call.tx.edit(RecordSet, one.id)
            moved.project_id = project_id
            await call.tx.put(moved)


def _is_own(call: Call, offer: Any, role: str = "reader") -> bool:
    if not isinstance(offer, pb.ZoneTransferRequest):
        return False
    return says(call, "all_projects") or (offer.project_id == call.caller.project_id and role in call.caller.roles)


def _public(offer: Any) -> pb.ZoneTransferRequest:
    """What others than its project see of an offer, in a list that has offers of their own too."""
    shown = pb.ZoneTransferRequest()
    shown.CopyFrom(offer)
    for name in ("key", "project_id", "target_project_id", "created_at", "updated_at"):
        shown.ClearField(name)
    return shown
