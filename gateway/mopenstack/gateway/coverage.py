"""How much is served of what OpenStack documents, and what the suites of others say of it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.service import Service
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.documented_operations import path_of, rows
from mopenstack.gateway.surface import dialect_of

_SUITES = ("mopenstack.conformance", "ratchet")
"""The package that has the suites' lists, where it is installed, and their folder in it."""


def coverage(contract: Contract) -> dict[str, Any]:
    """Services with numbers and the names of what is left out; suites with the numbers of their lists."""
    return {
        "services": [_of_service(contract, service) for service in contract.services if service.operations],
        "suites": [_of_suite(folder) for folder in _suite_folders()],
    }


def _of_service(contract: Contract, service: Service) -> dict[str, Any]:
    operations = contract.operations_of(service)
    declared = {
        (route.verb, _blank(route.path), operation.action) for operation in operations for route in operation.routes
    }
    dialect = dialect_of(contract, service.contract)
    path = path_of(service)
    current = [row for row in rows(path) if not row["note"]] if path is not None else []
    missing = [
        row
        for row in current
        if (row["verb"], _blank(row["path"]), row["action"]) not in declared and not _is_document(dialect, row)
    ]
    api = contract.apis[service.contract]
    return {
        "service": service.name,
        "prefix": api.prefix,
        "microversion": api.microversion_max,
        "operations": len(operations),
        "documented": len(current),
        "served": len(current) - len(missing),
        "left_out": [" ".join(filter(None, (row["verb"], row["path"], row["action"]))) for row in missing],
    }


def _is_document(dialect: Dialect, row: dict[str, str]) -> bool:
    """Whether a documented path is that of a version document, which no operation declares."""
    path = row["path"].rstrip("/")
    if row["verb"] != "GET" or "{" in path:
        return False
    return dialect.document(path, RequestContext(path=path, verb="GET", api_url="http://cloud")) is not None


def _blank(path: str) -> str:
    """A path template without the names of its variables."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


def _suite_folders() -> list[Path]:
    package, name = _SUITES
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return sorted(folder for place in places for folder in Path(place, name).glob("*") if folder.is_dir())


def _of_suite(folder: Path) -> dict[str, Any]:
    known = [line.partition(":") for line in _lines(folder / "known_failing.txt")]
    return {
        "suite": folder.name,
        "passing": len(_lines(folder / "passing.txt")),
        "known_failing": [{"pattern": name.strip(), "reason": reason.strip()} for name, _, reason in known],
    }


def _lines(path: Path) -> list[str]:
    """Lines with something on them that is no comment; none of a file that is not there."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
