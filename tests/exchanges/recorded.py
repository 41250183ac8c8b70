"""Exchanges with real services, and the objects that they show.

`golden/exchanges/<section>.jsonl.xz` is what `export.py` made of the recordings. A line was recorded in a cloud that
no longer is, in no order of time; so what it needs to be repeated is gathered from all that the recordings show of the
objects that it names (`Objects`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zlib import crc32

from mopenstack.cli.recording.exchanges import read_lines, verb_of
from mopenstack.contract.contract import Contract, contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import field_rules, is_map, wire_key
from mopenstack.contract.v1 import options_pb2
from mopenstack.gateway.surface import Endpoint, Surface, surfaces
from tests.exchanges.export import GOLDEN, SECTIONS
from tests.recordings import cases

APIS = {"block-storage": "volume", "load-balancer": "load-balancer", "shared-file-system": "share"}
"""Path prefix of a section's API, where it is not the first word of the section."""

HOSTS = {"fakehost2": "compute-2", "fakehost": "devstack"}
"""The recorded cloud's hosts, and ours."""

AGAIN = {
    "510cba7a01334179b75eb0fa0524d510": "19efb747ed9b4b0db40eb8aab80e984a",
    "7beedb6607b647eb9380db0d4d26092c": "c1617f0eb92b4500bc919ad926e505a2",
}
"""The projects pb-one and pb-two of the second series of recordings, and of the first."""

PEOPLE_AGAIN = {
    "25e524ae38554a62b910ac7aab87f9e5": "3a88d75a42f34d70916872aa088c2f3b",
    "304dabc0269647bab9dfffd851077e73": "29b23acc4c6048acb4165eada88b5922",
    "7bd5810c0c954fbfa6dc4ab5f0119627": "ed6984ca0ba647beac8a6534bdc24512",
    "722ea0b618584196aa7aface746a3852": "19efb747ed9b4b0db40eb8aab80e984a",
    "980904af8ea547afbf8c221f8c0f50f2": "3a88d75a42f34d70916872aa088c2f3b",
}
"""The member, the administrator and its project, of the second series and of the first; a project whose quotas are
small and its user stand for the member's."""

Key = tuple[str, str]
"""Kind and id."""


def api_of(section: str) -> str:
    """The path prefix of the API that a section is about."""
    return APIS.get(section, section.partition("-")[0])


@dataclass(slots=True)
class RecordedLine:
    """One line of the recordings: what it has is its attributes, what it has not is None."""

    line: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.line.get(name)

    @property
    def verb(self) -> str:
        return verb_of(self.line)

    @property
    def ok(self) -> bool:
        return int(self.line["status"]) < 300


@dataclass(slots=True)
class Exchange:
    """One recorded request and its answer."""

    section: str
    line: dict[str, Any]
    endpoint: Endpoint | None
    variables: dict[str, str]
    shown: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Kind and JSON of each object in the answer."""

    @property
    def verb(self) -> str:
        return verb_of(self.line)

    @property
    def path(self) -> str:
        return str(self.line["path"])

    @property
    def status(self) -> int:
        return int(self.line["status"])

    @property
    def key(self) -> str:
        """What names the exchange in a list of those that differ."""
        line = self.line
        at = f" at {line['microversion']}" if line.get("microversion") else ""
        mark = crc32(json.dumps([line.get("request"), line.get("response"), line.get("request_headers")]).encode())
        situation = line.get("situation", "(acceptance tests)")
        return f"{situation} | {self.verb} {self.path} as {line['as']}{at} | {self.status} | {mark:08x}"


@dataclass(slots=True)
class Objects:
    """What the recordings show of each object: the pictures of it in different views, put together."""

    pictures: dict[Key, dict[str, Any]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    """Id -> kind, of ids that one kind alone has."""

    def add(self, kind: str, document: dict[str, Any], identity: str) -> None:
        """Take what a further picture says that those before it did not."""
        known = self.pictures.setdefault((kind, identity), {})
        for key, value in document.items():
            if isinstance(value, dict) and isinstance(known.get(key), dict):
                known[key] = {**value, **known[key]}
            else:
                known.setdefault(key, deepcopy(value))
        if len(identity) >= 32:
            self.kinds[identity] = kind


def lines(section: str) -> list[dict[str, Any]]:
    """A section as it was exported."""
    people = PEOPLE_AGAIN if section == "shared-file-system" else {}
    return list(read_lines(GOLDEN / f"{section}.jsonl.xz", HOSTS | AGAIN | people))


VIEWS = {
    "ServerReference": "server", "FlavorReference": "flavor", "ImageBrief": "image", "VolumeReference": "volume",
    "TransferReference": "volume_transfer", "AttachmentReference": "volume_attachment",
    **{
        f"mopenstack.shared_file_system.v2.{name}": kind
        for name, kind in (
            ("ShareType", "share_type"), ("ShareReplica", "share_instance"), ("ShareReference", "share"),
            ("SnapshotReference", "share_snapshot"), ("ShareGroupReference", "share_group"),
            ("ShareGroupSnapshotReference", "share_group_snapshot"),
        )
    },
}  # fmt: skip
"""Messages that show a part of an object of a kind."""


def kind_of(message: AnyMessageType) -> str:
    """What the store calls what a message shows; "" for one that it does not keep."""
    return str(message.GetOptions().Extensions[options_pb2.resource].kind) or VIEWS.get(
        message.full_name, VIEWS.get(message.name, "")
    )


NAMED = {"keypair", "metadef_namespace"}
"""Kinds whose objects are known by their names."""


def identity_of(document: dict[str, Any], kind: str = "") -> str:
    """What names an object in the answers of its API."""
    if kind == "instance_action":
        return str(document.get("request_id", ""))
    if kind == "image_member":
        return f"{document.get('image_id')}/{document.get('member_id')}"
    for key in ("name", "namespace") if kind in NAMED else ("id", "uuid", "name"):
        if document.get(key) is not None:
            return str(document[key])
    return ""


def shown_in(message: AnyMessageType, document: Any, deep: int = 6) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and JSON of every stored object in an answer of this type."""
    if not isinstance(document, dict) or not deep:
        return
    kind = kind_of(message)
    if kind:
        yield kind, document
    for one in message.fields:
        if one.message_type is None or one.message_type.full_name.startswith("google."):
            continue
        inside = document if field_rules(one).inline and not is_map(one) else document.get(wire_key(one))
        for item in _items(one, inside):
            yield from shown_in(_value_type(one), item, deep - 1)


def _value_type(one: AnyField) -> AnyMessageType:
    message = one.message_type
    assert message is not None
    if is_map(one):
        return message.fields_by_name["value"].message_type or message
    return message


def _items(one: AnyField, inside: Any) -> list[Any]:
    if is_map(one):
        return list(inside.values()) if isinstance(inside, dict) else []
    return inside if isinstance(inside, list) else [inside]


@cache
def surfaces_by_prefix() -> dict[str, Surface]:
    """Every API under its path prefix."""
    return {surface.api.prefix.strip("/"): surface for surface in surfaces(contract())}


def microversion_of(line: dict[str, Any], surface: Surface) -> int:
    """The minor number of the version that an exchange was asked at."""
    asked = str(line.get("microversion") or "").rpartition(" ")[2]
    minor = asked.partition(".")[2]
    if asked == "latest":
        return int(surface.api.microversion_max.partition(".")[2] or 0)
    return int(minor) if minor.isdecimal() else int(surface.api.microversion_min.partition(".")[2] or 0)


def exchange(section: str, line: dict[str, Any]) -> Exchange:
    """A line with the operation that it is of; None where we serve none."""
    surface = surfaces_by_prefix()[api_of(section)]
    path = line["path"].partition("?")[0]
    found = surface.router.find(surface.dialect.route(path))
    if found is None:
        found, _ = surface.find_with_project(path)
    made = Exchange(section, line, None, {})
    if found is None:
        return made
    node, values = found
    request = line.get("request")
    at = microversion_of(line, surface)
    for names, endpoint in node.leaves.get(made.verb, ()):
        operation = endpoint.operation
        if endpoint.has(at) and (not operation.action or (isinstance(request, dict) and operation.action in request)):
            made.endpoint, made.variables = endpoint, dict(zip(names, values, strict=False))
            break
    if made.endpoint is not None and made.status < 300:
        made.shown = list(shown_in(made.endpoint.operation.response.DESCRIPTOR, line.get("response")))
    return made


def _of_token(answer: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The user and the project of a token."""
    token = answer.get("token") if isinstance(answer, dict) else None
    if not isinstance(token, dict):
        return
    for kind in ("user", "project"):
        if kind in token:
            named = {key: token[kind][key] for key in ("id", "name")}
            yield kind, {**named, "domain_id": "default", "enabled": True, "parent_id": "default"}


@cache
def everything() -> tuple[dict[str, list[Exchange]], Objects]:
    """Every section's exchanges, and what they show together."""
    found = {section: [exchange(section, line) for line in lines(section)] for section in SECTIONS}
    objects = Objects()
    for exchanges in found.values():
        for one in exchanges:
            for kind, document in one.shown:
                if identity_of(document, kind):
                    objects.add(kind, document, identity_of(document, kind))
            for kind, document in _of_token(one.line.get("response")):
                objects.add(kind, document, document["id"])
    return found, objects


def the_contract() -> Contract:
    """All services."""
    return contract()


REFUSALS = {
    "identity": ("identity",),
    "compute": ("compute",),
    "placement": ("placement",),
    "image": ("image",),
    "block-storage": ("volume",),
    "load-balancer": (),
    "shared-file-system": tuple(f"shared_file_system-{part}" for part in ("shares", "networks", "rest")),
    "dns": (),
}


def _asked_version(case: dict[str, Any]) -> str:
    """The microversion of a staged refusal, as the recordings have it."""
    own = (case.get("headers") or {}).get("X-OpenStack-Manila-API-Version")
    return f"shared-file-system {own}" if own else str(case.get("microversion", ""))


@cache
def _golden(section: str) -> frozenset[tuple[str, ...]]:
    names = REFUSALS.get(section, ("network-core", "network-rest", "network-svc"))
    return frozenset(
        (case["situation"], case["as"], case["verb"], _asked_version(case), str(case["status"]))
        for name in names
        for case in cases(name)
    )


def golden(one: Exchange) -> bool:
    """Whether a refusal is replayed with the situation that it needs by tests/recordings.py."""
    line = one.line
    situation = line.get("situation", "(acceptance tests)")
    key = (situation, line["as"], one.verb, line.get("microversion", ""), str(one.status))
    return one.status >= 400 and key in _golden(one.section)
