"""The attributes of a server that are looked up at other services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, ResourceFailure
from mopenstack.core.orchestration.resource_types.services.server_networks import version_of

_V2 = "mopenstack.network.v2."
_CONSOLES = {
    "novnc": ("GetServerVncConsole", "os-getVNCConsole"),
    "spice-html5": ("GetServerSpiceConsole", "os-getSPICEConsole"),
    "serial": ("GetServerSerialConsole", "os-getSerialConsole"),
}


async def attribute(context: Context, server: Mapping[str, Any], name: str) -> Any:
    """An attribute of a server that Nova shows so."""
    if name == "first_address":
        networks = _networks(server)
        return next((networks[one][0] for one in sorted(networks, reverse=True) if networks[one]), "")
    if name == "networks":
        return await _by_ids(context, _networks(server))
    if name == "addresses":
        return await _by_ids(context, await _addresses(context, str(server["id"])))
    if name == "instance_name":
        return server.get("OS-EXT-SRV-ATTR:instance_name")
    if name == "console_urls":
        return await _consoles(context, str(server["id"]))
    return server.get(name)


def _networks(server: Mapping[str, Any]) -> dict[str, list[str]]:
    """Name of a network -> addresses of the server."""
    return {name: [one["addr"] for one in found] for name, found in (server.get("addresses") or {}).items()}


async def _by_ids(context: Context, networks: dict[str, Any]) -> dict[str, Any]:
    """The same with each network by its id, too."""
    for name in list(networks):
        try:
            networks[await references.find(context, "neutron.network", name)] = networks[name]
        except ResourceFailure:
            continue
    return networks


async def _addresses(context: Context, server: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for port in await rpcs.listed(context, f"{_V2}Ports.ListPorts", {"device_id": server}):
        network = await _shown(context, "Networks.GetNetwork", port["network_id"])
        entries = found.setdefault((network or {}).get("name", port["network_id"]), [])
        subnets = [await _shown(context, "Subnets.GetSubnet", one["subnet_id"]) for one in port["fixed_ips"]]
        for fixed in port["fixed_ips"]:
            address = fixed["ip_address"]
            entry = {"addr": address, "version": version_of(address), "OS-EXT-IPS-MAC:mac_addr": port["mac_address"]}
            filters = {"fixed_ip_address": address}
            for floating in await rpcs.listed(context, f"{_V2}Floatingips.ListFloatingips", filters):
                outer = {**entry, "addr": floating["floating_ip_address"]}
                entries.append({**outer, "OS-EXT-IPS:type": "floating", "port": None})
            inner = {**entry, "OS-EXT-IPS:type": "fixed", "port": port["id"]}
            entries.append({**inner, "subnets": subnets, "network": network})
    return found


async def _shown(context: Context, operation: str, physical_id: str) -> Any:
    try:
        return await rpcs.call(context, _V2 + operation, [physical_id])
    except Fault:
        return None


async def _consoles(context: Context, server: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, (operation, action) in _CONSOLES.items():
        try:
            answer = await rpcs.call(
                context,
                f"mopenstack.compute.v2.RemoteConsoles.{operation}",
                [server],
                beside={action: {"type": kind}},
                microversion=1,
            )
            found[kind] = answer.get("url")
        except Fault as error:
            found[kind] = f"Cannot get console url: {error.text}"
    return found
