"""Who may do what: every operation tried over HTTP by everybody.

Bodies are not looked at, and the handlers stand aside, so that a cell says what the declared policy says (scope types
and visibility of the target included). Where the core asks the rest (`in_core`) the handler does its work, on the
objects of `tests.policy_stage`, and what it did is undone: no cell changes the next.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.faults import NotServed
from mopenstack.contract.operations import LATEST, Operation, Route, enum_words, field_rules, minor, wire_key
from mopenstack.contract.service import every
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.plans import Plan, Target
from mopenstack.core.engine.servicer import Handler
from tests.conftest import Reply, User
from tests.policy_objects import BODIES, IMAGES, PLANTED, STACKS
from tests.policy_stage import HEADERS, OWN_ROLES, ROLES, Stage

YES = "yes"
REFUSED = ("401", "403", "404")
REMOVED = "mopenstack:removed"
"""What no service has any more: it is the same for all, whatever they may."""
_VERSION = re.compile(r"v[0-9.]+")
_VARIABLE = re.compile(r"\{([^}=]*)[^}]*\}")
_IN_FRONT = re.compile(r"/v[0-9.]+/\{project_id\}")


class Allowed(NotServed):
    """Raised in the place of every handler: the policy lets the caller through."""

    type = "NotServed"


async def _allowed(call: Call, request: Any) -> Any:
    raise Allowed("allowed")


def _undone(handler: Handler) -> Handler:
    async def work(call: Call, request: Any) -> Any:
        await handler(call, request)
        raise Allowed("done, and undone with its transaction")

    return work


class Lenient(Plan):
    """A plan that takes any body."""

    def validate(self, request: Message, microversion: int) -> None:
        pass


def replace_handlers(engine: Engine) -> dict[str, Any]:
    """Let no handler answer, nor do what lasts; returns the plans as they were."""
    before = dict(engine.registry.plans)
    for name, plan in before.items():
        if plan.servicer.transactional and not plan.operation.anonymous:
            given = {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}
            handler = _undone(plan.handler) if plan.operation.options.policy.in_core else _allowed
            given |= {"handler": handler, "check_request": None}
            owned = any("project_id" in one.message.DESCRIPTOR.fields_by_name for one in plan.target.owners.values())
            if plan.policy_first and not owned and not plan.operation.options.policy.in_core:
                given["target"] = Target({})  # the target is looked for after the policy
            engine.registry.made[name] = Lenient(**given)
    return before


def columns_of(package: str) -> tuple[str, ...]:
    """The users who try the operations of an API."""
    return (*ROLES, *OWN_ROLES.get(package, ()))


def asked(package: str) -> list[Operation]:
    """The operations of an API that have a policy, in the order of their paths."""
    found = [
        one for one in contract(every()).operations if one.package == package and one.routes and one.options.policy.name
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.routes[0].path, one.routes[0].verb, one.action, one.since))


async def cell(user: User, operation: Operation, stage: Stage) -> str:
    """`yes`, or the status of the refusal."""
    reply = await ask(user, operation, stage)
    return YES if reply.status == 501 else str(reply.status)


async def ask(user: User, operation: Operation, stage: Stage, free: Any = None, shown: str = "") -> Reply:
    """Make a call with whatever must be in it.

    `free` goes into every field that takes any JSON, `shown` into every field that only answers have.
    """
    sent = request_of(user, operation, stage, free, shown)
    return await user.send(sent.verb, operation.api.prefix.lstrip("/"), sent.path, headers=sent.headers, **sent.body)


@dataclasses.dataclass(slots=True)
class Sent:
    """A request: `body` are the client's arguments for it, `json` or `data`."""

    verb: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    microversion: int


def request_of(
    user: User, operation: Operation, stage: Stage, free: Any = None, shown: str = "", at: int = LATEST
) -> Sent:
    """What `ask` sends; `at` is the microversion."""
    route = route_of(operation)
    values = _values(route.path, user, operation, stage)
    path = _VARIABLE.sub(lambda found: values.get(found[1], PLANTED), route.path)
    if operation.package in NEEDS_PROJECT:
        version, _, rest = path.removeprefix("/").partition("/")
        path = f"/{version}/{user.project_id or stage.owner.project_id}/{rest}"
    headers = {"X-Subject-Token": stage.owner.token} if path.endswith("/auth/tokens") else {}
    microversion = LATEST
    if operation.api.microversion_max:
        major, _, newest = operation.api.microversion_max.partition(".")
        microversion = min(operation.until, int(newest), at)
        word = "volume" if operation.api.type == "volumev3" else operation.api.type
        headers["OpenStack-API-Version"] = f"{word} {major}.{microversion}"
        headers["X-OpenStack-Manila-API-Version"] = f"{major}.{microversion}"
        headers["X-OpenStack-Manila-API-Experimental"] = "true"
    headers |= HEADERS.get(f"{operation.package.removeprefix('mopenstack.')}.{operation.method}", {})
    arguments: dict[str, Any] = {}
    if operation.raw_response and operation.package == "mopenstack.dns.v2":
        headers["Accept"] = "text/dns"
    if operation.package == "mopenstack.workflow.v2":
        headers["Accept"] = "*/*"  # definitions are answered as text
    if operation.raw_request:
        headers["Content-Type"] = "application/octet-stream"
        arguments["data"] = b"bytes"
    elif operation.method == "UpdateImage":
        headers["Content-Type"] = "application/openstack-images-v2.1-json-patch"
        arguments["data"] = b"[]"
    elif route.verb not in ("GET", "HEAD", "DELETE") or operation.takes_body:
        body = BODIES.get(f"{operation.package.removeprefix('mopenstack.')}.{operation.method}")
        if body is None or free is not None or shown:
            sampler = Sampler(microversion, route.verb, stage.values, free, shown)
            body = sampler.body(operation.request.DESCRIPTOR, {*_VARIABLE.findall(route.path)})
            if not user.project_id and operation.package in NAMES_PROJECT:
                _name_project(operation, body, stage)
        if operation.action and list(body) != [operation.action]:
            body = {operation.action: body}
        if (
            operation.takes_body or operation.package != "mopenstack.image.v2"
        ):  # Glance refuses one that it has no use for
            arguments["json"] = body
    return Sent(route.verb, path, headers, arguments, microversion)


NEEDS_PROJECT = ("mopenstack.database.v1",)
"""Packages without a path that lacks a project."""
NAMES_PROJECT = ("mopenstack.load_balancer.v2", "mopenstack.network.v2")
"""Packages where a token without a project must say whose the new object is."""


def _name_project(operation: Operation, body: dict[str, Any], stage: Stage) -> None:
    """What a token without a project makes must say whose it is."""
    for field in operation.request.DESCRIPTOR.fields:
        inner = field.message_type
        owned = inner is not None and "project_id" in inner.fields_by_name
        if owned and operation.kind_of_write == "create" and field.name in body:
            body[field.name]["project_id"] = stage.owner.project_id


def route_of(operation: Operation) -> Route:
    """The first, without a project in front where there is one: a token without a project has nothing to put there."""
    return min(operation.routes, key=lambda one: _IN_FRONT.match(one.path) is not None)


def has_object(path: str) -> bool:
    """Whether a path has a variable beside the project in front."""
    return _VARIABLE.search(_IN_FRONT.sub("", path)) is not None


def _values(path: str, user: User, operation: Operation, stage: Stage) -> dict[str, str]:
    """What the variables of a path stand for; a project in front is the caller's, anywhere else the member's."""
    values = dict(stage.values)
    if _IN_FRONT.match(path):
        values["project_id"] = user.project_id or stage.owner.project_id
    kind, _, named = operation.options.target.partition(":")
    if kind:
        variables = _VARIABLE.findall(path)
        values[named or (f"{kind}_id" if f"{kind}_id" in variables else variables[0])] = stage.ids.get(kind, PLANTED)
    if operation.package == "mopenstack.image.v2" and operation.method in IMAGES:
        values["image_id"] = IMAGES[operation.method]
    if operation.package == "mopenstack.orchestration.v1" and operation.method in STACKS:
        values["stack_id"] = STACKS[operation.method]
    return values


@dataclasses.dataclass(frozen=True, slots=True)
class Sampler:
    """Makes bodies with whatever must be in them."""

    microversion: int
    verb: str
    values: Mapping[str, str]
    free: Any = None
    shown: str = ""

    def body(self, message: AnyMessageType, elsewhere: Collection[str] = ()) -> dict[str, Any]:
        """`elsewhere` are the fields that are part of the path."""
        body: dict[str, Any] = {}
        refused = {annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL}
        if self.verb in ("PUT", "PATCH"):
            refused.add(annotations_pb2.ACCESS_CREATE)
        for field in message.fields:
            rules = field_rules(field)
            hidden = rules.header or rules.inline or rules.access in refused
            exists = minor(rules.since, 0) <= self.microversion <= minor(rules.until, LATEST)
            if self.free is not None and is_free(field) and exists and rules.access not in refused:
                body |= self._free(field, rules.inline)
                continue
            if self.shown and rules.access == annotations_pb2.ACCESS_OUTPUT and exists:
                body[wire_key(field)] = self.shown
            if field.name in elsewhere or hidden or not exists:
                continue
            nested = field.message_type is not None and not field.is_repeated and not _foreign(field)
            if rules.required or nested:
                body[wire_key(field)] = self._value(field)
        return body

    def _free(self, field: AnyField, inline: bool) -> dict[str, Any]:
        wrapped = {"google.protobuf.Struct": {"free": self.free}, "google.protobuf.ListValue": [self.free]}
        assert field.message_type is not None
        value = wrapped.get(field.message_type.full_name, self.free)
        if inline:
            return value if isinstance(value, dict) else {}
        return {wire_key(field): [value] if field.is_repeated else value}

    def _value(self, field: AnyField) -> Any:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return {}
        if field.is_repeated:
            return []
        if field.message_type is not None:
            return {} if _foreign(field) else self.body(field.message_type)
        if field.enum_type is not None:
            return next(iter(enum_words(field).values()))
        if field.cpp_type == field.CPPTYPE_STRING:
            return self.values.get(wire_key(field), "x")
        return True if field.cpp_type == field.CPPTYPE_BOOL else 1


FREE = frozenset({"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"})


def is_free(field: AnyField) -> bool:
    """Whether a field takes any JSON."""
    return field.message_type is not None and field.message_type.full_name in FREE


def takes_free(message: AnyMessageType, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a request takes any JSON somewhere."""
    return any(
        is_free(field)
        or (
            field.message_type is not None
            and field.message_type.full_name not in seen
            and takes_free(field.message_type, seen | {message.full_name})
        )
        for field in message.fields
    )


def _foreign(field: AnyField) -> bool:
    """A message that is no part of a request's document."""
    assert field.message_type is not None
    return field.message_type.full_name.startswith(("google.protobuf.", "mopenstack.contract."))


def render(package: str, cells: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    """The matrix of an API as Markdown, a table a collection; cells by (path, what)."""
    yield f"# Who may do what: {package}"
    yield ""
    yield "Columns are `yes`, or the status with which the service refuses. Manager, member and reader have their role"
    yield "in the project that owns the object; *another project* is a member elsewhere, *nobody* has no token."
    columns = columns_of(package)
    if len(columns) > len(ROLES):
        yield "Those behind have the role of their name in it, and no other."
    for collection, rows in groupby(cells.items(), key=lambda item: _collection(item[0][0])):
        yield ""
        yield f"## {collection}"
        yield ""
        yield "| operation | policy | " + " | ".join(columns) + " |"
        yield "|---" * (len(columns) + 2) + "|"
        for (path, what), row in rows:
            yield f"| {what} `{path}` | " + " | ".join(row) + " |"


def _collection(path: str) -> str:
    """The first word of a path that is neither a version nor a variable."""
    words = [word for word in path.split("/") if word and not word.startswith("{")]
    return words[1] if len(words) > 1 and _VERSION.fullmatch(words[0]) else words[0]
