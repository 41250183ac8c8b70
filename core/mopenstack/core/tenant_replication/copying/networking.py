"""Networks, subnets, routers and ports made: many in one request, and one after the other where that is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.core.tenant_replication.copying import rules
from mopenstack.core.tenant_replication.copying.accounts import Refused, Tenant
from mopenstack.core.tenant_replication.copying.reading import Contents
from mopenstack.core.tenant_replication.copying.rules import Json, Mappings

Made = dict[str, str]
"""Id in the source -> id here."""


def bulk(tenant: Tenant, path: str, key: str, bodies: Sequence[tuple[str, Json]], notes: list[str]) -> Made:
    """Make things of Neutron's, each with the id that it had; those that are refused are noted."""
    if not bodies:
        return {}
    many, one = f"{key}s", key
    try:
        made = tenant.ask("POST", "network", path, {many: [body for _, body in bodies]})[many]
        return {id: found["id"] for (id, _), found in zip(bodies, made, strict=True)}
    except Refused:
        pass
    found: Made = {}
    for id, body in bodies:
        try:
            found[id] = tenant.ask("POST", "network", path, {one: body})[one]["id"]
        except Refused as refused:
            notes.append(f"{key.replace('_', ' ')} {body.get('name') or id}: {refused.text}")
    return found


def make_networks(tenant: Tenant, source: Contents, mappings: Mappings, notes: list[str]) -> tuple[Made, Made]:
    """The networks and subnets, by the ids that they had."""
    wanted = rules.chosen(source.networks, mappings)
    networks = bulk(tenant, "/networks", "network", [(one["id"], rules.network(one)) for one in wanted], notes)
    bodies = [
        (one["id"], rules.subnet(one, networks[one["network_id"]], mappings))
        for one in source.subnets
        if one["network_id"] in networks
    ]
    return networks, bulk(tenant, "/subnets", "subnet", bodies, notes)


def make_routers(
    tenant: Tenant, source: Contents, networks: Made, subnets: Made, mappings: Mappings, notes: list[str]
) -> Made:
    """The routers with their interfaces, their routes, and the external network."""
    made: Made = {}
    external = None if mappings.skip_connection_extnet or not source.routers else _external(tenant, notes)
    cidrs = [mappings.cidr(one["cidr"]) for one in source.subnets if one["id"] in subnets]
    for router in source.routers:
        body: Json = {key: router[key] for key in ("name", "description", "admin_state_up") if key in router}
        if external is not None:
            body["external_gateway_info"] = {"network_id": external}
        try:
            made[router["id"]] = tenant.ask("POST", "network", "/routers", {"router": body})["router"]["id"]
        except Refused as refused:
            notes.append(f"router {router['name']}: {refused.text}")
            continue
        id = made[router["id"]]
        _add_interfaces(tenant, source, router, id, networks, subnets, notes)
        kept = rules.routes(router, cidrs)
        if kept:
            _try(
                notes,
                f"routes of router {router['name']}",
                lambda id=id, kept=kept: tenant.ask("PUT", "network", f"/routers/{id}", {"router": {"routes": kept}}),
            )
    return made


def _add_interfaces(
    tenant: Tenant, source: Contents, router: Json, id: str, networks: Made, subnets: Made, notes: list[str]
) -> None:
    """The interfaces: at the gateway of the subnet, or at an address of their own, which a remapped subnet has not."""
    known = {one["id"]: one for one in source.subnets}
    for port in source.ports:
        if port["device_id"] != router["id"] or not str(port["device_owner"]).startswith("network:router_interface"):
            continue
        for fixed in port["fixed_ips"]:
            old = known.get(fixed["subnet_id"])
            if old is None or fixed["subnet_id"] not in subnets:
                continue
            body: Json = {"subnet_id": subnets[fixed["subnet_id"]]}
            if old["gateway_ip"] != fixed["ip_address"]:
                address = {**body, "ip_address": fixed["ip_address"]}
                place = {"network_id": networks[port["network_id"]], "fixed_ips": [address]}
                found = bulk(tenant, "/ports", "port", [(port["id"], place)], notes)
                if not found:
                    continue
                body = {"port_id": found[port["id"]]}
            path = f"/routers/{id}/add_router_interface"
            what = f"interface of router {router['name']} in {old['name'] or old['cidr']}"
            _try(notes, what, lambda path=path, body=body: tenant.ask("PUT", "network", path, body))


def make_ports(tenant: Tenant, source: Contents, networks: Made, subnets: Made, groups: Made, notes: list[str]) -> Made:
    """The ports of instances, free here; one whose group or subnet is not here is made without it."""
    bodies = []
    for port in filter(rules.is_of_instance, source.ports):
        if port["network_id"] not in networks:
            continue
        left = [id for id in port.get("security_groups") or () if id in groups]
        fixed = [one for one in port["fixed_ips"] if one["subnet_id"] in subnets]
        gone = len(left) < len(port.get("security_groups") or ()) or len(fixed) < len(port["fixed_ips"])
        if gone:
            notes.append(f"port {port.get('name') or port['id']}: a group or subnet of it is not there")
        body = rules.port({**port, "security_groups": left, "fixed_ips": fixed}, networks, subnets, groups)
        bodies.append((port["id"], body))
    return bulk(tenant, "/ports", "port", bodies, notes)


def _external(tenant: Tenant, notes: list[str]) -> str | None:
    """The external network that routers are connected to: the first by name."""
    found = tenant.list("network", "/networks", "networks", **{"router:external": "true"})
    if not found:
        notes.append("there is no external network to connect to")
        return None
    return str(min(found, key=lambda one: (one["name"], one["id"]))["id"])


def _try(notes: list[str], what: str, ask: Any) -> None:
    try:
        ask()
    except Refused as refused:
        notes.append(f"{what}: {refused.text}")
