"""Wrong inputs and what the real services say of them, as `make schemas` exports them.

golden/wrong-input/<service>.jsonl.gz has a line an operation and microversion:

    {"verb": "POST", "path": "/v2.1/servers", "version": 96, "query": false,
     "cases": [[class, input, status, text], ...]}

`golden/wrong-input/differs.tsv` lists the cases in which we answer otherwise, each with its reason; a case is known by
its operation and the digest of its input.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.conftest import Reply, User

GOLDEN = Path(__file__).parent / "golden" / "wrong-input"
DIFFERS = GOLDEN / "differs.tsv"
COLUMNS = ("service", "verb", "path", "version", "class", "input", "ours", "reason")
ANY_ID = "11111111-1111-4111-8111-111111111111"
PROJECT = "0" * 32
"""The caller's project in the export."""
SERVICES = ("compute", "identity", "image", "network", "placement", "volume")
_SET = re.compile(r"\{'[^{}:]*'\}")
_VERSIONS = {"compute": "compute 2.", "volume": "volume 3.", "placement": "placement 1."}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One wrong input, and how the real service refuses it."""

    service: str
    verb: str
    path: str
    version: int
    query: bool
    kind: str
    input: Any
    status: int
    text: str

    @property
    def key(self) -> tuple[str, ...]:
        """What differs.tsv knows the case by."""
        digest = hashlib.sha256(json.dumps(self.input).encode()).hexdigest()[:12]
        return self.service, self.verb, self.path, str(self.version), self.kind, digest

    async def send(self, user: User) -> Reply:
        path = self.path.replace("{project}", user.project_id)
        headers = {"Content-Type": "application/json"}
        if self.service in _VERSIONS:
            headers["OpenStack-API-Version"] = f"{_VERSIONS[self.service]}{self.version}"
        if self.query:
            return await user.send(
                self.verb, self.service, f"{path}?{urlencode(self.input, doseq=True)}", headers=headers
            )
        data = json.dumps(self.input).encode()
        return await user.send(self.verb, self.service, path, headers=headers, data=data)

    async def difference(self, user: User) -> str:
        """How our answer differs; empty where it does not."""
        reply = await self.send(user)
        said = message(reply.body)
        wanted = self.text.replace(PROJECT, user.project_id)
        if (reply.status, _in_order(said)) == (self.status, _in_order(wanted)):
            return ""
        return (
            f"{reply.status} {said if reply.status >= 400 else ''}"[:200].replace("\n", " ").replace("\t", " ").strip()
        )


def _in_order(text: str) -> str:
    """Neutron prints sets, which have no order."""
    return _SET.sub(lambda found: str(sorted(found[0][1:-1].split(", "))), text)


@cache
def cases(service: str) -> tuple[Case, ...]:
    """All of a service."""
    return tuple(_read(service))


def _read(service: str) -> Iterator[Case]:
    with gzip.open(GOLDEN / f"{service}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            for kind, input, status, text in row["cases"]:
                place = (row["verb"], row["path"], row["version"], row["query"])
                yield Case(service, *place, kind, input, status, text)


@cache
def listed() -> dict[tuple[str, ...], dict[str, str]]:
    """The differences that are known, with their reasons."""
    if not DIFFERS.exists():
        return {}
    with DIFFERS.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {tuple(row[name] for name in COLUMNS[:6]): row for row in rows}


def message(document: Any) -> str:
    """The sentence of a refusal, in any service's envelope."""
    if isinstance(document, dict):
        for key in ("message", "detail"):
            if isinstance(document.get(key), str):
                return str(document[key])
        for inner in document.values():
            return message(inner[0] if isinstance(inner, list) and inner else inner)
    return str(document)
