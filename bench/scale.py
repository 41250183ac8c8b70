"""`make scale`: does a request cost more when the cloud holds more?

A real `terraform apply` of 1,000 resources with -parallelism=20, an empty plan after it, a destroy that leaves
nothing; then a /16 with 20,000 ports. The time of each request is the server's own, out of its request log: from
the first byte read to the last one written, so that Terraform's time does not count. Kinds of requests are compared
each with itself (the first hundred of a kind with its last hundred), since an apply begins with networks and ends
with what stands on them.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from peers import Client, Peer, login, mopenstack
from terraformer import Terraformer

SAMPLE = 100
RATIO_MAX = 1.2
ALLOCATION_MS_MAX = 2.0
BULK = 250
LOG_SETTLES = 1.5
"""Seconds until the server has written what it logged."""
HEX = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}|/[0-9a-f]{32}")
Requests = dict[str, list[float]]


def configuration(resources: int) -> str:
    """Terraform for this many resources: a tenth each of networks and subnets, the rest on top of them."""
    cells = resources // 10
    groups, inner = cells // 2, cells // 5
    rules, addresses = groups * 5, cells * 2
    ports = resources - 2 * cells - groups - rules - addresses - inner - 1
    return f"""
terraform {{
  required_providers {{
    openstack = {{ source = "terraform-provider-openstack/openstack" }}
  }}
}}
data "openstack_networking_network_v2" "public" {{ name = "public" }}
resource "openstack_networking_network_v2" "net" {{
  count = {cells}
  name  = "scale-${{count.index}}"
}}
resource "openstack_networking_subnet_v2" "sub" {{
  count      = {cells}
  network_id = openstack_networking_network_v2.net[count.index].id
  cidr       = cidrsubnet("10.0.0.0/8", 16, count.index)
}}
resource "openstack_networking_secgroup_v2" "group" {{
  count = {groups}
  name  = "scale-${{count.index}}"
}}
resource "openstack_networking_secgroup_rule_v2" "rule" {{
  count             = {rules}
  security_group_id = openstack_networking_secgroup_v2.group[count.index % {groups}].id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 1000 + count.index
  port_range_max    = 1000 + count.index
  remote_ip_prefix  = "10.0.0.0/8"
}}
resource "openstack_networking_port_v2" "port" {{
  count              = {ports}
  network_id         = openstack_networking_network_v2.net[count.index % {cells}].id
  security_group_ids = [openstack_networking_secgroup_v2.group[count.index % {groups}].id]
  fixed_ip {{ subnet_id = openstack_networking_subnet_v2.sub[count.index % {cells}].id }}
}}
resource "openstack_networking_router_v2" "router" {{
  name                = "scale"
  external_network_id = data.openstack_networking_network_v2.public.id
}}
resource "openstack_networking_router_interface_v2" "inner" {{
  count     = {inner}
  router_id = openstack_networking_router_v2.router.id
  subnet_id = openstack_networking_subnet_v2.sub[count.index].id
}}
resource "openstack_networking_floatingip_v2" "address" {{
  count      = {addresses}
  pool       = "public"
  port_id    = count.index < {inner} ? openstack_networking_port_v2.port[count.index].id : null
  depends_on = [openstack_networking_router_interface_v2.inner]
}}
"""


class Cloud:
    """A running cloud, its request log and an administrator of it."""

    def __init__(self, peer: Peer, log: Path) -> None:
        self.peer, self.log = peer, log
        token, self.project = login(peer.url)
        self.client = Client(peer.url, {"X-Auth-Token": token})
        unlimited = dict.fromkeys(("network", "subnet", "port", "floatingip", "security_group"), -1)
        quota = {"quota": {**unlimited, "security_group_rule": -1}}
        self.client.send("PUT", f"/network/v2.0/quotas/{self.project}", quota)

    def requests(self, since: float) -> Iterator[dict[str, Any]]:
        """What the log says since a moment."""
        time.sleep(LOG_SETTLES)
        for line in self.log.read_text().splitlines():
            if line.startswith("{") and (entry := json.loads(line))["at"] >= since:
                yield entry

    def count(self) -> int:
        """Networks, ports, addresses and groups of the project."""
        collections = ("networks", "ports", "floatingips", "security-groups")
        query = f"?project_id={self.project}&fields=id"
        found = (self.client.send("GET", f"/network/v2.0/{name}{query}")[1] for name in collections)
        return sum(len(one) for answer in found for one in answer.values())


def by_kind(entries: Iterable[dict[str, Any]]) -> Requests:
    """`POST /network/v2.0/ports` -> the milliseconds of each, in order."""
    found: Requests = defaultdict(list)
    for entry in entries:
        found[f"{entry['method']} {HEX.sub('/{id}', entry['path'])}"].append(entry["milliseconds"])
    return found


def apply(cloud: Cloud, folder: Path, resources: int, parallelism: int) -> Requests:
    """Apply, plan, destroy; what the apply's requests took."""
    (folder / "main.tf").write_text(configuration(resources))
    terraform, before = Terraformer(cloud.peer, folder), cloud.count()
    at_once = f"-parallelism={parallelism}"
    terraform.run("init")
    since = time.time()
    print(f"terraform apply    {terraform.run('apply', '-auto-approve', at_once):7.1f} s  {resources} resources")
    found = by_kind(cloud.requests(since))
    print(f"terraform plan     {terraform.run('plan', '-detailed-exitcode', at_once):7.1f} s  empty")
    print(f"terraform destroy  {terraform.run('destroy', '-auto-approve', at_once):7.1f} s")
    left = cloud.count() - before
    if left:
        raise SystemExit(f"{left} objects are left behind")
    return found


def table(found: Requests) -> float:
    """Print a row a kind; the ratio over all of them."""
    print(f"\n{'request':52} {'count':>6} {'first':>7} {'last':>7} {'ratio':>6}   (medians, ms)")
    sums = [0.0, 0.0]
    for kind, times in sorted(found.items()):
        if len(times) < 2 * SAMPLE:
            continue
        first, last = statistics.median(times[:SAMPLE]), statistics.median(times[-SAMPLE:])
        sums[0] += first
        sums[1] += last
        print(f"{kind:52} {len(times):6} {first:7.2f} {last:7.2f} {last / first:6.2f}")
    ratio = sums[1] / sums[0]
    print(f"{'all of these':52} {'':6} {sums[0]:7.2f} {sums[1]:7.2f} {ratio:6.2f}   at most {RATIO_MAX}")
    return ratio


def allocation(cloud: Cloud, ports: int) -> float:
    """Milliseconds of a port's create in a /16 that holds this many."""
    send, v2 = cloud.client.send, "/network/v2.0"
    network = send("POST", f"{v2}/networks", {"network": {"name": "wide"}})[1]["network"]["id"]
    send("POST", f"{v2}/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/16"}})
    for start in range(0, ports, BULK):
        several = [{"network_id": network}] * min(BULK, ports - start)
        send("POST", f"{v2}/ports", {"ports": several})
    since = time.time()
    for _ in range(SAMPLE):
        send("POST", f"{v2}/ports", {"port": {"network_id": network}})
    times = by_kind(cloud.requests(since))[f"POST {v2}/ports"][-SAMPLE:]
    median = statistics.median(times)
    print(f"\na port in a /16 with {ports} of them: {median:.2f} ms (median), at most {ALLOCATION_MS_MAX} ms")
    return median


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--resources", type=int, default=1000)
    options.add_argument("--parallelism", type=int, default=20)
    options.add_argument("--ports", type=int, default=20_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "requests.log")
        with log.open("wb") as output:
            peer = mopenstack("--log-format", "json", output=output)
        try:
            cloud = Cloud(peer, log)
            ratio = table(apply(cloud, Path(scratch), chosen.resources, chosen.parallelism))
            taken = allocation(cloud, chosen.ports)
        finally:
            peer.stop()
    if ratio > RATIO_MAX or taken > ALLOCATION_MS_MAX:
        sys.exit("requests cost more when the cloud holds more")


if __name__ == "__main__":
    main()
