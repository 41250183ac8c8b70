"""A dollar sign in a pattern is the end of the value."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mopenstack.contract.patterns import exact

ROOT = Path(__file__).parents[2]
USES = {"compile", "search", "match", "sub", "split", "findall"}


@pytest.mark.parametrize(
    ("pattern", "holds", "fails"),
    [
        ("^CUSTOM_[A-Z0-9_]+$", "CUSTOM_A", "CUSTOM_A\n"),
        ("^[^,/]*$", "a\nb", ""),
        ("^[0-9]+$|^all$", "all", "all\n"),
        (r"^a\$$", "a$", "a$\n"),
        (r"^[$]+$", "$$", "$$\n"),
        (r"^[]$]$", "]", "]\n"),
        (r"^[^]$]$", "a", "$"),
        (r"^[\]$]+$", "]$", "]\n"),
    ],
)
def test_a_dollar_sign_is_the_end(pattern: str, holds: str, fails: str) -> None:
    assert exact(pattern).search(holds)
    assert not fails or not exact(pattern).search(fails)


def test_every_pattern_of_the_contract_means_the_same_but_for_that() -> None:
    """They compile, and a value with a line feed behind it is another value."""
    texts = (path.read_text() for path in (ROOT / "proto/mopenstack").rglob("*.proto"))
    found = (written for text in texts for written in re.findall(r'pattern: ("(?:\\.|[^"])*")', text))
    patterns = {str(ast.literal_eval(written)) for written in found}
    assert len(patterns) > 10
    for pattern in patterns:
        assert exact(pattern).pattern.count(r"\Z") == len(re.findall(r"\$(?=$|[|)])", pattern)), pattern


def test_no_regular_expression_of_ours_ends_before_a_line_feed() -> None:
    """`re` is given no `$`: patterns with one go through `exact`, others use fullmatch."""
    found = []
    for folder in ("core", "gateway/mopenstack", "proto/python", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _is_re(node.func) and any(map(_has_dollar, node.args[:1])):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def _is_re(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in USES:
        return False
    return isinstance(function.value, ast.Name) and function.value.id == "re"


def _has_dollar(argument: ast.expr) -> bool:
    texts = [node.value for node in ast.walk(argument) if isinstance(node, ast.Constant)]
    return any(isinstance(text, str) and re.search(r"(?<!\\)\$(?=$|[|)])", text) for text in texts)
