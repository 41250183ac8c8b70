"""What must be in a cloud before an exchange: the objects that it names and those that they name, as recorded.

An object that no recording shows is made after one of its kind; what an exchange itself makes, or does not find, is
left out, and so is what came to be after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.contract import contract
from mopenstack.contract.operations import wire_key
from tests.exchanges import load_balancer_rules, shared_file_system_rules, shared_file_system_states
from tests.exchanges.planting import fill
from tests.exchanges.quota_rules import exhausted
from tests.exchanges.recorded import Exchange, Key, Objects, identity_of
from tests.exchanges.rules import ALIASES, BEFORE, BRIEF, NEVER, PREPARE, RULES, SYNTHETIC

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
SHOWN_ONLY = {"domain"}
"""Kinds of views: the store keeps another object."""
UNKNOWN = "00000000-0000-0000-0000-00000000dead"
"""The id by which the recorded calls asked for what is not there."""

Pictures = dict[Key, dict[str, Any]]


def ids_of(document: Any) -> set[str]:
    """Every id in a document."""
    return set(ID.findall(json.dumps(document)))


@cache
def kind_called(key: str) -> str:
    """The kind that a key of JSON or a variable of a path refers to; "" where it refers to none."""
    if key in ALIASES:
        return ALIASES[key]
    word = re.sub(r"(_ids?|_uuid|_name)$", "", key)
    word = word if word != key else key.removesuffix("s")
    kinds = contract().resources
    while word and word not in kinds:
        word = word.partition("_")[2]
    return word


def references(document: Any, key: str = "") -> Iterator[tuple[str, str, Any]]:
    """Kind and id of everything that a document refers to, and the object that does."""
    if isinstance(document, dict):
        for name, value in document.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    if ID.fullmatch(one) and (kind := kind_called(name)):
                        yield kind, one, document
                else:
                    yield from references(one, name)
    elif isinstance(document, list):
        for one in document:
            yield from references(one, key)


class Staging:
    """The pictures of what stands before one exchange."""

    def __init__(
        self, exchange: Exchange, objects: Objects, standing: frozenset[str], project_id: str, user_id: str
    ) -> None:
        self.exchange, self.objects = exchange, objects
        self.project_id, self.user_id = project_id, user_id
        self.standing = standing
        line = exchange.line
        self.asked = ids_of([exchange.path, line.get("request"), line.get("request_headers")])
        self.own = {(kind, identity_of(shown, kind)): shown for kind, shown in exchange.shown}
        self.absent = self._absent()
        times = [shown["created_at"] for kind, shown in exchange.shown if shown.get("created_at")]
        self.before = min(times)[:19] if times and self.new else ""
        self.pictures: Pictures = {}
        self.planted: dict[Key, Message] = {}
        self.steps: list[tuple[str, str, bytes]] = []
        """Verb, path and bytes of what an admin sends beforehand."""

    @property
    def new(self) -> set[str]:
        """The ids of what the exchange made."""
        if self.exchange.verb != "POST" or self.exchange.status >= 300:
            return set()
        if shared_file_system_rules.reads(self.exchange):
            return set()
        answer = self.exchange.line.get("response")
        made = {str(answer.get(key)) for key in ("id", "image_id")} if isinstance(answer, dict) else set()
        for one in answer.values() if isinstance(answer, dict) else ():
            if isinstance(one, dict):
                made.add(str(one.get("id")))
        return ({id for _, id in self.own} | made) - self.asked - {"None", *self.exchange.variables.values()}

    def _absent(self) -> set[str]:
        exchange = self.exchange
        missing = {UNKNOWN, *self.new}
        if exchange.status == 404:
            text = json.dumps(exchange.line.get("response"))
            named = {id for id in self.asked if id in text}
            missing |= named or set(list(exchange.variables.values())[-1:])
        return missing

    def collect(self) -> Pictures:
        """Everything, by kind and id."""
        self._gather(self._named())
        if self.exchange.endpoint is not None:
            prepare = PREPARE.get((self.exchange.verb, self.exchange.endpoint.path))
            if prepare is not None:
                prepare(self)
        exhausted(self)
        load_balancer_rules.exhausted(self)
        shared_file_system_states.around(self)
        done: set[Key] = set()
        while left := [key for key in self.pictures if key not in done]:
            done.add(left[0])
            rule = RULES.get(left[0][0])
            if rule is not None:
                rule(self, left[0][1], self.pictures[left[0]])
        return self.pictures

    def add(self, kind: str, id: str, picture: dict[str, Any]) -> None:
        """Plant an object as well."""
        self.pictures.setdefault((kind, id), picture)
        self._gather(((kind, id), {}) for kind, id, _ in references(picture))

    def need(self, kind: str, id: str) -> None:
        """Plant an object that the recordings show, or one like those."""
        self._gather([((self.objects.kinds.get(id, kind), id), {})])

    def forget(self, kind: str, id: str) -> None:
        """Plant it not."""
        self.pictures.pop((kind, id), None)

    def _gather(self, keys: Iterable[tuple[Key, dict[str, Any]]]) -> None:
        waiting = list(keys)
        while waiting:
            key, known = waiting.pop(0)
            kind, id = key
            if key in self.pictures or id in self.absent | self.standing or kind in NEVER:
                continue
            picture = self._picture(key, known)
            if picture is None:
                continue
            self.pictures[key] = picture
            for kind, id, _ in references(picture):
                kind = self.objects.kinds.get(id, kind)
                if (kind, id) in self.objects.pictures and not self._later((kind, id)):
                    waiting.append(((kind, id), {}))

    def messages(self) -> dict[Key, Message]:
        """The objects as the store keeps them."""
        kinds = contract().resources
        made = {(kind, id): fill(kinds[kind](), picture) for (kind, id), picture in self.pictures.items()}
        made = {key: message for key, message in made.items() if key[0] not in SHOWN_ONLY}
        return made | self.planted

    def plant(self, kind: str, id: str, message: Message) -> None:
        """Plant what no JSON shows."""
        self.planted[kind, id] = message

    def _later(self, key: Key) -> bool:
        created = str(self.objects.pictures[key].get("created_at") or "")[:19]
        return bool(self.before) and created.replace(" ", "T") > self.before.replace(" ", "T")

    def _named(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        exchange = self.exchange
        line, kinds = exchange.line, self.objects.kinds
        if not self.new:
            for key in self.own:
                if key[1]:
                    yield key, {}
        operation = exchange.endpoint.operation if exchange.endpoint else None
        names = list(exchange.variables)
        for name, value in exchange.variables.items():
            word = re.sub(r"_(id|name)$", "", name)
            kind = kinds.get(value) or (word if word in contract().resources else kind_called(name))
            kind = kind or self._collection_of(value)
            if operation is not None and operation.options.target:
                target, _, variable = operation.options.target.partition(":")
                if name == (variable or names[-1]) and target in contract().resources:
                    kind = target
            if kind and not (exchange.status == 404 and value in self.absent):
                yield (kind, value), exchange.variables
        for id in self.asked:
            if id in kinds:
                yield (kinds[id], id), {}
        for kind, id, where in references(line.get("request")):
            yield (kinds.get(id, kind), id), where
        if not self.new:
            for id in ids_of(line.get("response")):
                if id in kinds:
                    yield (kinds[id], id), {}
        for kind, id, where in references(line.get("response")):
            if kind in BEFORE or not self.new:
                yield (kinds.get(id, kind), id), where

    def _collection_of(self, value: str) -> str:
        """The kind of the collection that a path finds a name in: `os-keypairs`."""
        before = self.exchange.path.partition("?")[0].partition(f"/{value}")[0].rpartition("/")[2]
        word = before.removeprefix("os-").removesuffix("s").replace("-", "_")
        return word if word in contract().resources else ""

    def _picture(self, key: Key, where: dict[str, Any]) -> dict[str, Any] | None:
        kind, id = key
        known, own = self.objects.pictures.get(key), self.own.get(key)
        if own is not None:
            return self._before(kind, own, known or {})
        if known is not None:
            return deepcopy(known)
        return self._made_up(kind, id, where)

    def _before(self, kind: str, own: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        """An object as the answer shows it, without what the request changed."""
        brief = kind in BRIEF or set(own) <= {"id", "name", "links", "uuid"}
        picture = {**deepcopy(known if brief else {}), **deepcopy(own)}
        request = self.exchange.line.get("request")
        if self.exchange.verb in ("PUT", "PATCH") and isinstance(request, dict):
            for inner in request.values():
                for name in inner if isinstance(inner, dict) else ():
                    if known.get(name) is not None and name not in ("id", "name"):
                        picture[name] = deepcopy(known[name])
        return picture

    def _made_up(self, kind: str, id: str, where: dict[str, Any]) -> dict[str, Any] | None:
        maker = SYNTHETIC.get(kind)
        pictures = [shown for (other, _), shown in self.objects.pictures.items() if other == kind]
        if maker is None or not pictures:
            return None
        mine = [one for one in pictures if self.project_id in (one.get("project_id"), one.get("tenant_id"))]
        picture = deepcopy(max(mine or pictures, key=len)) | {"id": id}
        for owner in ("project_id", "tenant_id", "os-vol-tenant-attr:tenant_id"):
            if owner in picture:
                picture[owner] = self.project_id
        maker(self, picture, where)
        return picture

    def set_from_path(self, id: str, picture: dict[str, Any], kind: str) -> None:
        """What the path says of the object at its end: the server of an interface, the policy of a rule."""
        descriptor = contract().resources[kind].DESCRIPTOR
        for name, value in self.exchange.variables.items():
            field = descriptor.fields_by_name.get(name) or descriptor.fields_by_name.get(f"qos_{name}")
            if field is not None and value != id:
                picture.setdefault(wire_key(field), value)
