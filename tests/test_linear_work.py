"""What is long is worked through once: refusals, patterns, lists, rules."""

from __future__ import annotations

import pprint
from typing import Any

import pytest

from mopenstack.contract.pretty import pretty
from mopenstack.contract.values import repeated
from mopenstack.core.engine.caller_patterns import PATTERN_MAX, BadPattern, caller_pattern


@pytest.mark.parametrize(
    ("items", "again"),
    [
        ([], []),
        ([1, 2, 3], []),
        (["a", "b", "b", "a", "b"], ["b", "a"]),
        ([[1], {"a": 1}, [1], {"a": 1}], [[1], {"a": 1}]),
        (["[1]", [1]], []),
    ],
    ids=str,
)
def test_repeated(items: list[Any], again: list[Any]) -> None:
    assert repeated(items) == again


@pytest.mark.parametrize(
    "value",
    [
        {},
        [1, 2],
        list(range(500)),
        [f"w{number}" for number in range(99)],
        {f"k{number}": number for number in range(99)},
        {f"k{number}": "v\n\"'" for number in range(99)},
        [{"a": [1, {"b": None}]}] * 100,
        ["x" * 80] * 80,
        [["x" * 30, "y" * 50]] * 80,
    ],
    ids=lambda value: str(value)[:20],
)
def test_pretty(value: Any) -> None:
    """The same as pprint, whichever way."""
    assert pretty(value) == pprint.pformat(value, width=72, sort_dicts=False)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "(a|b|ab)*c", "^(([a-z])+.)+[A-Z]([a-z])+$", "a?" * 60 + "a" * 60]
)
def test_patterns_are_linear(pattern: str) -> None:
    """Python's engine, and MariaDB's, would not come back from these; a test that hangs fails."""
    caller_pattern(pattern).search("a" * 255 + "!")


@pytest.mark.parametrize(
    "pattern",
    [
        "(", "[", "*", "a{2,1}", "\\", "(?P<n", "a{99999999999999999999}",  # no patterns in Python either
        "(?=a)", "(?<!a)b", "(a)\\1", "a" * (PATTERN_MAX + 1), "((a{1,30}){1,30}){1,30}", ".*a.{300}c", "(" * 400,
    ],
    ids=lambda pattern: pattern[:20],
)  # fmt: skip
def test_no_patterns(pattern: str) -> None:
    """What is none, and what is none that can be looked for in linear time."""
    with pytest.raises(BadPattern):
        caller_pattern(pattern)


def test_a_case_that_is_ignored() -> None:
    assert caller_pattern("^WEB-[0-9]+$", ignore_case=True).search("web-12")
    assert not caller_pattern("^WEB-[0-9]+$").search("web-12")
