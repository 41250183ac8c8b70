"""`mopenstack snapshot`: names and files, and files between versions; docs/snapshots.md is run with all pages."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from mopenstack.cli.serve import Settings, serving
from tests.client import sign_in
from tests.processes import command, detached

GOLDEN = Path(__file__).parents[1] / "golden" / "snapshots"


def test_names_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with detached(tmp_path):
        command("cloud", "create", "mine", state=tmp_path)
        command("snapshot", "save", "state", "--to", "state.tar", state=tmp_path)
        command("snapshot", "rm", "state", state=tmp_path)
        assert command("snapshot", "list", state=tmp_path).stdout == ""
        command("snapshot", "save", "one", state=tmp_path)
        command("cloud", "reset", "mine", state=tmp_path)
        command("snapshot", "save", "other", "--cloud", "mine", "--to", "other.tar", state=tmp_path)
        shown = command("snapshot", "diff", "one", "cloud:mine", "--json", state=tmp_path, check=False)
        assert (shown.returncode, json.loads(shown.stdout)) == (0, [])
        bad = tmp_path / "bad.tar"
        bad.write_bytes(b"x" * 3000)
        done = command("snapshot", "load", "bad.tar", state=tmp_path, check=False)
        assert done.returncode != 0
        assert "no snapshot of mopenstack that can be read" in done.stderr
    with detached(tmp_path, "--snapshot", "state.tar"):
        assert command("snapshot", "list", state=tmp_path).stdout == ""


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.tar.gz")), ids=lambda file: str(file.stem))
async def test_files_of_earlier_versions(file: Path, tmp_path: Path) -> None:
    """A file that an earlier version wrote loads: a network with its subnet, a server, and an image with its bytes."""
    unpacked = tmp_path / "snapshot.tar"
    unpacked.write_bytes(gzip.decompress(file.read_bytes()))  # noqa: ASYNC240  # nothing else runs
    async with serving(Settings(port=0, snapshot=unpacked)) as running, aiohttp.ClientSession() as session:
        user = await sign_in(session, running.url, "demo")
        networks = (await user.get("network", "/v2.0/networks?name=kept")).ok()["networks"]
        assert len(networks[0]["subnets"]) == 1
        servers = (await user.get("compute", "/v2.1/servers/detail?name=kept")).ok()["servers"]
        assert servers[0]["status"] == "ACTIVE"
        image = (await user.get("image", "/v2/images?name=kept")).ok()["images"][0]["id"]
        assert (await user.get("image", f"/v2/images/{image}/file")).content == b"kept bytes"


async def golden() -> bytes:
    """The golden file of this version."""
    async with serving(Settings(port=0)) as running, aiohttp.ClientSession() as session:
        user = await sign_in(session, running.url, "demo")
        network = (await user.post("network", "/v2.0/networks", {"network": {"name": "kept"}})).ok(201)["network"]
        subnet = {"network_id": network["id"], "cidr": "10.1.0.0/24", "ip_version": 4}
        (await user.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
        server = {"name": "kept", "flavorRef": "42", "networks": [{"uuid": network["id"]}]}
        images = (await user.get("image", "/v2/images")).ok()["images"]
        body = {"server": {**server, "imageRef": images[0]["id"]}}
        server_id = (await user.post("compute", "/v2.1/servers", body)).ok(202)["server"]["id"]
        (await user.get("compute", f"/v2.1/servers/{server_id}")).ok()
        made = {"name": "kept", "disk_format": "raw", "container_format": "bare"}
        image = (await user.post("image", "/v2/images", made)).ok(201)["id"]
        octets = {"Content-Type": "application/octet-stream"}
        (await user.send("PUT", "image", f"/v2/images/{image}/file", data=b"kept bytes", headers=octets)).ok(204)
        (await user.post("_mopenstack", "/clouds/default/snapshots", {"name": "kept"})).ok(201)
        return gzip.compress((await user.get("_mopenstack", "/snapshots/kept/file")).content, mtime=0)


if __name__ == "__main__":  # python -m tests.cli.test_snapshots FORMAT
    (GOLDEN / f"format-{sys.argv[1]}.tar.gz").write_bytes(asyncio.run(golden()))
