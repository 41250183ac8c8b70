"""What Nova's servers need beside what is shown of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.exchanges import network_rules

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]

UNHOSTED = ("building", "shelved_offloaded")
BEFORE = {
    "os-start": ("SHUTOFF", "stopped", 4), "unpause": ("PAUSED", "paused", 3), "resume": ("SUSPENDED", "suspended", 4),
    "unshelve": ("SHELVED_OFFLOADED", "shelved_offloaded", 4), "unrescue": ("RESCUE", "rescued", 1),
    "confirmResize": ("VERIFY_RESIZE", "resized", 1), "revertResize": ("VERIFY_RESIZE", "resized", 1),
    "restore": ("SOFT_DELETED", "soft-delete", 1),
}  # fmt: skip
"""Status, vm_state and power_state that an action is for, where it is not a running server."""

_STATES = re.compile(r"\|")
"""A situation of the matrix of states and actions, which tests/compute/servers/test_server_actions.py replays."""

HOST = "devstack"
OWN_VIEW = ("progress", "fault", "security_groups", "adminPass")
"""Keys that a server has in some states only."""


def in_matrix(situation: str) -> bool:
    """Whether an exchange is of the matrix of states and actions."""
    return bool(_STATES.search(situation))


def server(stage: Staging, id: str, picture: Picture) -> None:
    """Where it runs, and what its ports and volumes say of it."""
    own = stage.own.get(("server", id), {})
    for key in OWN_VIEW:
        if len(own) > 5 and key not in own:
            picture.pop(key, None)
    _fill(stage, own, picture)
    hosted = own["hostId"] != "" if "hostId" in own else picture["OS-EXT-STS:vm_state"] not in UNHOSTED
    for key in ("OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname"):
        if hosted:
            picture[key] = picture.get(key) or HOST
        else:
            picture.pop(key, None)
    flavor = picture.get("flavor") or {}
    if "vcpus" in flavor and "id" not in flavor:
        known = stage.objects.pictures
        name = flavor.get("original_name")
        flavor["id"] = next(
            (id for (kind, id), one in known.items() if kind == "flavor" and one.get("name") == name), ""
        )
    for volume in _attached(stage, id):
        picture.setdefault("os-extended-volumes:volumes_attached", [])
        shown = picture["os-extended-volumes:volumes_attached"]
        if all(one["id"] != volume["volumeId"] for one in shown):
            shown.append({"id": volume["volumeId"]})
    for shown in picture.get("os-extended-volumes:volumes_attached") or ():
        stage.need("volume", shown["id"])
        for volume in _attached(stage, id):
            if volume["volumeId"] == shown["id"]:
                shown |= {"device": volume.get("device"), "attachment_id": volume.get("attachment_id") or volume["id"]}
                shown |= {"bdm_uuid": volume.get("bdm_uuid") or volume["id"], "tag": volume.get("tag") or ""}


def _fill(stage: Staging, own: Picture, picture: Picture) -> None:
    """What no recording says of this server, after another one."""
    if "OS-EXT-STS:vm_state" not in picture or "tenant_id" not in picture:
        shown = [one for (kind, _), one in stage.objects.pictures.items() if kind == "server"]
        mine = [one for one in shown if one.get("tenant_id") == stage.project_id] or shown
        active = [one for one in mine if one.get("status") == "ACTIVE"] or mine
        for key, value in max(active, key=len).items():
            picture.setdefault(key, value)
    picture["addresses"] = picture.get("addresses") or {}
    launched = "OS-SRV-USG:launched_at"
    if stage.exchange.verb != "GET":
        picture[launched] = picture.get(launched) or "2026-11-21T09:20:19.000000"
    if "reservation_id" in stage.exchange.path:  # a pattern
        picture["OS-EXT-SRV-ATTR:reservation_id"] = "r-xxxxxxxx"


def _state(stage: Staging) -> Picture | None:
    picture = stage.pictures.get(("server", stage.exchange.variables.get("server_id", "")))
    if picture is None or stage.exchange.status >= 300:
        return None
    _fill(stage, {}, picture)
    if stage.exchange.verb != "GET":
        picture |= {"OS-EXT-STS:task_state": None, "OS-EXT-STS:power_state": 1}
        picture["status"], picture["OS-EXT-STS:vm_state"] = "ACTIVE", "active"
    return picture


def acted_on(stage: Staging) -> None:
    """A server in the state that the action is for."""
    request = stage.exchange.line.get("request")
    picture = _state(stage)
    if picture is None or not isinstance(request, dict):
        return
    name = next(iter(request), "")
    if name in BEFORE:
        picture["status"], picture["OS-EXT-STS:vm_state"], picture["OS-EXT-STS:power_state"] = BEFORE[name]
    if name == "unlock":
        picture["locked"] = True
    if name in ("confirmResize", "revertResize"):
        picture |= {"old_host": "compute-2", "old_flavor": picture.get("flavor"), "old_vm_state": "active"}
        picture["old_flavor_ref"] = {"id": "42"}


def written(stage: Staging) -> None:
    """A server that runs, with the item that the path names."""
    picture = _state(stage)
    if picture is None:
        return
    exchange = stage.exchange
    *_, collection, item = exchange.path.partition("?")[0].split("/")
    if collection == "metadata" and exchange.verb in ("GET", "DELETE"):
        answer = exchange.line.get("response")
        shown = answer.get("meta", {}) if isinstance(answer, dict) else {}
        picture["metadata"] = {**(picture.get("metadata") or {}), item: shown.get(item, "x")}
    again = "again" in str(exchange.line.get("situation"))
    if collection == "tags" and (exchange.verb in ("GET", "DELETE") or again):
        picture["tags"] = [*(picture.get("tags") or ()), item]


def specs(stage: Staging) -> None:
    """A flavor with the extra specs that the path or the answer names."""
    exchange = stage.exchange
    picture = stage.pictures.get(("flavor", exchange.variables["flavor_id"]))
    answer = exchange.line.get("response")
    if picture is None or exchange.status >= 300:
        return
    shown = answer.get("extra_specs", answer) if isinstance(answer, dict) else {}
    if exchange.verb == "GET":
        picture["extra_specs"] = dict(shown)
    else:
        picture["extra_specs"] = {**(picture.get("extra_specs") or {}), exchange.path.rpartition("/")[2]: "x"}


def access(stage: Staging) -> None:
    """A private flavor, and who may use it."""
    exchange = stage.exchange
    picture = stage.pictures.get(("flavor", exchange.variables["flavor_id"]))
    request, answer = exchange.line.get("request"), exchange.line.get("response")
    if picture is None or exchange.status >= 300:
        return
    picture["os-flavor-access:is_public"] = "public" in str(exchange.line.get("situation"))
    shown = [one["tenant_id"] for one in (answer or {}).get("flavor_access", ())]
    asked = next(iter(request.values())).get("tenant") if isinstance(request, dict) else ""
    adds = isinstance(request, dict) and "addTenantAccess" in request
    picture["projects"] = [one for one in shown if not adds or one != asked] + ([asked] if asked and not adds else [])
    for project in {*shown, asked} - {"", None}:
        stage.need("project", project)


def booted(stage: Staging) -> None:
    """The networks that a new server is on."""
    request = stage.exchange.line.get("request")
    server = request.get("server", {}) if isinstance(request, dict) else {}
    networks = server.get("networks") if isinstance(server, dict) else None
    for one in networks if isinstance(networks, list) else ():
        if isinstance(one, dict) and one.get("uuid") and stage.exchange.status < 300:
            stage.need("network", one["uuid"])
            network_rules.subnet_for(stage, one["uuid"], one.get("fixed_ip"))


def _attached(stage: Staging, id: str) -> list[dict[str, Any]]:
    if "os-volume_attachments" not in stage.exchange.path or stage.exchange.verb == "POST":
        return []
    answer = stage.exchange.line.get("response")
    if stage.exchange.verb == "DELETE" and stage.exchange.status < 300:
        volume = stage.exchange.path.rpartition("/")[2]
        return [{"id": volume, "volumeId": volume, "device": "/dev/sdb", "serverId": id}]
    if not isinstance(answer, dict):
        return []
    found = answer.get("volumeAttachments") or [answer.get("volumeAttachment")]
    return [one for one in found if isinstance(one, dict)]


def keypair(stage: Staging, id: str, picture: Picture) -> None:
    """Its id is its user's and its name."""
    asked = re.search(r"[?&]user_id=(\w+)", stage.exchange.path)
    user = asked[1] if asked else stage.user_id
    picture |= {"user_id": user, "__id": f"{user}/{picture.get('name', id)}"}
    picture.setdefault("type", "ssh")


def instance_action(stage: Staging, id: str, picture: Picture) -> None:
    """Of which server it is."""
    server = picture.get("instance_uuid") or stage.exchange.variables.get("server_id", "")
    picture |= {"__id": f"{server}:{id}", "instance_uuid": server}


def server_group(stage: Staging, id: str, picture: Picture) -> None:
    """Its owner, which old versions do not show."""
    picture.setdefault("project_id", stage.project_id)
    picture.setdefault("user_id", stage.user_id)


def aggregate(stage: Staging, id: str, picture: Picture) -> None:
    """Its key is its number as a text."""
    picture["__id"] = str(picture["id"])


def hosted(stage: Staging) -> None:
    """An aggregate without the host that is added, or with the one that is taken away."""
    request = stage.exchange.line.get("request")
    for (kind, _), picture in stage.pictures.items():
        if kind == "aggregate" and isinstance(request, dict) and stage.exchange.status < 300:
            if "add_host" in request:
                picture["hosts"] = []
            if "remove_host" in request:
                picture["hosts"] = [request["remove_host"]["host"]]
            if "set_metadata" in request:
                for key in request["set_metadata"]["metadata"]:
                    picture.get("metadata", {}).pop(key, None)


_ONE = "/v2.1/servers/{server_id}"
PREPARE = {
    ("POST", f"{_ONE}/action"): acted_on,
    ("DELETE", _ONE): written,
    ("PUT", _ONE): written,
    ("POST", "/v2.1/servers"): booted,
    ("POST", "/v2.1/os-aggregates/{aggregate_id}/action"): hosted,
    ("POST", "/v2.1/flavors/{flavor_id}/action"): access,
    ("GET", "/v2.1/flavors/{flavor_id}/os-flavor-access"): access,
    **{(verb, f"/v2.1/flavors/{{flavor_id}}/os-extra_specs{end}"): specs
       for verb in ("GET", "DELETE", "PUT") for end in ("", "/{key}")},
    **{(verb, f"{_ONE}/{part}"): written
       for verb in ("GET", "PUT", "POST", "DELETE")
       for part in ("metadata", "metadata/{key}", "tags", "tags/{tag}", "os-interface", "os-interface/{port_id}",
                    "os-volume_attachments", "os-volume_attachments/{volume_id}")},
}  # fmt: skip
