"""What Manila keeps of its objects beyond what it shows: owners, hosts, types, main instances; and their states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from tests.exchanges.recorded import Exchange
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]
OWNER = "19efb747ed9b4b0db40eb8aab80e984a"
"""The project pb-one."""
ADDRESSES = ("11.0.0.11", "10.0.0.10", "10.0.0.20")
"""Of the paths of an instance, in their order; the first one is for administrators."""
HOST = "devstack@gamma#fake_pool_for_GAMMA"
WHEN = "2026-11-28T07:30:00.000000"
INSTANCE, TYPE, RULE = "share_instance", "share_type", "share_access_rule"
LATEST = "X-OpenStack-Manila-API-Version"

ALIASES = {
    "share_instance_id": INSTANCE, "share_replica_id": INSTANCE, "access_id": RULE, "share_snapshot_instance_id": "",
    "share_types": TYPE, "source_project_id": "", "destination_project_id": "",
}  # fmt: skip


def action_of(exchange: Exchange) -> str:
    """The action that a request is for; "" for none."""
    request = exchange.line.get("request")
    return next(iter(request), "") if isinstance(request, dict) and exchange.path.endswith("/action") else ""


def reads(exchange: Exchange) -> bool:
    """Whether an action of Manila's only shows something."""
    return exchange.section == "shared-file-system" and action_of(exchange) in ("access_list", "os-access_list")


def made_for(what: str) -> str:
    """The id of an object that no recording shows."""
    return str(uuid5(NAMESPACE_URL, what))


def _type_of(stage: Staging, picture: Picture) -> str:
    """The id of the type of a share, which answers show as an id or by its name."""
    shown = [picture.get(key) for key in ("share_type", "share_type_name", "volume_type")]
    for (kind, id), one in stage.objects.pictures.items():
        if kind == TYPE and (id in shown or one["name"] in shown):
            return id
    return ""


def share(stage: Staging, id: str, picture: Picture) -> None:
    """A share with its type, its main instance and, where it has one, a host."""
    picture.setdefault("project_id", OWNER)
    picture.setdefault("status", "available")
    picture.setdefault("share_proto", "NFS")
    if picture.get("size") is None and ("share", id) not in stage.own:
        told = re.search(r'"share_size": (\d+)', json.dumps(stage.exchange.line.get("response")))
        picture["size"] = int(told[1]) if told else 1
    picture.setdefault("access_rules_status", "active")
    picture.setdefault("host", HOST if picture["status"] != "error" or picture.get("availability_zone") else None)
    found = _type_of(stage, picture)
    if found:
        stage.need(TYPE, found)
        name = stage.objects.pictures[TYPE, found]["name"]
        picture |= {"__share_type_id": found, "__share_type_name_before": name}
        picture |= {"share_type_name": name, "volume_type": name}
    picture.pop("share_type", None)
    if ("share", id) not in stage.own and picture["host"]:
        picture["availability_zone"] = picture.get("availability_zone") or "nova"
    instances = {
        other: one
        for (kind, other), one in stage.objects.pictures.items()
        if kind == INSTANCE and one.get("share_id") == id
    }
    shown = [other for (kind, other) in stage.pictures if kind == INSTANCE and other in instances]
    mains = [
        other
        for other in (*shown, *instances)
        if other not in stage.absent
        and stage.pictures.get((INSTANCE, other), instances[other]).get("replica_state") in (None, "active")
    ]
    main = mains[0] if mains else made_for(f"instance of {id}")
    picture["__instance_id"] = main
    if (INSTANCE, main) not in stage.pictures:
        known = instances.get(main, {"id": main, "share_id": id, "created_at": picture.get("created_at", WHEN)})
        stage.add(INSTANCE, main, dict(known))
    if picture.get("replication_type"):
        stage.pictures[INSTANCE, main]["replica_state"] = "active"
    own = stage.own.get((INSTANCE, main))
    if own is not None and ("share", id) not in stage.own:  # the main instance has these of its share
        picture |= {key: own[key] for key in ("status", "host", "availability_zone", "progress") if key in own}


def instance(stage: Staging, id: str, picture: Picture) -> None:
    """Of which share it is, and whether it is the main one."""
    picture["__main"] = picture.get("replica_state") in (None, "active")
    picture["__project_id"] = OWNER
    if picture.get("metadata"):
        picture["__metadata"] = picture["metadata"]
    if picture.get("share_id"):
        stage.need("share", picture["share_id"])
    if "/share-replicas/" in stage.exchange.path and not picture.get("replica_state"):
        picture["replica_state"] = "active"
    if not picture["__main"]:
        picture.setdefault("host", None if picture.get("status") == "error" else "devstack@delta#fake_pool_for_DELTA")


def _asked(stage: Staging, key: str, kind: str) -> str:
    """The id of the object that a path, its query or the request is about."""
    exchange = stage.exchange
    request = json.dumps(exchange.line.get("request"))
    found = re.search(rf"[?&]{key}=([0-9a-f-]{{36}})", exchange.path) or re.search(
        rf'"{key}": "([0-9a-f-]{{36}})"', request
    )
    if found is not None:
        return found[1]
    ids = [value for value in exchange.variables.values() if stage.objects.kinds.get(value) == kind]
    return ids[0] if ids else ""


def _of(key: str, kind: str) -> Callable[[Staging, str, Picture], None]:
    """Part of another object, and of its project."""

    def rule(stage: Staging, id: str, picture: Picture) -> None:
        above = str(_asked(stage, key, kind) or picture.get(key) or "")
        if above:
            picture[f"__{key}"] = above
            stage.need(kind, above)
        picture.setdefault("project_id", OWNER)
        picture.setdefault("state", "active")
        if kind == "share" and picture["state"] == "error" and ("share", above) in stage.pictures:
            stage.pictures["share", above]["access_rules_status"] = "error"

    return rule


def export_location(stage: Staging, id: str, picture: Picture) -> None:
    """A path, of an instance that its name says."""
    found = re.search(r"share_(\w{36})_(\w{36})\Z", str(picture.get("path")))
    if found is not None:
        share_id, instance_id = (one.replace("_", "-") for one in found.groups())
        picture |= {"__share_id": share_id, "share_instance_id": instance_id}
        stage.need("share", share_id)
    _placed(picture)
    _is_seen(stage, picture, "export_location", id)


def snapshot_location(stage: Staging, id: str, picture: Picture) -> None:
    """A path, of an instance of a snapshot that its name says."""
    found = re.search(r"snapshot_(\w{36})_(\w{36})\Z", str(picture.get("path")))
    if found is not None:
        snapshot_id, instance_id = (one.replace("_", "-") for one in found.groups())
        picture |= {"__snapshot_id": snapshot_id, "share_snapshot_instance_id": instance_id}
        stage.need("share_snapshot", snapshot_id)
        stage.need("snapshot_instance", instance_id)
    _placed(picture)


def _placed(picture: Picture) -> None:
    address = str(picture.get("path")).partition(":")[0]
    picture["__place"] = ADDRESSES.index(address) if address in ADDRESSES else 3
    picture |= {"is_admin_only": picture["__place"] == 0, "__project_id": OWNER}


def _is_seen(stage: Staging, picture: Picture, kind: str, id: str) -> None:
    """What a member was shown is not for administrators alone."""
    if (kind, id) in stage.own and str(stage.exchange.line["as"]) != "admin":
        picture["is_admin_only"] = False


def snapshot(stage: Staging, id: str, picture: Picture) -> None:
    """A snapshot, and what its share's main instance has of it."""
    _owned(stage, id, picture)
    picture.setdefault("status", "available")
    if not picture.get("share_id"):
        return
    stage.need("share", picture["share_id"])
    instances = [
        (other, one)
        for (kind, other), one in stage.objects.pictures.items()
        if kind == "snapshot_instance" and one.get("snapshot_id") == id
    ]
    other, known = instances[0] if instances else (made_for(f"instance of snapshot {id}"), {})
    stage.add("snapshot_instance", other, {
        "id": other, "snapshot_id": id, "share_id": picture["share_id"], "status": picture["status"],
        "created_at": WHEN, "progress": "100%", **known,
    })  # fmt: skip


def snapshot_instance(stage: Staging, id: str, picture: Picture) -> None:
    """On which instance of the share it is."""
    picture |= {"__main": True, "__project_id": OWNER}
    if (kept := stage.pictures.get(("share_snapshot", picture.get("snapshot_id", "")))) and (
        "snapshot_instance",
        id,
    ) in stage.own:
        kept["status"] = picture["status"]
    share = stage.pictures.get(("share", picture.get("share_id", "")))
    if not picture.get("share_instance_id") and share is not None:
        picture["share_instance_id"] = share.get("__instance_id", "")


def transfer(stage: Staging, id: str, picture: Picture) -> None:
    """A share that is offered."""
    picture["__project_id"] = picture.get("source_project_id", OWNER)
    if picture.get("resource_id") and not picture.get("accepted"):
        stage.need("share", picture["resource_id"])


def network(stage: Staging, id: str, picture: Picture) -> None:
    """A share network with its subnets, under the name that other answers show."""
    _owned(stage, id, picture)
    shown = picture.pop("share_network_subnets", None) or ()
    for one in shown:
        stage.add("share_network_subnet", one["id"], dict(one))
        stage.pictures["share_network_subnet", one["id"]]["share_network_id"] = id
    if ("share_network", id) not in stage.own:
        for one in stage.own.values():
            if one.get("share_network_id") == id and one.get("share_network_name"):
                picture["name"] = one["share_network_name"]
    request = json.dumps(stage.exchange.line.get("request"))
    if found := re.search(
        r'"(?:remove_security_service|update_security\w+)": {"\w*service_id": "([0-9a-f-]{36})"', request
    ):
        picture["__security_service_ids"] = [found[1]]
        stage.need("security_service", found[1])


def group(stage: Staging, id: str, picture: Picture) -> None:
    """A share group on a back end."""
    _owned(stage, id, picture)
    if ("share_group", id) not in stage.own:
        picture |= {"host": picture.get("host") or HOST, "availability_zone": "nova"}


def server(stage: Staging, id: str, picture: Picture) -> None:
    """A share server, on a network of the name that it shows."""
    _owned(stage, id, picture)
    if picture.get("share_network_id"):
        stage.need("share_network", picture["share_network_id"])
    action = action_of(stage.exchange)
    if not action or id not in stage.exchange.path:
        return
    picture |= {"status": "active", "task_state": None}
    if action.startswith("migration"):
        other = made_for(f"share on {id}")
        stage.add("share", other, {
            "id": other, "share_server_id": id, "share_network_id": picture.get("share_network_id"), "name": "s",
            "host": f"{picture['host']}#fake_pool_for_{picture['host'].rpartition('@')[2].upper()}",
            "share_type": "dhss", "created_at": WHEN,
        })  # fmt: skip
    if action == "migration_cancel":
        picture |= {"status": "server_migrating", "task_state": "migration_driver_phase1_done"}
        other = made_for(f"target of {id}")
        stage.add("share_server", other, {
            **picture, "id": other, "identifier": other, "status": "server_migrating_to", "source_share_server_id": id,
        })  # fmt: skip


def security_service(stage: Staging, id: str, picture: Picture) -> None:
    """With the networks that it belongs to."""
    _owned(stage, id, picture)
    for other in picture.pop("share_networks", None) or ():
        stage.need("share_network", other)
        kept = stage.pictures.get(("share_network", other), {})
        if "security_service" not in action_of(stage.exchange):
            kept["__security_service_ids"] = [*kept.get("__security_service_ids", ()), id]


def _owned(stage: Staging, id: str, picture: Picture) -> None:
    picture.setdefault("project_id", OWNER)


def share_type(stage: Staging, id: str, picture: Picture) -> None:
    """All extra specs, of which users see a part."""
    specs = {key: str(value) for key, value in (picture.get("extra_specs") or {}).items() if value is not False}
    picture.setdefault("__extra_specs", specs)
    if picture.get("name") == "priv" and str(stage.exchange.line["as"]) != "admin" and stage.exchange.status < 300:
        picture.setdefault("__projects", [OWNER])
    public = picture.get("share_type_access:is_public", picture.get("os-share-type-access:is_public", True))
    picture["__is_public"] = public
    picture.setdefault("created_at", f"2026-11-28T07:2{len(stage.pictures) % 10}:00.000000")


RULES: dict[str, Callable[[Staging, str, Picture], None]] = {
    "share": share,
    INSTANCE: instance,
    TYPE: share_type,
    RULE: _of("share_id", "share"),
    "snapshot_access_rule": _of("snapshot_id", "share_snapshot"),
    "share_network_subnet": _of("share_network_id", "share_network"),
    "export_location": export_location,
    "snapshot_export_location": snapshot_location,
    "share_snapshot": snapshot,
    "snapshot_instance": snapshot_instance,
    "share_transfer": transfer,
    "share_network": network,
    "share_server": server,
    "share_group": group,
    "security_service": security_service,
    **dict.fromkeys(
        ("share_backup", "share_group_snapshot", "share_message", "share_group_type", "qos_type", "resource_lock"),
        _owned,
    ),
}
