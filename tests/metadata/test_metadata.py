"""What a guest is told by Nova's metadata API."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.client import Reply
from tests.metadata.conftest import KEY, USER_DATA, Guest

VERSIONS = [
    *("2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06"),
    *("2017-02-22", "2018-08-27", "2020-10-14", "2025-04-04", "latest"),
]


async def ask(guest: Guest, path: str, **headers: str) -> Reply:
    """As the guest asks, by the path with its id, without a token."""
    return await guest.cloud.anonymous.get("metadata", f"/{guest.server['id']}{path}", headers=headers)


async def text(guest: Guest, path: str) -> str:
    found = await ask(guest, path)
    assert found.status == 200, path
    assert found.headers["Content-Type"] == "text/plain; charset=UTF-8"
    return found.content.decode()


async def test_versions(guest: Guest) -> None:
    assert (await text(guest, "/openstack")).split() == VERSIONS
    assert (await text(guest, "/")).split()[-2:] == ["2009-04-04", "latest"]
    found = await guest.cloud.anonymous.get("metadata", "/")
    assert found.content.decode().split()[0] == "1.0"
    everything = [
        "meta_data.json",
        "user_data",
        "password",
        "vendor_data.json",
        "network_data.json",
        "vendor_data2.json",
    ]
    assert (await text(guest, "/openstack/latest")).split() == everything
    assert (await text(guest, "/openstack/2012-08-10/")).split() == everything[:2]


async def test_meta_data(guest: Guest) -> None:
    found = await ask(guest, "/openstack/latest/meta_data.json")
    assert found.headers["Content-Type"] == "application/json"
    data = json.loads(found.content)
    assert len(data.pop("random_seed")) == 684
    assert data == {
        "uuid": guest.server["id"],
        "meta": {"role": "web"},
        "public_keys": {"mine": KEY},
        "keys": [{"name": "mine", "type": "ssh", "data": KEY}],
        "hostname": "web-one.novalocal",
        "name": "Web One",
        "launch_index": 0,
        "availability_zone": "nova",
        "project_id": guest.server["tenant_id"],
        "devices": [
            {
                "type": "nic",
                "mac": guest.ports[0]["mac_address"],
                "bus": "pci",
                "address": "0000:00:03.0",
                "tags": ["front"],
            }
        ],
        "dedicated_cpus": [],
    }
    first = json.loads((await ask(guest, "/openstack/2012-08-10/meta_data.json")).content)
    assert not {"random_seed", "project_id", "devices", "dedicated_cpus"} & set(first)


async def test_the_key_stays_when_the_key_pair_goes(guest: Guest) -> None:
    (await guest.user.delete("compute", "/v2.1/os-keypairs/mine")).ok(202)
    assert json.loads((await ask(guest, "/openstack/latest/meta_data.json")).content)["public_keys"] == {"mine": KEY}


async def test_network_data(guest: Guest) -> None:
    data = json.loads(await text(guest, "/openstack/latest/network_data.json"))
    servers = [{"type": "dns", "address": "10.1.0.2"}, {"type": "dns", "address": "10.1.0.3"}]
    link = f"tap{guest.ports[0]['id'][:11]}"
    assert [(one["id"], one["vif_id"], one["type"], one["mtu"]) for one in data["links"]] == [
        (f"tap{port['id'][:11]}", port["id"], "ovs", network["mtu"])
        for port, network in zip(guest.ports, guest.networks, strict=True)
    ]
    assert data["networks"] == [
        {
            "id": "network0",
            "type": "ipv4",
            "link": link,
            "ip_address": guest.ports[0]["fixed_ips"][0]["ip_address"],
            "netmask": "255.255.255.0",
            "routes": [
                {"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "10.1.0.1"},
                {"network": "10.9.0.0", "netmask": "255.255.0.0", "gateway": "10.1.0.9"},
            ],
            "network_id": guest.networks[0]["id"],
            "services": servers,
        },
        {
            "id": "network1",
            "type": "ipv4_dhcp",
            "link": f"tap{guest.ports[1]['id'][:11]}",
            "network_id": guest.networks[1]["id"],
        },
    ]
    assert data["services"] == servers


async def test_ec2(guest: Guest) -> None:
    """Folders list what is in them; a public key is listed by its name."""
    assert await text(guest, "/latest") == "meta-data/\nuser-data"
    listed = (await text(guest, "/latest/meta-data/")).split("\n")
    assert listed[:4] == ["ami-id", "ami-launch-index", "ami-manifest-path", "block-device-mapping/"]
    assert "public-keys/" in listed
    assert await text(guest, "/latest/meta-data/public-keys") == "0=mine"
    assert await text(guest, "/latest/meta-data/public-keys/0/openssh-key") == KEY
    assert await text(guest, "/latest/meta-data/local-ipv4") == guest.ports[0]["fixed_ips"][0]["ip_address"]
    assert await text(guest, "/2009-04-04/meta-data/instance-type") == "m1.nano"
    assert await text(guest, "/latest/meta-data/security-groups") == "default"
    assert await text(guest, "/latest/meta-data/placement/availability-zone") == "nova"
    assert await text(guest, "/ec2/latest/meta-data/block-device-mapping/root") == "/dev/vda"
    assert await text(guest, "/latest/user-data") == USER_DATA.decode()
    assert (await ask(guest, "/1.0/meta-data/public-ipv4")).status == 404


@pytest.mark.parametrize(
    "path",
    ["/openstack/1999-01-01", "/openstack/latest/nothing", "/latest/nothing", "/3000-01-01", "/openstack/latest/a/b"],
)
async def test_what_is_not_there(guest: Guest, path: str) -> None:
    """In webob's words: plain for those that say nothing of what they accept, HTML for those that take anything."""
    found = await ask(guest, path, Accept="text/plain")
    assert (found.status, found.content) == (404, b"404 Not Found\n\nThe resource could not be found.\n\n   ")
    assert (await ask(guest, path, Accept="*/*")).headers["Content-Type"].startswith("text/html")


async def test_a_server_that_is_gone(guest: Guest) -> None:
    (await guest.user.delete("compute", f"/v2.1/servers/{guest.server['id']}")).ok(204)
    assert (await ask(guest, "/openstack/latest/meta_data.json")).status == 404


def signed(id: str, project: str, secret: str = "secret") -> dict[str, str]:
    signature = hmac.new(secret.encode(), id.encode(), hashlib.sha256).hexdigest()
    return {"X-Instance-ID": id, "X-Tenant-ID": project, "X-Instance-ID-Signature": signature}


async def test_neutrons_proxy(guest: Guest) -> None:
    """It signs the id; the project must be the server's."""
    id, project = guest.server["id"], guest.server["tenant_id"]
    path = "/openstack/latest/meta_data.json"

    async def proxied(headers: dict[str, str]) -> Reply:
        return await guest.cloud.anonymous.get("metadata", path, headers={**headers, "Accept": "text/plain"})

    found = await proxied(signed(id, project))
    assert json.loads(found.content)["uuid"] == id
    assert (await proxied(signed(id, "0" * 32))).status == 404
    assert (await proxied(signed("no-such-id", project))).status == 404
    wrong = await proxied(signed(id, project, "other"))
    assert (wrong.status, b"Invalid proxy request signature." in wrong.content) == (403, True)
    for name in ("X-Instance-ID", "X-Tenant-ID", "X-Instance-ID-Signature"):
        headers = signed(id, project)
        del headers[name]
        missing = await proxied(headers)
        assert (missing.status, f"{name} header is missing from request.".encode() in missing.content) == (400, True)
    await guest.cloud.set_options(metadata__shared_secret="other")
    assert (await proxied(signed(id, project, "other"))).status == 200


async def test_the_password_that_a_guest_chooses(guest: Guest) -> None:
    """Once; the project's user reads and removes it."""
    place = f"/{guest.server['id']}/openstack/latest/password"
    api = f"/v2.1/servers/{guest.server['id']}/os-server-password"
    nobody = guest.cloud.anonymous
    assert await text(guest, "/openstack/latest/password") == ""
    assert (await nobody.send("POST", "metadata", place, data=b"x" * 1021)).status == 400
    assert (await nobody.send("POST", "metadata", place, data=b"sealed")).status == 200
    assert (await nobody.send("POST", "metadata", place, data=b"again")).status == 409
    assert await text(guest, "/openstack/latest/password") == "sealed"
    assert (await guest.user.get("compute", api)).ok() == {"password": "sealed"}
    (await guest.user.delete("compute", api)).ok(204)
    assert (await guest.user.get("compute", api)).ok() == {"password": ""}


async def test_vendordata(guest: Guest) -> None:
    """The static one, and what providers say, who are told of the server; one that is away says nothing."""
    asked: list[dict[str, Any]] = []

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"joined": true}')

        def log_message(self, format: str, *args: Any) -> None:
            pass

    provider = HTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=provider.serve_forever, daemon=True).start()
    try:
        targets = f"join@http://127.0.0.1:{provider.server_port}/,away@http://127.0.0.1:9/"
        await guest.cloud.set_options(metadata__vendordata='{"site": 1}', metadata__vendordata_dynamic_targets=targets)
        assert json.loads((await ask(guest, "/openstack/latest/vendor_data.json")).content) == {"site": 1}
        found = json.loads((await ask(guest, "/openstack/latest/vendor_data2.json")).content)
        assert found == {"static": {"site": 1}, "join": {"joined": True}, "away": {}}
        assert [one["instance-id"] for one in asked] == [guest.server["id"]]
        assert (asked[0]["hostname"], asked[0]["metadata"]) == ("web-one", {"role": "web"})
    finally:
        await asyncio.to_thread(provider.shutdown)
        provider.server_close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vendordata", "[]"),
        ("vendordata", "{"),
        ("vendordata_dynamic_targets", "a@ftp://x"),
        ("vendordata_dynamic_targets", "x"),
        ("vendordata_dynamic_targets", "a@http://b,a@http://c"),
    ],
)
async def test_options_that_are_none(guest: Guest, name: str, value: str) -> None:
    path = f"/clouds/{guest.cloud.name}/options"
    refused = await guest.cloud.admin_api.put("_mopenstack", path, {"options": {f"metadata.{name}": value}})
    refused.refused(400, "cannot be")
