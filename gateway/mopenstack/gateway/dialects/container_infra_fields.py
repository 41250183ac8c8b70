"""What Magnum says of a body that is not as its types are. Sources: magnum/api/controllers/v1, and wsme."""

from __future__ import annotations

import re

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import InvalidField
from mopenstack.gateway.dialects import wsme

ARGUMENTS = (
    (re.compile(r"/actions/resize\Z"), "POST", "cluster_resize_req"),
    (re.compile(r"/actions/upgrade\Z"), "POST", "cluster_upgrade_req"),
    (re.compile(r"/nodegroups\Z"), "POST", "nodegroup"),
    (re.compile(r"/clusters\Z"), "POST", "cluster"),
    (re.compile(r"/clustertemplates\Z"), "POST", "cluster_template"),
    (re.compile(r"/certificates\Z"), "POST", "certificate"),
    (re.compile(r"/federations\Z"), "POST", "federation"),
    (re.compile(r"/quotas\Z"), "POST", "quota"),
    (re.compile(r"/quotas/"), "PATCH", "quotapatch"),
    (re.compile(""), "PATCH", "patch"),
)
"""Path, verb -> the name of the controller's argument, which wsme's sentences tell."""
OPTIONAL_PATCH = re.compile(r"/clusters/[^/]+\Z")
"""The patch of a cluster may be left out, from 1.3 on; the controller then breaks on it."""
TEXTS = frozenset({"cluster_template_id", "discovery_url", "status_reason", "hostcluster_id", "version"})
"""Attributes of wsme's plain type for texts, which words its refusal otherwise."""
LABELS = frozenset({"labels"})
LABEL_TYPES = "(<class 'str'>, <class 'int'>, <class 'bool'>, <class 'float'>)"
BOOLEANS = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"


def argument_of(context: RequestContext) -> str:
    """The controller's argument that a body is."""
    path = context.path.rstrip("/")
    return next((name for pattern, verb, name in ARGUMENTS if verb == context.verb and pattern.search(path)), "")


def broken(fault: InvalidField, context: RequestContext) -> str:
    """What Python says where Magnum breaks on a body, which is a 500 there; empty: wsme has a sentence for it."""
    path, value = fault.path, fault.value
    if fault.rule != "type":
        return ""
    if not path and value is None and not context.has_document:
        breaks = context.verb == "PATCH" and OPTIONAL_PATCH.search(context.path) and context.microversion > 2
        return "'NoneType' object is not iterable" if breaks else ""
    if not path and value is None:
        return "'NoneType' object is not iterable" if argument_of(context) == "patch" else ""
    if not path and argument_of(context) != "patch":
        return f"'{type(value).__name__}' object has no attribute 'keys'"
    if len(path) == 1 and isinstance(path[0], int) and "object" in wsme.wanted(fault):
        return f"'{type(value).__name__}' object has no attribute 'keys'"
    if path == ("labels",) and value is None:
        return "'NoneType' object has no attribute 'get'"
    if isinstance(value, list | dict) and "integer" in wsme.wanted(fault):
        return f"{wsme.NUMBERS['integer']}, not '{type(value).__name__}'"
    return ""


def sentence(fault: InvalidField, context: RequestContext) -> str:
    """The faultstring of a broken field; `context` has the body, which wsme quotes with what it cannot convert."""
    path, rule = fault.path, fault.rule
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    argument = argument_of(context)
    if rule == "json":
        return "Request is not in valid JSON format"
    if rule == "unknown" and context.verb in ("GET", "DELETE"):
        return _unknown_argument(fault)
    if rule == "unknown" and not path and not context.has_document:
        return _unknown_argument(fault)
    if rule == "unknown":
        return _unknown(fault, argument)
    if rule == "required":
        return wsme.invalid(field, None, "Mandatory field missing.")
    if rule == "type" and not path and fault.value is None and not context.has_document:
        return f'Missing argument: "{argument}"'
    if rule == "type":
        return _of_type(fault, field, argument, context)
    if rule == "format" and fault.bound == "uuid":
        return f"Expected a uuid but received {fault.value}."
    return wsme.invalid(field, fault.value, wsme.broken(fault))


def _unknown(fault: InvalidField, argument: str) -> str:
    if fault.known:
        return wsme.invalid(fault.known[0], fault.value.get(fault.known[0]), "Cannot set read only field.")
    if isinstance(fault.value, dict) and set(fault.bound) <= set(fault.value):
        where = ".".join([argument, *(part for part in fault.path if isinstance(part, str))])
        return wsme.unknown(where, [str(name) for name in fault.bound])
    return _unknown_argument(fault)


def _unknown_argument(fault: InvalidField) -> str:
    return f'Unknown argument: "{", ".join(str(name) for name in fault.bound)}"'


def _of_type(fault: InvalidField, field: str, argument: str, context: RequestContext) -> str:
    types, value = wsme.wanted(fault), fault.value
    if "boolean" in types:
        return f"Unrecognized value '{value}', acceptable values are: {BOOLEANS}"
    if "string" in types and len(fault.path) > 1 and fault.path[0] in LABELS:
        whole = context.document.get("labels") if isinstance(context.document, dict) else value
        return wsme.invalid("labels", whole, f"Wrong type. Expected '{LABEL_TYPES}', got '{type(value)}'")
    if "string" in types and (field in TEXTS or len(fault.path) > 1):
        return wsme.invalid(field, value, f"Wrong type. Expected '{str}', got '{type(value)}'")
    if "string" in types:
        return wsme.invalid(field, value, "Value should be string")
    whole = context.document if context.has_document else value
    return wsme.invalid(
        argument, whole, wsme.unconvertible(fault) if fault.path else f"Value not a valid list: {value}"
    )


def limit_refusal(value: str, key: str) -> str:
    """A page's length that is no number."""
    why = f"unable to convert to int. Error: invalid literal for int() with base 10: {value!r}"
    return wsme.invalid(key, value, why)
