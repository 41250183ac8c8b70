"""Intrinsic functions and conditions: each in a stack without resources, by its outputs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import User
from tests.orchestration.making import Stacks

PARAMETERS = {
    "word": {"type": "string", "default": "x"},
    "list": {"type": "comma_delimited_list", "default": "a,b"},
    "map": {"type": "json", "default": {"k": {"l": [1, 2]}}},
    "flag": {"type": "boolean", "default": True},
}
FUNCTIONS: list[tuple[Any, Any]] = [
    ({"get_param": "word"}, "x"),
    ({"get_param": ["map", "k", "l", 1]}, 2),
    ({"get_param": "OS::stack_name"}, "functions"),
    ({"get_file": "f"}, "content"),
    ({"list_join": ["-", {"get_param": "list"}, ["c"]]}, "a-b-c"),
    ({"str_replace": {"template": "%a% %b%", "params": {"%a%": "1", "%b%": {"z": 1}}}}, '1 {"z": 1}'),
    ({"str_replace_strict": {"template": "%a%", "params": {"%a%": "1"}}}, "1"),
    ({"str_split": [",", "a,b", 1]}, "b"),
    ({"digest": ["md5", "x"]}, "9dd4e461268c8034f5c8564e155c67a6"),
    ({"map_merge": [{"a": 1}, {"a": 2, "b": 3}]}, {"a": 2, "b": 3}),
    ({"map_replace": [{"a": "b"}, {"keys": {"a": "c"}, "values": {"b": "d"}}]}, {"c": "d"}),
    ({"repeat": {"template": "p%i%", "for_each": {"%i%": ["1", "2"]}}}, ["p1", "p2"]),
    (
        {"repeat": {"template": "%a%%b%", "for_each": {"%a%": ["1", "2"], "%b%": ["x", "y"]}, "permutations": False}},
        ["1x", "2y"],
    ),
    ({"filter": [["a"], ["a", "b"]]}, ["b"]),
    ({"list_concat": [["a"], ["a", "b"]]}, ["a", "a", "b"]),
    ({"list_concat_unique": [["a"], ["a", "b"]]}, ["a", "b"]),
    ({"contains": ["a", ["a", "b"]]}, True),
    (
        {"make_url": {"scheme": "http", "host": "::1", "port": 80, "path": "/p", "query": {"a": "b"}}},
        "http://[::1]:80/p?a=b",
    ),
    ({"yaql": {"expression": "$.data.l.sum()", "data": {"l": [1, 2, 3]}}}, 6),
    ({"if": ["is_x", "yes", "no"]}, "yes"),
    ({"if": [{"not": "is_x"}, "yes", "no"]}, "no"),
    ({"if": [{"and": ["is_x", {"get_param": "flag"}]}, "yes", "no"]}, "yes"),
    (["a", {"if": ["never", "b"]}], ["a"]),
]


@pytest.fixture
def stacks(demo: User) -> Stacks:
    return Stacks(demo)


async def test_every_function(stacks: Stacks) -> None:
    """Of the newest version of HOT, with the values that Heat's own give."""
    conditions = {"is_x": {"equals": [{"get_param": "word"}, "x"]}, "never": {"or": [False, {"not": "is_x"}]}}
    outputs = {f"o{place}": {"value": wanted} for place, (wanted, _) in enumerate(FUNCTIONS)}
    outputs["hidden"] = {"value": "x", "condition": "never"}
    sections = {"parameters": PARAMETERS, "conditions": conditions, "outputs": outputs}
    path = await stacks.create("functions", sections=sections, files={"f": "content"})
    found = await stacks.outputs(path)
    assert [found[f"o{place}"] for place in range(len(FUNCTIONS))] == [gives for _, gives in FUNCTIONS]
    assert found["hidden"] is None


async def test_a_template_of_cloudformation(stacks: Stacks) -> None:
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "P": {"Type": "String", "Default": "d", "NoEcho": "true"},
            "N": {"Type": "Number", "Default": 3},
        },
        "Mappings": {"M": {"one": {"two": "three"}}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "d"]}},
        "Resources": {
            "R": {"Type": "OS::Heat::RandomString", "Properties": {"length": {"Ref": "N"}}, "Condition": "C"},
        },
        "Outputs": {
            "Map": {"Value": {"Fn::FindInMap": ["M", "one", "two"]}},
            "If": {"Value": {"Fn::If": ["C", {"Ref": "P"}, "no"]}},
            "Join": {"Value": {"Fn::Join": ["-", ["a", "b"]]}},
            "Select": {"Value": {"Fn::Select": ["1", ["a", "b"]]}},
            "Replace": {"Value": {"Fn::Replace": [{"$a": "x"}, "$a-$a"]}},
            "Attribute": {"Value": {"Fn::GetAtt": ["R", "value"]}},
        },
    }
    reply = await stacks.ask("POST", "/stacks", {"stack_name": "cfn", "template": document})
    path = reply.ok(201)["stack"]["links"][0]["href"].partition("/heat-api")[2]
    found = await stacks.outputs(path)
    assert len(found.pop("Attribute")) == 3
    assert found == {"Map": "three", "If": "d", "Join": "a-b", "Select": "b", "Replace": "x-x"}
    assert (await stacks.show(path))["parameters"]["P"] == "******"


async def test_what_would_never_end_is_refused(stacks: Stacks) -> None:
    """Aliases that explode, repetitions of repetitions, and texts that grow: none holds up the others."""
    bomb = "heat_template_version: 2021-04-16\nx0: &x0 [a, a, a, a, a, a, a, a, a]\n" + "".join(
        f"x{level}: &x{level} [{', '.join(f'*x{level - 1}' for _ in range(9))}]\n" for level in range(1, 9)
    )
    kind, text = await stacks.refused(400, {"stack_name": "bomb", "template": bomb})
    assert (kind, text) == ("HTTPBadRequest", "Template not in valid format: The document has too many values.")
    many = {"%a%": [str(one) for one in range(999)], "%b%": [str(one) for one in range(999)]}
    endless = {"outputs": {"o": {"value": {"repeat": {"template": "%a%%b%", "for_each": many}}}}}
    path = await stacks.create("repeat", sections=endless)
    (output,) = (await stacks.show(path))["outputs"]
    assert output["output_value"] is None
    assert "makes more than" in output["output_error"]


async def test_validation_alone(stacks: Stacks) -> None:
    body = {
        "template": {
            "heat_template_version": "2021-04-16",
            "description": "d",
            "parameters": {
                "p": {
                    "type": "string", "default": "abc", "description": "a p",
                    "constraints": [{"length": {"min": 1, "max": 5}, "description": "short"}],
                },
            },
        },
    }  # fmt: skip
    found = (await stacks.ask("POST", "/validate", body)).ok(200)
    assert found["Description"] == "d"
    assert found["Parameters"] == {
        "p": {
            "Type": "String", "Default": "abc", "Description": "a p", "Label": "p", "NoEcho": "false", "MinLength": 1,
            "MaxLength": 5, "ConstraintDescription": "short",
        },
    }  # fmt: skip
    bad = {"template": {"heat_template_version": "2021-04-16", "resources": {"a": {"type": "OS::Zz::Y"}}}}
    assert await stacks.refused(400, bad, "/validate") == (
        "HTTPBadRequest", "The Resource Type (OS::Zz::Y) could not be found.",
    )  # fmt: skip
