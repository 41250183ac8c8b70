"""The contract against neutron-lib's API definitions: all that we say we serve is there, and is what it should be.

`golden/neutron-lib-not-served.tsv` (definition, reason) lists the definitions that are not served,
`golden/neutron-lib-differs.tsv` (collection, attribute, fact, how, reason) what our contract says otherwise: mostly
values that the core checks itself, because Neutron's words for them are no validator's.

`required_by_policy` has no counterpart: a policy of ours sees the whole object.
"""

from __future__ import annotations

import csv
from functools import cache

from mopenstack.core.network.common.extensions import known
from tests.network.contract.comparison import differences
from tests.network.contract.definitions import GOLDEN, actions, declared, definitions
from tests.network.contract.served import action_paths, collections

CORE = {"network", "port", "subnet", "subnetpool"}
"""Definitions that are no extensions: they are always there."""

LEFT_OUT_AT_MOST = 0.15


@cache
def served() -> frozenset[str]:
    """The definitions that we say we serve."""
    return frozenset(known().keys() & definitions().keys()) | CORE


def _golden(name: str, *columns: str) -> dict[tuple[str, ...], str]:
    with (GOLDEN / name).open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {tuple(row[column] for column in columns): row["reason"] for row in rows}


def test_every_definition_is_served_or_left_out_with_a_reason() -> None:
    listed = {alias for (alias,) in _golden("neutron-lib-not-served.tsv", "definition")}
    missing = definitions().keys() - served()
    assert not missing - listed, f"neither announced nor listed: {sorted(missing - listed)}"
    assert not listed - missing, f"listed, but announced or unknown: {sorted(listed - missing)}"
    assert len(listed) <= LEFT_OUT_AT_MOST * len(definitions())


def test_reasons_say_something() -> None:
    listed = _golden("neutron-lib-not-served.tsv", "definition")
    listed |= _golden("neutron-lib-differs.tsv", "collection", "attribute", "fact")
    assert all(len(reason) > 20 for reason in listed.values())


def test_an_announced_extension_has_the_words_of_its_definition() -> None:
    wrong = {}
    for alias, extension in known().items():
        definition = definitions().get(alias)
        if definition is not None:
            said = (extension.name, extension.description, extension.updated)
            wanted = (definition["name"], " ".join(definition["description"].split()), definition["updated"])
            if said != wanted:
                wrong[alias] = (said, wanted)
    assert not wrong


def test_what_an_extension_requires_is_served() -> None:
    required = {(alias, other) for alias in served() for other in definitions()[alias]["requires"]}
    assert {other for _, other in required} <= served() | known().keys()


def test_every_attribute() -> None:
    found = {}
    for one in declared(served()).values():
        ours = collections().get(one.collection)
        if ours is None:
            found[(one.collection, "", "collection", "missing")] = one.definition
            continue
        for what, how in differences(one, ours):
            found[(one.collection, one.attribute, what, how)] = one.definition
    listed = _golden("neutron-lib-differs.tsv", "collection", "attribute", "fact", "how")
    news = [" | ".join((definition, *key)) for key, definition in found.items() if key not in listed]
    assert not news, f"{len(news)} differ:\n" + "\n".join(sorted(news))
    assert not listed.keys() - found.keys(), f"listed, but as defined: {sorted(listed.keys() - found.keys())}"


def test_every_action() -> None:
    missing = {(alias, action) for alias, _, action, verb in actions(served()) if (verb, action) not in action_paths()}
    assert not missing


def test_the_comparison_sees_what_is_wrong() -> None:
    """Attributes of a definition of our own, each wrong in one way, against the networks as they are."""
    networks = collections()["networks"]
    one = declared({"network"})["networks name"]
    right = one.facts
    wrong = {
        "visible": {**right, "is_visible": False},
        "post": {**right, "allow_post": False},
        "put": {**right, "allow_put": False},
        "type": {**right, "convert_to": "convert_to_int"},
        "null": {**right, "validate": {"type:string_or_none": 255}},
        "length": {**right, "validate": {"type:string": 12}},
        "values": {**right, "validate": {"type:values": ["a", "b"]}},
        "format": {**right, "validate": {"type:uuid": None}},
        "default": {**right, "default": "x"},
        "required": {name: value for name, value in right.items() if name != "default"},
        "sort": {**right, "is_sort_key": False},
    }
    assert not list(differences(one, networks))
    for what, facts in wrong.items():
        changed = type(one)(one.definition, one.collection, one.attribute, facts)
        assert what in dict(differences(changed, networks)), what
    unfiltered = type(one)("x", "networks", "l2_adjacency", {"is_visible": True, "is_filter": True})
    assert "filter" in dict(differences(unfiltered, networks))
    absent = type(one)("x", "networks", "no_such", {"is_visible": True, "allow_post": True, "allow_put": True})
    assert set(dict(differences(absent, networks))) == {"visible", "post", "put"}
