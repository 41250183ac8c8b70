"""A server with two networks, a key, user data and metadata, as guests' metadata is tried with."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from tests.client import User
from tests.conftest import Cloud

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIb2m5QxNfOF/pou6tmp9ygzsbrpU40M4ONlCQgPSJag guest@example.org"
USER_DATA = b"#cloud-config\nhostname: ignored\n"


@dataclass
class Guest:
    """A server, its project's user, and what it was made of."""

    cloud: Cloud
    user: User
    server: dict[str, Any]
    networks: list[dict[str, Any]]
    ports: list[dict[str, Any]]


@pytest_asyncio.fixture
async def guest(cloud: Cloud) -> Guest:
    demo = await cloud.user("demo")
    key = {"keypair": {"name": "mine", "public_key": KEY}}
    (await demo.post("compute", "/v2.1/os-keypairs", key)).ok()
    networks, ports = [], []
    subnets: tuple[dict[str, Any], ...] = (
        {
            "cidr": "10.1.0.0/24",
            "enable_dhcp": False,
            "dns_nameservers": ["10.1.0.2", "10.1.0.3"],
            "host_routes": [{"destination": "10.9.0.0/16", "nexthop": "10.1.0.9"}],
        },
        {"cidr": "10.2.0.0/24", "enable_dhcp": True},
    )
    for number, subnet in enumerate(subnets):
        made = await demo.post("network", "/v2.0/networks", {"network": {"name": f"net{number}"}})
        network = made.ok(201)["network"]
        body = {"subnet": {"network_id": network["id"], "ip_version": 4, **subnet}}
        (await demo.post("network", "/v2.0/subnets", body)).ok(201)
        made = await demo.post("network", "/v2.0/ports", {"port": {"network_id": network["id"]}})
        networks.append(network)
        ports.append(made.ok(201)["port"])
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    server = {
        "name": "Web One",
        "flavorRef": "42",
        "imageRef": image,
        "key_name": "mine",
        "metadata": {"role": "web"},
        "user_data": base64.b64encode(USER_DATA).decode(),
        "networks": [{"port": ports[0]["id"], "tag": "front"}, {"port": ports[1]["id"]}],
    }
    headers = {"OpenStack-API-Version": "compute 2.90"}
    made = await demo.post("compute", "/v2.1/servers", {"server": server}, headers=headers)
    id = made.ok(202)["server"]["id"]
    shown = (await demo.get("compute", f"/v2.1/servers/{id}", headers=headers)).ok()["server"]
    return Guest(cloud, demo, shown, networks, ports)
