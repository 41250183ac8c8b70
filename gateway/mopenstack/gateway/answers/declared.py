"""The schema of a success in the OpenAPI document of the contract: what we publish ourselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

from mopenstack.contract.contract import Contract
from mopenstack.gateway.answers.published import told
from mopenstack.gateway.openapi.schemas import REFERENCE
from mopenstack.gateway.schema_paths import blank, method_key

SOURCE = "OpenAPI document"
Errors = Callable[[Any], list[tuple[str, str]]]
"""JSON document -> (path in it, what was expected)."""


class Declared:
    """Each schema is compiled when its operation is first answered."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._made: dict[tuple[str, str, int], Errors] = {}

    def errors(self, verb: str, path: str, status: int, document: Any) -> list[tuple[str, str]]:
        """What is wrong with an answer to a verb at a path template with its API's prefix."""
        key = (verb, path, status)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._compile(*key)
        return found(document)

    @cached_property
    def _document(self) -> Any:
        from mopenstack.gateway.openapi import document

        return json.loads(document(self._contract))

    @cached_property
    def _paths(self) -> dict[str, Any]:
        return {blank(path): item for path, item in self._document["paths"].items()}

    def _compile(self, verb: str, path: str, status: int) -> Errors:
        import jsonschema_rs

        response = self._paths[blank(path)][method_key(verb)]["responses"].get(str(status))
        if response is None:
            return lambda document: [("(the status)", f"{status} is not declared")]
        content = response.get("content", {}).get("application/json")
        if content is None:
            return lambda document: [("(the document)", "no body was expected")]
        schemas: dict[str, Any] = {}
        self._collect(content["schema"], schemas)
        validator = jsonschema_rs.Draft202012Validator({**content["schema"], "components": {"schemas": schemas}})
        return lambda document: [told(error) for error in validator.iter_errors(document)]

    def _collect(self, schema: Any, found: dict[str, Any]) -> None:
        """The components that a schema refers to."""
        if isinstance(schema, dict):
            name = str(schema.get("$ref", "")).removeprefix(REFERENCE)
            if name and name not in found:
                found[name] = self._document["components"]["schemas"][name]
                self._collect(found[name], found)
            for one in schema.values():
                self._collect(one, found)
        elif isinstance(schema, list):
            for one in schema:
                self._collect(one, found)
