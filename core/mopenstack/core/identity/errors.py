"""Keystone's refusals, word for word. Source: keystone/exception.py and the managers that raise them."""

from __future__ import annotations

import textwrap
from typing import Any

from mopenstack.contract.faults import BadRequest, PolicyRefused
from mopenstack.contract.pretty import pretty
from mopenstack.identity.v3.refusals import Duplicate, ValidationError

ASSUMED = (
    " The server could not comply with the request since it is either malformed or otherwise incorrect."
    " The client is assumed to be in error."
)


def schema_error(sentence: str, rule: str, schema: Any, instance: Any, *, within: str = "", at: str = "") -> BadRequest:
    """What keystone.common.validation says where a handler checks by itself: jsonschema's whole message."""
    shown = [textwrap.indent(pretty(item), "    ") for item in (schema, instance)]
    return BadRequest(
        f"{sentence}\n\nFailed validating {rule!r} in schema{within}:\n{shown[0]}\n\nOn instance{at}:\n{shown[1]}"
    )


def duplicate(type: str, details: str) -> Duplicate:
    """A name or an id that is taken."""
    return Duplicate(type=type, details=details)


def missing(attribute: str, target: str) -> ValidationError:
    """What a request refers to and does not hold."""
    return ValidationError(attribute=attribute, target=target)


def refused(policy: str) -> PolicyRefused:
    """A check that only the handler can make, in the name of its policy."""
    return PolicyRefused([policy])
