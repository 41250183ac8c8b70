"""Imports and exports of zone files (designate.central.service, designate.worker.tasks.zone)."""

from __future__ import annotations

import asyncio
from typing import Any

from mopenstack.contract.calls import ByteStream, RequestContext, Result
from mopenstack.contract.faults import Fault
from mopenstack.core.dns.base import SERVICE, DnsResource
from mopenstack.core.dns.lifecycle import EXPORTS
from mopenstack.core.dns.recordsets.recordsets import RecordSets
from mopenstack.core.dns.zones import zone_file
from mopenstack.core.dns.zones.zones import Zones, records_of
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.clouds import Cloud
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones import zone_files_pb2 as pb
from mopenstack.dns.v2.zones.zones_pb2 import COMPLETE, ERROR, PENDING

TEXT = "text/dns; charset=UTF-8"
_FILTERS = ("status", "message", "zone_id")


class ZoneImports(DnsResource[pb.ZoneImport]):
    service = pb.DESCRIPTOR.services_by_name["ZoneImports"]
    message = pb.ZoneImport
    not_found = refusals.ZoneImportNotFound
    filters = _FILTERS
    counted = True

    async def create_zone_import(self, call: Call, request: pb.CreateZoneImportRequest) -> Result:
        made = await self.insert(call, pb.ZoneImport(status=PENDING, version=1))
        cloud, caller, id = call.cloud, call.caller, made.id
        call.start(lambda background: _import(background, cloud, caller, id, request))
        return made


async def _import(
    background: Background, cloud: Cloud, caller: Caller, id: str, request: pb.CreateZoneImportRequest
) -> None:
    """Read the file in a thread, then make its zone in a transaction of its own, or say why there is none."""
    message, parsed = "", None
    try:
        parsed = await asyncio.to_thread(zone_file.read, request.zone_file)
    except zone_file.BadZoneFile as bad:
        message = str(bad)

    async def make(call: Call) -> None:
        assert parsed is not None
        if await call.tx.get(pb.ZoneImport, id) is None:
            return
        call.caller = caller
        parsed.zone.attributes.update(request.attributes)
        zone = await call.service(Zones).make(call, parsed.zone)
        call.target = zone
        for recordset in parsed.recordsets:
            await call.service(RecordSets).take(call, zone, recordset)
        await _note(call, COMPLETE, f"{zone.name} imported", zone.id)

    async def fail(call: Call) -> None:
        if await call.tx.get(pb.ZoneImport, id) is not None:
            await _note(call, ERROR, message)

    async def _note(call: Call, status: Any, text: str, zone_id: str = "") -> None:
        kept = await call.tx.edit(pb.ZoneImport, id)
        kept.status, kept.message, kept.version = status, text[:160], kept.version + 1
        if zone_id:
            kept.zone_id = zone_id
        call.stamp(kept.updated_at)
        await call.tx.put(kept)

    context = RequestContext(cloud=cloud.name)
    if parsed is not None:
        try:
            await background.transact(cloud, context, make)
            return
        except refusals.DuplicateZone:
            message = "Duplicate zone."
        except refusals.OverQuota:
            message = "Quota exceeded during zone import."
        except refusals.InvalidTtl as low:
            message = str(low)
        except Fault as refused:
            message = f"An undefined error occurred. {refused.text[:130]}"
    await background.transact(cloud, context, fail)


class ZoneExports(DnsResource[pb.ZoneExport]):
    service = pb.DESCRIPTOR.services_by_name["ZoneExports"]
    message = pb.ZoneExport
    lifecycle = EXPORTS
    not_found = refusals.ZoneExportNotFound
    filters = _FILTERS
    counted = True

    async def create_zone_export(self, call: Call, request: pb.CreateZoneExportRequest) -> Result:
        made = await self.insert(call, pb.ZoneExport(zone_id=call.target.id, status=PENDING, version=1))
        copy = await call.tx.edit(pb.ZoneExport, made.id)
        await EXPORTS.begin(call, copy, "export")
        copy = await call.tx.edit(pb.ZoneExport, made.id)
        copy.ClearField("updated_at")
        await call.tx.put(copy)
        return await call.tx.get(pb.ZoneExport, made.id) or made

    async def get_zone_file(self, call: Call, request: pb.GetZoneFileRequest) -> Result:
        export: pb.ZoneExport = call.target
        if not export.HasField("location"):
            raise refusals.NoZoneFile()
        zone = await call.service(Zones).fetch(call, export.zone_id)
        text = zone_file.write(zone, list(await records_of(call, zone.id))).encode()
        return ByteStream.of(text, TEXT)


@EXPORTS.on("export")
async def _export(call: Call, export: pb.ZoneExport) -> None:
    """A file, unless the zone has more record sets than the project may export."""
    limit = (await call.quota.limits(SERVICE, export.project_id))["api_export_size"]
    export.version += 1
    if 0 <= limit < await call.tx.count(RecordSet, zone_id=export.zone_id):
        export.status, export.message = ERROR, "Zone is too large to export"
        return
    export.file_path = f"v2/zones/tasks/exports/{export.id}/export"
    export.status, export.location = COMPLETE, f"designate://{export.file_path}"
