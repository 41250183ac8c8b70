"""The zones as they are served: by dnspython's own client, over UDP and TCP, with transfers and notifications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import dns.asyncquery
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.zone
import pytest
import pytest_asyncio

from mopenstack.cli.serve import Serving, Settings, serving
from tests.conftest import Cloud, User
from tests.dns.test_zones import made

SECONDS = 10.0
RECORDS: list[tuple[str, str, list[str]]] = [
    ("www.example.org.", "A", ["192.0.2.1", "192.0.2.2"]),
    ("alias.example.org.", "CNAME", ["www.example.org."]),
    ("sub.example.org.", "NS", ["ns.sub.example.org."]),
    ("ns.sub.example.org.", "A", ["192.0.2.9"]),
    ("*.wild.example.org.", "TXT", ['"hello world"']),
    ("x.empty.example.org.", "MX", ["10 www.example.org."]),
    ("bad.example.org.", "CERT", ["DPKIX 1 RSASHA256 !!"]),
]


@pytest_asyncio.fixture
async def served() -> AsyncIterator[tuple[Serving, User]]:
    """A cloud with a name server, and demo in it with a zone."""
    async with serving(Settings(port=0, dns_port=0)) as running, aiohttp.ClientSession() as session:
        user = await Cloud("default", running, session).user("admin")
        zone = await made(user)
        for name, type, records in RECORDS:
            body = {"name": name, "type": type, "records": records}
            (await user.post("dns", f"/v2/zones/{zone['id']}/recordsets", body)).ok(202)
        (await user.get("dns", "/v2/zones")).ok()
        yield running, user


def _place(running: Serving) -> tuple[str, int]:
    host, _, port = running.dns.rpartition(":")
    return host, int(port)


async def ask(running: Serving, name: str, type: str, tcp: bool = False) -> dns.message.Message:
    host, port = _place(running)
    query = dns.message.make_query(name, type)
    way = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await way(query, host, SECONDS, port)


def texts(section: list[Any]) -> list[str]:
    return sorted(line for rrset in section for line in rrset.to_text().splitlines())


@pytest.mark.parametrize("tcp", [False, True])
async def test_questions_are_answered_with_authority(served: tuple[Serving, User], tcp: bool) -> None:
    running, _ = served
    answer = await ask(running, "WWW.example.org", "A", tcp)
    assert answer.flags & dns.flags.AA
    assert texts(answer.answer) == [f"WWW.example.org. 3600 IN A 192.0.2.{n}" for n in (1, 2)]
    chain = await ask(running, "alias.example.org", "A", tcp)
    assert [rrset.rdtype.name for rrset in chain.answer] == ["CNAME", "A"]
    below = await ask(running, "host.sub.example.org", "A", tcp)
    assert not below.flags & dns.flags.AA
    assert texts(below.authority) == ["sub.example.org. 3600 IN NS ns.sub.example.org."]
    assert texts(below.additional) == ["ns.sub.example.org. 3600 IN A 192.0.2.9"]
    wild = await ask(running, "any.wild.example.org", "TXT", tcp)
    assert texts(wild.answer) == ['any.wild.example.org. 3600 IN TXT "hello world"']


@pytest.mark.parametrize(
    ("name", "type", "code"),
    [
        ("none.example.org", "A", dns.rcode.NXDOMAIN),
        ("empty.example.org", "A", dns.rcode.NOERROR),
        ("www.example.org", "AAAA", dns.rcode.NOERROR),
        ("bad.example.org", "CERT", dns.rcode.NOERROR),
        ("other.net", "A", dns.rcode.REFUSED),
    ],
)
async def test_what_is_not_there(served: tuple[Serving, User], name: str, type: str, code: dns.rcode.Rcode) -> None:
    answer = await ask(served[0], name, type)
    assert (answer.rcode(), answer.answer) == (code, [])
    if code != dns.rcode.REFUSED and type != "CERT":
        assert [rrset.rdtype.name for rrset in answer.authority] == ["SOA"]


def fetched(running: Serving, **options: Any) -> dns.zone.Zone:
    host, port = _place(running)
    messages = dns.query.xfr(host, "example.org", port=port, relativize=False, lifetime=SECONDS, **options)
    return dns.zone.from_xfr(messages, relativize=False)


async def test_a_transfer_equals_the_export(served: tuple[Serving, User]) -> None:
    running, user = served
    zone = await asyncio.to_thread(fetched, running)
    (found,) = (await user.get("dns", "/v2/zones")).ok()["zones"]
    export = (await user.post("dns", f"/v2/zones/{found['id']}/tasks/export")).ok(202)
    file = await user.get("dns", f"/v2/zones/tasks/exports/{export['id']}/export", headers={"Accept": "text/dns"})
    lines = [line for line in file.content.decode().splitlines() if "!!" not in line]
    assert zone == dns.zone.from_text("\n".join(lines), relativize=False, check_origin=False)


async def test_signatures_are_checked(served: tuple[Serving, User]) -> None:
    running, user = served
    pool = (await user.get("dns", "/v2/pools")).ok()["pools"][0]["id"]
    key = {"name": "k1", "algorithm": "hmac-sha256", "secret": "c2VjcmV0", "scope": "POOL", "resource_id": pool}
    (await user.post("dns", "/v2/tsigkeys", key)).ok(201)
    ring = dns.tsigkeyring.from_text({"k1": "c2VjcmV0"})
    options = {"keyname": "k1", "keyalgorithm": dns.tsig.HMAC_SHA256}
    assert len((await asyncio.to_thread(fetched, running, keyring=ring, **options)).nodes) > 3
    wrong = dns.tsigkeyring.from_text({"k1": "d3Jvbmc="})
    with pytest.raises(dns.exception.DNSException):
        await asyncio.to_thread(fetched, running, keyring=wrong, **options)


async def test_a_secondary_zone_follows_its_master(served: tuple[Serving, User]) -> None:
    """Two clouds: the zone of one is transferred to the other, and again once the master says that it has changed."""
    master, user = served
    async with serving(Settings(port=0, dns_port=0)) as other, aiohttp.ClientSession() as session:
        second = await Cloud("default", other, session).user("admin")
        body = {"name": "example.org.", "type": "SECONDARY", "masters": [master.dns]}
        zone = (await second.post("dns", "/v2/zones", body)).ok(202)
        await until(other, "www.example.org", [f"www.example.org. 3600 IN A 192.0.2.{n}" for n in (1, 2)])
        assert (await second.get("dns", f"/v2/zones/{zone['id']}")).ok()["transferred_at"]
        path = "/v2/zones/" + (await user.get("dns", "/v2/zones")).ok()["zones"][0]["id"] + "/recordsets"
        (await user.post("dns", path, {"name": "new.example.org.", "type": "A", "records": ["192.0.2.7"]})).ok(202)
        (await user.get("dns", path)).ok()
        notice = dns.message.make_query("example.org", "SOA")
        notice.set_opcode(dns.opcode.NOTIFY)
        host, port = _place(other)
        assert (await dns.asyncquery.udp(notice, host, SECONDS, port)).rcode() == dns.rcode.NOERROR
        await until(other, "new.example.org", ["new.example.org. 3600 IN A 192.0.2.7"])


async def until(running: Serving, name: str, wanted: list[str]) -> None:
    for _ in range(3000):
        found = sorted(texts((await ask(running, name, "A")).answer))
        if found == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{name} is {found}, not {wanted}")


async def test_what_is_no_question_is_dropped(served: tuple[Serving, User]) -> None:
    running, _ = served
    host, port = _place(running)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, port))
    for wire in (b"", b"x", b"\0" * 12, b"\xff" * 600, b"\0" * 5000):
        transport.sendto(wire)
    transport.close()
    assert (await ask(running, "www.example.org", "A")).answer


async def test_an_abandoned_zone_stays_with_its_name_servers(served: tuple[Serving, User]) -> None:
    """Designate forgets it at once; they are secondaries, and keep it until it expires or is made anew."""
    running, admin = served
    (zone,) = (await admin.get("dns", "/v2/zones")).ok()["zones"]
    before = await ask(running, "www.example.org", "A")
    (await admin.post("dns", f"/v2/zones/{zone['id']}/tasks/abandon")).ok(204)
    assert (await admin.get("dns", "/v2/zones")).ok()["zones"] == []
    assert (await admin.get("dns", "/v2/recordsets")).ok()["recordsets"] == []
    assert texts((await ask(running, "www.example.org", "A")).answer) == texts(before.answer) != []
    wild = await ask(running, "any.wild.example.org", "TXT")
    assert texts(wild.answer) == ['any.wild.example.org. 3600 IN TXT "hello world"']
    assert (await ask(running, "none.example.org", "A")).rcode() == dns.rcode.NXDOMAIN
    host, port = _place(running)
    transferred = await asyncio.to_thread(lambda: dns.zone.from_xfr(dns.query.xfr(host, "example.org.", port=port)))
    assert "www" in {name.to_text() for name in transferred.nodes}

    again = await made(admin)
    (await admin.get("dns", "/v2/zones")).ok()
    assert (await ask(running, "www.example.org", "A")).rcode() == dns.rcode.NXDOMAIN
    (await admin.post("dns", f"/v2/zones/{again['id']}/tasks/abandon")).ok(204)
    moved = {"seconds": 86400.0}
    (await admin.post("_mopenstack", "/clouds/default/clock/advance", moved)).ok()
    assert (await ask(running, "example.org", "SOA")).rcode() == dns.rcode.REFUSED
