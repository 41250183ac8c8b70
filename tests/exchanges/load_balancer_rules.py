"""What Octavia's objects need beside what is shown of them: what they are part of, their parts, a VIP, their states."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]

BALANCER, LISTENER, POOL = "load_balancer", "load_balancer_listener", "load_balancer_pool"
MEMBER, MONITOR = "load_balancer_member", "load_balancer_monitor"
POLICY, RULE = "load_balancer_policy", "load_balancer_rule"
OWNER = "19efb747ed9b4b0db40eb8aab80e984a"
"""The project pb-one, whose objects another project asks for."""
PARTS = (LISTENER, POOL, MEMBER, MONITOR, POLICY, RULE)

ALIASES = {
    "loadbalancer_id": BALANCER, "load_balancer_id": BALANCER, "loadbalancers": BALANCER,
    "listener_id": LISTENER, "listeners": LISTENER, "pool_id": POOL, "default_pool_id": POOL,
    "redirect_pool_id": POOL, "healthmonitor_id": MONITOR, "health_monitor_id": MONITOR, "l7policy_id": POLICY,
    "l7policies": POLICY, "l7rule_id": RULE, "vip_subnet_id": "subnet", "vip_network_id": "network",
    "vip_port_id": "port", "flavor_profile_id": "load_balancer_flavor_profile",
    "availability_zone_profile_id": "load_balancer_zone_profile",
}  # fmt: skip
"""Keys that refer to objects of Octavia's."""
SHOWN = {
    BALANCER: {"listeners": (LISTENER, "loadbalancer_id"), "pools": (POOL, "loadbalancer_id")},
    LISTENER: {"l7policies": (POLICY, "listener_id")},
    POOL: {"listeners": (LISTENER, "default_pool_id"), "members": (MEMBER, "pool_id")},
    POLICY: {"rules": (RULE, "l7policy_id")},
}
"""Kind -> the lists in which answers show its parts, their kind, and the field that keeps what they are part of."""
ABOVE = {
    LISTENER: ("loadbalancer_id", BALANCER), POOL: ("loadbalancer_id", BALANCER), MEMBER: ("pool_id", POOL),
    MONITOR: ("pool_id", POOL), POLICY: ("listener_id", LISTENER), RULE: ("l7policy_id", POLICY),
}  # fmt: skip
"""Kind -> the field that keeps what it is part of, and the kind of that."""


def _part(kind: str) -> Any:
    def rule(stage: Staging, id: str, picture: Picture) -> None:
        _owned(stage, picture)
        _find_above(stage, kind, picture)
        if _is_elsewhere(stage, kind, id, picture):
            stage.forget(kind, id)
            return
        _plant_parts(stage, kind, id, picture)
        for field in ("default_pool_id", "redirect_pool_id"):
            if picture.get(field):
                _plant(stage, POOL, picture[field], {"loadbalancer_id": _balancer_of(stage, kind, picture)})
        for key in ("loadbalancers", "listeners", "l7policies", "rules", "members", "pools", "healthmonitor"):
            picture.pop(key, None)
        _settle(stage, kind, id, picture)

    return rule


def _find_above(stage: Staging, kind: str, picture: Picture) -> None:
    field, above = ABOVE.get(kind, ("", ""))
    if not field:
        return
    shown = picture.get("pools" if kind == MONITOR else "loadbalancers") or ()
    for one in shown if kind in (LISTENER, POOL, MONITOR) else ():
        picture.setdefault(field, one["id"])
    picture.setdefault(field, stage.exchange.variables.get(field) or "")
    refused = re.search(r"Load Balancer ([0-9a-f-]{36}) is immut", json.dumps(stage.exchange.line.get("response")))
    if refused and field == "loadbalancer_id":
        picture[field] = refused[1]
    if not picture[field]:
        picture[field] = next(id for other, id in stage.objects.pictures if other == above)
    stage.need(above, picture[field])


def _is_elsewhere(stage: Staging, kind: str, id: str, picture: Picture) -> bool:
    """Whether the answer shows what this would be part of, without it."""
    for above, lists in SHOWN.items():
        for key, (part, field) in lists.items():
            own = stage.own.get((above, str(picture.get(field, "")))) if part == kind else None
            if own is not None and key in own and field != "default_pool_id":
                return id not in [one["id"] for one in own[key]]
    if kind == MONITOR:
        shown = [one for (other, _), one in stage.own.items() if other == MEMBER]
        return any(one.get("operating_status") == "NO_MONITOR" for one in shown)
    return False


def _plant_parts(stage: Staging, kind: str, id: str, picture: Picture) -> None:
    """The parts of an object that the exchange itself shows, or asks for."""
    own = stage.own.get((kind, id))
    for key, (part, field) in SHOWN.get(kind, {}).items():
        for one in (own or {}).get(key) or ():
            values = {field: id}
            if kind == POOL and part == LISTENER:
                values["loadbalancer_id"] = picture["loadbalancer_id"]
            _plant(stage, part, one["id"], values)
    if kind == POOL and own and own.get("healthmonitor_id"):
        _plant(stage, MONITOR, own["healthmonitor_id"], {"pool_id": id})
    if kind == MEMBER and own and own.get("operating_status") == "OFFLINE":
        _plant(stage, MONITOR, next(one for other, one in stage.objects.pictures if other == MONITOR),
               {"pool_id": picture["pool_id"]})  # fmt: skip


def _plant(stage: Staging, kind: str, id: str, values: Picture) -> None:
    if (kind, id) not in stage.pictures:
        stage.need(kind, id)
    if (kind, id) in stage.pictures:
        stage.pictures[kind, id] |= {key: value for key, value in values.items() if value}


def _balancer_of(stage: Staging, kind: str, picture: Picture) -> str:
    while kind in ABOVE and picture:
        field, kind = ABOVE[kind]
        id = str(picture.get(field, ""))
        if kind == BALANCER:
            return id
        picture = stage.pictures.get((kind, id), {})
        if picture.get("loadbalancers"):
            return str(picture["loadbalancers"][0]["id"])
    return ""


def _owned(stage: Staging, picture: Picture) -> None:
    if re.search(r"as other project|other's", str(stage.exchange.line.get("situation"))):
        picture["project_id"] = picture["tenant_id"] = OWNER
    elif stage.exchange.status != 403 and picture.get("project_id") not in stage.standing:
        picture["project_id"] = picture["tenant_id"] = stage.project_id
    picture.pop("operating_status", None)


def _settle(stage: Staging, kind: str, id: str, picture: Picture) -> None:
    """In which state it is: as shown by a GET, as a refusal says, else ready to be changed."""
    exchange = stage.exchange
    if exchange.verb == "GET" and (kind, id) in stage.own:
        return
    text = json.dumps(exchange.line.get("response"))
    refused = re.search(rf"Invalid state (\w+) of loadbalancer resource {id}", text)
    if refused:
        picture["provisioning_status"] = refused[1]
    elif f"{id} is immutable" in text:
        picture["provisioning_status"] = "PENDING_UPDATE"
    elif exchange.verb != "GET":
        picture["provisioning_status"] = "ACTIVE"


RULES = {kind: _part(kind) for kind in (BALANCER, *PARTS)}


# -- what single operations need


def new_balancer(stage: Staging) -> None:
    """The subnet, network and port of the VIP."""
    exchange = stage.exchange
    request, answer = exchange.line.get("request"), exchange.line.get("response")
    asked = request.get("loadbalancer") if isinstance(request, dict) else None
    shown = answer.get("loadbalancer") if isinstance(answer, dict) else None
    if not isinstance(asked, dict) or not isinstance(shown, dict):
        shown, asked = {}, asked if isinstance(asked, dict) else {}
    subnet, network = shown.get("vip_subnet_id"), shown.get("vip_network_id")
    if network:
        stage.need("network", network)
    if subnet:
        stage.need("subnet", subnet)
        picture = stage.pictures.get(("subnet", subnet))
        if picture is not None:
            picture |= _around(shown["vip_address"]) | {"network_id": network}
    port = asked.get("vip_port_id")
    if port and ("port", port) in stage.pictures:
        if "could not be determined" in json.dumps(answer):
            stage.pictures["port", port]["fixed_ips"] = []
        stage.pictures["port", port] |= {"device_id": "", "device_owner": "", "qos_policy_id": None}
        if shown:
            fixed = [{"subnet_id": subnet, "ip_address": shown["vip_address"]}]
            stage.pictures["port", port] |= {"fixed_ips": fixed, "network_id": network}


def _around(address: str) -> Picture:
    version = ipaddress.ip_address(address).version
    net = ipaddress.ip_network(f"{address}/{24 if version == 4 else 64}", strict=False)
    first = net.network_address
    return {
        "cidr": str(net), "ip_version": version, "gateway_ip": str(first + 1), "subnetpool_id": None,
        "allocation_pools": [{"start": str(first + 2), "end": str(first + 254)}],
    }  # fmt: skip


_PROFILES = (("load_balancer_flavor", "flavor"), ("load_balancer_zone", "availability_zone"))


def profile_in_use(stage: Staging) -> None:
    """What a refused delete of a profile is in use by."""
    if stage.exchange.status == 409:
        id = next(iter(stage.exchange.variables.values()))
        for kind, word in _PROFILES:
            stage.add(kind, f"used-{word}", {"id": f"used-{word}", "name": "used", f"{word}_profile_id": id})


def in_use(stage: Staging) -> None:
    """The load balancer that has what is not deleted; what has the name that is taken."""
    exchange = stage.exchange
    if exchange.status != 409:
        return
    request = exchange.line.get("request")
    kind, word = _PROFILES["availabilityzones" in exchange.path]
    if exchange.verb == "POST" and isinstance(request, dict):
        stage.add(kind, "taken", {"id": "taken", "name": request[word]["name"]})
        return
    value = next(iter(exchange.variables.values()))
    known = next(id for other, id in stage.objects.pictures if other == BALANCER)
    stage.need(BALANCER, known)
    stage.pictures[BALANCER, known] |= {"flavor_id": value, "availability_zone": value}


def made(stage: Staging) -> None:
    """What a refused create collides with; a listener without a default pool for one that gets it."""
    exchange = stage.exchange
    text = json.dumps(exchange.line.get("response"))
    request = exchange.line.get("request")
    inner: Any = next(iter(request.values()), {}) if isinstance(request, dict) else {}
    listener = inner.get("listener_id") if isinstance(inner, dict) else None
    if listener and exchange.path.partition("?")[0].endswith("/pools"):
        stage.need(LISTENER, listener)
        if (LISTENER, listener) in stage.pictures:
            default = next(id for kind, id in stage.objects.pictures if kind == POOL)
            stage.pictures[LISTENER, listener]["default_pool_id"] = default if "already has a default" in text else None
    if not isinstance(inner, dict):
        return
    for field in ("default_pool_id", "redirect_pool_id"):
        if inner.get(field) and exchange.status < 400:
            balancer = inner.get("loadbalancer_id")
            if not balancer and inner.get("listener_id"):
                above = stage.pictures.get((LISTENER, inner["listener_id"]), {})
                balancer = (above.get("loadbalancers") or [{"id": ""}])[0]["id"]
            _plant(stage, POOL, inner[field], {"loadbalancer_id": balancer, "protocol": "HTTP"})
    if exchange.status != 409:
        return
    for words, kind in (("Another Listener", LISTENER), ("Another member", MEMBER), ("has a health monitor", MONITOR)):
        if words in text:
            _collide(stage, kind, inner)


def _collide(stage: Staging, kind: str, inner: Picture) -> None:
    known = next(id for other, id in stage.objects.pictures if other == kind)
    stage.need(kind, known)
    picture = stage.pictures[kind, known]
    for key in ("protocol_port", "address", "loadbalancer_id", "pool_id"):
        if inner.get(key) or stage.exchange.variables.get(key):
            picture[key] = inner.get(key) or stage.exchange.variables[key]
    for key in ("pools", "loadbalancers"):
        picture.pop(key, None)


def used_pool(stage: Staging) -> None:
    """The L7 policy that a pool is not deleted for."""
    found = re.search(r"in use by L7 policy ([0-9a-f-]{36})", json.dumps(stage.exchange.line.get("response")))
    if found:
        _plant(stage, POLICY, found[1], {"redirect_pool_id": stage.exchange.variables["pool_id"]})


def with_children(stage: Staging) -> None:
    """Something below a load balancer that is not deleted for it."""
    if stage.exchange.status == 400:
        listener = next(id for kind, id in stage.objects.pictures if kind == LISTENER)
        _plant(stage, LISTENER, listener, {"loadbalancer_id": stage.exchange.variables["load_balancer_id"]})
        stage.pictures[LISTENER, listener].pop("loadbalancers", None)


def statuses(stage: Staging) -> None:
    """Everything that a tree of statuses shows, as it shows it."""
    answer = stage.exchange.line.get("response")
    tree = answer.get("statuses") if isinstance(answer, dict) else None
    if not tree:
        return
    balancer = tree["loadbalancer"]
    _shown(stage, BALANCER, balancer, {})
    for listener in balancer["listeners"]:
        pools = listener["pools"]
        default = {"default_pool_id": pools[0]["id"]} if pools else {}
        _shown(stage, LISTENER, listener, {"loadbalancer_id": balancer["id"]} | default)
        if not pools:
            stage.pictures[LISTENER, listener["id"]]["default_pool_id"] = None
        for pool in pools:
            _shown(stage, POOL, pool, {"loadbalancer_id": balancer["id"]})
            if pool.get("health_monitor"):
                _shown(stage, MONITOR, pool["health_monitor"], {"pool_id": pool["id"]})
            for member in pool["members"]:
                _shown(stage, MEMBER, member, {"pool_id": pool["id"]})


def _shown(stage: Staging, kind: str, shown: Picture, values: Picture) -> None:
    _plant(stage, kind, shown["id"], values)
    said = {key: value for key, value in shown.items() if not isinstance(value, list | dict)}
    for key in ("loadbalancers", "pools"):
        stage.pictures[kind, shown["id"]].pop(key, None)
    stage.pictures[kind, shown["id"]] |= said


def listed_quotas(stage: Staging) -> None:
    """The projects whose quotas are listed."""
    answer = stage.exchange.line.get("response")
    for one in (answer.get("quotas") or ()) if isinstance(answer, dict) else ():
        body = {"quota": {key: value for key, value in one.items() if isinstance(value, int)}}
        stage.steps.append(("PUT", f"/v2/lbaas/quotas/{one['project_id']}", json.dumps(body).encode()))


def quotas(stage: Staging) -> None:
    """Set what the answer shows and the request does not."""
    exchange = stage.exchange
    answer, request = exchange.line.get("response"), exchange.line.get("request")
    shown = answer.get("quota") if isinstance(answer, dict) else None
    asked = request.get("quota", {}) if isinstance(request, dict) else {}
    if exchange.status < 300 and "/defaults" not in exchange.path and (shown or exchange.verb == "DELETE"):
        wanted = {key: value for key, value in (shown or {"pool": 3}).items() if isinstance(value, int)}
        body = {"quota": {key: value for key, value in wanted.items() if key not in asked}}
        stage.steps.append(("PUT", exchange.path.partition("?")[0], json.dumps(body).encode()))


QUOTAS = {
    "Load Balancer": "load_balancer", "Listener": "listener", "Pool": "pool", "Member": "member",
    "Health Monitor": "health_monitor", "L7 Policy": "l7policy", "L7 Rule": "l7rule",
}  # fmt: skip


def exhausted(stage: Staging) -> None:
    """The quota at nought, where the exchange was refused for it."""
    found = re.search(r"Quota has been met for resources: ([\w ]+)", json.dumps(stage.exchange.line.get("response")))
    if found:
        body = json.dumps({"quota": {QUOTAS[found[1]]: 0}}).encode()
        stage.steps.append(("PUT", f"/v2/lbaas/quotas/{stage.project_id}", body))


def claims_of(kind: str, message: Any) -> Iterator[tuple[str, str]]:
    """Scope and key of what a part alone may have."""
    if kind == LISTENER:
        l4 = message.protocol if message.protocol in ("UDP", "SCTP") else "TCP"
        yield f"load_balancer_port/{message.loadbalancer_id}", f"{l4}/{message.protocol_port}"
    elif kind == MEMBER:
        yield f"load_balancer_member/{message.pool_id}", f"{message.address}/{message.protocol_port}"
    elif kind in dict(_PROFILES):
        yield f"{kind}/name", message.name.lower()
    elif kind == MONITOR:
        yield "load_balancer_monitor", message.pool_id


_MADE = ("/listeners", "/pools", "/pools/{pool_id}/members", "/healthmonitors", "/l7policies")
PREPARE = {
    ("DELETE", "/v2/lbaas/loadbalancers/{load_balancer_id}"): with_children,
    ("DELETE", "/v2/lbaas/pools/{pool_id}"): used_pool,
    ("GET", "/v2/lbaas/loadbalancers/{load_balancer_id}/status"): statuses,
    ("GET", "/v2/lbaas/loadbalancers/{load_balancer_id}/statuses"): statuses,
    ("GET", "/v2/lbaas/quotas"): listed_quotas,
    ("POST", "/v2/lbaas/loadbalancers"): new_balancer,
    **{("POST", f"/v2/lbaas{path}"): made for path in _MADE},
    **{
        (verb, f"/v2/lbaas/{path}"): in_use
        for verb, path in (
            ("POST", "flavors"),
            ("POST", "availabilityzones"),
            ("DELETE", "flavors/{flavor_id}"),
            ("DELETE", "availabilityzones/{availability_zone_name}"),
        )
    },
    ("DELETE", "/v2/lbaas/flavorprofiles/{flavor_profile_id}"): profile_in_use,
    ("DELETE", "/v2/lbaas/availabilityzoneprofiles/{availability_zone_profile_id}"): profile_in_use,
    **{(verb, "/v2/lbaas/quotas/{project_id}"): quotas for verb in ("GET", "PUT", "DELETE")},
}
