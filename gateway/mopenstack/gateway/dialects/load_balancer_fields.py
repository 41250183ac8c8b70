"""What wsme says of a body that is not as Octavia's types are. Source: types.py, exc.py and rest/json.py of wsme."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import InvalidField
from mopenstack.gateway.dialects import wsme

ARGUMENTS = {
    "loadbalancer": "load_balancer",
    "listener": "listener_",
    "pool": "pool_",
    "member": "member_",
    "members": "members_",
    "healthmonitor": "health_monitor_",
    "l7policy": "l7policy_",
    "rule": "rule_",
    "quota": "quotas",
    "flavor": "flavor_",
    "flavorprofile": "flavor_profile_",
    "availability_zone": "availability_zone_",
    "availability_zone_profile": "availability_zone_profile_",
}
"""A body's envelope -> the name of the controller's argument, which wsme's sentences tell."""
COLLECTIONS = {
    "loadbalancers": "load_balancer",
    "listeners": "listener_",
    "pools": "pool_",
    "members": "member_",
    "healthmonitors": "health_monitor_",
    "l7policies": "l7policy_",
    "rules": "rule_",
    "quotas": "quotas",
    "flavors": "flavor_",
    "flavorprofiles": "flavor_profile_",
    "availabilityzones": "availability_zone_",
    "availabilityzoneprofiles": "availability_zone_profile_",
}
"""A path's last collection -> the same name, where there is no body."""
FIRST_ASKED = {
    ("POST", "loadbalancer"): "project_id",
    ("POST", "listener"): "loadbalancer_id",
    ("POST", "pool"): "loadbalancer_id",
    ("POST", "member"): "address",
    ("POST", "healthmonitor"): "pool_id",
    ("POST", "l7policy"): "listener_id",
    ("POST", "flavor"): "to_dict",
    ("POST", "flavorprofile"): "flavor_data",
    ("POST", "availability_zone"): "to_dict",
    ("POST", "availability_zone_profile"): "availability_zone_data",
    ("PUT", "loadbalancer"): "vip_sg_ids",
    ("PUT", "pool"): "tls_versions",
    ("PUT", "member"): "backup",
    ("PUT", "healthmonitor"): "delay",
    ("PUT", "l7policy"): "to_dict",
    ("PUT", "rule"): "invert",
    ("PUT", "flavor"): "to_dict",
    ("PUT", "flavorprofile"): "name",
    ("PUT", "availability_zone"): "to_dict",
    ("PUT", "availability_zone_profile"): "name",
}
"""Verb and envelope -> the attribute that the controller asks the object in the envelope for, before any other."""
FIRST_GIVEN = {("POST", "member"): "project_id", ("POST", "rule"): "project_id"}
"""The same of null, which the controller cannot even give the attribute; what is not there takes it."""
SAID = {
    ("POST", "rule"): "Error parsing L7Rule: 'UnsetType' object has no attribute 'value'",
    ("PUT", "listener"): "Validation failure: No listener object supplied.",
}
"""Verb and envelope -> the sentence of those that Octavia has one for, of an envelope that is not there."""
DICTS = frozenset({"insert_headers"})
"""Fields that wsme takes for a dictionary, and not for an object of attributes."""


def broken(fault: InvalidField, context: RequestContext) -> str:
    """What Python says where Octavia breaks on a body, which is a 500 there; empty: wsme has a sentence for it.

    It takes bodies apart without looking what they are: what is no object has no keys, and an envelope that is not
    there, or null, no attributes. Source: wsme/rest/json.py, octavia/api/v2/controllers.
    """
    path, value = fault.path, fault.value
    if fault.rule == "type" and not path and value is None:
        return _without_body(context)
    if lacks_envelope(fault):
        return _without_envelope(context, str(path[0]), null=fault.rule == "type")
    if fault.rule == "type" and "object" in wsme.wanted(fault) and (not path or path[-1] not in DICTS):
        return f"'{type(value).__name__}' object has no attribute 'keys'"
    if (
        fault.rule == "type"
        and isinstance(value, list | dict)
        and (number := wsme.NUMBERS.keys() & set(wsme.wanted(fault)))
    ):
        return f"{wsme.NUMBERS[number.pop()]}, not '{type(value).__name__}'"
    return ""


def _without_envelope(context: RequestContext, envelope: str, *, null: bool) -> str:
    if envelope == "quota":
        return "'quota'"
    case = (context.verb, envelope)
    attribute = (FIRST_GIVEN.get(case) if null else "") or FIRST_ASKED.get(case)
    kind = "NoneType" if null else "UnsetType"
    return f"'{kind}' object has no attribute '{attribute}'" if attribute else ""


def lacks_envelope(fault: InvalidField) -> bool:
    """Whether a body is an object without the one that it is about, or with null for it."""
    null = fault.rule == "type" and fault.value is None
    return len(fault.path) == 1 and (null or fault.rule == "required")


def _without_body(context: RequestContext) -> str:
    """Null, which is no object; and the one controller whose argument may be left out."""
    argument = _argument_of(context)
    if not context.has_document and (context.verb, argument) != ("PUT", "member_"):
        return ""
    if (context.verb, argument) == ("PUT", "member_"):
        return "'NoneType' object has no attribute 'members'"
    envelope = next((word for word, name in ARGUMENTS.items() if name == argument), "")
    return f"'NoneType' object has no attribute '{envelope}'"


def sentence(fault: InvalidField, context: RequestContext | None) -> str:
    """The faultstring of a broken field; `context` has the body, which wsme quotes with what it cannot convert."""
    path = fault.path
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    argument = ARGUMENTS.get(str(path[0]), str(path[0])) if path else ""
    if fault.rule == "json":
        return "Request is not in valid JSON format"
    if fault.rule == "unknown":
        where = ".".join([argument, *(str(part) for part in path if isinstance(part, str))])
        return wsme.unknown(where, [str(name) for name in fault.bound])
    if fault.rule == "type" and not path and fault.value is None and context is not None:
        return f'Missing argument: "{_argument_of(context)}"'
    if lacks_envelope(fault) and context is not None and (context.verb, str(path[0])) in SAID:
        return SAID[context.verb, str(path[0])]
    if fault.rule == "required":
        return wsme.invalid(field, None, "Mandatory field missing.")
    if fault.rule == "type":
        whole = context.document if context is not None and context.has_document else fault.value
        return wsme.invalid(argument, whole, wsme.unconvertible(fault))
    return wsme.invalid(field, _whole(fault, context), _broken(fault))


def _whole(fault: InvalidField, context: RequestContext | None) -> Any:
    """The value of the field: wsme quotes a list as a whole, of which one item is wrong."""
    if not fault.path or isinstance(fault.path[-1], str) or context is None or not context.has_document:
        return fault.value
    found: Any = context.document
    for part in fault.path[:-1]:
        found = found[part]
    return found


def _argument_of(context: RequestContext) -> str:
    """The controller's argument that a body would have been."""
    words = [word for word in context.path.split("/") if word in COLLECTIONS]
    return COLLECTIONS[words[-1]] if words else ""


def _broken(fault: InvalidField) -> str:
    return wsme.FORMATS["alpn"] if "alpn_protocols" in fault.path else wsme.broken(fault)
