"""HTTP answers of services as response messages and refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BASES, BadRequest, Fault, Unavailable, code_of
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.contract.refusals import refusals
from mopenstack.gateway.codec.decode import ANSWER, decoder

TEXT_MAX = 2_000
"""Letters that are taken over of what a service says."""

_TAGS = re.compile(r"<[^>]*>")


def response(operation: Operation, document: Any, headers: Mapping[str, str], microversion: int = LATEST) -> Message:
    """The response message of a success; raises Unavailable for what is no answer of that service."""
    made = operation.response()
    if document is not None and made.DESCRIPTOR.fields:
        plan = decoder(made.DESCRIPTOR, microversion, ANSWER, made.DESCRIPTOR.name)
        try:
            plan.decode(document, made, ())
        except Fault as fault:
            raise Unavailable(f"The answer to {operation.name} is not understood: {fault.text}") from None
    return made


def refusal(package: str, status: int, body: bytes) -> Fault:
    """The refusal that an HTTP status of 4xx or 5xx means, in the service's own words.

    Where the answer names its type (Neutron's do) and the contract declares that refusal, it is that one.
    """
    text, kind = _said(body)
    if status >= 500:
        return Unavailable(text or f"The service answered {status}.")
    known = _by_type(package).get(kind)
    if known is not None:
        fault = known.__new__(known)
        Fault.__init__(fault, text)
        return fault
    return BASES.get(code_of(status), BadRequest)(text or f"The service answered {status}.")


def _said(body: bytes) -> tuple[str, str]:
    """(text, type) of the error in an answer."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        plain = " ".join(_TAGS.sub(" ", body.decode(errors="replace")).split())
        return plain[:TEXT_MAX], ""
    errors = document.get("errors") if isinstance(document, dict) else None
    found = errors[0] if isinstance(errors, list) and errors else document
    if isinstance(found, dict) and not {"message", "detail"} & found.keys():
        found = next((value for value in found.values() if isinstance(value, dict)), {})
    if not isinstance(found, dict):
        return "", ""
    return str(found.get("message") or found.get("detail") or "")[:TEXT_MAX], str(found.get("type") or "")


@lru_cache(maxsize=64)
def _by_type(package: str) -> Mapping[str, type[Fault]]:
    """The declared refusals of a package by the names that the real service gives them."""
    try:
        declared = vars(refusals(package)).values()
    except KeyError:
        return {}
    found = (one for one in declared if isinstance(one, type) and issubclass(one, Fault) and one.domain == package)
    return {one.type or one.__name__: one for one in found}
