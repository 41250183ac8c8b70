"""The command line, as scripts use it."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import yaml

from tests.processes import command, detached

KEYS = {"url", "auth_url", "grpc", "pid", "rss_bytes", "store", "clouds"}


def test_a_detached_cloud(tmp_path: Path) -> None:
    """`up --detach` returns when the cloud answers; status, env, clouds-yaml, cloud and stop speak of it."""
    with detached(tmp_path) as status:
        assert status.keys() == KEYS
        assert status["clouds"] == ["default"]
        with urllib.request.urlopen(status["url"] + "/identity/v3") as answer:
            assert json.load(answer)["version"]["id"] == "v3.14"
        exports = command("env", "--user", "demo", state=tmp_path).stdout
        assert f"export OS_AUTH_URL={status['auth_url']}\n" in exports
        assert "export OS_USERNAME=demo\n" in exports
        url = command("cloud", "create", "dev1", state=tmp_path).stdout.strip()
        with urllib.request.urlopen(url) as answer:
            assert json.load(answer)["version"]["links"][0]["href"] == url + "/"
        clouds = yaml.safe_load(command("clouds-yaml", "--cloud", "dev1", state=tmp_path).stdout)["clouds"]
        assert list(clouds) == ["mopenstack-dev1", "mopenstack-dev1-admin", "mopenstack-dev1-system-admin"]
        rows = json.loads(command("cloud", "list", "--json", state=tmp_path).stdout)
        assert [row["name"] for row in rows] == ["default", "dev1"]
        command("cloud", "reset", "dev1", state=tmp_path)
        command("cloud", "delete", "dev1", state=tmp_path)
        assert command("env", "--cloud", "dev1", state=tmp_path, check=False).returncode == 1
    assert command("status", state=tmp_path, check=False).returncode == 1


def test_errors_help(tmp_path: Path) -> None:
    """A port in use, a second cloud, a data folder in use and a bad store say what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = command("up", "--port", port, state=tmp_path, check=False)
        assert refused.returncode == 1
        assert "--port 0" in refused.stderr
        detached_refused = command("up", "--detach", "--port", port, state=tmp_path, check=False)
        assert detached_refused.returncode == 1
        assert "--port 0" in detached_refused.stderr
    data = tmp_path / "data"
    with detached(tmp_path, "--data", str(data)):
        assert "mopenstack stop" in command("up", state=tmp_path, check=False).stderr
        other = command("up", "--port", "0", "--data", str(data), state=tmp_path / "other", check=False)
        assert "is in use by another mopenstack process" in other.stderr
    assert "postgresql://" in command("up", "--store", "mysql://x", state=tmp_path, check=False).stderr
    assert command("up", "--port", "99999", state=tmp_path, check=False).returncode == 2


def test_a_port_of_a_service(tmp_path: Path) -> None:
    """A free port at whose root one API is; `status` tells it."""
    for wrong in ("image", "image=x", "image=70000", "teapot=0"):
        assert command("up", "--service-port", wrong, state=tmp_path, check=False).returncode == 1
    with detached(tmp_path, "--service-port", "image=0") as status:
        address = status["ports"]["image"]
        assert f"image {address}" in command("status", state=tmp_path).stdout
        with urllib.request.urlopen(f"{address}/versions") as answer:
            assert f"{address}/v2" in answer.read().decode()


def test_classic_ports(tmp_path: Path) -> None:
    """Each API answers on its own port as well; the catalog behind Keystone's leads to the one port."""
    with detached(tmp_path, "--classic-ports") as status:
        for port, path in ((5000, "/v3"), (8774, "/v2.1/"), (9292, "/versions"), (9696, "/")):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                assert f"http://127.0.0.1:{port}/v" in answer.read().decode()
        user = {"name": "demo", "domain": {"id": "default"}, "password": "secret"}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "demo", "domain": {"id": "default"}}},
        }
        request = urllib.request.Request(
            "http://127.0.0.1:5000/v3/auth/tokens",
            json.dumps({"auth": auth}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            catalog = json.load(answer)["token"]["catalog"]
        addresses = [endpoint["url"] for service in catalog for endpoint in service["endpoints"]]
        assert all(address.startswith(status["url"] + "/") for address in addresses), addresses
