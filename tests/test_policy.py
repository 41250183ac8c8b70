"""The matrix operation x role of every API is the golden one, cell by cell over HTTP, and lets no stranger write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mopenstack.contract.contract import contract
from mopenstack.gateway.refusals import published
from tests import policy_matrix, policy_stage
from tests.policy_matrix import REFUSED, REMOVED, YES
from tests.policy_stage import ROLES

GOLDEN = Path(__file__).parent / "golden" / "policy"
PACKAGES = [name for name, api in contract().apis.items() if api.type]

STRANGERS_MAY = {
    "DELETE /v2.1/os-keypairs/{name}": "a name is looked for among the caller's own keys",
    "PUT /v2/images/{image_id}/members/{member_id}": "whom an image is offered says whether they take it",
    "POST /v3/os-volume-transfer/{transfer_id}/accept": "a caller with the key may take the volume",
}
"""Writing on an object of another project, and why that is as it should be."""

NOBODY_MAY = {
    "GET /v2/images/{image_id}/locations": "for the service role",
    "POST /v2/images/{image_id}/locations": "for the service role; a member needs a store of the type http",
    "POST /v2.0/ports/{port_id}/bindings": "for the service role",
    "DELETE /v2.0/ports/{port_id}/bindings/{host}": "for the service role",
    "PUT /v2.0/ports/{port_id}/bindings/{host}/activate": "for the service role",
    "POST /reshaper": "for the service role",
}
"""Refused to all of the callers, and why; any other such row has a stage on which nothing can be decided."""


@pytest.fixture
def without_published_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are as small as the contract takes them: what a published schema says of them is not what is asked."""
    monkeypatch.setattr(published, "refusal", lambda service, path, action, context, fault: fault)
    monkeypatch.setattr(published, "check_body", lambda *arguments: None)


@pytest.mark.usefixtures("without_published_schemas")
@pytest.mark.parametrize("package", PACKAGES)
async def test_matrix(package: str, cloud: Any, admin: Any) -> None:
    stage = await policy_stage.set_up(cloud, admin)
    engine = cloud.serving.engine
    before = policy_matrix.replace_handlers(engine)
    cells: dict[tuple[str, str], list[str]] = {}
    undecided = []
    try:
        for operation in policy_matrix.asked(package):
            route, policy = operation.routes[0], operation.options.policy.name
            row = [await policy_matrix.cell(stage.users[role], operation, stage) for role in ROLES]
            key: tuple[str, str] = (route.path, " ".join(filter(None, (route.verb, operation.action))))
            if policy != REMOVED and any(one not in (YES, *REFUSED) for one in row):
                undecided.append(f"{key}: {row}")
            line = [f"`{policy}`", *row]
            assert cells.setdefault(key, line) == line, f"{key}: its versions differ"
    finally:
        engine.registry.plans.update(before)
    assert not undecided, "the policy was not asked:\n" + "\n".join(undecided)
    text = "\n".join(policy_matrix.render(package, cells)) + "\n"
    path = GOLDEN / f"{package.split('.')[1]}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, "write it anew with UPDATE_GOLDEN=1, and read what changed"


def test_strangers_write_nothing() -> None:
    """A new operation shows up here whose policy does not look at the object, or whose core does without `in_core`."""
    found = {
        what
        for what, cells in _rows()
        if not what.startswith(("GET ", "HEAD ")) and policy_matrix.has_object(what) and _may(cells, "another project")
    }
    assert found == set(STRANGERS_MAY)


def test_somebody_may() -> None:
    """Every operation is for somebody, or the stage is wrong."""
    assert {what for what, cells in _rows() if not {YES, "410", "400"} & set(cells)} == set(NOBODY_MAY)


def _may(cells: list[str], role: str) -> bool:
    return cells[ROLES.index(role)] == YES


def _rows() -> Iterator[tuple[str, list[str]]]:
    """(verb, action and path, cells) of every row of every golden matrix."""
    for path in GOLDEN.glob("*.md"):
        for found in re.finditer(r"^\| ([A-Z]+ .*?)`(\S+)` \| `\S+` \| (.*) \|$", path.read_text(), re.MULTILINE):
            yield f"{found[1]}{found[2]}", found[3].split(" | ")
