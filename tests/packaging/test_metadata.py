"""What pyproject.toml says of the package can be installed: `make dist` does it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import trove_classifiers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_extras_name_extras(project: dict[str, Any]) -> None:
    """One that names another which is not there makes the whole package impossible to build."""
    extras = project["optional-dependencies"]
    named = {
        name.strip()
        for wanted in extras.values()
        for one in wanted
        if (found := re.fullmatch(r"mopenstack\[(.*)\]", one))
        for name in found[1].split(",")
    }
    assert named
    assert named - set(extras) == set()


def test_no_requirement_is_there_twice(project: dict[str, Any]) -> None:
    for wanted in (project["dependencies"], *project["optional-dependencies"].values()):
        names = [re.split(r"[\[<>=!~ ;]", one)[0].lower() for one in wanted]
        assert len(names) == len(set(names)), names


def test_the_extras_are_on_the_page(project: dict[str, Any]) -> None:
    """All but those of the development itself."""
    page = (ROOT / "docs" / "packages.md").read_text()
    for extra in set(project["optional-dependencies"]) - {"bench", "dev", "docs", "fuzz"}:
        assert f"`{extra}`" in page, extra


def test_the_classifiers_are_known(project: dict[str, Any]) -> None:
    """A registry refuses others."""
    assert set(project["classifiers"]) - trove_classifiers.classifiers == set()


def test_the_changelog_has_the_version(project: dict[str, Any]) -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"\n## {project['version']}\n" in changelog
    assert "\n## Unreleased\n" in changelog
