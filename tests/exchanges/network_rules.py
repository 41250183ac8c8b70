"""What Neutron's objects need beside what is shown of them: the ports of routers, routers of floating IPs."""

from __future__ import annotations

import ipaddress
import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]


def add_port(stage: Staging, id: str, **values: Any) -> None:
    """A port of a router, unless there is one."""
    model = next(shown for (kind, _), shown in stage.objects.pictures.items() if kind == "port")
    picture = deepcopy(model) | {
        "id": id, "name": "", "status": "ACTIVE", "security_groups": [], "fixed_ips": [], "dns_assignment": [],
        "binding:host_id": "", "trunk_details": None, "qos_policy_id": None, "project_id": stage.project_id,
        "mac_address": f"fa:16:3e:{id[0:2]}:{id[2:4]}:{id[4:6]}",
    } | values  # fmt: skip
    picture.pop("tenant_id", None)
    owner = (picture["device_id"], picture["device_owner"])
    there = [one for (kind, _), one in stage.pictures.items() if kind == "port"]
    if "gateway" not in owner[1] or all((one.get("device_id"), one.get("device_owner")) != owner for one in there):
        stage.add("port", id, picture)


def router(stage: Staging, id: str, picture: Picture) -> None:
    """Its gateway's port; the zones follow from the ports."""
    zones = picture.pop("availability_zones", None)
    gateway = picture.get("external_gateway_info")
    if not gateway:
        if zones and all(port.get("device_id") != id for (kind, _), port in stage.pictures.items() if kind == "port"):
            network = next(other for kind, other in stage.objects.pictures if kind == "network")
            stage.need("network", network)
            add_port(stage, str(uuid5(NAMESPACE_URL, f"port of {id}")), device_id=id, network_id=network,
                     device_owner="network:router_interface")  # fmt: skip
        return
    port = str(uuid5(NAMESPACE_URL, f"gateway of {id}"))
    picture["gw_port_id"] = port
    stage.need("network", gateway["network_id"])
    add_port(
        stage, port, device_id=id, device_owner="network:router_gateway", network_id=gateway["network_id"],
        fixed_ips=gateway.pop("external_fixed_ips", []), project_id="",
    )  # fmt: skip


def interface(stage: Staging, router_id: str, subnet_id: str, port_id: str = "", network_id: str = "") -> None:
    """A router's port on a subnet."""
    subnet = stage.pictures.get(("subnet", subnet_id)) or stage.objects.pictures.get(("subnet", subnet_id), {})
    stage.need("subnet", subnet_id)
    add_port(
        stage,
        port_id or str(uuid5(NAMESPACE_URL, f"{router_id} on {subnet_id}")),
        device_id=router_id,
        device_owner="network:router_interface",
        network_id=network_id or subnet.get("network_id", ""),
        fixed_ips=[{"subnet_id": subnet_id, "ip_address": subnet.get("gateway_ip") or "10.0.0.1"}],
    )


def removed_interface(stage: Staging) -> None:
    """The port that the exchange takes away."""
    answer = stage.exchange.line["response"]
    if stage.exchange.status == 200:
        stage.need("network", answer["network_id"])
        interface(stage, answer["id"], answer["subnet_id"], answer["port_id"], answer["network_id"])


def added_interface(stage: Staging) -> None:
    """Nothing of what the exchange adds."""
    answer = stage.exchange.line["response"]
    if stage.exchange.status == 200 and "port_id" not in (stage.exchange.line.get("request") or {}):
        stage.forget("port", answer["port_id"])
    if stage.exchange.status == 200:
        stage.need("network", answer["network_id"])
        for key, port in list(stage.pictures.items()):
            if key[0] == "port" and port.get("device_id") == answer["id"]:
                stage.forget(*key)


def subnet_for(stage: Staging, network_id: str, address: str | None) -> None:
    """A subnet of a network that has none here, with room for an address."""
    if any(kind == "subnet" and one.get("network_id") == network_id for (kind, _), one in stage.pictures.items()):
        return
    near = ipaddress.ip_network(f"{address or '10.77.0.9'}/24", strict=False)
    id = str(uuid5(NAMESPACE_URL, f"subnet of {network_id}"))
    model = next(shown for (kind, _), shown in stage.objects.pictures.items() if kind == "subnet")
    first = near.network_address
    stage.add("subnet", id, deepcopy(model) | {
        "id": id, "network_id": network_id, "cidr": str(near), "ip_version": 4, "subnetpool_id": None,
        "gateway_ip": str(first + 1), "allocation_pools": [{"start": str(first + 2), "end": str(first + 254)}],
        "project_id": stage.project_id,
    })  # fmt: skip


def routes(stage: Staging) -> None:
    """A port of the router near each next hop."""
    request = stage.exchange.line.get("request")
    wanted = (request or {}).get("router", {}).get("routes") if isinstance(request, dict) else None
    shown = stage.exchange.line["response"].get("router", {}).get("routes") or ()
    for route in [*(wanted or ()), *shown]:
        if not isinstance(route, dict) or "nexthop" not in route or stage.exchange.status != 200:
            continue
        near = ipaddress.ip_network(f"{route['nexthop']}/24", strict=False)
        subnet = str(uuid5(NAMESPACE_URL, str(near)))
        model = next(shown for (kind, _), shown in stage.objects.pictures.items() if kind == "subnet")
        network = model["network_id"]
        stage.need("network", network)
        first = near.network_address
        picture = deepcopy(model) | {
            "id": subnet, "cidr": str(near), "gateway_ip": str(first + 1), "ip_version": 4, "subnetpool_id": None,
        }  # fmt: skip
        stage.add("subnet", subnet, picture)
        interface(stage, stage.exchange.variables["router_id"], subnet, network_id=network)


def floating(stage: Staging) -> None:
    """The router between a floating IP and its port, and the port's address."""
    exchange = stage.exchange
    request, answer = exchange.line.get("request"), exchange.line["response"]
    shown = answer.get("floatingip") if isinstance(answer, dict) else None
    asked = request.get("floatingip", {}) if isinstance(request, dict) else {}
    if not shown or exchange.status >= 300:
        return
    if exchange.verb == "PUT" and "port_id" in asked and (known := stage.pictures.get(("floatingip", shown["id"]))):
        known |= {"port_id": None, "fixed_ip_address": None, "router_id": None, "port_details": None}
    port = stage.pictures.get(("port", str(shown.get("port_id"))))
    if port is None:
        return
    if ("port", shown["port_id"]) not in stage.objects.pictures:
        port |= shown.get("port_details") or {}
    address = shown.get("fixed_ip_address")
    if address and all(one["ip_address"] != address for one in port.get("fixed_ips", ())):
        subnet = str(uuid5(NAMESPACE_URL, f"subnet of {address}"))
        near = ipaddress.ip_network(f"{address}/24", strict=False)
        model = next(known for (kind, _), known in stage.objects.pictures.items() if kind == "subnet")
        stage.add("subnet", subnet, deepcopy(model) | {
            "id": subnet, "cidr": str(near), "network_id": port["network_id"], "ip_version": 4, "subnetpool_id": None,
            "gateway_ip": str(near.network_address + 1),
        })  # fmt: skip
        port["fixed_ips"] = [{"subnet_id": subnet, "ip_address": address}]
    if not shown.get("router_id"):
        return
    stage.need("router", shown["router_id"])
    between = stage.pictures.get(("router", shown["router_id"]))
    if between is None:
        model = next(known for (kind, _), known in stage.objects.pictures.items() if kind == "router")
        between = deepcopy(model) | {"id": shown["router_id"], "project_id": stage.project_id}
        stage.add("router", shown["router_id"], between)
    between["external_gateway_info"] = {"network_id": shown["floating_network_id"], "enable_snat": True}
    for one in port.get("fixed_ips", ()):
        if one["ip_address"] == address:
            interface(stage, shown["router_id"], one["subnet_id"], network_id=port["network_id"])


def trunk(stage: Staging) -> None:
    """Ports that are free, on networks with the same MTU."""
    if stage.exchange.status >= 300:
        return
    wanted = set(json.dumps(stage.exchange.line.get("request")).split('"'))
    for (kind, _), picture in list(stage.pictures.items()):
        if kind == "port":
            stage.need("network", picture["network_id"])
    for (kind, id), picture in stage.pictures.items():
        if kind == "network":
            picture["mtu"] = 1442
        if kind == "port" and id in wanted and stage.exchange.path.endswith(("trunks", "add_subports")):
            picture |= {"device_id": "", "device_owner": ""}
        if kind == "trunk" and stage.exchange.path.endswith("add_subports"):
            picture["sub_ports"] = [one for one in picture.get("sub_ports") or () if one["port_id"] not in wanted]
        if kind == "trunk" and stage.exchange.path.endswith("remove_subports"):
            taken = (stage.exchange.line.get("request") or {}).get("sub_ports", ())
            more = [{"segmentation_type": "vlan", "segmentation_id": 900 + n, **one} for n, one in enumerate(taken)]
            known = [one for one in picture.get("sub_ports") or () if one["port_id"] not in wanted]
            picture["sub_ports"] = known + more
        if kind == "trunk" and stage.exchange.path.endswith("get_subports"):
            picture["sub_ports"] = stage.exchange.line["response"]["sub_ports"]


def tags(stage: Staging) -> None:
    """An object with the tags that the answer lists, or the path names."""
    exchange = stage.exchange
    answer = exchange.line.get("response")
    for (_, id), picture in stage.pictures.items():
        if id == exchange.variables.get("resource_id") and exchange.status < 300:
            shown = answer.get("tags") if isinstance(answer, dict) else None
            if exchange.verb == "GET" and shown is not None:
                picture["tags"] = shown
            elif exchange.verb in ("GET", "DELETE") and not exchange.path.endswith("/tags"):
                picture["tags"] = [exchange.path.rpartition("/")[2]]


def addresses(stage: Staging) -> None:
    """An address group without what is added, or with what is taken away."""
    request = stage.exchange.line.get("request")
    asked = request.get("addresses", []) if isinstance(request, dict) else []
    for (kind, _), picture in stage.pictures.items():
        if kind == "address_group" and stage.exchange.status < 300:
            others = [one for one in picture.get("addresses") or () if one not in asked]
            picture["addresses"] = others + (asked if "remove" in stage.exchange.path else [])


PREPARE = {
    ("POST", "/v2.0/trunks"): trunk,
    ("PUT", "/v2.0/trunks/{trunk_id}/add_subports"): trunk,
    ("PUT", "/v2.0/trunks/{trunk_id}/remove_subports"): trunk,
    ("GET", "/v2.0/trunks/{trunk_id}/get_subports"): trunk,
    ("PUT", "/v2.0/address-groups/{address_group_id}/add_addresses"): addresses,
    ("PUT", "/v2.0/address-groups/{address_group_id}/remove_addresses"): addresses,
    **{
        (verb, f"/v2.0/{{resource_type}}/{{resource_id}}/tags{end}"): tags
        for verb in ("GET", "DELETE", "PUT")
        for end in ("", "/{tag}")
    },
    ("PUT", "/v2.0/routers/{router_id}/remove_router_interface"): removed_interface,
    ("PUT", "/v2.0/routers/{router_id}/add_router_interface"): added_interface,
    ("PUT", "/v2.0/routers/{router_id}"): routes,
    ("PUT", "/v2.0/routers/{router_id}/add_extraroutes"): routes,
    ("PUT", "/v2.0/routers/{router_id}/remove_extraroutes"): routes,
    ("POST", "/v2.0/floatingips"): floating,
    ("PUT", "/v2.0/floatingips/{floatingip_id}"): floating,
}
"""What an operation needs, by verb and path."""
