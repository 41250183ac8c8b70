"""Zones and record sets, of which Designate keeps more than it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mopenstack.core.dns import names
from mopenstack.core.dns.zones.rules import SCOPE

if TYPE_CHECKING:
    from tests.exchanges.recorded import Exchange
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]
ALIASES = {
    "zone_transfer_request_id": "zone_transfer_request",
    "pool_id": "",
    "resource_id": "",
    "target_project_id": "",
}
POOL = "794ccc2c-d751-44fe-b57f-8894c9f5c842"
ANOTHER = "00000000-0000-4000-8000-0000000000d5"
"""The id of what is planted to be in the way."""
WHEN = "2026-01-01T00:00:00.000000"
KINDS = {"zones": "zone", "recordsets": "recordset", "tlds": "tld", "blacklists": "blacklist", "tsigkeys": "tsigkey"}


def caller(exchange: Exchange, second: str) -> tuple[str, str]:
    """User and project: the second one's where the answer is its, or where a target or another is spoken of."""
    situation = str(exchange.line.get("situation", ""))
    answer = exchange.line.get("response")
    owner = answer.get("project_id") if isinstance(answer, dict) else ""
    others = re.search(r"other|pb2|project two|share target|as target|new owner|subzone of others", situation)
    return ("pb2", "pb-two") if others or owner == second else ("pbm", "pb-one")


def zone(stage: Staging, id: str, picture: Picture) -> None:
    """A zone that its name servers have, unless its state is asked for, with SOA and NS records."""
    picture["__key"], picture["__above"] = picture["name"].lower(), names.above(picture["name"])
    picture |= {"__refresh": 3537, "__retry": 600, "__expire": 86400, "__minimum": 3600}
    picture.setdefault("pool_id", POOL)
    shares = [one for (kind, _), one in stage.objects.pictures.items() if kind == "zone_share" and one["zone_id"] == id]
    if picture.get("shared"):
        targets = [one["target_project_id"] for one in shares]
        picture["__shared_with"] = targets or [stage.project_id]
    _before(stage, "zone", id, picture)


def recordset(stage: Staging, id: str, picture: Picture) -> None:
    """A record set; those at the top of the zone are the service's own."""
    picture["__key"] = picture["name"].lower()
    top = picture["name"] == picture.get("zone_name")
    picture["__managed"] = picture["type"] == "SOA" or (top and picture["type"] == "NS")
    _before(stage, "recordset", id, picture)


def _before(stage: Staging, kind: str, id: str, picture: Picture) -> None:
    """What an answer to a write shows is counted once more than what was."""
    if stage.exchange.verb == "GET":
        return
    picture |= {"status": "ACTIVE", "action": "NONE"}
    if stage.exchange.verb != "POST" and (kind, id) in stage.own:
        picture["version"] = picture.get("version", 2) - 1


def share(stage: Staging, id: str, picture: Picture) -> None:
    """A share, of a zone that knows of it."""
    shared = stage.pictures.get(("zone", picture["zone_id"]))
    if shared is not None:
        shared |= {"shared": True, "__shared_with": [picture["target_project_id"]]}


def export(stage: Staging, id: str, picture: Picture) -> None:
    """An export whose file is there."""
    if picture.get("location"):
        picture["__file_path"] = picture["location"].removeprefix("designate://")


def accept(stage: Staging, id: str, picture: Picture) -> None:
    """An acceptance, which its own project sees."""
    picture.setdefault("key", "X")


def transfer(stage: Staging, id: str, picture: Picture) -> None:
    """An offer, that its target's list shows without saying whose it is."""
    asked = stage.exchange.line.get("request")
    if isinstance(asked, dict) and asked.get("key") and stage.exchange.status == 201:
        picture |= {"key": asked["key"], "status": "ACTIVE"}
    listed = stage.exchange.verb == "GET" and stage.exchange.path.endswith("transfer_requests")
    if listed and "project_id" not in picture:
        picture["target_project_id"] = stage.project_id


RULES: dict[str, Callable[[Staging, str, Picture], None]] = {
    "zone": zone,
    "recordset": recordset,
    "zone_share": share,
    "zone_export": export,
    "zone_transfer_request": transfer,
    "zone_transfer_accept": accept,
}


def claims_of(kind: str, message: Any) -> Iterator[tuple[str, str]]:
    """Names that one object alone may have."""
    if kind == "zone":
        yield SCOPE + message.pool_id, message.key
    elif kind == "recordset":
        yield f"recordset/{message.zone_id}", f"{message.type} {message.key}"
    elif kind in ("tld", "tsigkey"):
        yield kind, message.name.lower()
    elif kind == "blacklist":
        yield kind, message.pattern


def _asked(stage: Staging) -> Picture:
    request = stage.exchange.line.get("request")
    return request if isinstance(request, dict) else {}


def _a_zone(stage: Staging, name: str, **more: Any) -> Picture:
    made = {"id": ANOTHER, "name": name, "email": "a@b.org", "project_id": stage.project_id, "pool_id": POOL}
    return made | {"type": "PRIMARY", "ttl": 3600, "serial": 1, "version": 1, "created_at": WHEN, **more}


def _a_recordset(stage: Staging, zone: Picture, name: str, type: str, **more: Any) -> Picture:
    made = {"id": ANOTHER, "zone_id": zone["id"], "zone_name": zone["name"], "project_id": zone["project_id"]}
    return made | {"name": name, "type": type, "records": ["x.org."], "version": 1, "created_at": WHEN, **more}


def duplicate(stage: Staging) -> None:
    """What a conflict is with: the same but for the id."""
    if stage.exchange.status == 409:
        kind = KINDS[stage.exchange.path.rpartition("/")[2]]
        stage.add(kind, ANOTHER, {**_asked(stage), "id": ANOTHER, "created_at": WHEN})


def _limit(stage: Staging, project_id: str, limits: dict[str, int]) -> None:
    body = json.dumps({"quota": limits}).encode()
    stage.steps.append(("PATCH", f"/admin/quotas/{project_id}", body))


def new_zone(stage: Staging) -> None:
    """The zones and TLDs that are in the way."""
    name, error = _asked(stage).get("name"), json.dumps(stage.exchange.line.get("response"))
    if stage.exchange.status == 409:
        stage.add("zone", ANOTHER, _a_zone(stage, str(name)))
    elif "illegal_child" in error:
        above = str(name).partition(".")[2]
        stage.add("zone", ANOTHER, _a_zone(stage, above, project_id="f" * 32))
    elif "TLD" in error or "tld" in error:
        stage.add("tld", ANOTHER, {"id": ANOTHER, "name": "com", "created_at": WHEN})
    elif stage.exchange.status == 413:
        _limit(stage, stage.project_id, {"zones": 0})


def in_zone(stage: Staging) -> None:
    """A zone whose name is that of the record sets in it."""
    exchange, asked = stage.exchange, _asked(stage)
    zone_id = exchange.variables["zone_id"]
    zone = stage.pictures.get(("zone", zone_id))
    answer = exchange.line.get("response")
    answer = answer if isinstance(answer, dict) else {}
    error = str(answer.get("type", "")) if exchange.status >= 400 else ""
    if zone is None:
        return
    shown = answer.get("zone_name")
    wanted = str(asked.get("name", ""))
    if shown:
        zone["name"] = shown
    elif error in ("over_quota", "duplicate_recordset") and not wanted.endswith(zone["name"]):
        zone["name"] = wanted.partition(".")[2]
    if shown and exchange.verb == "POST" and answer.get("project_id") != zone["project_id"]:
        zone |= {"shared": True}
        stage.add("zone_share", ANOTHER, {
            "id": ANOTHER, "zone_id": zone_id, "project_id": zone["project_id"],
            "target_project_id": stage.project_id, "created_at": WHEN,
        })  # fmt: skip
    if error.startswith("duplicate_recordset"):
        stage.add("recordset", ANOTHER, _a_recordset(stage, zone, wanted, asked["type"]))
    if "CNAME recordsets may not share" in str(answer.get("message")):
        stage.add("recordset", ANOTHER, _a_recordset(stage, zone, wanted, "A" if asked["type"] == "CNAME" else "CNAME"))
    if error == "over_quota":
        resource = str(answer["message"]).rpartition(" ")[2].rstrip(".")
        _limit(stage, zone["project_id"], {resource: 1})


def unseen(stage: Staging) -> None:
    """A record set whose zone the caller does not see."""
    answer = stage.exchange.line.get("response")
    if isinstance(answer, dict) and answer.get("type") == "zone_not_found":
        id = stage.exchange.variables["recordset_id"]
        stage.absent.discard(id)
        stage.need("recordset", id)
    elif stage.exchange.status < 400:
        in_zone(stage)
        zone = stage.pictures.get(("zone", stage.exchange.variables["zone_id"]))
        mine = stage.pictures.get(("recordset", stage.exchange.variables["recordset_id"]))
        if zone is not None and mine is not None and not mine["name"].endswith(zone["name"]):
            zone["name"] = mine["zone_name"]


def offered(stage: Staging) -> None:
    """An offer that stands already, and a zone of the name that the offer shows."""
    zone_id = stage.exchange.variables["zone_id"]
    answer = stage.exchange.line.get("response")
    zone = stage.pictures.get(("zone", zone_id))
    if stage.exchange.status == 409:
        stage.add("zone_transfer_request", ANOTHER, {
            "id": ANOTHER, "zone_id": zone_id, "project_id": stage.project_id, "key": "ABCDEFGH",
            "status": "ACTIVE", "created_at": WHEN,
        })  # fmt: skip
    elif zone is not None and isinstance(answer, dict) and answer.get("zone_name"):
        zone["name"] = answer["zone_name"]


def accepting(stage: Staging) -> None:
    """The zone that is offered, the first project's."""
    answer = stage.exchange.line.get("response")
    if not isinstance(answer, dict) or "zone_id" not in answer:
        return
    stage.need("zone", answer["zone_id"])
    offer = stage.pictures.get(("zone_transfer_request", answer["zone_transfer_request_id"]))
    if offer is None:
        offer = {"id": answer["zone_transfer_request_id"], "project_id": "f" * 32}
        stage.add("zone_transfer_request", offer["id"], offer)
    offer |= {"zone_id": answer["zone_id"], "key": answer["key"], "status": "ACTIVE", "target_project_id": None}


def accepted(stage: Staging) -> None:
    """The acceptance that is shown, which shows no key."""
    for _, shown in stage.exchange.shown:
        if shown.get("zone_transfer_request_id"):
            stage.add("zone_transfer_accept", str(shown["id"]), shown | {"key": "ABCDEFGH"})


def content(stage: Staging) -> None:
    """The zone of an export, whose file is read, and its record sets of one record."""
    kept = stage.pictures.get(("zone_export", stage.exchange.variables["export_id"]))
    answer = stage.exchange.line.get("response")
    if kept is None or not isinstance(answer, dict) or "__text__" not in answer:
        return
    first, *lines = answer["__text__"].splitlines()
    zone = _a_zone(stage, first.split()[1], id=kept["zone_id"], project_id=kept["project_id"])
    stage.add("zone", kept["zone_id"], zone)
    for number, line in enumerate(lines):
        if found := re.fullmatch(r"(\S+) (\d*) IN (\S+) (.*)", line):
            id, ttl = f"{ANOTHER[:-4]}{number:04}", int(found[2]) if found[2] else None
            more = {"id": id, "records": [found[4]], "ttl": ttl}
            stage.add("recordset", id, _a_recordset(stage, zone, found[1], found[3], **more))


def quotas(stage: Staging) -> None:
    """What the answer shows and the request does not."""
    answer, asked = stage.exchange.line.get("response"), _asked(stage)
    if stage.exchange.status < 300 and isinstance(answer, dict):
        wanted = {name: value for name, value in answer.items() if isinstance(value, int) and name not in asked}
        wanted = {name: value for name, value in wanted.items() if value >= -1}
        if wanted:
            _limit(stage, stage.exchange.path.partition("?")[0].rpartition("/")[2], wanted)


def addresses(stage: Staging) -> None:
    """Floating IPs, and the names that they have."""
    answer = stage.exchange.line.get("response")
    shown = answer.get("floatingips", [answer]) if isinstance(answer, dict) else []
    if "unset" in str(stage.exchange.line.get("situation")) and stage.exchange.verb == "PATCH":
        key = stage.exchange.path.rpartition("/")[2]
        shown = [{"id": key, "address": "172.24.4.96", "ptrdname": "x.org.", "ttl": 600, "status": "ACTIVE"}]
    for one in shown:
        if "address" not in one:
            continue
        id, address = one["id"].partition(":")[2], one["address"]
        stage.add("floatingip", id, {
            "id": id, "floating_ip_address": address, "project_id": stage.project_id, "created_at": WHEN,
        })  # fmt: skip
        if not one.get("ptrdname") or (stage.exchange.verb == "PATCH" and one.get("action") == "CREATE"):
            continue
        name = ".".join(reversed(address.split("."))) + ".in-addr.arpa."
        zone = _a_zone(stage, name.partition(".")[2], project_id="0" * 32)
        stage.add("zone", ANOTHER, zone)
        pointer = _a_recordset(stage, zone, name, "PTR")
        pointer |= {key: one[key] for key in ("ttl", "description", "status", "action") if key in one}
        pointer |= {"records": [one["ptrdname"]], "__managed": True, "__floatingip_id": id}
        pointer |= {"__floatingip_region": "RegionOne", "__floatingip_project_id": stage.project_id}
        pointer["__floatingip_description"] = one.get("description")
        stage.add("recordset", ANOTHER, pointer)


def used_pool(stage: Staging) -> None:
    """A zone of a pool that is to be deleted."""
    if stage.exchange.status == 400:
        stage.add("zone", ANOTHER, _a_zone(stage, "x.org."))


_RECORDSETS = "/v2/zones/{zone_id}/recordsets"
PREPARE: dict[tuple[str, str], Callable[[Staging], None]] = {
    ("POST", "/v2/zones"): new_zone,
    ("POST", _RECORDSETS): in_zone,
    **{(verb, f"{_RECORDSETS}/{{recordset_id}}"): unseen for verb in ("GET", "PUT", "DELETE")},
    **{("POST", f"/v2/{path}"): duplicate for path in ("tlds", "blacklists", "tsigkeys")},
    ("POST", "/v2/zones/{zone_id}/tasks/transfer_requests"): offered,
    ("POST", "/v2/zones/tasks/transfer_accepts"): accepting,
    ("GET", "/v2/zones/tasks/transfer_accepts/{transfer_accept_id}"): accepted,
    ("GET", "/v2/zones/tasks/exports/{export_id}/export"): content,
    ("DELETE", "/v2/pools/{pool_id}"): used_pool,
    ("GET", "/v2/quotas/{project_id}"): quotas,
    ("PATCH", "/v2/quotas/{project_id}"): quotas,
    ("GET", "/v2/reverse/floatingips"): addresses,
    ("GET", "/v2/reverse/floatingips/{fip_key}"): addresses,
    ("PATCH", "/v2/reverse/floatingips/{fip_key}"): addresses,
}
