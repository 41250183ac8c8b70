"""Names of floating IPs: PTR records below `in-addr.arpa.` (designate.central.service, designate.network_api)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from mopenstack.contract.calls import Page, Result
from mopenstack.core.dns import names
from mopenstack.core.dns.base import DnsServicer, everywhere
from mopenstack.core.dns.lifecycle import DELETE, NONE
from mopenstack.core.dns.recordsets.recordsets import RecordSets
from mopenstack.core.dns.zones.zones import HOSTMASTER, Zones
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.recordsets import floatingips_pb2 as pb
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.zones_pb2 import INACTIVE, Zone
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip

SERVICE_PROJECT = "00000000-0000-0000-0000-000000000000"
"""managed_resource_tenant_id: whose the zones below in-addr.arpa. are."""
_KEY = re.compile(r"([A-Za-z0-9._-]{1,100}):([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")


class FloatingIps(DnsServicer):
    service = pb.DESCRIPTOR.services_by_name["FloatingIps"]

    async def list_floating_ips(self, call: Call, request: pb.ListFloatingIpsRequest) -> Result:
        found = await call.tx.query(Floatingip, project_id=call.caller.project_id)
        ordered = sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.id))
        return Page([await _shown(call, one) for one in ordered])

    async def get_floating_ip(self, call: Call, request: pb.GetFloatingIpRequest) -> Result:
        return await _shown(call, await _named(call, request.fip_key))

    async def set_floating_ip(self, call: Call, request: pb.SetFloatingIpRequest) -> Result:
        body = request.floatingip
        if body.HasField("ptrdname"):
            names.check_domain(body.ptrdname)
            address = await _named(call, request.fip_key)
            await _write(call, address, body)
            return await _shown(call, address)
        region, id = _split(call, request.fip_key)
        if "ptrdname" in request.mask.paths:
            kept = await _records(call, id)
            if not kept:
                raise refusals.NoSuchFloatingIp(region=region, id=id)
            for one in kept:
                await _forget(call, one)
        return pb.FloatingIpResponse()


def reverse_zone(address: str) -> str:
    """The zone of an address's name. Source: designate.network_api.base.NetworkAPI.address_zone."""
    return ".".join(reversed(address.split(".")[:-1])) + ".in-addr.arpa."


def reverse_name(address: str) -> str:
    """The name of an address below `in-addr.arpa.` or `ip6.arpa.`."""
    return ipaddress.ip_address(address).reverse_pointer + "."


def _split(call: Call, key: str) -> tuple[str, str]:
    found = _KEY.fullmatch(key)
    if found is None:
        raise refusals.BadFloatingIp(key=key)
    if found[1] != call.cloud.region_name:
        raise refusals.NoEndpoint()
    return found[1], found[2]


async def _named(call: Call, key: str) -> Floatingip:
    """The floating IP of the project that a path names."""
    region, id = _split(call, key)
    found = await call.tx.get(Floatingip, id)
    if found is None or found.project_id != call.caller.project_id:
        raise refusals.FloatingIpNotFound(id=id, region=region, project_id=call.caller.project_id)
    return found


async def _records(call: Call, id: str) -> Sequence[RecordSet]:
    """The PTR records of a floating IP that are not being deleted."""
    found = await call.tx.query(RecordSet, floatingip_id=id)
    return [one for one in found if one.action != DELETE and one.floatingip_project_id == call.caller.project_id]


async def _shown(call: Call, address: Floatingip) -> pb.FloatingIp:
    shown = pb.FloatingIp(
        id=f"{call.cloud.region_name}:{address.id}",
        address=address.floating_ip_address,
        action=NONE,
        status=INACTIVE,
    )
    for one in await _records(call, address.id):
        shown.ptrdname, shown.action, shown.status = one.records[0], one.action, one.status
        if one.HasField("floatingip_description"):
            shown.description = one.floatingip_description
        zone = await call.tx.get(Zone, one.zone_id)
        shown.ttl = one.ttl if one.HasField("ttl") or zone is None else zone.ttl
    return shown


async def _write(call: Call, address: Floatingip, body: pb.FloatingIp) -> None:
    """Create or change the PTR record, in a zone of the service's own."""
    inner = call.elevated(everywhere(call.caller))
    zones, recordsets = call.service(Zones), call.service(RecordSets)
    zone_name = reverse_zone(address.floating_ip_address)
    zone = await zones.by_name(call, zone_name)
    if zone is None:
        fresh = Zone(name=zone_name, email=HOSTMASTER, type=Zone.PRIMARY, project_id=SERVICE_PROJECT)
        zone = await zones.make(inner, fresh)
    inner.target = zone
    name = reverse_name(address.floating_ip_address)
    kept = [one for one in await call.tx.query(RecordSet, key=name) if one.zone_id == zone.id and one.type == "PTR"]
    old = kept[0] if kept else None
    record = RecordSet(name=name, type="PTR") if old is None else await call.tx.edit(RecordSet, old.id)
    del record.records[:]
    record.records.append(body.ptrdname)
    for field in ("ttl", "description"):
        target = "floatingip_description" if field == "description" else field
        record.ClearField(target)
        if body.HasField(field):
            setattr(record, target, getattr(body, field))
    record.managed, record.floatingip_id, record.floatingip_region = True, address.id, call.cloud.region_name
    record.floatingip_project_id = call.caller.project_id
    record.floatingip_address = address.floating_ip_address
    if old is None:
        await recordsets.insert(inner, record, None, {"records"})
    else:
        await recordsets.modify(inner, old, record, None, {"records"})


async def _forget(call: Call, recordset: RecordSet) -> None:
    await call.service(RecordSets).drop(call.elevated(everywhere(call.caller)), recordset)


@subscribes("before_delete", "floatingip")
async def forget_name(call: Call, address: Floatingip) -> None:
    """A floating IP that is gone has no name."""
    for one in await call.tx.query(RecordSet, floatingip_id=address.id):
        if one.action != DELETE:
            await _forget(call, one)
