"""Who may do what: every operation tried over HTTP by everybody.

The handlers stand aside and bodies are not looked at, so that a cell says what the declared policy says (scope types
and visibility of the target included) and nothing is changed by asking.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import CallMetadata
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.faults import NotServed
from mopenstack.contract.operations import LATEST, Operation, enum_words, field_rules, minor, operations, wire_key
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.plans import Plan
from mopenstack.core.store.kinds import kinds_by_name
from tests.conftest import Cloud, User

PLANTED = "5eed5eed-5eed-45ee-95ee-d5eed5eed5ee"
"""Id of the object of each kind that belongs to the member's project."""

ROLES = ("system admin", "admin", "manager", "member", "reader", "another project", "nobody")

BODIES: dict[str, dict[str, Any]] = {
    "ImportImage": {"method": {"name": "glance-direct"}},
    "CreateServerExternalEvents": {
        "events": [{"name": "network-changed", "server_uuid": "00000000-0000-0000-0000-00000000dead"}]
    },
}
"""Bodies that no annotation describes."""

YES = "yes"
REFUSED = ("401", "403", "404")
_VERSION = re.compile(r"v[0-9.]+")
_VARIABLE = re.compile(r"\{([^}=]*)[^}]*\}")


class Allowed(NotServed):
    """Raised in the place of every handler: the policy lets the caller through."""


async def _allowed(call: Call, request: Any) -> Any:
    raise Allowed("allowed")


class Lenient(Plan):
    """A plan that takes any body."""

    def validate(self, request: Message, microversion: int) -> None:
        pass


def stand_aside(engine: Engine) -> dict[str, Any]:
    """Put `Allowed` in the place of every handler; returns what was there."""
    before = dict(engine._plans)
    for name, plan in before.items():
        if plan.servicer.transactional and not plan.operation.anonymous:
            given = {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}
            engine._plans[name] = Lenient(**{**given, "handler": _allowed})
    return before


def asked(package: str) -> list[Operation]:
    """The operations of an API that have a policy, in the order of their paths."""
    found = [
        one for one in operations() if one.package == package and one.routes and one.options.policy.name
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.routes[0].path, one.routes[0].verb, one.action, one.since))


async def callers(cloud: Cloud, admin: User) -> dict[str, User]:
    """One user a column; manager, member and reader in the project that owns what is planted."""

    async def made(name: str, role: str, project: str) -> User:
        user = {"name": name, "password": "secret", "domain_id": "default"}
        created = (await admin.post("identity", "/v3/users", {"user": user})).ok(201)["user"]
        found = (await admin.get("identity", f"/v3/roles?name={role}")).ok()["roles"]
        path = f"/v3/projects/{project}/users/{created['id']}/roles/{found[0]['id']}"
        (await admin.put("identity", path)).ok(204)
        scope = {"project": {"id": project}}
        return await cloud.login({"id": created["id"], "password": "secret"}, scope)

    async def project(name: str) -> str:
        body = {"project": {"name": name, "domain_id": "default"}}
        return str((await admin.post("identity", "/v3/projects", body)).ok(201)["project"]["id"])

    own, other = await project("own"), await project("other")
    root = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    return {
        "system admin": await cloud.login(root, {"system": {"all": True}}),
        "admin": admin,
        "manager": await made("manager", "manager", own),
        "member": await made("member", "member", own),
        "reader": await made("reader", "reader", own),
        "another project": await made("stranger", "member", other),
        "nobody": cloud.anonymous,
    }


async def plant(cloud: Cloud, owner: User) -> dict[str, str]:
    """An object of every kind, in the member's project; kind -> id."""
    engine = cloud.serving.engine
    real = {"project": owner.project_id, "user": owner.user_id, "domain": "default"}

    async def run(call: Call) -> None:
        for name, kind in kinds_by_name().items():
            fields = kind.message.DESCRIPTOR.fields_by_name
            if name in real or "id" not in fields or fields["id"].type != fields["id"].TYPE_STRING:
                continue
            known = {"id": PLANTED, "project_id": owner.project_id, "user_id": owner.user_id, "domain_id": "default"}
            known |= {"trustor_user_id": owner.user_id, "owner": owner.project_id}
            given = {
                key: value
                for key, value in known.items()
                if key in fields and fields[key].type == fields[key].TYPE_STRING and not fields[key].is_repeated
            }
            planted: Any = kind.message(**given)
            if "is_public" in fields:
                planted.is_public = True
            if name == "image":
                planted.status = planted.Status.Value("QUEUED")
                planted.disk_format, planted.container_format = "raw", "bare"
            await call.tx.put(planted, fresh=True)

    await engine.transact(engine.clouds[cloud.name], CallMetadata(cloud=cloud.name), run)
    return {name: real.get(name, PLANTED) for name in kinds_by_name()}


async def cell(user: User, operation: Operation, owner: User, ids: dict[str, str]) -> str:
    """`yes`, or the status of the refusal."""
    # A path without a project where there is one: a token without a project has nothing to put there.
    route = min(operation.routes, key=lambda one: "{project_id}" in one.path)
    kind, _, named = operation.options.target.partition(":")
    variables = _VARIABLE.findall(route.path)
    default = f"{kind}_id" if f"{kind}_id" in variables else variables[0] if variables else ""
    values = {"project_id": user.project_id or owner.project_id, "user_id": owner.user_id, "domain_id": "default"}
    if kind:
        values[named or default] = ids.get(kind, PLANTED)
    path = _VARIABLE.sub(lambda found: values.get(found[1], PLANTED), route.path)
    headers = {}
    microversion = LATEST
    if operation.api.microversion_max:
        major, _, newest = operation.api.microversion_max.partition(".")
        microversion = min(operation.until, int(newest))
        word = "volume" if operation.api.type == "volumev3" else operation.api.type
        headers["OpenStack-API-Version"] = f"{word} {major}.{microversion}"
    arguments: dict[str, Any] = {}
    if operation.raw_request:
        headers["Content-Type"] = "application/octet-stream"
        arguments["data"] = b"bytes"
    elif operation.method == "UpdateImage":
        headers["Content-Type"] = "application/openstack-images-v2.1-json-patch"
        arguments["data"] = b"[]"
    elif route.verb not in ("GET", "HEAD", "DELETE"):
        body = BODIES.get(operation.method) or sample(
            operation.request.DESCRIPTOR, {*variables}, microversion, route.verb
        )
        if operation.action and list(body) != [operation.action]:
            body = {operation.action: body}
        arguments["json"] = body
    reply = await user.send(route.verb, operation.api.prefix.lstrip("/"), path, headers=headers, **arguments)
    return YES if reply.status == 501 else str(reply.status)


def sample(message: AnyMessageType, elsewhere: set[str], microversion: int, verb: str) -> dict[str, Any]:
    """A body with whatever must be in it; `elsewhere` are the fields that are part of the path."""
    body = {}
    refused = {annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL}
    if verb == "PUT":
        refused.add(annotations_pb2.ACCESS_CREATE)
    for field in message.fields:
        rules = field_rules(field)
        hidden = rules.header or rules.inline or rules.access in refused
        exists = minor(rules.since, 0) <= microversion <= minor(rules.until, LATEST)
        if field.name in elsewhere or hidden or not exists:
            continue
        nested = field.message_type is not None and not field.is_repeated and not _foreign(field)
        if rules.required or nested:
            body[wire_key(field)] = _value(field, microversion, verb)
    return body


def _value(field: AnyField, microversion: int, verb: str) -> Any:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return {}
    if field.is_repeated:
        return []
    if field.message_type is not None:
        return {} if _foreign(field) else sample(field.message_type, set(), microversion, verb)
    if field.enum_type is not None:
        return next(iter(enum_words(field).values()))
    if field.cpp_type == field.CPPTYPE_STRING:
        return "x"
    return True if field.cpp_type == field.CPPTYPE_BOOL else 1


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
    for collection, rows in groupby(cells.items(), key=lambda item: _collection(item[0][0])):
        yield ""
        yield f"## {collection}"
        yield ""
        yield "| operation | policy | " + " | ".join(ROLES) + " |"
        yield "|---" * (len(ROLES) + 2) + "|"
        for (path, what), row in rows:
            yield f"| {what} `{path}` | " + " | ".join(row) + " |"


def _collection(path: str) -> str:
    """The first word of a path that is neither a version nor a variable."""
    words = [word for word in path.split("/") if word and not word.startswith("{")]
    return words[1] if len(words) > 1 and _VERSION.fullmatch(words[0]) else words[0]
