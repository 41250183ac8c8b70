"""Zones over HTTP: states, shares, transfers, tasks, what is refused. Texts: designate.central.service."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conftest import Cloud, User

FILE = """$ORIGIN imported.org.
$TTL 3600
imported.org. IN SOA ns1.imported.org. admin.imported.org. 7 7200 900 1209600 3600
imported.org. IN NS ns1.imported.org.
www IN A 192.0.2.1
"""
ALL = {"X-Auth-All-Projects": "true"}


async def made(user: User, name: str = "example.org.", **more: Any) -> Any:
    """A zone that its name servers have."""
    zone = (await user.post("dns", "/v2/zones", {"name": name, "email": "a.b@example.org", **more})).ok(202)
    return (await user.get("dns", f"/v2/zones/{zone['id']}")).ok()


async def test_a_zone_is_pending_then_active_then_gone(demo: User) -> None:
    answer = await demo.post("dns", "/v2/zones", {"name": "example.org.", "email": "a@example.org"})
    zone = answer.ok(202)
    assert (zone["status"], zone["action"], zone["version"], zone["updated_at"]) == ("PENDING", "CREATE", 1, None)
    assert answer.headers["Location"] == zone["links"]["self"]
    path = f"/v2/zones/{zone['id']}"
    shown = (await demo.get("dns", path)).ok()
    assert (shown["status"], shown["action"], shown["version"]) == ("ACTIVE", "NONE", 2)
    changed = (await demo.patch("dns", path, {"ttl": 60, "name": "example.org."})).ok(202)
    assert (changed["status"], changed["action"], changed["ttl"]) == ("PENDING", "UPDATE", 60)
    assert (await demo.get("dns", path)).ok()["serial"] > zone["serial"]
    assert (await demo.delete("dns", path)).ok(202)["action"] == "DELETE"
    (await demo.get("dns", path)).refused(404, "Could not find Zone")


async def test_soa_and_ns_records_are_the_services_own(demo: User, admin: User) -> None:
    zone = await made(demo)
    path = f"/v2/zones/{zone['id']}/recordsets"
    soa, ns = (await demo.get("dns", path)).ok()["recordsets"]
    assert soa["records"][0].startswith(f"ns1.example.org. a\\.b.example.org. {zone['serial']} ")
    assert (ns["type"], ns["records"]) == ("NS", ["ns1.example.org."])
    (await demo.put("dns", f"{path}/{ns['id']}", {"ttl": 5})).refused(400, "Managed records may not be updated")
    (await demo.delete("dns", f"{path}/{soa['id']}")).refused(400, "Deleting a SOA recordset is not allowed")
    (await demo.delete("dns", f"{path}/{ns['id']}")).refused(400, "Managed records may not be deleted")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"name": "example.org", "email": "a@b.org"}, 400, "Domain example.org does not end with a dot"),
        ({"name": "org.", "email": "a@b.org"}, 400, "More than one label is required"),
        ({"name": "a.org.", "email": "ab.org"}, 400, "ab.org is not an email"),
        ({"name": "a.org."}, 400, "'email' is a required property"),
        ({"email": "a@b.org"}, 400, "'name' is a required property"),
        ({"name": "a.org.", "email": "a@b.org", "foo": 1}, 400, "Keys ['foo'] are not valid for zone"),
        ({"name": "a.org.", "email": "a@b.org", "ttl": -1}, 400, "Value must be >= 0 for field ttl"),
        ({"name": "a.org.", "email": "a@b.org", "type": "ZZ"}, 400, "Field value ZZ is invalid"),
        ({"name": "a.org.", "type": "SECONDARY"}, 400, "'masters' is a required property"),
        ({"name": "a.org.", "email": "a@b.org", "type": "CATALOG"}, 403, "not allowed for catalog zones"),
        ({"name": f"{'a' * 64}.org.", "email": "a@b.org"}, 400, "is too long"),
    ],
)
async def test_wrong_zones_are_refused(demo: User, body: dict[str, Any], status: int, text: str) -> None:
    (await demo.post("dns", "/v2/zones", body)).refused(status, text)


async def test_zones_of_other_projects_are_in_the_way(demo: User, admin: User) -> None:
    await made(demo)
    (await demo.post("dns", "/v2/zones", {"name": "EXAMPLE.org.", "email": "a@b.org"})).refused(409, "Duplicate Zone")
    below = {"name": "sub.example.org.", "email": "a@b.org"}
    (await admin.post("dns", "/v2/zones", below)).refused(403, "Unable to create subzone in another tenants zone")
    child = await made(demo, "sub.example.org.")
    zone = (await demo.get("dns", "/v2/zones?name=example.org.")).ok()["zones"][0]
    (await demo.delete("dns", f"/v2/zones/{zone['id']}")).refused(400, "Please delete any subzones")
    await made(admin, "a.other.org.")
    (await demo.post("dns", "/v2/zones", {"name": "other.org.", "email": "a@b.org"})).refused(403, "owns a subzone")
    (await demo.delete("dns", f"/v2/zones/{child['id']}")).ok(202)


async def test_a_shared_zone_takes_records_of_others(demo: User, admin: User) -> None:
    zone = await made(demo)
    path = f"/v2/zones/{zone['id']}"
    (await admin.get("dns", path)).refused(404)
    share = (await demo.post("dns", f"{path}/shares", {"target_project_id": admin.project_id})).ok(201)
    assert (await admin.get("dns", path)).ok()["shared"] is True
    body = {"name": "www.example.org.", "type": "A", "records": ["192.0.2.1"]}
    record = (await admin.post("dns", f"{path}/recordsets", body)).ok(202)
    assert record["project_id"] == admin.project_id
    (await demo.delete("dns", path)).refused(400, "This zone is shared with other projects")
    (await demo.delete("dns", f"{path}/shares/{share['id']}")).refused(400, "Please delete all recordsets owned by")
    (await demo.delete("dns", path, headers={"X-Designate-Delete-Shares": "true"})).ok(202)


async def test_a_zone_changes_hands_with_its_record_sets(demo: User, admin: User) -> None:
    zone = await made(demo)
    offer = (await demo.post("dns", f"/v2/zones/{zone['id']}/tasks/transfer_requests", {})).ok(201)
    path = f"/v2/zones/tasks/transfer_requests/{offer['id']}"
    (await demo.post("dns", f"/v2/zones/{zone['id']}/tasks/transfer_requests", {})).refused(409)
    wrong = {"key": "x", "zone_transfer_request_id": offer["id"]}
    (await admin.post("dns", "/v2/zones/tasks/transfer_accepts", wrong)).refused(403, "Key does not match")
    right = {"key": offer["key"], "zone_transfer_request_id": offer["id"]}
    accepted = (await admin.post("dns", "/v2/zones/tasks/transfer_accepts", right)).ok(201)
    assert (accepted["status"], accepted["key"]) == ("COMPLETE", offer["key"])
    shown = (await admin.get("dns", f"/v2/zones/tasks/transfer_accepts/{accepted['id']}")).ok()
    assert shown["key"] is None
    (await demo.get("dns", f"/v2/zones/{zone['id']}")).refused(404)
    found = (await admin.get("dns", f"/v2/zones/{zone['id']}/recordsets")).ok()["recordsets"]
    assert {one["project_id"] for one in found} == {admin.project_id}
    (await demo.delete("dns", path)).ok(204)
    (await admin.get("dns", f"/v2/zones/tasks/transfer_accepts/{accepted['id']}")).refused(404)


async def test_headers_say_for_whom_a_call_is_made(demo: User, admin: User) -> None:
    zone = await made(demo)
    (await demo.get("dns", "/v2/zones", headers=ALL)).refused(403)
    assert (await admin.get("dns", "/v2/zones")).ok()["metadata"] == {"total_count": 0}
    assert (await admin.get("dns", "/v2/zones", headers=ALL)).ok()["metadata"] == {"total_count": 1}
    assert (await admin.get("dns", "/v2/zones?all_projects=true")).ok()["zones"][0]["id"] == zone["id"]
    sudo = {"X-Auth-Sudo-Project-ID": demo.project_id}
    made_so = await admin.post("dns", "/v2/zones", {"name": "sudo.org.", "email": "a@b.org"}, headers=sudo)
    assert made_so.ok(202)["project_id"] == demo.project_id
    assert "metadata" not in (await admin.get("dns", "/v2/zones", headers={"OpenStack-DNS-Hide-Counts": "1"})).ok()


async def test_lists_page_sort_and_filter(demo: User) -> None:
    for name in ("b.org.", "a.org.", "c.org."):
        await made(demo, name)
    first = (await demo.get("dns", "/v2/zones?limit=2&sort_key=name")).ok()
    assert [zone["name"] for zone in first["zones"]] == ["a.org.", "b.org."]
    assert first["links"]["next"].endswith(f"marker={first['zones'][1]['id']}")
    rest = (await demo.get("dns", f"/v2/zones?sort_key=name&marker={first['zones'][1]['id']}")).ok()
    assert [zone["name"] for zone in rest["zones"]] == ["c.org."]
    assert len((await demo.get("dns", "/v2/zones?name=*.org.&limit=max")).ok()["zones"]) == 3
    assert len((await demo.get("dns", "/v2/zones?name=C*")).ok()["zones"]) == 1
    (await demo.get("dns", "/v2/zones?foo=1")).refused(400, "Invalid filters foo")
    (await demo.get("dns", "/v2/zones?limit=0")).refused(400, "limit should be an integer between 1 and 1000")
    (await demo.get("dns", "/v2/zones?sort_key=x")).refused(400, "sort key must be one of ['created_at', 'id'")
    (await demo.get("dns", "/v2/zones/x")).refused(400, "Invalid UUID zone_id: x")


async def test_a_zone_file_becomes_a_zone_and_a_zone_a_file(demo: User) -> None:
    text = {"headers": {"Content-Type": "text/dns"}}
    begun = (await demo.send("POST", "dns", "/v2/zones/tasks/imports", data=FILE, **text)).ok(202)
    done = await settled(demo, f"/v2/zones/tasks/imports/{begun['id']}")
    assert (done["status"], done["message"]) == ("COMPLETE", "imported.org. imported")
    zone = (await demo.get("dns", f"/v2/zones/{done['zone_id']}")).ok()
    assert (zone["name"], zone["email"]) == ("imported.org.", "admin@imported.org")
    again = (await demo.send("POST", "dns", "/v2/zones/tasks/imports", data=FILE, **text)).ok(202)
    assert (await settled(demo, f"/v2/zones/tasks/imports/{again['id']}"))["message"] == "Duplicate zone."
    bad = (await demo.send("POST", "dns", "/v2/zones/tasks/imports", data="www IN A 1.2.3.4\n", **text)).ok(202)
    assert "$ORIGIN" in (await settled(demo, f"/v2/zones/tasks/imports/{bad['id']}"))["message"]
    (await demo.post("dns", "/v2/zones/tasks/imports", {"x": 1})).refused(400, 'The "zonefile" field is required')

    export = (await demo.post("dns", f"/v2/zones/{zone['id']}/tasks/export")).ok(202)
    path = f"/v2/zones/tasks/exports/{export['id']}"
    assert (await demo.get("dns", path)).ok()["status"] == "COMPLETE"
    (await demo.get("dns", f"{path}/export")).refused(406)
    found = await demo.get("dns", f"{path}/export", headers={"Accept": "text/dns"})
    assert found.content.decode().startswith("$ORIGIN imported.org.\n$TTL 3600\n\nimported.org.  IN SOA ")
    assert b"www.imported.org. 3600 IN A 192.0.2.1\n" in found.content


async def settled(user: User, path: str) -> Any:
    """A task once it is no longer PENDING."""
    for _ in range(200):
        found = (await user.get("dns", path)).ok()
        if found["status"] != "PENDING":
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(found)


async def test_tlds_and_blacklists_bound_names(demo: User, admin: User) -> None:
    (await admin.post("dns", "/v2/blacklists", {"pattern": "^bad\\."})).ok(201)
    (await demo.post("dns", "/v2/zones", {"name": "bad.org.", "email": "a@b.org"})).refused(400, "Blacklisted zone")
    await made(admin, "bad.org.")
    (await admin.post("dns", "/v2/blacklists", {"pattern": "["})).refused(400, "[ is not a valid regular expression")
    (await admin.post("dns", "/v2/tlds", {"name": "com"})).ok(201)
    (await demo.post("dns", "/v2/zones", {"name": "x.org.", "email": "a@b.org"})).refused(400, "Invalid TLD")
    (await demo.post("dns", "/v2/zones", {"name": "com.", "email": "a@b.org"})).refused(400, "More than one label")


async def test_quotas_are_kept(demo: User, admin: User) -> None:
    limits = {"zones": 1, "zone_recordsets": 3, "recordset_records": 1}
    (await admin.patch("dns", f"/v2/quotas/{demo.project_id}", limits)).refused(403)
    (await admin.patch("dns", f"/v2/quotas/{demo.project_id}", limits, headers=ALL)).ok()
    assert (await demo.get("dns", "/v2/limits")).ok()["max_zones"] == 1
    zone = await made(demo)
    (await demo.post("dns", "/v2/zones", {"name": "b.org.", "email": "a@b.org"})).refused(413, "exceeded for zones.")
    path, body = f"/v2/zones/{zone['id']}/recordsets", {"type": "A", "records": ["192.0.2.1", "192.0.2.2"]}
    (await demo.post("dns", path, {"name": "a.example.org.", **body})).refused(413, "recordset_records")
    body["records"] = ["192.0.2.1"]
    (await demo.post("dns", path, {"name": "a.example.org.", **body})).ok(202)
    (await demo.post("dns", path, {"name": "b.example.org.", **body})).refused(413, "zone_recordsets")
    (await admin.delete("dns", f"/v2/quotas/{demo.project_id}")).ok(204)
    assert (await demo.get("dns", "/v2/quotas")).ok()["zones"] == 10


async def test_a_zone_moves_to_another_pool(cloud: Cloud, admin: User) -> None:
    body = {"name": "second", "ns_records": [{"hostname": "ns.second.org.", "priority": 1}]}
    pool = (await admin.post("dns", "/v2/pools", body)).ok(201)
    zone = await made(admin)
    path = f"/v2/zones/{zone['id']}"
    (await admin.post("dns", f"{path}/tasks/pool_move", {"pool_id": pool["id"]})).ok(202)
    assert (await admin.get("dns", f"{path}/nameservers")).ok()["nameservers"] == [
        {"priority": 1, "hostname": "ns.second.org."}
    ]
    (await admin.delete("dns", f"/v2/pools/{pool['id']}")).refused(400, "pool must not contain zones")
    (await admin.post("dns", f"{path}/tasks/abandon")).ok(204)
    (await admin.get("dns", path)).refused(404)
    (await admin.delete("dns", f"/v2/pools/{pool['id']}")).ok(204)
