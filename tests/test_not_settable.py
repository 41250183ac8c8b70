"""What only answers hold is not a client's to set, whether its service ignores it or refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.service import every
from mopenstack.gateway.answers.checker import CheckedRenderer
from tests import policy_matrix, policy_stage
from tests.conftest import Cloud, User

GIVEN = "given-by-the-client"
PACKAGES = [name for name, api in contract(every()).apis.items() if api.type]

KEPT = {"CreateProject": {"parents", "subtree"}}
"""What a service keeps all the same, as it would any other key that it does not know."""


def _pairs(document: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(document, dict):
        yield from document.items()
    for inner in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _pairs(inner)


@pytest.mark.parametrize("package", PACKAGES)
async def test_creates(package: str, cloud: Cloud, admin: User) -> None:
    """No create answers with a value that the client gave for a field of answers alone."""
    stage = await policy_stage.set_up(cloud, admin)
    checked = cloud.serving.app.renderer
    assert isinstance(checked, CheckedRenderer)
    known = set(checked.checks.violations)
    for operation in policy_matrix.asked(package):
        if operation.kind_of_write == "create":
            reply = await policy_matrix.ask(admin, operation, stage, shown=GIVEN)
            if reply.status < 300:
                found = {key for key, value in _pairs(reply.body) if value == GIVEN}
                assert found <= KEPT.get(operation.method, set()), operation.name
    for violation in set(checked.checks.violations) - known:
        del checked.checks.violations[violation]  # the stage's objects are hardly more than an id
