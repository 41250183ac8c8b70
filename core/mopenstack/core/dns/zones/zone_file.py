"""Zone files (RFC 1035, 5), by dnspython: read without keeping the event loop, written as Designate's template does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.zones_pb2 import Zone

NO_ORIGIN = "The $ORIGIN statement is required and must be the first statement in the zonefile."
MALFORMED = "Malformed zonefile."
NO_SOA = "An SOA record is required."


class BadZoneFile(Exception):
    """A file that makes no zone; the text is what the import says."""


@dataclass(slots=True)
class ZoneFile:
    """What a file says of its zone, and its record sets without SOA and NS of the zone itself."""

    zone: Zone
    recordsets: list[RecordSet] = field(default_factory=list)


def read(text: str) -> ZoneFile:
    """Parse a zone file; raises BadZoneFile. Takes a while: not for the event loop."""
    import dns.exception
    import dns.zone

    try:
        parsed = dns.zone.from_text(text, relativize=False, check_origin=False)
    except dns.zone.UnknownOrigin:
        raise BadZoneFile(NO_ORIGIN) from None
    except dns.exception.SyntaxError:
        raise BadZoneFile(MALFORMED) from None
    except Exception as wrong:
        raise BadZoneFile(f"An undefined error occurred. {str(wrong)[:130]}") from None
    soa = parsed.get_rdataset(parsed.origin, "SOA") if parsed.origin is not None else None
    if soa is None:
        raise BadZoneFile(NO_SOA)
    return of_zone(parsed)


def of_zone(parsed: Any, *, keep_all: bool = False) -> ZoneFile:
    """A zone of dnspython with an SOA record; `keep_all`: with the record sets SOA and NS of the zone itself."""
    import dns.rdatatype

    soa = parsed.get_rdataset(parsed.origin, "SOA")
    name = parsed.origin.to_text()
    zone = Zone(name=name, email=_mailbox(soa[0].rname.to_text(omit_final_dot=True)), ttl=soa.ttl)
    zone.serial, zone.refresh, zone.retry = soa[0].serial, soa[0].refresh, soa[0].retry
    zone.expire, zone.minimum = soa[0].expire, soa[0].minimum
    zone.type = Zone.PRIMARY
    found = ZoneFile(zone)
    for owner, node in parsed.nodes.items():
        for rdataset in node:
            kind = dns.rdatatype.to_text(rdataset.rdtype)
            if not keep_all and (kind == "SOA" or (kind == "NS" and owner.to_text() == name)):
                continue
            made = RecordSet(name=owner.to_text(), type=kind, records=[rdata.to_text() for rdata in rdataset])
            if rdataset.ttl:
                made.ttl = rdataset.ttl
            found.recordsets.append(made)
    return found


def write(zone: Zone, recordsets: list[RecordSet]) -> str:
    """A zone with its record sets, one record a line."""
    lines = [
        f"{one.name} {one.ttl if one.HasField('ttl') else ''} IN {one.type} {record}"
        for one in recordsets
        for record in one.records
    ]
    return "\n".join((f"$ORIGIN {zone.name}", f"$TTL {zone.ttl}", "", *lines, "", "", ""))


def _mailbox(text: str) -> str:
    """An SOA record's mailbox as an e-mail address: the first dot that is not escaped is the @."""
    mailbox, parts = "", text.split(".")
    for place, part in enumerate(parts):
        if not part.endswith("\\"):
            domain = ".".join(parts[place + 1 :])
            return f"{mailbox}{part}@{domain}" if domain else mailbox + part
        mailbox += part[:-1] + "."
    return mailbox
