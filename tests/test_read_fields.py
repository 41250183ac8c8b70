"""No field of a request is declared and then never read: silence about what a client asked for is a lie."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import mopenstack.core
from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.operations import Operation, field_rules, wire_key
from mopenstack.contract.service import every
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.core.engine.associations import Association
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.registry import Registry, _values
from tests.field_reads import Reading
from tests.imports import modules

GOLDEN = Path(__file__).parent / "golden" / "unread-fields.tsv"
CORE = Path(next(iter(mopenstack.core.__path__)))
NEVER_IN_A_REQUEST = (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL)
PLACE = re.compile(r"\{(\w+)")
CHECKED = re.compile(r"%\((\w+)")
WORD = re.compile(r"\w+")


@cache
def words(service: str) -> frozenset[str]:
    """Every name, attribute, keyword and word of a text in the modules of a service."""
    found: set[str] = set()
    for path in (CORE / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
                found.update(WORD.findall(node.value))
    return frozenset(found)


@cache
def wired(service: str) -> re.Pattern[str]:
    """The texts of a service's modules, for one that reads headers and parameters by their names on the wire."""
    found: set[str] = set()
    for path in (CORE / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 3 < len(node.value) < 100:
                found.add(re.escape(node.value.lower()))
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(one.value).lower()) if isinstance(one, ast.Constant) else ".+" for one in node.values
                ]
                if sum(len(part) for part in parts if part != ".+") > 6:
                    found.add("".join(parts))
    return re.compile("|".join(sorted(found)))


def by_wire_name(operation: Operation, name: str) -> bool:
    """Whether a service that reads requests by the names on the wire has the field's name there."""
    if operation.package != "mopenstack.object_store.v1" or not operation.options.optional_token:
        return False
    field = operation.request.DESCRIPTOR.fields_by_name[name]
    rules = field_rules(field)
    wire = (rules.header or rules.header_prefix or wire_key(field)).lower()
    return wired(operation.package.split(".")[1]).fullmatch(wire) is not None


@cache
def kept(package: str) -> frozenset[str]:
    """Field names of what the package stores, all levels down: the engine copies them from a request."""
    found: set[str] = set()
    for message in contract(every()).resources.values():
        if message.DESCRIPTOR.file.package == package:
            found.update(name for _, name in _tree(message.DESCRIPTOR, frozenset()))
    return frozenset(found)


def _tree(message: AnyMessageType, above: frozenset[str]) -> Iterator[tuple[str, str]]:
    if message.full_name in above or message.full_name.startswith(("google.protobuf.", "mopenstack.contract.")):
        return
    for field in message.fields:
        if field_rules(field).access in NEVER_IN_A_REQUEST:
            continue
        inner = field.message_type
        if inner is None or inner.GetOptions().map_entry:
            yield f"{message.full_name}.{field.name}", field.name
        if inner is not None and inner.GetOptions().map_entry:
            inner = inner.fields_by_name["value"].message_type
        if inner is not None:
            yield from _tree(inner, above | {message.full_name})


def _placeholders(operation: Operation) -> set[str]:
    """The fields that the engine and the gateway read for what the operation's options say."""
    texts = [route.path for route in operation.routes]
    texts += [operation.options.location, *(outcome.location for outcome in operation.outcomes.values())]
    return {*PLACE.findall(" ".join(texts)), *CHECKED.findall(operation.options.policy.check), "fields"}


def _follow_declared(reading: Reading, registry: Registry, operation: Operation) -> None:
    """What an operation's options read of its request: the engine's part, and the rules that a service adds."""
    options, request = operation.options, operation.request.DESCRIPTOR
    if options.refuses or options.collection.field or options.quota_set.step:
        reading.escape([request])  # refused as a whole, or read by the engine's own steps
    if operation.raw_request:
        reading.field(request, "data")  # the bytes
    if options.association.kind:
        rules = _rules(registry, Association)[options.association.kind]
        for name in rules.ends:
            reading.field(request, name)
        for rule in filter(None, (rules.make, rules.permit)):
            reading.enter(None, rule, request, 1)
    if options.transition:
        for owner in registry.plan(operation.name).target.owners.values():
            prepare = registry.lifecycles[owner.options.kind]._prepare.get(options.transition)
            if prepare is not None:
                reading.enter(None, prepare[0], request, 2)


@cache
def _rules(registry: Registry, kind: type[Any]) -> dict[str, Any]:
    """Kind of a resource -> rules of one type, which are values of modules of the services."""
    found = (value for service in registry.contract.services for value in _values(service))
    return {value.kind: value for value in found if isinstance(value, kind)}


def followed() -> set[str]:
    """Full names of the fields that the handlers of all operations read."""
    registry, reading = Registry(contract(every())), Reading()
    for operation in contract(every()).operations:
        servicer, request = registry.plan(operation.name).servicer, operation.request.DESCRIPTOR
        names = [operation.handler, f"prepare_{operation.handler}", f"abandon_{operation.handler}"]
        names += ["before", "check_request"]
        own = [getattr(servicer, name, None) for name in names]
        for method in (servicer.handler(operation) or servicer.generic(operation), *own):
            if method is not None:
                reading.enter(servicer, method, request)
        _follow_declared(reading, registry, operation)
        for name in _placeholders(operation):
            reading.field(request, name)
    return reading.read


def test_every_field_of_a_request_is_read() -> None:
    unread: set[str] = set()
    read = followed()
    for operation in contract(every()).operations:
        service = operation.package.split(".")[1]
        known = words(service) | kept(operation.package) | _placeholders(operation)
        for full, name in _tree(operation.request.DESCRIPTOR, frozenset()):
            if (full not in read or name not in known) and not by_wire_name(operation, name):
                unread.add(full)
    listed = dict(line.split("\t") for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:])
    news = sorted(unread - set(listed))
    assert not news, f"declared, and nothing reads them (neither in {GOLDEN.name}):\n" + "\n".join(news)
    assert not set(listed) - unread, "listed, and read or gone: " + ", ".join(sorted(set(listed) - unread))
    assert all(len(reason) > 20 for reason in listed.values()), "a reason that says nothing"


class _Handler:
    """Reads some fields of a request, by ways that handlers go."""

    async def plain(self, call: Call, request: Any) -> None:
        print(request.rebuild.image_id)

    async def by_another_name(self, call: Call, request: Any) -> None:
        body = request.rebuild
        for name in body.metadata:
            print(name)

    async def by_a_helper(self, call: Call, request: Any) -> None:
        if call is not None and request.HasField("rebuild"):
            _help(request.rebuild)

    async def out_of_sight(self, call: Call, request: Any) -> None:
        call.seen = request.rebuild  # type: ignore[attr-defined]


def _help(body: Any) -> None:
    print(getattr(body, "admin_pass", ""))


@pytest.mark.parametrize(
    ("handler", "read", "unread"),
    [
        ("plain", {"image_id"}, {"metadata", "admin_pass", "name"}),
        ("by_another_name", {"metadata"}, {"image_id", "admin_pass", "name"}),
        ("by_a_helper", {"admin_pass"}, {"metadata", "image_id", "name"}),
        ("out_of_sight", {"admin_pass", "metadata", "image_id", "name"}, set()),
    ],
)
def test_a_request_is_followed(handler: str, read: set[str], unread: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a handler reads is found, and nothing else."""
    monkeypatch.setitem(modules(), __name__, Path(__file__))
    operation = contract(every()).by_name["mopenstack.compute.v2.ServerActions.RebuildServer"]
    reading = Reading()
    reading.enter(_Handler(), getattr(_Handler(), handler), operation.request.DESCRIPTOR)
    found = {name.rpartition(".")[2] for name in reading.read}
    assert found >= read
    assert found.isdisjoint(unread)
