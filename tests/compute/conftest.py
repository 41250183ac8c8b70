"""What tests of the Compute API share."""

from __future__ import annotations

from typing import Any, Protocol

import pytest


class At(Protocol):
    def __call__(self, microversion: str) -> dict[str, Any]: ...


@pytest.fixture
def at() -> At:
    """`**at("2.61")`: the options of a request at a microversion."""
    return lambda microversion: {"headers": {"OpenStack-API-Version": f"compute {microversion}"}}
