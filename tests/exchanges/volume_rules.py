"""The states that Cinder's volumes and snapshots are in before an action."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]

STATES = {
    "os-attach": "available", "os-detach": "in-use", "os-begin_detaching": "in-use", "os-roll_detaching": "detaching",
    "os-reserve": "available", "os-unreserve": "attaching", "os-extend": "available", "os-retype": "available",
    "os-initialize_connection": "attaching", "os-terminate_connection": "in-use", "os-migrate_volume": "available",
    "os-volume_upload_image": "available", "os-update_readonly_flag": "available", "os-reimage": "available",
}  # fmt: skip
"""What a volume is in when an action is taken."""


def volume(stage: Staging, id: str, picture: Picture) -> None:
    """Whether it is attached, and whose it is."""
    attached = bool(picture.get("attachments"))
    picture["attach_status"] = "attached" if attached else "detached"
    host = "os-vol-host-attr:host"
    if stage.own.get(("volume", id), {}).get(host, "") is not None:
        picture[host] = picture.get(host) or "devstack@lvmdriver-1#lvmdriver-1"
    picture.setdefault("os-vol-tenant-attr:tenant_id", stage.project_id)
    picture["volume_type"] = picture.get("volume_type") or "lvmdriver-1"
    picture["volume_type_id"] = picture.get("volume_type_id") or type_id(stage, picture["volume_type"])


def type_id(stage: Staging, name: str) -> str:
    """The id of a volume type."""
    for (kind, id), one in stage.objects.pictures.items():
        if kind == "volume_type" and one.get("name") == name:
            return id
    return ""


def attach(stage: Staging, picture: Picture) -> None:
    """An attachment to some server."""
    id = str(uuid5(NAMESPACE_URL, f"attachment of {picture['id']}"))
    server = "00000000-0000-4000-8000-00000000dead"
    picture["attachments"] = [
        {"id": picture["id"], "attachment_id": id, "volume_id": picture["id"], "server_id": server, "host_name": None,
         "device": "/dev/vdb", "attached_at": "2026-11-21T09:37:25.000000"}
    ]  # fmt: skip
    stage.add("volume_attachment", id, {
        "id": id, "status": "attached", "instance": server, "volume_id": picture["id"], "attach_mode": "rw",
        "attached_at": "2026-11-21T09:37:25.000000", "detached_at": "",
    })  # fmt: skip


def snapshot(stage: Staging, id: str, picture: Picture) -> None:
    """Of which type its volume is."""
    picture.setdefault("os-extended-snapshot-attributes:project_id", stage.project_id)
    picture["volume_type_id"] = type_id(stage, "lvmdriver-1")
    picture.setdefault("availability_zone", "nova")


def attachment(stage: Staging, id: str, picture: Picture) -> None:
    """Whose it is."""
    picture["project_id"] = stage.project_id


def deleted(stage: Staging) -> None:
    """Something that can be deleted."""
    for (kind, _), picture in stage.pictures.items():
        if kind in ("volume", "snapshot") and stage.exchange.status < 300:
            picture["status"] = "available"
            picture["attachments"] = []


def action(stage: Staging) -> None:
    """A volume in the state that the action is for."""
    request = stage.exchange.line.get("request")
    if stage.exchange.status >= 300 or not isinstance(request, dict):
        return
    name = next(iter(request), "")
    picture = stage.pictures.get(("volume", stage.exchange.variables["volume_id"]))
    if name == "os-retype" and isinstance(request[name], dict):
        named_type(stage, request[name].get("new_type"))
    if picture is None:
        return
    picture.setdefault("status", "available")
    if name in STATES:
        picture["status"] = STATES[name]
    attached = picture["status"] in ("in-use", "detaching")
    picture["attachments"] = []
    if attached:
        attach(stage, picture)
    if name == "os-extend":
        picture["size"] = min(picture.get("size") or 1, request[name]["new_size"] - 1)


def named_type(stage: Staging, name: str | None) -> None:
    """The volume type of a name."""
    for (kind, id), one in stage.objects.pictures.items():
        if kind == "volume_type" and name and one.get("name") == name:
            stage.need(kind, id)
            return
    if name and not type_id(stage, name):
        id = str(uuid5(NAMESPACE_URL, f"volume type {name}"))
        stage.add("volume_type", id, {"id": id, "name": name, "is_public": True, "description": None})


def used(stage: Staging) -> None:
    """A volume that is free, and the type that the request names."""
    request = stage.exchange.line.get("request")
    volume = request.get("volume") if isinstance(request, dict) else None
    if isinstance(volume, dict) and stage.exchange.status < 300:
        named_type(stage, volume.get("volume_type"))
    for (kind, _), picture in stage.pictures.items():
        if kind == "volume" and stage.exchange.status < 300:
            picture |= {"status": "available", "attachments": []}


def listed(stage: Staging) -> None:
    """What the filter asks for holds of what is listed."""
    for key, value in parse_qsl(stage.exchange.path.partition("?")[2]):
        for (kind, _), picture in stage.pictures.items():
            if kind in ("volume", "snapshot") and key in ("status", "name", "size") and value.isalnum():
                picture[key] = int(value) if value.isdecimal() else value
            if kind in ("volume", "snapshot") and key == "metadata":
                picture["metadata"] = json.loads(value.replace("'", '"'))


def item(stage: Staging) -> None:
    """Metadata or extra specs with the key that the path names, or those that the answer shows."""
    exchange = stage.exchange
    answer, name = exchange.line.get("response"), exchange.path.partition("?")[0].rpartition("/")[2]
    for kind, key in (("volume", "metadata"), ("snapshot", "metadata"), ("volume_type", "extra_specs")):
        for (other, _), picture in stage.pictures.items():
            if other != kind or exchange.status >= 300:
                continue
            shown = answer.get(key) if isinstance(answer, dict) else None
            if shown is not None and exchange.verb == "GET":
                picture[key] = shown
            elif name not in ("metadata", "extra_specs") and exchange.verb in ("GET", "DELETE"):
                one = (answer or {}).get("meta", answer or {}) if isinstance(answer, dict) else {}
                picture[key] = {**(picture.get(key) or {}), name: one.get(name, "x")}


def access(stage: Staging) -> None:
    """A private type, and who may use it."""
    exchange = stage.exchange
    request, answer = exchange.line.get("request"), exchange.line.get("response")
    if exchange.status >= 300:
        return
    for (kind, _), picture in stage.pictures.items():
        if kind == "volume_type":
            picture |= {"is_public": False, "os-volume-type-access:is_public": False}
            shown = [one["project_id"] for one in (answer or {}).get("volume_type_access", ())]
            if isinstance(request, dict) and "removeProjectAccess" in request:
                shown = [request["removeProjectAccess"]["project"]]
            picture["projects"] = shown


PREPARE = {
    ("POST", "/v3/volumes"): used,
    ("POST", "/v3/snapshots"): used,
    ("POST", "/v3/attachments"): used,
    ("POST", "/v3/os-volume-transfer"): used,
    ("GET", "/v3/volumes"): listed,
    ("GET", "/v3/volumes/detail"): listed,
    ("GET", "/v3/snapshots"): listed,
    ("GET", "/v3/snapshots/detail"): listed,
    ("POST", "/v3/types/{type_id}/action"): access,
    ("GET", "/v3/types/{type_id}/os-volume-type-access"): access,
    **{
        (verb, f"{place}{end}"): item
        for verb in ("GET", "DELETE", "PUT")
        for end in ("", "/{key}")
        for place in (
            "/v3/volumes/{volume_id}/metadata",
            "/v3/snapshots/{snapshot_id}/metadata",
            "/v3/types/{type_id}/extra_specs",
        )
    },
    ("DELETE", "/v3/volumes/{volume_id}"): deleted,
    ("DELETE", "/v3/snapshots/{snapshot_id}"): deleted,
    ("POST", "/v3/volumes/{volume_id}/action"): action,
}
