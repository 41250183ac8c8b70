"""cloud-init's own data sources read the metadata service and the config drive, and find the same in both."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pycdlib
import pytest
from pyfatfs.PyFatFS import PyFatFS

from mopenstack.conformance.tools import CloudInit
from tests.metadata.conftest import KEY, USER_DATA, Guest

SCRIPT = Path(__file__).with_name("read_by_cloud_init.py")


async def read(guest: Guest, kind: str, place: str) -> dict[str, Any]:
    """What cloud-init finds there."""
    tool = CloudInit()
    macs = {port["mac_address"]: f"eth{number}" for number, port in enumerate(guest.ports)}
    command = [str(tool.require().path), "-W", "ignore", str(SCRIPT), kind, place, json.dumps(macs)]
    done = await asyncio.to_thread(
        subprocess.run, command, env={"PYTHONPATH": str(tool.modules)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def unpack_iso(image: bytes, folder: Path) -> None:
    drive = pycdlib.PyCdlib()
    drive.open_fp(io.BytesIO(image))
    assert drive.pvd.volume_identifier.decode().strip() == "config-2"
    for parent, _, names in drive.walk(rr_path="/"):
        for name in names:
            path = f"{parent.rstrip('/')}/{name}"
            (folder / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            drive.get_file_from_iso(str(folder / path.lstrip("/")), rr_path=path)
    drive.close()


def unpack_vfat(image: bytes, folder: Path) -> None:
    place = folder.with_suffix(".vfat")
    place.write_bytes(image)
    drive = PyFatFS(str(place))
    for path in drive.walk.files("/"):
        (folder / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / path.lstrip("/")).write_bytes(drive.readbytes(path))
    drive.close()


@pytest.mark.parametrize(("format", "unpack"), [("iso9660", unpack_iso), ("vfat", unpack_vfat)])
async def test_both_ways_tell_the_same(
    guest: Guest, tmp_path: Path, format: str, unpack: Callable[[bytes, Path], None]
) -> None:
    """Of a server with two networks, static routes, a key, user data and vendordata."""
    await guest.cloud.set_options(metadata__vendordata='{"cloud-init": "#cloud-config"}')
    id = guest.server["id"]
    served = await read(guest, "service", f"{guest.cloud.url}/metadata/{id}")
    image = await guest.cloud.anonymous.get("metadata", f"/{id}/config-drive?format={format}")
    assert image.status == 200
    folder = tmp_path / "drive"
    folder.mkdir()
    await asyncio.to_thread(unpack, image.content, folder)
    found = await read(guest, "drive", str(folder))
    assert {**found, "ec2": served["ec2"]} == served
    told = {"instance-id", "hostname", "local-ipv4", "instance-type", "placement", "security-groups"}
    assert told <= set(found["ec2"])
    assert {name: found["ec2"][name] for name in ("instance-id", "hostname", "local-ipv4")} == {
        name: served["ec2"][name] for name in ("instance-id", "hostname", "local-ipv4")
    }
    assert (found["metadata"]["hostname"], found["metadata"]["public_keys"]) == ("web-one.novalocal", {"mine": KEY})
    assert found["user_data"] == USER_DATA.decode()
    assert found["vendordata"] == {"cloud-init": "#cloud-config"}
    assert found["vendordata2"] == {"static": {"cloud-init": "#cloud-config"}}
    first, second = [one["subnets"][0] for one in found["network"]["config"] if one["type"] == "physical"]
    assert first["address"] == guest.ports[0]["fixed_ips"][0]["ip_address"]
    assert {(route["network"], route["gateway"]) for route in first["routes"]} == {
        ("0.0.0.0", "10.1.0.1"),
        ("10.9.0.0", "10.1.0.9"),
    }
    assert second["type"] == "dhcp4"


async def test_what_has_no_drive(guest: Guest) -> None:
    """No such server, and a format that is none."""
    assert (await guest.cloud.anonymous.get("metadata", "/nothing/config-drive")).status == 404
    path = f"/{guest.server['id']}/config-drive"
    assert (await guest.cloud.anonymous.get("metadata", f"{path}?format=ext4")).status == 400
    assert (await guest.cloud.anonymous.get("metadata", f"{path}?other=1")).status == 400
