"""A server that Terraform made is a VM, and a VM is a server to Terraform."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import parse_exports
from tests.processes import command, detached
from tests.real_clients import Clients
from tests.vm_lifecycle.conftest import IMAGE

SERVER = f"""
    resource "openstack_compute_instance_v2" "by_terraform" {{
      name        = "by-terraform"
      flavor_name = "m1.tiny"
      image_name  = "{IMAGE}"
      network {{ name = "private" }}
    }}
"""
FOUND = """
    data "openstack_compute_instance_v2" "vm" {
      id = "%s"
    }
    output "vm" {
      value = "${data.openstack_compute_instance_v2.vm.name} is ${data.openstack_compute_instance_v2.vm.power_state}"
    }
"""


def test_both_ways(tmp_path: Path) -> None:
    with detached(tmp_path / "state", "--services", "default,vm_lifecycle") as status:
        exports = parse_exports(command("env", "--user", "demo", state=tmp_path / "state").stdout)
        clients = Clients(tmp_path / "state", tmp_path, "default", {**os.environ, **exports})
        clients.write(SERVER)
        clients.apply()
        token = clients.openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()

        def ask(verb: str, path: str, body: Any = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
            request = urllib.request.Request(f"{status['url']}/api/v1/vms{path}", data, headers, method=verb)
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read())

        (vm,) = ask("GET", "")["vms"]
        assert (vm["name"], vm["flavor"], vm["status"]) == ("by-terraform", "m1.tiny", "RUNNING")
        assert "No changes" in clients.terraform("plan", "-detailed-exitcode")
        made = ask("POST", "", {"name": "by-vms", "flavor": "m1.tiny", "image": IMAGE})
        clients.write(SERVER + FOUND % made["id"])
        assert "by-vms is shutoff" in clients.apply()
        ask("POST", f"/{made['id']}/start")
        assert "by-vms is active" in clients.apply()
        assert "by-vms" in [one["Name"] for one in clients.listed("server", "list")]
