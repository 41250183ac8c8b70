"""Which operation of the OpenAPI document a request reaches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]
_VERBS = "#"


class Operations:
    """Finds `VERB /path/{template}` of a request."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.names: set[str] = set()
        self._rpcs: dict[str, list[str]] = {}
        self._root: Node = {}
        for template, item in document["paths"].items():
            node = self._root
            for segment in template.strip("/").split("/"):
                node = node.setdefault("{}" if "{" in segment else segment, {})
            verbs = {verb.upper() for verb in item if verb in ("get", "head", "post", "put", "patch", "delete")}
            node[_VERBS] = {verb: f"{verb} {template}" for verb in verbs}
            for verb in verbs:
                names = [one["rpc"] for one in item[verb.lower()].get("x-mopenstack-operations", ())]
                self._rpcs[f"{verb} {template}"] = names
            self.names |= set(node[_VERBS].values())

    def find(self, verb: str, path: str) -> str:
        """The operation of a raw request; empty where the document has none."""
        # A mutated path may hold the mark of a query.
        # Neutron takes the format of the answer at the end.
        path = path.partition("?")[0].removesuffix(".json")
        segments = [segment for segment in re.split("/+", path) if segment]
        # Some services take a project behind their version, which their documents do not have.
        return self._find(self._root, segments, verb) or self._find(self._root, segments[:2] + segments[3:], verb)

    def rpcs(self, verb: str, path: str) -> list[str]:
        """The full names of the RPCs of a raw request: several, where its body or its microversion chooses."""
        return self._rpcs.get(self.find(verb, path), [])

    def _find(self, node: Node, segments: list[str], verb: str) -> str:
        if not segments:
            verbs: dict[str, str] = node.get(_VERBS, {})
            return verbs.get(verb, "")
        for key in (segments[0], "{}"):
            found = self._find(node[key], segments[1:], verb) if key in node else ""
            if found:
                return found
        return ""
