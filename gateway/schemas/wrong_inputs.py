"""Exports wrong inputs and what the real services say of them: `make schemas`.

For each schema of what a service takes, `wrong_values` makes documents with one thing wrong in each, and the real
service, asked inside this process (`real_<service>.py`), says how it refuses them. tests/golden/wrong-input/ then has
a file a service, a line an operation and microversion:

    {"verb": "POST", "path": "/v2.1/servers", "version": 96, "query": false,
     "cases": [[class, input, status, text], ...]}

A case that is refused in the same words at a later microversion is kept there alone.
"""

from __future__ import annotations

import gzip
import importlib
import json
import logging
import multiprocessing
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from real_services import ANY_ID, PROJECT, Request, Service, message
from wrong_values import Maker, wrong_queries

OUTPUT = Path(__file__).parents[2] / "tests" / "golden" / "wrong-input"
SERVICES = ("nova", "cinder", "keystone", "glance", "placement", "neutron")


def filled(path: str) -> str:
    """A path with something in the place of each variable but the project."""
    path = path.replace("/resource_classes/{name}", "/resource_classes/CUSTOM_A")
    return re.sub(r"\{(?!project\})[^}]*\}", ANY_ID, path)


def cases(service: Service, request: Request) -> Iterator[tuple[str, Any, int, str, int]]:
    """(class, input, status, text, version) of everything wrong that the service refuses."""
    if request.query:
        made = wrong_queries(request.schema, service.query_holds or service.holds)
    else:
        made = Maker(request.schema, service.holds).wrong()
    path = filled(request.path).replace("{project}", PROJECT)
    for kind, document in made:
        for version in dict.fromkeys((request.until, request.since)):
            if request.query:
                query = urlencode(document, doseq=True)
                status, answer = service.ask(request.verb, f"{path}?{query}", None, str(version))
            elif request.action and (not isinstance(document, dict) or [*document] != [request.action]):
                break  # that is another action, or none
            else:
                status, answer = service.ask(request.verb, path, document, str(version))
            if 400 <= status < 500 and status not in (401, 403, 404, 405, 406, 410):
                yield kind, document, status, message(answer), version
                break


def asked(service: Service) -> Iterator[tuple[Request, int, list[Any]]]:
    """(schema's place, version, [class, input, status, text]) of a service that has schemas."""
    seen: set[str] = set()
    for request in sorted(service.requests(), key=lambda one: -one.until):
        for kind, document, status, text, version in cases(service, request):
            identity = json.dumps([request.verb, request.path, request.action, document, status, text])
            if identity not in seen:
                seen.add(identity)
                yield request, version, [kind, document, status, text]


def export(name: str) -> None:
    """In a process of its own, since services share the options of oslo.config."""
    logging.disable(logging.CRITICAL)
    module = importlib.import_module(f"real_{name}")
    service = module.service()
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for request, version, case in module.asked() if hasattr(module, "asked") else asked(service):
        where = (request.path, request.verb, request.action, -version, request.query)
        row: dict[str, Any] = {
            "verb": request.verb,
            "path": filled(request.path),
            "version": version,
            "query": request.query,
            "cases": [],
        }
        found.setdefault(where, row)["cases"].append(case)
    lines = [json.dumps(row, ensure_ascii=False) for _, row in sorted(found.items(), key=lambda one: one[0])]
    OUTPUT.mkdir(exist_ok=True)
    target = OUTPUT / f"{service.name}.jsonl.gz"
    target.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    number = sum(len(row["cases"]) for row in found.values())
    print(f"{target.name}: {number} cases, {len(lines)} operations, {target.stat().st_size} bytes")


def main() -> None:
    for name in sys.argv[1:] or SERVICES:
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            alone.apply(export, (name,))


if __name__ == "__main__":
    main()
