"""Fields of servers that create, update, rebuild and resize set in the same way."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any

from google.protobuf.struct_pb2 import Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import NotFound
from mopenstack.core.engine.call import Call


async def flavor_of(call: Call, flavor_id: str) -> tuple[str, Server.FlavorEmbedded]:
    """The id of a flavor that the caller may use, and its copy in the server; raises FlavorOfServerNotFound."""
    try:
        flavor = await call.owner_of("flavor").fetch(call, flavor_id)
    except NotFound:
        raise refusals.FlavorOfServerNotFound(id=flavor_id) from None
    kept = Server.FlavorEmbedded(
        vcpus=flavor.vcpus,
        ram=flavor.ram,
        disk=flavor.disk,
        ephemeral=flavor.ephemeral,
        swap=flavor.swap,
        original_name=flavor.name,
        extra_specs=dict(flavor.extra_specs),
    )
    return flavor.id, kept


def normal_address(address: str) -> str:
    """An IP address in its shortest spelling."""
    return str(ipaddress.ip_address(address)) if address else ""


def set_given(server: Server, body: Any, given: set[str]) -> None:
    """Set the fields that an update or a rebuild gives: name, addresses, disk configuration, description, host name."""
    if "name" in given:
        server.name = body.name.strip()
    for name in ("access_ip_v4", "access_ip_v6"):
        if name in given:
            setattr(server, name, normal_address(getattr(body, name)))
    if "disk_config" in given:
        server.disk_config = body.disk_config
    if "description" in given:
        server.ClearField("description")
        if body.HasField("description"):
            server.description = body.description
    if given & {"hostname", "fqdn"}:
        server.hostname = server.hostname_to_admin = body.hostname or body.fqdn


_SEPARATORS = re.compile(r"[ _.]")
_NOT_OF_HOSTS = re.compile(r"[^a-zA-Z0-9-]")


def hostname_of(name: str, id: str) -> str:
    """nova.utils.sanitize_hostname."""
    clean = _NOT_OF_HOSTS.sub("", _SEPARATORS.sub("-", name)).lower().strip("-.")
    return clean[:63] or f"Server-{id}"


def list_value(items: Sequence[Any]) -> Value:
    value = Value()
    value.list_value.extend(list(items))
    return value
