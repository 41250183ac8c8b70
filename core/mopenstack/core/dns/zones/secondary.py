"""Secondary zones follow their masters: the serial is asked for, and the zone transferred (RFC 5936), by dnspython.

A mock opens no connections to the outside unless it is told to: masters on other machines are left alone, see
`TRANSFERS`.
"""

from __future__ import annotations

import asyncio
import ipaddress
from functools import partial

from mopenstack.contract.calls import RequestContext
from mopenstack.core.dns.lifecycle import DELETE
from mopenstack.core.dns.recordsets.recordsets import RecordSets
from mopenstack.core.dns.zones import zone_file
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.options import Option
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.zones_pb2 import Zone

TRANSFERS = Option(
    "dns.transfers",
    "loopback",
    "From which masters secondary zones are transferred: those on this machine, any, or none.",
    ("loopback", "any", "none"),
)
SECONDS = 5.0
"""What a master has for the whole of its answer."""
RECORDS_MAX = 100_000
PORT = 53


@subscribes("transfer", "zone")
async def begin(call: Call, zone: Zone) -> None:
    """Ask the masters of a zone, beside the calls."""
    cloud, id = call.cloud, zone.id
    call.start(lambda background: transfer(background, cloud, id))


async def transfer(background: Background, cloud: Cloud, zone_id: str) -> None:
    """Ask the masters of a zone, the first that answers counts; beside the calls."""
    context = RequestContext(cloud=cloud.name)

    async def look(call: Call) -> Zone | None:
        return await call.tx.get(Zone, zone_id)

    zone = await background.transact(cloud, context, look)
    if zone is None or zone.type != Zone.SECONDARY:
        return
    for master in zone.masters:
        host, port = split(master)
        if not may_ask(cloud, host):
            continue
        serial = zone.serial if zone.HasField("transferred_at") else 0
        found = await asyncio.to_thread(fetch, zone.name, host, port, serial)
        if found is None:
            continue
        await background.transact(cloud, context, partial(_store, zone_id=zone_id, found=found))
        return


def split(master: str) -> tuple[str, int]:
    """Address and port. Source: designate.utils.split_host_port."""
    host, _, port = master.partition(":")
    return (host, int(port)) if port.isdecimal() and len(port) < 6 else (master, PORT)


def may_ask(cloud: Cloud, host: str) -> bool:
    """Whether a master is one that this cloud may open connections to."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    choice = cloud.option(TRANSFERS)
    return choice == "any" or (choice == "loopback" and address.is_loopback)


def fetch(name: str, host: str, port: int, serial: int) -> zone_file.ZoneFile | None:
    """The zone of a master if its serial is newer; None: it is not, or there is no answer. Not for the event loop."""
    import dns.exception
    import dns.message
    import dns.query
    import dns.rdatatype
    import dns.xfr
    import dns.zone

    try:
        answer = dns.query.tcp(dns.message.make_query(name, "SOA"), host, SECONDS, port)
        soa = next((rrset[0] for rrset in answer.answer if rrset.rdtype == dns.rdatatype.SOA), None)
        if soa is None or soa.serial <= serial:
            return None
        parsed = dns.zone.Zone(name, relativize=False)
        query, _ = dns.xfr.make_query(parsed)
        dns.query.inbound_xfr(host, parsed, query, port, SECONDS, SECONDS)
    except (OSError, EOFError, dns.exception.DNSException):
        return None
    if sum(len(rdataset) for node in parsed.nodes.values() for rdataset in node) > RECORDS_MAX:
        return None
    return zone_file.of_zone(parsed, keep_all=True)


async def _store(call: Call, zone_id: str, found: zone_file.ZoneFile) -> None:
    """The record sets of a secondary zone are those of its master."""
    kept = await call.tx.get(Zone, zone_id)
    if kept is None or kept.action == DELETE:
        return
    recordsets = call.service(RecordSets)
    for old in await call.tx.query(RecordSet, zone_id=zone_id):
        await call.tx.delete(RecordSet, old.id)
    for recordset in found.recordsets:
        await recordsets.store(call, kept, recordset)
    zone = await call.tx.edit(Zone, zone_id)
    zone.serial, zone.refresh, zone.retry = found.zone.serial, found.zone.refresh, found.zone.retry
    zone.expire, zone.minimum, zone.version = found.zone.expire, found.zone.minimum, zone.version + 1
    zone.records = sum(len(one.records) for one in found.recordsets)
    call.stamp(zone.transferred_at)
    call.stamp(zone.changed_at)
    await call.tx.put(zone)
