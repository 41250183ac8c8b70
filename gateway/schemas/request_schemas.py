"""Exports the schemas of requests that the services publish: `make schemas`.

Writes gateway/mopenstack/gateway/refusals/request_schemas.json:

    {"sources": ["nova 34.0.0", ...], "parts": {"0": {...}, ...},
     "requests": [[service, verb, path, action, since, until, of the query, schema], ...]}

As export.py writes those of answers; prose is kept, since Placement quotes its schemas, and so is the order of keys.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import multiprocessing
import sys
from pathlib import Path
from typing import Any

from export import LATEST, Parts, blank

OUTPUT = Path(__file__).parents[1] / "mopenstack" / "gateway" / "refusals" / "request_schemas.json"
ATTRIBUTES = OUTPUT.with_name("network_attributes.json")
PACKAGES = {
    "nova": "nova", "cinder": "cinder", "keystone": "keystone", "glance": "glance", "placement": "openstack-placement",
    "trove": "trove",
}  # fmt: skip


def rows_of(name: str) -> list[list[Any]]:
    """What one service publishes; in a process of its own, since services share the options of oslo.config."""
    logging.disable(logging.CRITICAL)
    service = importlib.import_module(f"real_{name}").service()
    found: dict[str, list[Any]] = {}
    for one in service.requests():
        place = [service.type, one.verb, blank(one.path.replace("/{project}", "", 1)), one.action]
        until = one.until if one.until < service.newest else LATEST
        row = [*place, one.since, until, one.query, json.loads(json.dumps(one.schema))]
        found[json.dumps(row[:-1])] = row
    return sorted(found.values(), key=lambda row: row[:-1])


def network_attributes() -> dict[str, Any]:
    """neutron-lib's maps of attributes, which are what Neutron has for schemas."""
    logging.disable(logging.CRITICAL)
    found: dict[str, Any] = importlib.import_module("real_neutron").published()
    return found


def main() -> None:
    sources, rows, parts = [], [], Parts(ordered=True)
    for name, package in PACKAGES.items():
        sources.append(f"{package} {importlib.metadata.version(package)}")
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            found = alone.apply(rows_of, (name,))
        print(f"{sources[-1]}: {len(found)} requests", file=sys.stderr)
        rows += found
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        attributes = alone.apply(network_attributes)
    document = {"sources": [f"neutron-lib {importlib.metadata.version('neutron-lib')}"], "collections": attributes}
    ATTRIBUTES.write_text(json.dumps(document, indent=0) + "\n")
    for row in rows:
        parts.count(row[-1])
    folded = [[*row[:-1], parts.fold(row[-1])] for row in rows]
    lines = ['{"sources": ' + json.dumps(sources) + ', "parts": {']
    lines += [",\n".join(f'"{key}": {json.dumps(part)}' for key, part in parts.parts.items())]
    lines += ['}, "requests": [', ",\n".join(json.dumps(row) for row in folded), "]}"]
    OUTPUT.write_text("\n".join(lines) + "\n")
    print(f"{OUTPUT.name}: {len(folded)} requests, {len(parts.parts)} parts, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
