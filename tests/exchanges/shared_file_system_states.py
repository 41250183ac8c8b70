"""What stands around an exchange with Manila: types, quotas, pairs, and the states in which objects take an action."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.exchanges.shared_file_system_rules import HOST, INSTANCE, TYPE, Picture, action_of

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

STANDING_TYPES = ("default", "dhss", "old", "repl")
STATES: dict[str, Picture] = {
    "migration_complete": {"status": "migrating", "task_state": "migration_driver_phase1_done"},
    "migration_cancel": {"status": "migrating", "task_state": "migration_driver_phase1_done"},
    "restore": {"is_soft_deleted": True},
}
"""Action -> what a share is in before it, where that is not available."""
LIMITS = {
    "backups": "backups", "share groups": "share_groups", "share networks": "share_networks",
    "shares": "shares", "snapshots": "snapshots",
}  # fmt: skip


def around(stage: Staging) -> None:
    """The types of the recorded cloud, its quotas, and the states in which objects take an action."""
    exchange = stage.exchange
    situation = str(exchange.line.get("situation", ""))
    if exchange.section != "shared-file-system" or "(empty)" in situation or "before any type" in situation:
        return
    for (kind, id), one in list(stage.objects.pictures.items()):
        admins = str(exchange.line["as"]) == "admin" and one.get("name") == "priv"
        if kind == TYPE and (one.get("name") in STANDING_TYPES or admins):
            stage.need(kind, id)
        if kind == "share_group_type" and one.get("name") == "default":
            stage.need(kind, id)
    if situation.startswith("quota exceeded: "):
        per_share = "per share" in situation or situation.endswith((": gigabytes", ": extend"))
        limit = {"per_share_gigabytes": 1} if per_share else {LIMITS[situation.partition(": ")[2]]: 0}
        path = f"/v2/quota-sets/{stage.project_id}"
        stage.steps.append(("PUT", path, json.dumps({"quota_set": limit}).encode()))
    if exchange.status < 300:
        _items(stage)
        _access(stage)
    if exchange.verb != "GET" and (exchange.status < 300 or exchange.status == 413):
        _ready(stage)


def _ready(stage: Staging) -> None:
    """Objects are in the state in which the service did what it was asked for."""
    exchange = stage.exchange
    request, action = exchange.line.get("request"), action_of(exchange)
    for (kind, id), picture in list(stage.pictures.items()):
        kinds = ("share", "share_snapshot", "share_group", "share_backup", "share_group_snapshot")
        if kind in kinds and not (exchange.verb == "PUT" and (kind, id) in stage.own):
            picture |= {"status": "available", "task_state": None, "is_soft_deleted": False}
        if kind == "share" and exchange.path.endswith("/share-replicas"):
            picture["replication_type"] = "readable"
        if kind == "share" and id in exchange.path:
            picture |= STATES.get(action, {}) if "not soft deleted" not in exchange.line["situation"] else {}
            if action in ("extend", "shrink") and isinstance(request, dict):
                picture["size"] = request[action]["new_size"] + (1 if action == "shrink" else -1)
            if action == "migration_get_progress":
                picture["task_state"] = exchange.line["response"]["task_state"]
            if action == "migration_start" and exchange.status == 202 and isinstance(request, dict):
                there = request[action]["host"]
                picture["host"] = HOST if "delta" in there else HOST.replace("gamma", "delta").replace("GAMMA", "DELTA")
        if kind == INSTANCE and action in ("promote", "resync") and exchange.status == 202 and id in exchange.path:
            picture |= {"status": "available", "replica_state": "in_sync"}


ITEMS = {"metadata": "metadata", "extra_specs": "__extra_specs", "group-specs": "group_specs", "specs": "specs"}
"""The end of a path -> the field of an object's pairs."""


def _items(stage: Staging) -> None:
    """Pairs as an answer shows them, or with the one that a path names."""
    exchange = stage.exchange
    *_, parent, last = exchange.path.partition("?")[0].split("/")
    field, key = (ITEMS.get(last), "") if last in ITEMS else (ITEMS.get(parent), last)
    answer = exchange.line.get("response")
    found = [one for one in stage.pictures if one[1] in exchange.variables.values() and one[0] != "share_network"]
    if field is None or not found:
        return
    for one in [one for one in stage.pictures if key and one[1] == key]:  # it is no object
        stage.forget(*one)
        found = [other for other in found if other != one]
    picture = stage.pictures[found[-1]] if found[-1][0] != "share" or len(found) == 1 else stage.pictures[found[0]]
    shown: Picture = answer if isinstance(answer, dict) else {}
    for name in ("metadata", "meta", "extra_specs", "group_specs", "specs"):
        if isinstance(shown.get(name), dict):
            shown = shown[name]
    if exchange.verb == "GET" or (key and exchange.verb == "DELETE"):
        picture[field] = {**shown} if shown else {key: "x"} if key else {}
    elif exchange.verb == "POST":
        picture[field] = {
            name: value for name, value in shown.items() if name not in json.dumps(exchange.line["request"])
        }


def _access(stage: Staging) -> None:
    """Who may use a private type."""
    exchange = stage.exchange
    request, answer = exchange.line.get("request"), exchange.line.get("response")
    shown = next(iter(answer.values()), None) if isinstance(answer, dict) else None
    if exchange.path.endswith(("/access", "/share_type_access")) and isinstance(shown, list):
        projects = [one["project_id"] for one in shown]
    elif isinstance(request, dict) and "removeProjectAccess" in request:
        projects = [request["removeProjectAccess"]["project"]]
    elif isinstance(request, dict) and "addProjectAccess" in request:
        projects = []
    else:
        return
    for (kind, id), picture in stage.pictures.items():
        if kind in (TYPE, "share_group_type") and id in exchange.path:
            picture |= {"__projects": projects, "is_public": False, "share_type_access:is_public": False}
