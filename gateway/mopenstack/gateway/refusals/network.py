"""What Neutron says of a body before it looks at anything.

Source: neutron/api/v2/base.py (prepare_request_body), neutron_lib/api/attributes.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mopenstack.contract.faults import BadRequest
from mopenstack.gateway.refusals.formats import Ended
from mopenstack.gateway.refusals.network_structures import VALIDATORS
from mopenstack.gateway.refusals.network_values import CONVERTERS
from mopenstack.gateway.schema_paths import blank

ATTRIBUTES = Path(__file__).parent / "network_attributes.json"


class InvalidInput(BadRequest):
    """neutron_lib.exceptions.InvalidInput, whose name is in the answer."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What the objects of one collection may be given."""

    member: str
    attributes: dict[str, Any]

    def refusal(self, document: Any, create: bool) -> str:
        """What is wrong with a body; empty for one that Neutron takes. Raises Ended as the validators do."""
        bulk = f"{self.member}s"
        if not isinstance(document, dict):
            return "Body contains invalid data"
        if bulk in document and create:
            items = document[bulk]
            if not items:
                return "Resources required"
            if not isinstance(items, list):
                return ""
            each = (one if isinstance(one, dict) and self.member in one else {self.member: one} for one in items)
            return next(filter(None, (self.refusal(one, create) for one in each)), "")
        given = document.get(self.member)
        if given is None:
            return f"Unable to find '{self.member}' in request body"
        if not isinstance(given, dict):
            return f"Object '{self.member}' contains invalid data"
        if any(name not in self.attributes and name not in ("project_id", "tenant_id") for name in given):
            return ""  # one of Neutron's own extensions, or nothing: the contract knows
        return self._keys(given, create) or self._values(given, create)

    def _keys(self, given: dict[str, Any], create: bool) -> str:
        project, tenant = given.get("project_id"), given.get("tenant_id")
        if "project_id" in given and "tenant_id" in given and project != tenant:
            return "'project_id' and 'tenant_id' do not match"
        for name, facts in self.attributes.items():
            if create and not facts.get("allow_post") and name in given:
                return f"Attribute '{name}' not allowed in POST"
            needed = facts.get("allow_post") and "default" not in facts and not facts.get("populate")
            needed = needed and name not in ("project_id", "tenant_id")
            if create and needed and name not in given:
                return f"Failed to parse request. Required attribute '{name}' not specified"
            if not create and not facts.get("allow_put") and name in given:
                return f"Cannot update read-only attribute {name}"
        return ""

    def _values(self, given: dict[str, Any], create: bool) -> str:
        for name, facts in self.attributes.items():
            defaults_to_null = create and facts.get("allow_post") and facts.get("default") is False
            if name not in given and not defaults_to_null:
                continue
            value = given.get(name)
            if facts.get("populate") and value is None:
                value = {}
            convert = CONVERTERS.get(facts.get("convert_to", ""))
            if convert is not None:
                value = convert(value)
            for rule, wanted in facts.get("validate", {}).items():
                reason = VALIDATORS[rule](value, wanted) if rule in VALIDATORS else ""
                if reason:
                    return f"Invalid input for {name}. Reason: {reason}."
        return ""


@cache
def _collections() -> dict[str, Collection]:
    document = json.loads(ATTRIBUTES.read_text(encoding="utf-8"))
    return {blank(path): Collection(**facts) for path, facts in document["collections"].items()}


def refusal(verb: str, path: str, document: Any) -> BadRequest | None:
    """The refusal of a create (POST) or an update (PUT of a member); None where Neutron takes the body."""
    place = blank(path)
    create = verb == "POST"
    found = _collections().get(place if create else place.removesuffix("/{}"))
    if found is None or verb not in ("POST", "PUT") or (not create and not place.endswith("/{}")):
        return None
    try:
        text = found.refusal(document, create)
    except Ended as ended:
        text = str(ended)
    except Exception:  # a value that a validator of Neutron's would fall over too: a 500 there, the core's refusal here
        return None
    kind = InvalidInput if text.startswith("Invalid input for operation: ") else BadRequest
    return kind(text) if text else None
