"""Terraform's plan of the source's configuration against the copy is empty, once the copy's things are imported."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import parse_exports
from tests.processes import command, detached
from tests.real_clients import Clients

TENANT = """
    data "openstack_networking_network_v2" "outside" {
      external = true
    }
    resource "openstack_networking_network_v2" "app" {
      name        = "app"
      description = "the application"
      mtu         = 1400
    }
    resource "openstack_networking_subnet_v2" "app" {
      name            = "app-4"
      network_id      = openstack_networking_network_v2.app.id
      cidr            = "CIDR"
      dns_nameservers = ["9.9.9.9"]
    }
    resource "openstack_networking_router_v2" "way" {
      name                = "way"
      external_network_id = data.openstack_networking_network_v2.outside.id
    }
    resource "openstack_networking_router_interface_v2" "app" {
      router_id = openstack_networking_router_v2.way.id
      subnet_id = openstack_networking_subnet_v2.app.id
    }
    resource "openstack_networking_secgroup_v2" "web" {
      name        = "web"
      description = "the web"
    }
    resource "openstack_networking_secgroup_rule_v2" "ssh" {
      security_group_id = openstack_networking_secgroup_v2.web.id
      direction         = "ingress"
      ethertype         = "IPv4"
      protocol          = "tcp"
      port_range_min    = 22
      port_range_max    = 22
      remote_ip_prefix  = "CIDR"
    }
    resource "openstack_networking_secgroup_rule_v2" "web" {
      security_group_id = openstack_networking_secgroup_v2.web.id
      direction         = "ingress"
      ethertype         = "IPv4"
      protocol          = "tcp"
      port_range_min    = 80
      port_range_max    = 80
      remote_group_id   = openstack_networking_secgroup_v2.web.id
    }
"""
THERE, HERE = "10.44.0.0/24", "10.55.0.0/24"


def test_the_plan_of_the_source_against_the_copy(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with detached(state):
        exports = parse_exports(command("env", "--user", "demo", state=state).stdout)
        source, copy = tmp_path / "source", tmp_path / "copy"
        source.mkdir()
        copy.mkdir()
        there = Clients(state, source, "default", {**os.environ, **exports})
        there.write(TENANT.replace("CIDR", THERE))
        there.apply()
        command("cloud", "create", "lab", state=state)
        done = command(
            "replicate", "--from", "default:demo", "--to", "lab", "--name", "mine", "--map", f"{THERE}={HERE}",
            state=state,
        ).stdout  # fmt: skip
        user = re.search(r"^user (\S+), password (\S+)$", done, re.MULTILINE)
        assert user is not None, done
        exports |= parse_exports(command("env", "--user", "demo", "--cloud", "lab", state=state).stdout)
        exports |= {"OS_USERNAME": user[1], "OS_PASSWORD": user[2], "OS_PROJECT_NAME": "mine"}
        exports.pop("OS_PROJECT_ID", None)
        here = Clients(state, copy, "lab", {**os.environ, **exports})
        here.write(TENANT.replace("CIDR", HERE))
        for address, id in _addresses(here).items():
            here.terraform("import", address, id)
        plan = here.terraform("plan")
        assert "No changes" in plan, plan


def _addresses(here: Clients) -> dict[str, str]:
    """Terraform's address of each thing of the copy -> its id."""

    def one(kind: str, **wanted: Any) -> str:
        found = [
            item["ID"]
            for item in here.listed(*kind.split(" "))
            if all(str(item.get(key)) == str(value) for key, value in wanted.items())
        ]
        assert len(found) == 1, (kind, wanted, here.listed(*kind.split(" ")))
        return str(found[0])

    router, subnet = one("router list", Name="way"), one("subnet list", Name="app-4")
    ports = here.listed("port", "list", "--router", router)
    group = one("security group list", Name="web")
    rules = f"security group rule list {group}"
    prefix = "openstack_networking_"
    return {
        f"{prefix}network_v2.app": one("network list", Name="app"),
        f"{prefix}subnet_v2.app": subnet,
        f"{prefix}router_v2.way": router,
        f"{prefix}router_interface_v2.app": next(port["ID"] for port in ports if subnet in str(port)),
        f"{prefix}secgroup_v2.web": group,
        f"{prefix}secgroup_rule_v2.ssh": one(rules, **{"Port Range": "22:22"}),
        f"{prefix}secgroup_rule_v2.web": one(rules, **{"Port Range": "80:80"}),
    }
