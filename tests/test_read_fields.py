"""No field of a request is declared and then never read: silence about what a client asked for is a lie."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import mopenstack.core
from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.operations import field_rules
from mopenstack.contract.v1 import annotations_pb2

GOLDEN = Path(__file__).parent / "golden" / "unread-fields.tsv"
CORE = Path(next(iter(mopenstack.core.__path__)))
NEVER_IN_A_REQUEST = (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL)
PLACE = re.compile(r"\{(\w+)")
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
def kept(package: str) -> frozenset[str]:
    """Field names of what the package stores, all levels down: the engine copies them from a request."""
    found: set[str] = set()
    for message in contract().resources.values():
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


def test_every_field_of_a_request_is_read() -> None:
    unread: set[str] = set()
    for operation in contract().operations:
        service = operation.package.split(".")[1]
        known = words(service) | kept(operation.package)
        # The engine itself reads what stands in a path.
        known |= set(PLACE.findall(" ".join(route.path for route in operation.routes)))
        unread.update(full for full, name in _tree(operation.request.DESCRIPTOR, frozenset()) if name not in known)
    listed = dict(line.split("\t") for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:])
    news = sorted(unread - set(listed))
    assert not news, f"declared, and nothing reads them (neither in {GOLDEN.name}):\n" + "\n".join(news)
    assert not set(listed) - unread, "listed, and read or gone: " + ", ".join(sorted(set(listed) - unread))
    assert all(len(reason) > 20 for reason in listed.values()), "a reason that says nothing"
