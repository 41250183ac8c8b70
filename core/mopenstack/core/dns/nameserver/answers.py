"""What a name server says to a question: authoritative answers out of the zones of a cloud (RFC 1034, 4.3.2).

The store is asked by index, for a handful of names a question; dnspython reads and writes the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mopenstack.core.dns import names
from mopenstack.core.dns.zones import abandoned
from mopenstack.core.dns.zones.zones import is_served, records_of
from mopenstack.core.engine.call import Call
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.abandoned_zones_pb2 import AbandonedZone
from mopenstack.dns.v2.zones.zones_pb2 import DELETE, Zone

CHAIN_MAX = 8
"""How many CNAMEs of a zone an answer follows."""
_META = frozenset({dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.MAILA, dns.rdatatype.MAILB})


@dataclass(frozen=True, slots=True)
class Found:
    """The zone of a name, and its record sets at some names; `left` is one that was abandoned, with what it had."""

    zone: Zone
    call: Call
    left: AbandonedZone | None = None

    async def at(self, name: str) -> list[RecordSet]:
        """The record sets of a name, in lower case."""
        if self.left is not None:
            return self._served(one for one in self.left.recordsets if one.key == name)
        return self._served(await self.call.tx.query(RecordSet, key=name))

    async def below(self, name: str) -> list[RecordSet]:
        """The record sets of all names below one, in lower case."""
        if self.left is not None:
            return self._served(one for one in self.left.recordsets if name in one.above)
        return self._served(await self.call.tx.query(RecordSet, above=name))

    async def all(self) -> Sequence[RecordSet]:
        """Every record set, the SOA first."""
        return list(self.left.recordsets) if self.left is not None else await records_of(self.call, self.zone.id)

    def _served(self, found: Iterable[RecordSet]) -> list[RecordSet]:
        return [one for one in found if one.zone_id == self.zone.id and one.records and one.action != DELETE]


async def zone_of(call: Call, name: str) -> Found | None:
    """The served zone with the longest name that a name is below: one that its name servers have."""
    lower = name.lower()
    for candidate in (lower, *names.above(lower)):
        if found := await zone_at(call, candidate):
            return found
    return None


async def zone_at(call: Call, key: str) -> Found | None:
    """The served zone of this name, in lower case."""
    for zone in await call.tx.query(Zone, key=key):
        if is_served(zone):
            return Found(zone, call)
    left = await abandoned.served(call, key)
    return Found(left.zone, call, left) if left is not None else None


async def answer(call: Call, query: dns.message.Message) -> dns.message.Message:
    """The answer to a query with one question."""
    response = dns.message.make_response(query)
    response.flags &= ~dns.flags.RA
    question = query.question[0]
    if question.rdclass not in (dns.rdataclass.IN, dns.rdataclass.ANY) or question.rdtype in _META:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    name = question.name.to_text()
    found = await zone_of(call, name)
    if found is None:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    response.flags |= dns.flags.AA
    await _Answering(found, response).fill(name, question.rdtype)
    return response


class _Answering:
    """One answer that is being put together."""

    def __init__(self, found: Found, response: dns.message.Message) -> None:
        self._found, self._response = found, response

    async def fill(self, name: str, kind: dns.rdatatype.RdataType) -> None:
        owner = name
        for _ in range(CHAIN_MAX):
            if await self._delegated(owner):
                return
            sets = await self._at(owner)
            if not sets:
                await self._nothing(owner)
                return
            wanted = [one for one in sets if kind == dns.rdatatype.ANY or one.type == dns.rdatatype.to_text(kind)]
            if wanted:
                for one in wanted:
                    self._add(self._response.answer, one, owner)
                await self._addresses(wanted)
                return
            alias = next((one for one in sets if one.type == "CNAME"), None)
            if alias is None:
                await self._soa()
                return
            self._add(self._response.answer, alias, owner)
            owner = alias.records[0]
            if not names.is_below(owner.lower(), self._found.zone.key):
                return

    async def _at(self, owner: str) -> list[RecordSet]:
        """The record sets of a name, or those of the wildcard that stands for it."""
        lower = owner.lower()
        sets = await self._found.at(lower)
        if sets or lower == self._found.zone.key or await self._exists(lower):
            return sets
        for above in names.above(lower):
            if not names.is_below(above, self._found.zone.key):
                break
            wild = await self._found.at(f"*.{above}")
            if wild:
                return wild
            if await self._exists(above) or await self._found.at(above):
                break
        return []

    async def _exists(self, lower: str) -> bool:
        """Whether there are names below a name that has no records itself: it is empty then, not unknown."""
        return bool(await self._found.below(lower))

    async def _delegated(self, owner: str) -> bool:
        """Whether a name is below one that other name servers have: they are named, with addresses of the zone."""
        lower, zone = owner.lower(), self._found.zone
        for above in reversed((lower, *names.above(lower))):
            if above == zone.key or not names.is_below(above, zone.key):
                continue
            cut = next((one for one in await self._found.at(above) if one.type == "NS"), None)
            if cut is not None:
                self._response.flags &= ~dns.flags.AA
                self._add(self._response.authority, cut, cut.name)
                await self._addresses([cut])
                return True
        return False

    async def _addresses(self, sets: Sequence[RecordSet]) -> None:
        """The addresses, in the zone, of the servers that records name."""
        targets = {record.split(" ")[-1] for one in sets if one.type in ("NS", "MX", "SRV") for record in one.records}
        for target in sorted(targets):
            if names.is_below(target.lower(), self._found.zone.key):
                for one in await self._found.at(target.lower()):
                    if one.type in ("A", "AAAA"):
                        self._add(self._response.additional, one, target)

    async def _nothing(self, owner: str) -> None:
        """No such name, or nothing of this type at a name that is there."""
        if owner.lower() != self._found.zone.key and not await self._exists(owner.lower()):
            self._response.set_rcode(dns.rcode.NXDOMAIN)
        await self._soa()

    async def _soa(self) -> None:
        for one in await self._found.at(self._found.zone.key):
            if one.type == "SOA":
                self._add(self._response.authority, one, one.name)

    def _add(self, section: list[dns.rrset.RRset], recordset: RecordSet, owner: str) -> None:
        rrset = rrset_of(self._found.zone, recordset, owner)
        if rrset:
            section.append(rrset)


def rrset_of(zone: Zone, recordset: RecordSet, owner: str = "") -> dns.rrset.RRset:
    """A record set as dnspython has it; records that are none of the type are left out.

    Designate takes some such: `DPKIX 1 RSASHA256 !!` of a CERT.
    """
    ttl = recordset.ttl if recordset.HasField("ttl") else zone.ttl
    kind = dns.rdatatype.from_text(recordset.type)
    rrset = dns.rrset.RRset(dns.name.from_text(owner or recordset.name), dns.rdataclass.IN, kind)
    rrset.update_ttl(ttl)
    for record in recordset.records:
        try:
            rrset.add(_rdata(kind, record), ttl)
        except (dns.exception.DNSException, ValueError, UnicodeError):
            continue
    return rrset


def _rdata(kind: Any, text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(dns.rdataclass.IN, kind, text, relativize=False)


def transfer(zone: Zone, recordsets: Sequence[RecordSet]) -> Iterator[dns.rrset.RRset]:
    """The record sets of a zone in the order of a transfer: SOA, all others, SOA again (RFC 5936)."""
    served = [one for one in recordsets if one.records and one.action != DELETE]
    soa = next((rrset_of(zone, one) for one in served if one.type == "SOA"), None)
    if soa is None:
        return
    yield soa
    for one in served:
        if one.type != "SOA" and (rrset := rrset_of(zone, one)):
            yield rrset
    yield soa
