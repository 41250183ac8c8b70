"""The API reference: a page for each service and one for each of its resources, made of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from docsite.markdown import cell, first_sentence, row
from docsite.operation_section import Section
from docsite.operations import is_driven, measured
from mopenstack.contract.contract import Contract, contract
from mopenstack.contract.operations import Operation
from mopenstack.contract.service import every
from mopenstack.gateway.openapi import document

INDEX = "reference/index.md"
OPENAPI = "reference/openapi.json"


@dataclass(slots=True)
class Reference:
    """The pages, and their part of the navigation."""

    pages: dict[str, str] = field(default_factory=dict)
    """Path in the site -> Markdown."""
    nav: list[Any] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Path in the site -> text of what is no page."""


def reference() -> Reference:
    """The reference of all installed services."""
    declared = contract(every())
    section = Section(declared)
    found = Reference(files={OPENAPI: document(declared).decode()})
    rows = []
    for package, operations in groupby(declared.operations, key=lambda one: one.package):
        of_package = list(operations)
        api, word = declared.apis[package], package.split(".")[1]
        groups = [(name, list(group)) for name, group in groupby(of_package, key=lambda one: one.service)]
        places = {name: f"reference/{word}/{_slug(name)}.md" for name, _ in groups}
        index = f"reference/{word}/index.md"
        found.pages[index] = "\n".join(_service(declared, word, package, groups, places))
        for name, group in groups:
            found.pages[places[name]] = "\n".join(_resource(declared, section, name, group))
        found.nav.append({_heading(word): [index, *places.values()]})
        versions = f"{api.microversion_min} to {api.microversion_max}" if api.microversion_max else ""
        told = sum(is_driven(one) is True for one in of_package if one.routes) if word in measured() else "not counted"
        rows.append(row(f"[{_heading(word)}]({word}/index.md)", f"`{api.prefix}`", versions, len(of_package), told))
    found.pages[INDEX] = "\n".join(_index(declared, rows))
    found.nav.insert(0, INDEX)
    return found


def _index(declared: Contract, rows: list[str]) -> Iterator[str]:
    yield "# API reference\n"
    yield (
        "Every operation as the contract declares it: method and path, microversions, who may call it, refusals, and "
        "which "
        "test suites of others drive it (by name where `make conformance` was run before the build). These pages are "
        "made of the `.proto` files when the site is built. "
        "The same is an [OpenAPI 3.1 document](openapi.json), with the bodies whole, which a running cloud serves at "
        "`/_mopenstack/openapi.json`.\n"
    )
    yield row("service", "below", "microversions", "operations", "driven by suites of others")
    yield "|---|---|---|---|---|"
    yield from rows
    yield f"\n{len(declared.operations)} operations. Each is an RPC of the same name over gRPC, too."


def _service(
    declared: Contract, word: str, package: str, groups: list[tuple[str, list[Operation]]], places: dict[str, str]
) -> Iterator[str]:
    api = declared.apis[package]
    yield f"# {_heading(word)}\n"
    about = [f"Package `{package}`, at `{api.prefix}` of a cloud's address."]
    if api.type:
        about.append(f"In the catalog it is `{api.name}`, of type `{api.type}`.")
    if api.microversion_max:
        about.append(f"Microversions {api.microversion_min} to {api.microversion_max}.")
    if api.optional_prefix:
        about.append("A project's id may stand behind the version in each path.")
    yield " ".join(about) + "\n"
    yield row("resource", "operations", "what it is")
    yield "|---|---|---|"
    for name, group in groups:
        link = f"[{name.rpartition('.')[2]}]({places[name].rpartition('/')[2]})"
        yield row(link, len(group), first_sentence(declared.sources.comment(name)))
    if api.rules:
        yield "\n## Rules of the policy\n"
        yield "Checks of operations name these as `rule:NAME`.\n"
        yield row("rule", "check")
        yield "|---|---|"
        yield from (row(f"`{rule.name}`", f"`{cell(rule.check)}`" if rule.check else "always") for rule in api.rules)


def _resource(declared: Contract, section: Section, name: str, group: list[Operation]) -> Iterator[str]:
    yield f"# {name.rpartition('.')[2]}\n"
    comment = declared.sources.comment(name)
    if comment:
        yield f"{cell(comment, paragraphs=True)}\n"
    for operation in group:
        yield from section.lines(operation)


def _slug(name: str) -> str:
    """`mopenstack.compute.v2.ServerActions` -> `server-actions`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name.rpartition(".")[2]).lower()


def _heading(word: str) -> str:
    """`key_manager` -> `Key manager`."""
    return word.replace("_", " ").capitalize()
