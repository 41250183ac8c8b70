"""The matrix operation x role of every API is the golden one, cell by cell over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mopenstack.contract.operations import apis
from tests import policy_matrix
from tests.policy_matrix import REFUSED, ROLES, YES

GOLDEN = Path(__file__).parent / "golden" / "policy"


@pytest.mark.parametrize("package", [name for name, api in apis().items() if api.type])
async def test_matrix(package: str, cloud: Any, admin: Any) -> None:
    users = await policy_matrix.callers(cloud, admin)
    owner = users["member"]
    ids = await policy_matrix.plant(cloud, owner)
    engine = cloud.serving.engine
    before = policy_matrix.stand_aside(engine)
    cells: dict[tuple[str, str], list[str]] = {}
    try:
        for operation in policy_matrix.asked(package):
            route = operation.routes[0]
            row = [await policy_matrix.cell(users[role], operation, owner, ids) for role in ROLES]
            key: tuple[str, str] = (route.path, " ".join(filter(None, (route.verb, operation.action))))
            cells[key] = [f"`{operation.options.policy.name}`", *row]
    finally:
        engine._plans.update(before)
    undecided = [
        f"{key}: {row[1:]}" for key, row in cells.items() if any(one not in (YES, *REFUSED) for one in row[1:])
    ]
    assert not undecided, "the policy was not asked:\n" + "\n".join(undecided)
    text = "\n".join(policy_matrix.render(package, cells)) + "\n"
    path = GOLDEN / f"{package.split('.')[1]}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, "write it anew with UPDATE_GOLDEN=1, and read what changed"
