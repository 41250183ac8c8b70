"""Record sets over HTTP: every type, places, names of floating IPs and ports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.dns.test_zones import made

GOOD = {
    "A": ["192.0.2.1"],
    "AAAA": ["2001:db8::1"],
    "CAA": ["0 issue ca.example.net", "0 iodef mailto:a@b.org"],
    "CERT": ["DPKIX 1 RSASHA256 KR1L0GbocaIOOim1+qdHtOSrDcOsGiI2NCcxuX2/Tqc="],
    "CNAME": ["www.example.org."],
    "HTTPS": ["1 . alpn=h2", "1 svc.example.org. port=443 ipv4hint=192.0.2.1"],
    "MX": ["10 mail.example.org.", "0 ."],
    "NAPTR": ['0 0 S SIP+D2U "" _sip._udp.example.org.', "0 0 U E2U+sip !^.*$!sip:a@b.org! example.org."],
    "NS": ["ns.example.org."],
    "PTR": ["www.example.org."],
    "SPF": ['"v=spf1 -all"'],
    "SRV": ["0 5 5060 sip.example.org."],
    "SSHFP": ["1 1 aa4fb1e2c3d4e5f60718293a4b5c6d7e8f901234"],
    "SVCB": ["1 svc.example.org. alpn=h2,h3"],
    "TLSA": [f"3 1 1 {'ab' * 32}"],
    "TXT": ['"hello world"', "plain"],
}
BAD = {
    "A": ["1.2.3", "1.2.3.256", "::1", " 1.2.3.4", ""],
    "AAAA": ["1.2.3.4", "2001:db8:::1"],
    "CAA": ["0 zz ca", "a issue ca", "0 iodef zz", "2 issue ca.org"],
    "CERT": ["ZZ 1 RSASHA256 aa", "DPKIX a RSASHA256 aa", "DPKIX 1 ZZ aa"],
    "CNAME": ["x.org", "1.2.3.4", "-x.org.", "x..org.", " "],
    "HTTPS": ["x svc.example.org.", "1 svc.example.org. foo=1", "1 svc.example.org. alpn=x"],
    "MX": ["mail.x.org.", "10 mail", "65536 mail.x.org.", "-1 mail.x.org."],
    "NAPTR": ['0 0 Z SIP+D2U "" x.org.', 'a 0 S SIP "" x.'],
    "NS": ["ns", "1.2.3.4", ""],
    "PTR": ["x", "1.2.3.4"],
    "SPF": ["a b"],
    "SRV": ["0 5 5060", "a b c d.", "0 5 70000 sip.x.org.", "0 5 5060 sip"],
    "SSHFP": ["1 1 zz", "a b c", "1 9 aa", "5 1 aa4fb1e2c3d4e5f60718293a4b5c6d7e8f901234"],
    "SVCB": ["1 svc.example.org. no-default-alpn"],
    "TLSA": ["3 1 1 abcd", "3 1", "x 1 0 ab"],
    "TXT": ["a b", '"a" "b"', "\\"],
}
NAMES = {"SRV": "_sip._tcp.example.org.", "TLSA": "_443._tcp.example.org."}


def named(type: str) -> str:
    return NAMES.get(type, f"{type.lower()}-set.example.org.")


@pytest.mark.parametrize("type", GOOD)
async def test_every_type_has_its_records(demo: User, type: str) -> None:
    path = f"/v2/zones/{(await made(demo))['id']}/recordsets"
    records = [record for record in GOOD[type] if record != "1 . alpn=h2"]
    made_so = (await demo.post("dns", path, {"name": named(type), "type": type, "records": records})).ok(202)
    shown = (await demo.get("dns", f"{path}/{made_so['id']}")).ok()
    assert (shown["records"], shown["status"]) == (records, "ACTIVE")
    for record in BAD[type]:
        body = {"name": named(type).replace("set", "bad"), "type": type, "records": [record]}
        refused = (await demo.post("dns", path, body)).refused(400)
        assert refused["errors"]["errors"][0]["validator_value"] == [type]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"name": "a.other.org.", "type": "A"}, 400, "RecordSet is not contained within it's parent zone"),
        ({"name": "example.org.", "type": "CNAME", "records": ["x.org."]}, 400, "may not be created at the zone apex"),
        ({"name": "www.example.org.", "type": "CNAME", "records": ["x.org."]}, 400, "may not share a name with any"),
        ({"name": "www.example.org.", "type": "A", "records": ["192.0.2.2"]}, 409, "Duplicate RecordSet"),
        ({"name": "a.sub.example.org.", "type": "A"}, 400, "RecordSet belongs in a child zone: sub.example.org."),
        ({"name": "c.example.org.", "type": "CNAME", "records": ["a.", "b."]}, 400, "may not have more than 1 record"),
        ({"name": "c.example.org.", "type": "ZZ", "records": []}, 400, "'ZZ' is not a valid record type"),
        ({"name": "c.example.org.", "records": []}, 400, "'None' is not a valid record type"),
        ({"name": "a.*.example.org.", "type": "A"}, 400, "Host name a.*.example.org. is invalid"),
        ({"name": "c.example.org", "type": "A"}, 400, "does not end with a dot"),
        ({"name": "c.example.org.", "type": "A", "records": "192.0.2.1"}, 400, "is not a valid list of records"),
        ({"name": "c.example.org.", "type": "SRV", "records": []}, 400, "name is invalid"),
        ({"name": "c.example.org.", "type": "TLSA", "records": []}, 400, "must follow the format _port._protocol"),
        ({"name": "c.example.org.", "type": "SOA", "records": []}, 400, "Creating a SOA recordset is not allowed"),
        ({"type": "A", "records": ["192.0.2.1"]}, 400, "invalid_object"),
    ],
)
async def test_wrong_record_sets_are_refused(demo: User, body: dict[str, Any], status: int, text: str) -> None:
    path = f"/v2/zones/{(await made(demo))['id']}/recordsets"
    await made(demo, "sub.example.org.")
    www = {"name": "www.example.org.", "type": "A", "records": ["192.0.2.1"]}
    (await demo.post("dns", path, www)).ok(202)
    (await demo.post("dns", path, {"records": ["192.0.2.1"], **body})).refused(status, text)


async def test_a_change_gives_the_zone_a_new_serial(demo: User) -> None:
    zone = await made(demo)
    path = f"/v2/zones/{zone['id']}/recordsets"
    body = {"name": "www.example.org.", "type": "A", "records": ["192.0.2.1"]}
    record = (await demo.post("dns", path, body)).ok(202)
    serials = [zone["serial"], (await demo.get("dns", f"/v2/zones/{zone['id']}")).ok()["serial"]]
    changed = (await demo.put("dns", f"{path}/{record['id']}", {"records": ["192.0.2.2"], "ttl": 5})).ok(202)
    assert (changed["action"], changed["version"], changed["ttl"]) == ("UPDATE", 2, 5)
    serials.append((await demo.get("dns", f"/v2/zones/{zone['id']}")).ok()["serial"])
    (await demo.put("dns", f"{path}/{record['id']}", {"name": "x.example.org."})).refused(400, "Keys ['name']")
    assert (await demo.put("dns", f"{path}/{record['id']}", {"records": []})).ok(200)["status"] == "ACTIVE"
    (await demo.delete("dns", f"{path}/{record['id']}")).ok(202)
    serials.append((await demo.get("dns", f"/v2/zones/{zone['id']}")).ok()["serial"])
    assert serials == sorted(set(serials))
    (await demo.get("dns", f"{path}/{record['id']}")).refused(404, "Could not find RecordSet")


async def test_record_sets_of_all_zones(demo: User) -> None:
    first, second = await made(demo), await made(demo, "other.org.")
    assert len((await demo.get("dns", "/v2/recordsets?type=SOA")).ok()["recordsets"]) == 2
    found = (await demo.get("dns", "/v2/recordsets?data=ns1*&type=NS&sort_key=name")).ok()["recordsets"]
    assert [one["zone_id"] for one in found] == [first["id"], second["id"]]
    moved = await demo.get("dns", f"/v2/recordsets/{found[0]['id']}")
    assert (moved.status, moved.headers["Location"]) == (301, found[0]["links"]["self"])


async def test_floating_ips_have_names(demo: User) -> None:
    networks = (await demo.get("network", "/v2.0/networks?router:external=true")).ok()["networks"]
    body = {"floatingip": {"floating_network_id": networks[0]["id"]}}
    address = (await demo.post("network", "/v2.0/floatingips", body)).ok(201)["floatingip"]
    path = f"/v2/reverse/floatingips/RegionOne:{address['id']}"
    assert (await demo.get("dns", path)).ok()["ptrdname"] is None
    named = (await demo.patch("dns", path, {"ptrdname": "www.example.org.", "description": "d"})).ok(202)
    assert (named["status"], named["action"], named["ttl"]) == ("PENDING", "CREATE", 3600)
    shown = (await demo.get("dns", "/v2/reverse/floatingips")).ok()["floatingips"]
    assert [one["ptrdname"] for one in shown] == ["www.example.org."]
    assert (shown[0]["status"], shown[0]["description"]) == ("ACTIVE", "d")
    assert (await demo.patch("dns", path, {"ptrdname": None})).ok(202) is None
    assert (await demo.get("dns", path)).ok()["ptrdname"] is None
    (await demo.get("dns", path.replace("RegionOne", "x"))).refused(403, "no_endpoint")
    (await demo.get("dns", "/v2/reverse/floatingips/x")).refused(400, "not in the format of <region>:<uuid>")
    (await demo.patch("dns", path, {"ptrdname": "zz"})).refused(400, "Domain zz does not end with a dot")


async def test_ports_and_floating_ips_are_in_the_zone_of_their_network(cloud: Cloud, demo: User, admin: User) -> None:
    zone = await made(demo)
    body: dict[str, Any] = {"network": {"name": "n", "dns_domain": "example.org."}}
    network = (await demo.post("network", "/v2.0/networks", body)).ok(201)["network"]
    subnet = {"network_id": network["id"], "cidr": "192.0.2.0/24", "ip_version": 4, "dns_publish_fixed_ip": True}
    (await demo.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    body = {"port": {"network_id": network["id"], "dns_name": "vm"}}
    port = (await demo.post("network", "/v2.0/ports", body)).ok(201)["port"]
    path = f"/v2/zones/{zone['id']}/recordsets?type=A"
    (record,) = (await demo.get("dns", path)).ok()["recordsets"]
    assert (record["name"], record["records"]) == ("vm.example.org.", [port["fixed_ips"][0]["ip_address"]])
    pointers = (await admin.get("dns", "/v2/recordsets?type=PTR&all_projects=true")).ok()["recordsets"]
    assert [one["records"] for one in pointers] == [["vm.example.org."]]
    (await demo.put("network", f"/v2.0/ports/{port['id']}", {"port": {"dns_name": "other"}})).ok()
    assert [one["name"] for one in (await demo.get("dns", path)).ok()["recordsets"]] == ["other.example.org."]
    (await demo.delete("network", f"/v2.0/ports/{port['id']}")).ok(204)
    assert (await demo.get("dns", path)).ok()["recordsets"] == []

    external = (await demo.get("network", "/v2.0/networks?router:external=true")).ok()["networks"][0]
    own = {"floating_network_id": external["id"], "dns_name": "lb", "dns_domain": "example.org."}
    address = (await demo.post("network", "/v2.0/floatingips", {"floatingip": own})).ok(201)["floatingip"]
    (record,) = (await demo.get("dns", path)).ok()["recordsets"]
    assert (record["name"], record["records"]) == ("lb.example.org.", [address["floating_ip_address"]])
    (await demo.delete("network", f"/v2.0/floatingips/{address['id']}")).ok(204)
    assert (await demo.get("dns", path)).ok()["recordsets"] == []
