"""A project of a user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty one, outside of the tree."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)
