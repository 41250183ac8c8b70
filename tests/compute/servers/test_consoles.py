"""Consoles, diagnostics, and what other services tell Nova of its servers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.compute.stage import SERVERS, act, at, boot, show

TOKENS = "/v2.1/os-console-auth-tokens"
EVENTS = "/v2.1/os-server-external-events"


async def test_a_console_and_its_token(cloud: Any, admin: Any, demo: Any) -> None:
    id = await boot(demo)
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    made = (await demo.post("compute", f"{SERVERS}/{id}/remote-consoles", body, **at("2.6"))).ok(200)["remote_console"]
    token = parse_qs(urlsplit(made["url"]).query)["path"][0].partition("?token=")[2]
    known = (await admin.get("compute", f"{TOKENS}/{token}", **at("2.31"))).ok(200)["console"]
    assert (known["instance_uuid"], known["port"]) == (id, 5900)
    (await demo.get("compute", f"{TOKENS}/{token}", **at("2.31"))).refused(403)
    cloud.serving.engine.clouds[cloud.name].clock.advance(601)
    (await admin.get("compute", f"{TOKENS}/{token}", **at("2.31"))).refused(404, "Token not found")


async def test_consoles_up_to_2_5(demo: Any) -> None:
    id = await boot(demo)
    for action, type in (
        ("os-getVNCConsole", "novnc"), ("os-getSPICEConsole", "spice-html5"), ("os-getSerialConsole", "serial")
    ):  # fmt: skip
        console = (await act(demo, id, {action: {"type": type}}, "2.5")).ok(200)["console"]
        assert console["type"] == type
        assert "token" in console["url"]
        (await act(demo, id, {action: {"type": type}}, "2.6")).refused(404)
    refused = await act(demo, id, {"os-getVNCConsole": {"type": "xvpvnc"}}, "2.1")
    refused.refused(400, "Unavailable console type xvpvnc.")
    (await act(demo, id, {"os-getRDPConsole": {"type": "rdp-html5"}}, "2.1")).refused(400)


async def test_a_server_without_a_host_has_no_console(demo: Any) -> None:
    id = await boot(demo)
    (await act(demo, id, {"shelve": None})).ok(202)
    assert (await show(demo, id))["status"] == "SHELVED_OFFLOADED"
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    (await demo.post("compute", f"{SERVERS}/{id}/remote-consoles", body, **at("2.6"))).refused(409, "is not ready")


async def test_diagnostics(admin: Any, demo: Any) -> None:
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    id = await boot(demo, networks=[{"uuid": network}])
    path = f"{SERVERS}/{id}/diagnostics"
    new = (await admin.get("compute", path, **at("2.48"))).ok(200)
    assert (new["state"], new["num_cpus"], new["num_nics"]) == ("running", 1, 1)
    assert "cpu0_time" in (await admin.get("compute", path)).ok(200)
    (await demo.get("compute", path)).refused(403)


async def test_events(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    event = {"server_uuid": id, "name": "power-update", "tag": "POWER_OFF"}
    answer = (await admin.post("compute", EVENTS, {"events": [event]}, **at("2.76"))).ok(200)
    assert answer["events"] == [{**event, "status": "completed", "code": 200}]
    assert (await show(demo, id))["status"] == "SHUTOFF"
    unknown = {"server_uuid": "00000000-0000-0000-0000-00000000dead", "name": "network-changed"}
    mixed = (await admin.post("compute", EVENTS, {"events": [unknown, event]}, **at("2.76"))).ok(207)
    assert [item["code"] for item in mixed["events"]] == [404, 200]
    (await admin.post("compute", EVENTS, {"events": [event]}, **at("2.75"))).refused(400, "is not one of")
    (await demo.post("compute", EVENTS, {"events": [event]}, **at("2.76"))).refused(403)


async def test_a_port_that_neutron_deleted_is_detached(admin: Any, demo: Any) -> None:
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    id = await boot(demo, networks=[{"uuid": network}])
    (port,) = (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"]
    event = {"server_uuid": id, "name": "network-vif-deleted", "tag": port["id"]}
    (await admin.post("compute", EVENTS, {"events": [event]})).ok(200)
    assert (await show(demo, id))["addresses"] == {}


async def test_assisted_snapshots(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    volume = (await demo.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok()["volume"]["id"]
    info = {"snapshot_id": volume, "type": "qcow2", "new_file": "f", "id": volume}
    body = {"snapshot": {"volume_id": volume, "create_info": info}}
    path = "/v2.1/os-assisted-volume-snapshots"
    (await admin.post("compute", path, body)).refused(400, f"No volume Block Device Mapping with id {volume}.")
    attach = {"volumeAttachment": {"volumeId": volume}}
    (await demo.post("compute", f"{SERVERS}/{id}/os-volume_attachments", attach)).ok(200)
    assert (await admin.post("compute", path, body)).ok(200) == {"snapshot": {"id": volume, "volumeId": volume}}
    query = f'?delete_info={{"volume_id":"{volume}"}}'
    (await admin.delete("compute", f"{path}/{volume}{query}")).ok(204)
    (await admin.delete("compute", f"{path}/{volume}")).refused(400, "'delete_info'")


@pytest.mark.parametrize("path", ["/os-cells", "/os-fping", "/os-agents", "/os-cloudpipe", "/os-fixed-ips/1.2.3.4"])
async def test_what_is_gone_says_so(demo: Any, path: str) -> None:
    (await demo.get("compute", f"/v2.1{path}")).refused(410, "This resource is no longer available.")
