"""Each check finds the fault that it is for, and none in a cloud that is as it should be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soak import invariants
from soak.world import World

BYTES = b"bytes"
DIGEST = hashlib.sha512(BYTES).hexdigest()
FLAVOR = {"vcpus": 1, "ram": 128, "disk": 1, "ephemeral": 0}
IP = {"subnet_id": "subnet", "ip_address": "10.0.0.3"}
ADDRESS = {"addr": "10.0.0.3", "OS-EXT-IPS:type": "fixed"}
IMAGE = {"name": "image", "id": "image", "status": "active", "size": len(BYTES), "os_hash_value": DIGEST}


def _objects() -> dict[str, dict[str, Any]]:
    server = {"OS-EXT-STS:task_state": None, "flavor": FLAVOR, "tenant_id": "p", "addresses": {"n": [ADDRESS]}}
    port = {"mac_address": "fa:16:3e:00:00:01", "network_id": "network", "fixed_ips": [IP], "security_groups": []}
    owner = {"device_owner": "compute:nova", "device_id": "server", "project_id": "p"}
    volume = {"attachments": [{"server_id": "server"}], "os-vol-tenant-attr:tenant_id": "p", "size": 2}
    address = {"floating_ip_address": "172.24.4.9", "port_id": "port", "fixed_ip_address": "10.0.0.3"}
    return {
        "server": {"server": {"name": "s", "id": "server", "status": "ACTIVE", **server}},
        "network": {"network": {"id": "network", "project_id": "p", "subnets": ["subnet"]}},
        "subnet": {"subnet": {"id": "subnet", "project_id": "p", "network_id": "network"}},
        "port": {"port": {"name": "port", "id": "port", **port, **owner}},
        "router": {},
        "floating_ip": {"fip": {"id": "fip", "project_id": "p", **address}},
        "security_group": {},
        "volume": {"volume": {"name": "v", "id": "volume", "status": "in-use", **volume}},
        "snapshot": {},
        "image": {"image": dict(IMAGE)},
        "project": {"p": {"id": "p", "name": "p", "domain_id": "default"}},
        "user": {},
    }


@pytest.fixture
def world() -> World:
    used = {"network": 1, "subnet": 1, "port": 1, "router": 0, "security_group": 0, "floatingip": 1}
    volumes = {"volumes": 1, "snapshots": 0, "gigabytes": 2}
    return World(
        _objects(),
        {"image": (len(BYTES), DIGEST)},
        {"p": {"totalInstancesUsed": 1, "totalCoresUsed": 1, "totalRAMUsed": 128}},
        {"p": {name: {"used": count} for name, count in used.items()}},
        {"p": {name: {"in_use": count, "reserved": 0} for name, count in volumes.items()}},
        {"server": {"VCPU": 1, "MEMORY_MB": 128, "DISK_GB": 1}},
        {"server": [{"volumeId": "volume", "device": "/dev/vdb"}]},
        {"server": [{"port_id": "port"}]},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "key").write_bytes(BYTES)
    return tmp_path


def test_a_cloud_without_faults(world: World, folder: Path) -> None:
    assert invariants.check(world, folder, shared=False) == []


FAULTS: dict[str, Callable[[Any], Any]] = {
    "volume v volume is attaching": lambda w: w["volume"]["volume"].update(status="attaching"),
    "server s server is busy: deleting": lambda w: w["server"]["server"].update({"OS-EXT-STS:task_state": "deleting"}),
    "MAC fa:16:3e:00:00:01 is given 2 times": lambda w: w["port"].update(other=w["port"]["port"]),
    "fixed IP ('subnet', '10.0.0.3') is given 2 times": lambda w: w["port"]["port"].update(fixed_ips=[IP, IP]),
    "project's name ('default', 'p') is given 2 times": lambda w: w["project"].update(q=w["project"]["p"]),
    "device ('server', '/dev/vdb') is given 2 times": lambda w: w.server_attachments["server"].append(
        {"volumeId": "other", "device": "/dev/vdb"}
    ),
    "port port refers to subnet gone, which is not there": lambda w: w["port"]["port"].update(
        fixed_ips=[{**IP, "subnet_id": "gone"}]
    ),
    "fip refers to port gone, which is not there": lambda w: w["floating_ip"]["fip"].update(port_id="gone"),
    "Cinder alone knows the attachment server server, volume volume": lambda w: w.server_attachments.clear(),
    "Nova alone knows the attachment server server, volume volume": lambda w: w["volume"]["volume"].update(
        attachments=[]
    ),
    "Neutron alone knows the interface server server, port port": lambda w: w.server_interfaces.clear(),
    "Placement has None for server s": lambda w: w.allocations.clear(),
    "Placement has an allocation for gone": lambda w: w.allocations.update(gone={"VCPU": 1}),
    "Nova says that project p uses 2 totalCoresUsed": lambda w: w.limits["p"].update(totalCoresUsed=2),
    "Neutron says that project p uses 5 port": lambda w: w.network_quotas["p"].update(port={"used": 5}),
    "Cinder still reserves in project p": lambda w: w.volume_quotas["p"]["volumes"].update(reserved=1),
    "its bytes are (5, 'other')": lambda w: w.images.update(image=(5, "other")),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault(world: World, folder: Path, text: str) -> None:
    FAULTS[text](world)
    found = invariants.check(world, folder, shared=False)
    assert any(text in one for one in found), found


def test_bytes_of_no_image(world: World, folder: Path) -> None:
    (folder / "default" / "other").write_bytes(b"other")
    (folder / "default" / "third.part").write_bytes(b"")
    found = sorted(text.removeprefix(str(folder)) for text in invariants.check(world, folder, shared=False))
    assert found == ["/default/other holds the bytes of no image", "/default/third.part is of an upload that has ended"]
