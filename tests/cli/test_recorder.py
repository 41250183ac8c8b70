"""Real clients work through `mopenstack record`; `mopenstack compare` tells what was changed, and nothing else."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mopenstack.cli.recording.exchanges import read_exchanges
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools import Provider, Terraform, get_tool
from tests.processes import command, detached, server

TERRAFORM = """
terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}

data "openstack_images_image_v2" "cirros" {
  name = "cirros-0.6.3-x86_64-disk"
}

resource "openstack_networking_network_v2" "net" {
  name = "recorded"
}

resource "openstack_networking_subnet_v2" "subnet" {
  network_id = openstack_networking_network_v2.net.id
  cidr       = "10.77.0.0/24"
}

resource "openstack_compute_keypair_v2" "key" {
  name = "recorded"
}

resource "openstack_compute_instance_v2" "server" {
  name        = "recorded"
  flavor_name = "m1.nano"
  image_id    = data.openstack_images_image_v2.cirros.id
  key_pair    = openstack_compute_keypair_v2.key.name
  user_data   = "#!/bin/sh\\necho user-data-of-the-server\\n"
  admin_pass  = "admin-pass-of-the-server"
  network {
    uuid = openstack_networking_subnet_v2.subnet.network_id
  }
}

resource "openstack_blockstorage_volume_v3" "volume" {
  name = "recorded"
  size = 1
}

resource "openstack_compute_volume_attach_v2" "attached" {
  instance_id = openstack_compute_instance_v2.server.id
  volume_id   = openstack_blockstorage_volume_v3.volume.id
}

resource "openstack_identity_user_v3" "user" {
  name     = "recorded"
  password = "password-of-a-user"
}

resource "openstack_identity_application_credential_v3" "credential" {
  name   = "recorded"
  secret = "secret-of-a-credential"
}

resource "openstack_keymanager_secret_v1" "secret" {
  name                 = "recorded"
  payload              = "payload-of-a-secret"
  payload_content_type = "text/plain"
  secret_type          = "passphrase"
}
"""
SECRETS = (
    "user-data-of-the-server", "admin-pass-of-the-server", "password-of-a-user", "secret-of-a-credential",
    "payload-of-a-secret", "PRIVATE KEY", ':"secret"', "gAAAA", "dXNlci1kYXRhLW9mLXRoZS1zZXJ2ZXI",
)  # fmt: skip
"""What must not be in a recording: a token begins with gAAAA."""
COMMANDS = (
    "flavor list",
    "network create --description by-hand by-hand",
    "server create --flavor m1.nano --image cirros-0.6.3-x86_64-disk --network private --wait by-hand",
    "server stop by-hand",
    "server delete --wait by-hand",
    "network delete by-hand",
    "catalog list",
    "hypervisor show compute-3",
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, and where the clouds are that it is compared with."""

    path: Path
    state: Path
    lines: list[dict[str, Any]]

    def compared(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit status and what `compare --json` says."""
        ended = command("compare", str(self.path), "--json", *arguments, state=self.state, check=False)
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """A mopenstack plays the real cloud; openstackclient, Terraform and a plain request work through the proxy."""
    real, folder = tmp_path_factory.mktemp("real"), tmp_path_factory.mktemp("recording")
    path = folder / "recording.jsonl"
    with detached(real, "--set", "network.filter_validation=false"):
        (folder / "clouds.yaml").write_text(command("clouds-yaml", state=real).stdout)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OS_CLIENT_CONFIG_FILE", str(folder / "clouds.yaml"))
            arguments = ("record", "--cloud", "mopenstack-admin", "--to", str(path))
            with server(*arguments, state=real) as (process, first):
                assert "recording http://127.0.0.1" in first
                assert process.stdout is not None
                url = process.stdout.readline().strip().removeprefix("export OS_AUTH_URL=")
                exports = dict(re.findall(r"export (\w+)=(\S+)", command("env", "--user", "admin", state=real).stdout))
                _work({**exports, "OS_AUTH_URL": url}, folder)
                process.send_signal(signal.SIGINT)
                assert re.fullmatch(r"\d{3} exchanges in .*recording\.jsonl\n", process.stdout.read())
    with detached(real):
        yield Recorded(path, real, list(read_exchanges(path)))


def _work(variables: dict[str, str], folder: Path) -> None:
    environment = clean_environment(**variables)
    openstack = get_tool("openstackclient").require().path
    assert openstack is not None
    for line in COMMANDS:
        run([openstack, *line.split()], cwd=folder, env=environment)
    (folder / "main.tf").write_text(TERRAFORM)
    terraform = Terraform().require().path or Path("terraform")
    mirror = {"TF_CLI_CONFIG_FILE": str(Provider().cli_config()), "CHECKPOINT_DISABLE": "1"}
    environment = clean_environment(**{**variables, **mirror})
    for arguments in (["init", "-input=false"], ["apply", "-auto-approve"], ["destroy", "-auto-approve"]):
        run([terraform, *arguments], cwd=folder, env=environment)
    _unknown_filter(variables)


def _unknown_filter(variables: dict[str, str]) -> None:
    """What the cloud that plays the real one ignores, and others refuse."""
    user = {"name": variables["OS_USERNAME"], "password": variables["OS_PASSWORD"], "domain": {"id": "default"}}
    scope = {"project": {"name": variables["OS_PROJECT_NAME"], "domain": {"id": "default"}}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    asked = urllib.request.Request(
        f"{variables['OS_AUTH_URL']}/auth/tokens",
        json.dumps({"auth": auth}).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:
        token = answer.headers["X-Subject-Token"]
        catalog = json.load(answer)["token"]["catalog"]
    network = next(entry["endpoints"][0]["url"] for entry in catalog if entry["type"] == "network")
    assert network.startswith(variables["OS_AUTH_URL"].partition("/identity")[0])
    headers = {"X-Auth-Token": token, "Accept": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{network}/v2.0/networks?bogus=1", headers=headers)) as answer:
        assert json.load(answer)["networks"]


def test_a_recording_holds_no_secret(recorded: Recorded) -> None:
    """And the same secret is the same word: the password of the logins, the token of the requests after them."""
    text = recorded.path.read_text()
    assert [secret for secret in SECRETS if secret in text] == []
    assert recorded.path.stat().st_mode & 0o077 == 0
    logins = [line for line in recorded.lines if line["op"] == "POST /v3/auth/tokens"]
    words = {line["request"]["auth"]["identity"]["password"]["user"]["password"] for line in logins}
    assert words == {"<password-1>"}
    tokens = {line["response_headers"]["X-Subject-Token"] for line in logins}
    assert len(tokens) == len(logins) > len(COMMANDS)
    used = {line.get("request_headers", {}).get("X-Auth-Token", "") for line in recorded.lines}
    assert used - {""} <= tokens
    assert {line["as"] for line in recorded.lines} == {"anonymous", "admin"}


def test_a_recording_is_of_the_cloud(recorded: Recorded) -> None:
    """It has no address of the proxy; every service that was used is named, and so are its addresses."""
    text = recorded.path.read_text()
    assert "127.0.0.1" not in re.sub(r'"host_ip":"[^"]+"', "", text)
    assert "{compute}/v2.1" in text
    services = {line["service"] for line in recorded.lines}
    assert {"identity", "compute", "network", "image", "block-storage", "key-manager"} <= services


def test_the_same_cloud_answers_as_recorded(recorded: Recorded) -> None:
    """Nothing is told where nothing was changed, although all ids are others."""
    command("cloud", "create", "same", "--set", "network.filter_validation=false", state=recorded.state)
    status, said = recorded.compared("--cloud", "same")
    assert said["differences"] == []
    assert (status, said["same"] + said["sooner"], said["stand_ins"]) == (0, len(recorded.lines), {})
    assert said["sooner"] <= 3


def test_what_was_changed_is_told(recorded: Recorded) -> None:
    """Two options are other ones: one refuses a filter, one leaves a host that was asked for away."""
    command("cloud", "create", "changed", "--set", "compute.hosts=1", state=recorded.state)
    status, said = recorded.compared("--cloud", "changed")
    assert status == 1
    found = [(one["op"], one["what"], one["recorded"], one["here"]) for one in said["differences"]]
    assert found == [
        ("GET /v2.1/os-hypervisors/{id}", "status", 200, 404),
        ("GET /v2.0/networks", "status", 200, 400),
    ]
    table = command("compare", str(recorded.path), "--cloud", "changed", state=recorded.state, check=False).stdout
    assert re.search(r"GET network /v2\.0/networks +status +- +200 +400", table)
    assert re.search(rf"{len(recorded.lines)} exchanges: \d+ as recorded.*, 2 differ", table)


def test_a_fresh_cloud_is_made_and_gone(recorded: Recorded) -> None:
    """Where no cloud is named; it has the default options, so that the filter is told."""
    status, said = recorded.compared()
    assert (status, [one["what"] for one in said["differences"]]) == (1, ["status"])
    names = [one["name"] for one in json.loads(command("cloud", "list", "--json", state=recorded.state).stdout)]
    assert not [name for name in names if name.startswith("compare-")]
