"""No annotation is without effect: each is read by something, and each name that one gives exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from google.protobuf.descriptor_pool import Default

from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.operations import field_rules, wire_key
from mopenstack.contract.service import every
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.core.engine.registry import Registry
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.core.store.kinds import resource_options
from tests.imports import ROOT, modules

PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")
RULE = re.compile(r"rule:([\w:.-]+)")
BASE_RULES = frozenset(
    {"admin_api", "context_is_admin", "project_manager_api", "project_member_api", "project_reader_api"}
    | {"project_member", "project_reader"}
)
"""What the services' own base policies name, whether or not an operation here asks for it."""

RENDERED_FROM_ANOTHER = frozenset({"mopenstack.image.v2.NewMetadefObject.self_path"})
"""Filled from the message that the core holds, which has more fields: a gateway of another process lacks them."""


@cache
def read() -> frozenset[str]:
    """Every attribute that is read in Python, and every text in it that is one word."""
    found = set()
    policy = (ROOT / "tests").glob("*policy*.py")  # it tells apart what checks say alone
    for path in (*modules().values(), ROOT / "proto" / "generate.py", *policy):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def test_bytes_are_streams() -> None:
    """Who makes stubs of the contract can send and receive bytes: a stream of messages with the field `data`."""
    wrong = set()
    for operation in contract(every()).operations:
        method = Default().FindMethodByName(operation.name)
        for raw, streams, message in (
            (operation.raw_request, method.client_streaming, operation.request),
            (operation.raw_response, method.server_streaming, operation.response),
        ):
            if raw != streams or (raw and "data" not in message.DESCRIPTOR.fields_by_name):
                wrong.add(operation.name)
    assert not wrong


def _trees() -> Iterator[tuple[str, AnyMessageType]]:
    """(name, message) of every message of the contract, nested ones included."""
    seen: set[str] = set()
    stack = [
        one.DESCRIPTOR for operation in contract(every()).operations for one in (operation.request, operation.response)
    ]
    while stack:
        message = stack.pop()
        if message.full_name in seen or message.full_name.startswith("google."):
            continue
        seen.add(message.full_name)
        yield message.full_name, message
        stack += [field.message_type for field in message.fields if field.message_type is not None]


def test_every_annotation_is_read() -> None:
    declared = {
        f"{message.name}.{field.name}": field.name
        for message in annotations_pb2.DESCRIPTOR.message_types_by_name.values()
        for field in message.fields
    }
    unread = sorted(full for full, name in declared.items() if name not in read())
    assert unread == [], "fields of annotations.proto that nothing reads"


def test_every_noun_names_operations() -> None:
    """`noun` and `plural` of a resource are in the names of generic operations."""
    wrong = []
    for servicer in Registry(contract(every())).owners.values():
        options, name = servicer.options, servicer.message.DESCRIPTOR.name
        own = {
            operation.method
            for operation in contract(every()).operations
            if operation.service == servicer.service.full_name
            and getattr(type(servicer), operation.handler, None) is None
            and not operation.options.collection.field
        }
        noun = options.noun or name
        plural = options.plural or f"{noun}s"
        single = {f"Create{noun}", f"Get{noun}", f"Update{noun}", f"Delete{noun}"}
        lists = {f"List{plural}", f"List{plural}Detail"}
        if options.noun and not own & (single if options.plural else single | lists):
            wrong.append(f"{name}: noun {options.noun!r}")
        if options.plural and not own & lists:
            wrong.append(f"{name}: plural {options.plural!r}")
    assert wrong == []


def test_every_rule_of_a_package_is_used() -> None:
    unused = []
    for package, api in contract(every()).apis.items():
        checks = [rule.check for rule in api.rules]
        policies = [one.options.policy for one in contract(every()).operations if one.package == package]
        checks += [check for policy in policies for check in (policy.check, policy.switched.check)]
        for _, message in _trees():
            if message.file.package == package:
                checks += [field_rules(field).policy for field in message.fields]
        for stored in contract(every()).resources.values():
            checks.append(resource_options(stored).visible)
        used = {name for check in checks for name in RULE.findall(check)}
        used |= read() | BASE_RULES  # what a service checks by itself
        unused += [f"{package}: {rule.name}" for rule in api.rules if rule.name not in used]
    assert unused == []


def test_every_outcome_is_said() -> None:
    """The name of an outcome stands in the code of its service; each status differs from the usual one."""
    wrong = [
        f"{operation.name}: {outcome.name}"
        for operation in contract(every()).operations
        for outcome in operation.outcomes.values()
        if outcome.name not in read() or not outcome.status
    ]
    assert wrong == []


def test_names_in_annotations_exist() -> None:
    """Messages of only_in and not_in, sort keys, placeholders of links and locations."""
    names = {full.rpartition(".")[2] for full, _ in _trees()}
    wrong = []
    for full, message in _trees():
        for field in message.fields:
            rules = field_rules(field)
            wrong += [
                f"{full}.{field.name}: {name}"
                for place in (*rules.only_in, *rules.not_in)
                for name in place.message
                if name not in names
            ]
            for link in rules.links:
                owner = {one.name for one in message.fields}
                wrong += [
                    f"{full}.{field.name}: {{{path}}}"
                    for path in PLACEHOLDER.findall(link.href)
                    if path.partition(".")[0] not in owner and f"{full}.{field.name}" not in RENDERED_FROM_ANOTHER
                ]
    for kind, stored in contract(every()).resources.items():
        keys = {key for field in stored.DESCRIPTOR.fields for key in (field.name, wire_key(field))}
        wrong += [f"{kind}: sort {key}" for key in resource_options(stored).sort if key.partition(":")[0] not in keys]
        parent = resource_options(stored).parent
        if parent and parent not in stored.DESCRIPTOR.fields_by_name:
            wrong.append(f"{kind}: parent {parent}")
    assert wrong == []


@pytest.mark.parametrize("package", sorted(contract(every()).apis))
def test_stored_kinds_have_a_servicer_or_are_internal(package: str) -> None:
    """What an operation names as its target is kept by a servicer of a service that is loaded with it."""
    owners = Registry(contract([contract(every()).service_of(package).name])).owners
    for operation in contract(every()).operations:
        if operation.package == package and operation.options.target:
            kind = operation.options.target.partition(":")[0]
            if kind.startswith("{"):
                continue  # the path says the kind
            assert isinstance(owners.get(kind), ResourceServicer), f"{operation.name}: target {kind!r}"
