"""What OpenStack documents is served, or named with a reason in golden/not-served/<service>.tsv."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from mopenstack.contract.operations import operations
from mopenstack.gateway.documented import DATA

GOLDEN = Path(__file__).parent / "golden" / "not-served"

MAY_BE_LEFT_OUT = {
    "identity": 0.05,
    "compute": 0.05,
    "placement": 0.05,
    "image": 0.05,
    "volumev3": 0.05,
    "network": 0.10,
}
"""Share of each service's current operations."""

VERSION_DOCUMENTS = {
    "compute": {"/": "/", "/v2.1/": "/v2.1/"},
    "placement": {"/": "/"},
    "image": {"/": "/", "/versions": "/versions"},
    "volumev3": {"/": "/", "/v3/": "/v3/"},
    "network": {"/": "/", "/v2.0/": "/v2.0/"},
}
"""Documents that the gateway makes of an API's own annotations: no operation declares them."""

Row = tuple[str, str, str]


def blank(path: str) -> str:
    """A path template without the names of its variables."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


def documented(service: str) -> dict[Row, str]:
    """(verb, path, action) -> title of every current operation."""
    with DATA.open(encoding="utf-8") as lines:
        return {
            (row["verb"], row["path"], row["action"]): row["title"]
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["service"] == service and not row["note"]
        }


def not_served(service: str) -> dict[Row, str]:
    """(verb, path, action) -> why it is not served."""
    path = GOLDEN / f"{service}.tsv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as lines:
        return {
            (row["verb"], row["path"], row["action"]): row["reason"]
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


@pytest.mark.parametrize("service", MAY_BE_LEFT_OUT)
def test_every_documented_operation(service: str) -> None:
    declared = {
        (route.verb, blank(route.path), operation.action)
        for operation in operations()
        if operation.api.type == service
        for route in operation.routes
    }
    every = documented(service)
    missing = {
        row
        for row in every
        if (row[0], blank(row[1]), row[2]) not in declared and row[1] not in VERSION_DOCUMENTS.get(service, {})
    }
    listed = not_served(service)
    unnamed = sorted(missing - set(listed))
    if unnamed:
        pytest.fail(f"neither served nor in {GOLDEN.name}/{service}.tsv:\n" + "\n".join("\t".join(r) for r in unnamed))
    assert not set(listed) - missing, (
        f"in {GOLDEN.name}/{service}.tsv, but served or not documented: {set(listed) - missing}"
    )
    assert all(len(reason) > 20 for reason in listed.values()), "a reason that says nothing"
    assert len(listed) <= MAY_BE_LEFT_OUT[service] * len(every), f"{len(listed)} of {len(every)} left out"


async def test_version_documents(admin: Any) -> None:
    prefixes = {
        "compute": "compute",
        "placement": "placement",
        "image": "image",
        "volumev3": "volume",
        "network": "network",
    }
    for service, paths in VERSION_DOCUMENTS.items():
        for path in paths:
            reply = await admin.get(prefixes[service], path)
            assert reply.status in (200, 300), f"{service} {path}: {reply.status} {reply.body}"
            assert {"version", "versions", "resources"} & set(reply.body)
