"""Boot a server with Terraform, force it into ERROR over gRPC, and watch Terraform see it.

Needs a running cloud (`mopenstack up --detach`) and the tools (`mopenstack tools install terraform provider`).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import grpc

from mopenstack.admin.v1 import admin_pb2, admin_pb2_grpc
from mopenstack.conformance.tools import Provider

CONFIGURATION = """
terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}

data "openstack_images_image_v2" "cirros" {
  name_regex  = "^cirros"
  most_recent = true
}

resource "openstack_networking_network_v2" "net" {
  name = "example"
}

resource "openstack_networking_subnet_v2" "subnet" {
  network_id = openstack_networking_network_v2.net.id
  cidr       = "10.30.0.0/24"
}

resource "openstack_compute_instance_v2" "server" {
  name        = "example"
  image_id    = data.openstack_images_image_v2.cirros.id
  flavor_name = "m1.tiny"
  network {
    uuid = openstack_networking_subnet_v2.subnet.network_id
  }
}

output "id" {
  value = openstack_compute_instance_v2.server.id
}
"""


def mopenstack(*arguments: str) -> str:
    """What a command of mopenstack prints."""
    return subprocess.run(["mopenstack", *arguments], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607


def terraform(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """One terraform command in the example's folder."""
    command = ["terraform", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def main() -> None:
    status = json.loads(mopenstack("status", "--json"))
    lines = mopenstack("env", "--user", "demo").splitlines()
    exports = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    environment = {**os.environ, **exports, "TF_CLI_CONFIG_FILE": str(Provider().cli_config())}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "main.tf").write_text(CONFIGURATION)
        for step in (("init",), ("apply", "-auto-approve")):
            done = terraform(folder, environment, *step, "-no-color", "-input=false")
            if done.returncode:
                raise SystemExit(done.stderr)
        server = terraform(folder, environment, "output", "-raw", "id").stdout
        print(f"terraform booted server {server}")

        with grpc.insecure_channel(status["grpc"]) as channel:
            admin = admin_pb2_grpc.AdminStub(channel)
            admin.ForceState(admin_pb2.ForceStateRequest(cloud="default", kind="server", id=server, state="error"))
        print("gRPC put it into ERROR")

        plan = terraform(
            folder, environment, "plan", "-refresh-only", "-detailed-exitcode", "-no-color", "-input=false"
        )
        seen = [line.strip() for line in plan.stdout.splitlines() if "power_state" in line]
        says = seen[0] if seen else plan.stdout + plan.stderr
        print(f"terraform plan -refresh-only exits {plan.returncode} and says: {says}")
        terraform(folder, environment, "destroy", "-auto-approve", "-no-color", "-input=false")
        print("destroyed")
        raise SystemExit(0 if plan.returncode == 2 and seen else 1)


if __name__ == "__main__":
    main()
