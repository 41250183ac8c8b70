"""What os-getConsoleOutput shows: the boot of the server's image."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.compute.consoles.stage import advance, log_of, stop_clock
from tests.compute.stage import act, at, boot
from tests.conftest import Cloud, User

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIb2m5QxNfOF/pou6tmp9ygzsbrpU40M4ONlCQgPSJag me@laptop"


async def _image(user: User, name: str, **properties: str) -> str:
    body = {"name": name, "disk_format": "raw", "container_format": "bare", **properties}
    id = (await user.post("image", "/v2/images", body)).ok(201)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    (await user.send("PUT", "image", f"/v2/images/{id}/file", data=b"x" * 512, headers=headers)).ok(204)
    return str(id)


async def _ubuntu(user: User, **server: Any) -> str:
    network = (await user.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    (await user.post("compute", "/v2.1/os-keypairs", {"keypair": {"name": "mine", "public_key": KEY}})).ok()
    image = await _image(user, "noble-server-cloudimg", os_distro="ubuntu")
    return await boot(user, name="Web 1", imageRef=image, key_name="mine", networks=[{"uuid": network}], **server)


async def test_cloud_init(demo: User) -> None:
    id = await _ubuntu(demo)
    (port,) = (await demo.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"]
    log = await log_of(demo, id)
    lines = log.split("\n")
    assert lines[0].startswith("[    0.000000] Linux version ")
    assert any("systemd[1]: Hostname set to <web-1>." in line for line in lines)
    for stage in ("init-local", "init", "modules:config", "modules:final"):
        assert f"running '{stage}' at " in log
    device = next(line for line in lines if f" {port['fixed_ips'][0]['ip_address']} " in line)
    assert "ci-info: |  ens3  | True |" in device
    assert port["mac_address"] in device
    assert "/ubuntu/.ssh/authorized_keys for user ubuntu" in log
    assert "| ssh-ed25519 | " in log
    assert "| me@laptop |" in log
    assert " finished at " in log
    assert "Datasource DataSourceOpenStackLocal [net,ver=2].  Up " in log
    assert lines[-1] == "web-1 login: "
    assert await log_of(demo, id) == log
    assert await log_of(demo, id, 2) == "\n".join(lines[-2:])
    assert await log_of(demo, id, 0) == ""
    assert await log_of(demo, id, 100_000) == log


async def test_host_keys_are_keys(demo: User, tmp_path: Path) -> None:
    """ssh-keygen finds the fingerprints and pictures that the log tells of its keys; other servers have others."""
    keygen = shutil.which("ssh-keygen")
    log = await log_of(demo, await _ubuntu(demo))
    block = log.partition("-----BEGIN SSH HOST KEY KEYS-----\n")[2].partition("\n-----END")[0].split("\n")
    assert [line.split()[0] for line in block] == ["ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"]
    assert keygen is not None, "ssh-keygen is missing: install openssh-client"
    for line in block:
        (tmp_path / "key.pub").write_text(f"{line}\n")
        fingerprint, *picture = (await asyncio.to_thread(_told, keygen, tmp_path / "key.pub")).splitlines()
        assert f"cloud-init: {fingerprint}\n" in log
        assert all(f"]: {row}\n" in log for row in picture)
    other = await log_of(demo, await boot(demo, name="web-2"))
    assert not any(line.split()[1] in other for line in block)


def _told(keygen: str, key: Path) -> str:
    return subprocess.run([keygen, "-lvf", str(key)], capture_output=True, text=True, check=True).stdout


async def test_cirros(demo: User) -> None:
    """The image of the seed has its own init."""
    log = await log_of(demo, await boot(demo, name="web-1"))
    assert "=== cirros: current=0.6.3 uptime=" in log
    assert log.endswith("login as 'cirros' user. default password: 'gocubsgo'. use 'sudo' for root.\nweb-1 login: ")
    assert "cloud-init" not in log


async def test_a_later_boot(demo: User) -> None:
    """Each boot has a log of its own; keys are made and shown at the first one alone, until the disk is made anew."""
    id = await _ubuntu(demo)
    first = await log_of(demo, id)
    (await act(demo, id, {"reboot": {"type": "SOFT"}})).ok(202)
    again = await log_of(demo, id)
    assert again != first
    assert "SSH HOST KEY" not in again
    assert " finished at " in again
    (await act(demo, id, {"os-stop": None})).ok(202)
    stopped = await log_of(demo, id)
    assert stopped.startswith(again)
    assert stopped.endswith("reboot: Power down\n")
    (await act(demo, id, {"os-start": None})).ok(202)
    assert "Power down" not in await log_of(demo, id)
    image = (await demo.get("image", "/v2/images?name=noble-server-cloudimg")).ok()["images"][0]["id"]
    (await act(demo, id, {"rebuild": {"imageRef": image}})).ok(202)
    assert "-----BEGIN SSH HOST KEY FINGERPRINTS-----" in await log_of(demo, id)


async def test_it_grows_in_a_realistic_cloud(cloud: Cloud, demo: User) -> None:
    profile = f"/clouds/{cloud.name}/profile"
    (await cloud.admin_api.put("_mopenstack", profile, {"profile": "realistic"})).ok()
    await stop_clock(cloud)
    id = await _ubuntu(demo)
    early = await demo.post("compute", f"/v2.1/servers/{id}/action", {"os-getConsoleOutput": {}}, **at("2.87"))
    early.refused(409, "is not ready")
    await advance(cloud, 8)
    shown = []
    for _ in range(4):
        shown.append(await log_of(demo, id))
        await advance(cloud, 8)
    lengths = [len(log) for log in shown]
    assert lengths[0] < lengths[1] < lengths[2] <= lengths[3]
    assert all(after.startswith(before) for before, after in itertools.pairwise(shown))
    assert "finished at" not in shown[0]
    assert shown[-1].endswith("web-1 login: ")


@pytest.mark.parametrize(
    ("choice", "image", "word"),
    [
        ("cloud-init", {}, "Cloud-init v. "),
        ("cirros", {"name": "debian-12"}, "=== cirros: "),
        ("image", {"name": "debian-12-genericcloud"}, "Welcome to Debian GNU/Linux 12!"),
        ("image", {"name": "golden", "os_distro": "fedora"}, "Kernel 6.14.0-63.fc42.x86_64 on x86_64 (ttyS0)"),
        ("image", {"name": "x", "os_distro": "windows"}, ""),
        ("none", {}, ""),
    ],
)
async def test_whose_boot_it_is(cloud: Cloud, demo: User, choice: str, image: dict[str, str], word: str) -> None:
    await cloud.set_options(compute__console_boot=choice)
    chosen: dict[str, Any] = {"imageRef": await _image(demo, **image)} if image else {}
    log = await log_of(demo, await boot(demo, **chosen))
    assert word in log
    assert bool(word) == bool(log)


async def test_boot_from_volume(demo: User) -> None:
    """The image is the volume's."""
    image = await _image(demo, "rocky-9")
    device = {"uuid": image, "source_type": "image", "destination_type": "volume", "boot_index": 0, "volume_size": 1}
    id = await boot(demo, block_device_mapping_v2=[{**device, "delete_on_termination": True}])
    assert "Rocky Linux 9" in await log_of(demo, id)
