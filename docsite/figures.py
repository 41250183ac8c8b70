"""Figures of the pages, counted in the files that the tests hold: `<!-- figures: NAME -->` is replaced by a table."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from docsite.markdown import row
from docsite.operations import is_driven, measured, service_word
from docsite.repository import ROOT
from mopenstack.contract.contract import contract
from mopenstack.contract.service import every
from mopenstack.gateway.answers.published import publications

_GOLDEN = ROOT / "tests" / "golden"
_CONFORMANCE = ROOT / "conformance" / "mopenstack" / "conformance"
_ANSWERS = ROOT / "gateway" / "mopenstack" / "gateway" / "answers"
_MARK = re.compile(r"^<!-- figures: (?P<name>[\w-]+) -->\n", re.MULTILINE)
_PINNED = {
    "ansible": ("ansible", "ansible"),
    "barbican-functional": ("barbican", "barbican"),
    "barbicanclient": ("python-clients", "python-barbicanclient"),
    "designateclient": ("python-clients", "python-designateclient"),
    "mistral-tempest-plugin": ("mistral-tempest-plugin", "mistral-tempest-tests"),
    "manila-rbac": ("manila-tempest-plugin", "manila-tempest-plugin"),
    "openstackclient": ("openstackclient", "python-openstackclient"),
    "sdk": ("openstacksdk", "openstacksdk"),
    "swift-functional": ("swift", "swift"),
    "swift-keystone": ("swift", "swift"),
    "swift-s3": ("swift", "swift"),
    "skyline": ("skyline", "skyline-apiserver"),
    "swiftclient": ("python-clients", "python-swiftclient"),
}
"""Tool of the suite -> (file of pins, package), where they have not the tool's name."""
_MODULES = {
    "gophercloud": ("gophercloud_build", "gophercloud/v2"),
    "provider-acceptance": ("provider_build", "terraform-provider-openstack/v3"),
}
"""Tool of the suite -> (folder of its go.mod, end of the module's path)."""


def with_figures(text: str) -> str:
    """A page with its figures; raises ValueError for a name that is not known."""

    def table(found: re.Match[str]) -> str:
        make = _TABLES.get(found["name"])
        if make is None:
            raise ValueError(f"there are no figures {found['name']}, but {', '.join(sorted(_TABLES))}")
        return "\n".join(make()) + "\n"

    return _MARK.sub(table, text)


def _suites() -> Iterator[str]:
    yield row("suite", "version", "cases that pass, and may not fail again", "known failures, each with its reason")
    yield "|---|---|---|---|"
    total = 0
    for folder in sorted(_CONFORMANCE.joinpath("ratchet").iterdir()):
        passing = len(_listed(folder / "passing.txt"))
        total += passing
        yield row(f"`{folder.name}`", _version(folder.name), passing, len(_listed(folder / "known_failing.txt")) or "")
    scenarios = sum(1 for _ in ROOT.joinpath("terraform-fixtures").rglob("scenario.yaml"))
    yield row("scenarios of our own, by Terraform and OpenTofu", "", scenarios, "")
    yield row("**together**", "", f"**{total + scenarios}**", "")


def _listed(file: Path) -> list[str]:
    if not file.exists():
        return []
    return [line for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]


def _version(tool: str) -> str:
    """The pinned version of what a suite comes from."""
    tools = _CONFORMANCE / "tools"
    if tool in _MODULES:
        folder, module = _MODULES[tool]
        found = re.search(rf"{re.escape(module)} v(\S+)", (tools / folder / "go.mod").read_text())
    else:
        pins, package = _PINNED.get(tool, (tool, tool))
        line = rf"(?im)^{package.replace('-', '[-_]')}==(\S+)"
        found = re.search(line, (tools / "pins" / f"{pins}.txt").read_text())
    if found is None:
        raise ValueError(f"the version of {tool} is pinned nowhere: see docsite/figures.py")
    return found.group(1)


def _operations() -> Iterator[str]:
    yield row("service", "operations", "driven by a suite of others", "documented and not served")
    yield "|---|---|---|---|"
    declared: Counter[str] = Counter()
    driven: Counter[str] = Counter()
    for operation in contract(every()).operations:
        if operation.routes and operation.api.type:
            declared[service_word(operation)] += 1
            driven[service_word(operation)] += is_driven(operation) is True
    missing = {file.stem: len(_rows(file)) for file in _GOLDEN.joinpath("not-served").glob("*.tsv")}
    for service, count in declared.items():
        told = driven[service] if service in measured() else "not counted"
        yield row(service.replace("_", " "), count, told, missing.get(service, ""))
    yield row("**together**", f"**{declared.total()}**", "", f"**{sum(missing.values())}**")


def _recordings() -> Iterator[str]:
    yield row("service", "refusals recorded of real services", "that end otherwise here, each with its reason")
    yield "|---|---|---|"
    for file in sorted(_GOLDEN.joinpath("recordings").glob("*.jsonl")):
        differs = file.with_name(f"{file.stem}-differs.tsv")
        yield row(file.stem.replace("_", " "), len(file.read_text().splitlines()), len(_rows(differs)) or "")


def _wrong_inputs() -> Iterator[str]:
    differs = Counter(line["service"] for line in _rows(_GOLDEN / "wrong-input" / "differs.tsv"))
    yield row("service", "wrong inputs that the real code was asked about", "that are answered otherwise here")
    yield "|---|---|---|"
    for file in sorted(_GOLDEN.joinpath("wrong-input").glob("*.jsonl.gz")):
        service = file.name.partition(".")[0]
        cases = sum(len(json.loads(line)["cases"]) for line in gzip.decompress(file.read_bytes()).splitlines())
        yield row(service, cases, differs[service] or "")


def _exceptions() -> Iterator[str]:
    cells = sum(
        line.count("|") - 3
        for file in _GOLDEN.joinpath("policy").glob("*.md")
        for line in file.read_text().splitlines()
        if re.match(r"\| (?:GET|PUT|POST|DELETE|PATCH|HEAD|COPY|OPTIONS)", line)
    )
    yield row("what", "how many", "where they are listed")
    yield "|---|---|---|"
    yield row("published schemas come from", ", ".join(publications().sources), "`gateway/schemas`")
    yield row("cells of the matrix operation x role", cells, "`tests/golden/policy`")
    yield row(
        "answers that differ from a published schema, as the real service's do",
        len(_rows(_ANSWERS / "exceptions.tsv")),
        "`answers/exceptions.tsv`",
    )
    yield row(
        "refusals of 5xx that are meant", len(_rows(_ANSWERS / "deliberate-5xx.tsv")), "`answers/deliberate-5xx.tsv`"
    )
    yield row(
        "fields of requests that nothing reads",
        len(_rows(_GOLDEN / "unread-fields.tsv")),
        "`tests/golden/unread-fields.tsv`",
    )


def _rows(file: Path) -> list[dict[str, str]]:
    """The lines of a table whose first line names the columns; none of a file that is not there."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


_TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "suites": _suites,
    "operations": _operations,
    "recordings": _recordings,
    "wrong-inputs": _wrong_inputs,
    "exceptions": _exceptions,
}
