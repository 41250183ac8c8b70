"""The recorded exchanges with Barbican, and what they show of its objects."""

from __future__ import annotations

import re
from typing import Any

from tests.exchanges.recorded import RecordedLine, lines

REF = re.compile(r"/v1/(secrets|containers|orders)/([0-9a-f-]{36})(?![0-9a-f])")


class Exchange(RecordedLine):
    """One line of the recordings."""

    @property
    def key(self) -> str:
        at = f" at {self.microversion}" if self.microversion else ""
        return f"{self.situation} | {self.verb} {self.path} as {self.line['as']}{at} | {self.status}"

    @property
    def target(self) -> tuple[str, str]:
        """(collection, id) that the path names."""
        found = REF.match(self.path)
        return (found[1], found[2]) if found else ("", "")

    @property
    def rest(self) -> str:
        """What follows the target in the path."""
        return str(self.path.partition("?")[0].partition(self.target[1])[2]) if self.target[1] else ""


def exchanges() -> list[Exchange]:
    return [Exchange(line) for line in lines("key-manager")]


def pictures() -> dict[tuple[str, str], dict[str, Any]]:
    """What the recordings show of each object."""
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def look(document: Any) -> None:
        if isinstance(document, list):
            for item in document:
                look(item)
        elif isinstance(document, dict):
            for word, collection in (("order", "orders"), ("container", "containers"), ("secret", "secrets")):
                ref = document.get(f"{word}_ref")
                if isinstance(ref, str) and "status" in document and "created" in document:
                    found.setdefault((collection, ref.rpartition("/")[2]), document)
                    break
            for value in document.values():
                look(value)

    for one in exchanges():
        if one.ok and one.verb == "GET":
            look(one.response)
    return found
