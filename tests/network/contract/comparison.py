"""What neutron-lib says of an attribute against what our contract says: one word a fact that differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import enum_words, field_rules, message_class
from mopenstack.core.network.base import NeutronListing
from tests.network.contract.definitions import Declared, Facts
from tests.network.contract.export_neutron_lib import NOT_SPECIFIED
from tests.network.contract.served import Served, kind, same_default

OWNER = ("project_id", "tenant_id")
"""Never required: an absent one is the caller's."""

Difference = tuple[str, str]
"""(what differs, how)."""


def differences(one: Declared, served: Served) -> Iterator[Difference]:
    """Everything in which our contract is not what a definition says of one attribute."""
    facts, name = one.facts, one.attribute
    create, update, answer = served.create.get(name), served.update.get(name), served.answer.get(name)
    yield from _presence(facts, "visible", bool(facts.get("is_visible")), answer is not None)
    if served.create:
        yield from _presence(facts, "post", bool(facts.get("allow_post")), create is not None)
    if served.update:
        yield from _presence(facts, "put", bool(facts.get("allow_put")), update is not None)
    written = create if create is not None else update
    field = written if written is not None else answer
    if field is None:
        return
    yield from _type(facts, field)
    if written is not None:
        yield from _value(facts, written)
    if create is not None and name not in OWNER:
        yield from _default(facts, create)
    if answer is not None and served.queried:
        yield from _list(facts, name, answer)


def _presence(facts: Facts, what: str, wanted: bool, ours: bool) -> Iterator[Difference]:
    if wanted and not ours:
        yield what, "missing"
    if ours and not wanted:
        yield what, "not in the definition"


def expected_kind(facts: Facts) -> str:
    """The type that a definition's conversion, validator and default speak of."""
    words = [str(facts.get("convert_to", "")), *_validators(facts)]
    for mark, found in _KINDS:
        if any(mark in word for word in words):
            return found
    if "type:values" in words:
        values = [value for value in _validators(facts)["type:values"] if value is not None]
        if all(isinstance(value, int) for value in values):
            return "integer"
        return "string" if all(isinstance(value, str) for value in values) else "any"
    return _BY_DEFAULT.get(type(facts.get("default")), "any") if facts.get("default") != NOT_SPECIFIED else "any"


_KINDS = (
    ("boolean", "boolean"),
    ("convert_to_int", "integer"),
    ("type:range", "integer"),
    ("type:non_negative", "integer"),
    ("type:nameservers", "list"),
    ("type:ip_pools", "list"),
    ("type:hostroutes", "list"),
    ("type:fixed_ips", "list"),
    ("type:subports", "list"),
    ("type:network_segments", "list"),
    ("type:allowed_address_pairs", "list"),
    ("list", "list"),
    ("dict", "dict"),
    ("type:port_range", "any"),
    ("type:list_of_regex", "list"),
    ("convert_to_protocol", "string"),
    ("type:uuid", "string"),
    ("type:regex", "string"),
    ("string", "string"),
    ("dns", "string"),
    ("type:ip", "string"),
    ("type:subnet", "string"),
    ("type:mac", "string"),
    ("type:service_plugin_type", "string"),
)
"""Part of a conversion's or validator's name -> the type; the first that fits."""

_BY_DEFAULT = {bool: "boolean", int: "integer", str: "string", list: "list", dict: "dict"}


def _validators(facts: Facts) -> dict[str, Any]:
    return dict(facts.get("validate") or {})


def _type(facts: Facts, field: AnyField) -> Iterator[Difference]:
    wanted, ours = expected_kind(facts), kind(field)
    if "any" not in (wanted, ours) and wanted != ours:
        yield "type", f"{ours}, not {wanted}"


def _nullable(facts: Facts) -> bool:
    words = [str(facts.get("convert_to", "")), *_validators(facts)]
    listed = _validators(facts).get("type:values") or ()
    return facts.get("default_overrides_none", False) or None in listed or any("none" in word for word in words)


def _value(facts: Facts, field: AnyField) -> Iterator[Difference]:
    rules = field_rules(field)
    if kind(field) == "any":
        return  # the core says what is wrong with a polymorphic value
    checked = bool(facts.get("validate") or facts.get("convert_to"))
    nullable = rules.nullable or bool(rules.coerce_null)
    if checked and _nullable(facts) != nullable:
        yield "null", "taken, but not by neutron" if nullable else "not taken"
    for validator, bound in _validators(facts).items():
        for part, check in _BOUNDS.items():
            if validator.startswith(part):
                yield from check(bound, field)


def _length(bound: Any, field: AnyField) -> Iterator[Difference]:
    if isinstance(bound, int) and field_rules(field).max_length != bound and not field_rules(field).one_of:
        yield "length", f"{field_rules(field).max_length or 'any'}, not {bound}"


def _words(bound: Any, field: AnyField) -> Iterator[Difference]:
    ours = set(enum_words(field).values()) if field.enum_type is not None else set(field_rules(field).one_of)
    wanted = {str(value) for value in bound if value is not None}
    if {word.lower() for word in ours} != {word.lower() for word in wanted}:
        yield "values", f"{sorted(ours)}, not {sorted(wanted)}"


def _range(bound: Any, field: AnyField) -> Iterator[Difference]:
    rules = field_rules(field)
    ours = [
        rules.minimum.value if rules.HasField("minimum") else None,
        rules.maximum.value if rules.HasField("maximum") else None,
    ]
    if ours != list(bound):
        yield "range", f"{ours}, not {bound}"


def _non_negative(bound: Any, field: AnyField) -> Iterator[Difference]:
    rules = field_rules(field)
    if not rules.HasField("minimum") or rules.minimum.value != 0:
        yield "range", "no minimum of 0"


def _format(name: str) -> Callable[[Any, AnyField], Iterator[Difference]]:
    def check(bound: Any, field: AnyField) -> Iterator[Difference]:
        if kind(field) == "string" and field_rules(field).format != name:
            yield "format", f"{field_rules(field).format or 'any'}, not {name}"

    return check


_BOUNDS: dict[str, Callable[[Any, AnyField], Iterator[Difference]]] = {
    "type:string": _length,
    "type:name_string": _length,
    "type:not_empty_name_string": _length,
    "type:values": _words,
    "type:range": _range,
    "type:non_negative": _non_negative,
    "type:uuid": _format("uuid"),
}


def _default(facts: Facts, field: AnyField) -> Iterator[Difference]:
    required = field_rules(field).required
    if "default" not in facts:
        if not required:
            yield "required", "may be left out"
        return
    if required:
        yield "required", "neutron has a default"
    elif facts["default"] != NOT_SPECIFIED and not same_default(field, facts["default"]):
        yield "default", f"not {facts['default']!r}"


def _list(facts: Facts, name: str, field: AnyField) -> Iterator[Difference]:
    message = field.containing_type
    assert message is not None
    ours = NeutronListing(message_class(message))
    if facts.get("is_filter") and not ours.filterable(name):
        yield "filter", "missing"
    if bool(facts.get("is_sort_key")) != (name in ours.sortable()):
        yield "sort", "missing" if facts.get("is_sort_key") else "not in the definition"
