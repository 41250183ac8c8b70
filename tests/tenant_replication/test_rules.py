"""The rules of a copy, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.core.tenant_replication.cidrs import wrong
from mopenstack.core.tenant_replication.copying import rules
from mopenstack.core.tenant_replication.copying.rules import Mappings


@pytest.mark.parametrize(
    ("cidr", "start", "end"),
    [
        ("10.0.0.0/24", "10.0.0.10", "10.0.0.200"),
        ("10.0.0.0/16", "10.0.0.10", "10.0.0.200"),
        ("10.0.0.64/26", "10.0.0.74", "10.0.0.126"),
        ("10.0.0.0/29", "10.0.0.6", "10.0.0.6"),
    ],
)
def test_pools(cidr: str, start: str, end: str) -> None:
    assert rules.pool(cidr) == {"start": start, "end": end}


def test_volume_limits() -> None:
    limits = {"volumes": 1, "gigabytes_a": 10, "gigabytes_b": 5, "gigabytes_c": 1, "gigabytes_d": 7, "gigabytes_e": -1}
    found = rules.volume_limits(limits, Mappings(volume_types={"a": "x", "b": "x"}), {"x", "c"})
    assert found == ({"volumes": 1, "gigabytes_x": 15, "gigabytes_c": 1}, ["d"])
    assert rules.volume_limits({"gigabytes_a": -1, "gigabytes_b": 5}, Mappings(volume_types={"b": "a"}), {"a"}) == (
        {"gigabytes_a": -1},
        [],
    )


def test_routes() -> None:
    router: dict[str, Any] = {
        "routes": [{"destination": "10.0.0.128/25"}, {"destination": "10.0.1.0/24"}, {"destination": "fd00::/64"}]
    }
    assert rules.routes(router, ["10.0.0.0/24"]) == [{"destination": "10.0.0.128/25"}]


@pytest.mark.parametrize(
    ("cidr", "text"),
    [
        ("10.0.0.0/24", ""),
        ("172.31.0.0/16", ""),
        ("192.168.1.0/28", ""),
        ("8.8.8.0/24", "A private network CIDR is expected."),
        ("172.32.0.0/16", "A private network CIDR is expected."),
        ("10.0.0.1", "A private network CIDR is expected."),
        ("10.0.0.1/24", "Enter a valid IPv4 address."),
        ("fd00::/64", "Enter a valid IPv4 address."),
        ("nonsense", "Enter a valid IPv4 address."),
        ("", "Enter a valid IPv4 address."),
    ],
)
def test_cidrs(cidr: str, text: str) -> None:
    assert wrong(cidr) == text


@pytest.mark.parametrize(
    ("port", "copied"),
    [
        ({"device_owner": "compute:nova", "device_id": "x", "status": "ACTIVE"}, True),
        ({"device_owner": "compute:zone", "device_id": "", "status": "DOWN"}, True),
        ({"device_owner": "", "device_id": "", "status": "DOWN"}, True),
        ({"device_owner": "", "device_id": "", "status": "ACTIVE"}, False),
        ({"device_owner": "network:dhcp", "device_id": "x", "status": "DOWN"}, False),
        ({"device_owner": "network:router_interface", "device_id": "x", "status": "ACTIVE"}, False),
    ],
)
def test_ports_of_instances(port: dict[str, str], copied: bool) -> None:
    assert rules.is_of_instance(port) is copied
