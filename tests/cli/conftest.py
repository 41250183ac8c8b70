"""A cloud that runs in the background, for all commands that look at one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import detached


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of `running`."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def running(state: Path) -> Iterator[dict[str, Any]]:
    """What `status --json` says of it."""
    with detached(state) as status:
        yield status
