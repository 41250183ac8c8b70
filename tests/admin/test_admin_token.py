"""A cloud that other machines reach is driven by those alone that have its admin token."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest

from mopenstack.admin.v1 import admin_pb2, admin_pb2_grpc
from mopenstack.contract.admin_access import AdminAccess, bearer, listens_wide
from tests.processes import START_SECONDS_MAX, command, detached, server

TOKEN = "a-token-of-this-test-1234567890"


@pytest.fixture
def other_address() -> str:
    """An address of this machine that is not its loopback interface's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: only the route is looked up
        except OSError:
            pytest.skip(reason="this machine has no address but its loopback interface's")
        address: str = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip(reason="this machine has no address but its loopback interface's")
    return address


def _ask(url: str, verb: str = "GET", **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, b"{}" if verb == "POST" else None, headers, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def _status(address: str, token: str = "") -> Any:
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(address) as channel:
        return admin_pb2_grpc.AdminStub(channel).GetStatus(admin_pb2.GetStatusRequest(), metadata=metadata, timeout=10)


def test_the_token_is_needed(tmp_path: Path, other_address: str) -> None:
    """From another address and from this machine, read and write, HTTP and gRPC; with it all of that is answered."""
    with detached(tmp_path, "--host", "0.0.0.0") as status:
        kept = Path(status["admin_token"])
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        token = kept.read_text()
        port = status["url"].rpartition(":")[2]
        for address in (other_address, "127.0.0.1"):
            admin = f"http://{address}:{port}/_mopenstack"
            for verb, path in (
                ("GET", "/status"),
                ("GET", "/clouds"),
                ("GET", "/openapi.json"),
                ("GET", "/answers"),
                ("POST", "/clouds/default/reset"),
                ("DELETE", "/clouds/default"),
            ):
                assert _ask(admin + path, verb)[0] == 401, (address, verb, path)
                assert _ask(admin + path, verb, Authorization="Bearer " + "x" * 43)[0] == 401, (address, verb, path)
            right = {"Authorization": f"Bearer {token}"}
            assert _ask(admin + "/status", **right)[1]["clouds"] == ["default"]
            assert _ask(admin + "/clouds/default/reset", "POST", **right)[0] == 200
            assert _ask(admin + "/status", **right, Host="evil.example")[0] == 403
            assert _ask(admin + "/clouds/default/reset", "POST", **right, Origin="http://evil.example")[0] == 403
            index = f"http://{address}:{port}/"
            assert "clouds" not in _ask(index)[1]
            assert [one["name"] for one in _ask(index, **right)[1]["clouds"]] == ["default"]
            assert _ask(f"http://{address}:{port}/identity/v3")[0] == 200
            rpc = f"{address}:{status['grpc'].rpartition(':')[2]}"
            for wrong in ("", "x" * 43):
                with pytest.raises(grpc.RpcError) as refused:
                    _status(rpc, wrong)
                assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert list(_status(rpc, token).clouds) == ["default"]
        assert command("cloud", "list", state=tmp_path).stdout.startswith("default ")
        assert token not in command("status", state=tmp_path).stdout
        assert token not in (tmp_path / "mopenstack/cloud.log").read_text()
    assert not kept.exists()


def test_a_given_token(tmp_path: Path) -> None:
    """By option or variable: it is needed on the loopback interface too, and no process list has it."""
    with detached(tmp_path, "--admin-token", TOKEN, "--admin-host", "cloud.test") as status:
        assert _ask(status["url"] + "/_mopenstack/status")[0] == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert _ask(status["url"] + "/_mopenstack/status", **right)[0] == 200
        assert _ask(status["url"] + "/_mopenstack/status", **right, Host="cloud.test:1")[0] == 200
        assert _ask(status["url"] + "/_mopenstack/status", **right, Host="other.test:1")[0] == 403
        assert TOKEN.encode() not in Path(f"/proc/{status['pid']}/cmdline").read_bytes()
    assert "at least 16" in command("up", "--admin-token", "short", state=tmp_path, check=False).stderr


def test_secrets_leave_the_process_list(tmp_path: Path) -> None:
    """Also of a cloud in the foreground; it cannot reach its database here, and nothing that it says has them."""
    address = "postgresql://user:pass-word@127.0.0.1:1/none"
    arguments = ("up", "--port", "0", f"--store={address}", "--admin-token", TOKEN)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", *arguments],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    shown = Path(f"/proc/{process.pid}/cmdline")
    deadline = time.monotonic() + START_SECONDS_MAX
    try:
        line = shown.read_text()  # empty at the moment at which one program takes the place of another
        while (not line or "--store" in line) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
            line = shown.read_text()
        said, _ = process.communicate(timeout=START_SECONDS_MAX)
    finally:
        process.kill()
    assert "--port" in line  # it was still the command that was seen
    assert "pass-word" not in line
    assert TOKEN not in line
    assert process.returncode == 1
    assert "pass-word" not in said
    assert TOKEN not in said


def test_a_gateway_for_others_needs_one(tmp_path: Path) -> None:
    """A process that listens on more than this machine and was given no token serves nobody; with one, its holders."""
    address = f"unix:{tmp_path / 'core.sock'}"
    wide = ("gateway", "--core", address, "--port", "0", "--host", "0.0.0.0")
    with server("core", "--address", address, state=tmp_path):
        with server(*wide, state=tmp_path) as (_, line):
            url = line.split(" at ")[1].split(",")[0]
            assert "MOPENSTACK_ADMIN_TOKEN" in _ask(f"{url}/_mopenstack/status")[1]["detail"]
        with server(*wide, "--admin-token", TOKEN, state=tmp_path) as (_, line):
            url = line.split(" at ")[1].split(",")[0]
            assert _ask(f"{url}/_mopenstack/status")[0] == 401
            assert _ask(f"{url}/_mopenstack/status", Authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize(
    ("host", "wide"),
    [
        *((host, False) for host in ("127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "unix:/x")),
        *((host, True) for host in ("0.0.0.0", "::", "192.0.2.1", "cloud.example", "")),
    ],
)
def test_which_addresses_are_wide(host: str, wide: bool) -> None:
    assert listens_wide(host) is wide


def test_tokens_of_headers() -> None:
    """Only the scheme Bearer has one; what is no ASCII is no token, and no failure."""
    assert bearer("Bearer abc") == bearer("bearer  abc ") == "abc"
    assert bearer("Basic abc") == bearer("") == ""
    access = AdminAccess(TOKEN)
    assert access.refusal("127.0.0.1", "\udcff\u00e9")
    assert not access.refusal("192.0.2.1", TOKEN)
