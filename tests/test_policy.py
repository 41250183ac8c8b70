"""The matrix operation x role of every API is the golden one, cell by cell over HTTP, and lets no stranger write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.service import every
from mopenstack.gateway.refusals import published
from tests import policy_matrix, policy_stage
from tests.policy_matrix import REFUSED, REMOVED, YES
from tests.policy_stage import KEY_MANAGER, ROLES

GOLDEN = Path(__file__).parent / "golden" / "policy"
PACKAGES = [name for name, api in contract(every()).apis.items() if api.type]
MATRICES: dict[str, tuple[str, dict[str, str]]] = {package.split(".")[1]: (package, {}) for package in PACKAGES} | {
    "key_manager-new-defaults": (KEY_MANAGER, {"key_manager.enforce_new_defaults": "true"})
}
"""Name of the golden file -> package, and the options of the cloud that say which policy holds."""

READS = ("GET ", "HEAD ", "OPTIONS ")
"""How rows begin that write nothing."""

STRANGERS_MAY = {
    "DELETE /v2.1/os-keypairs/{name}": "a name is looked for among the caller's own keys",
    "PUT /v2/images/{image_id}/members/{member_id}": "whom an image is offered says whether they take it",
    "POST /v3/os-volume-transfer/{transfer_id}/accept": "a caller with the key may take the volume",
    "POST /v1.0/instances/{instance_id}/ssl": "documented, and no path of Trove's: it is answered with 404",
    "PUT /v2/actions/{identifier}": "the definition is read before the action is looked for",
    "PUT /v2/workflows/{identifier}": "the definition is read before the workflow is looked for",
    **dict.fromkeys(
        ("PUT /v1/waitcondition/{arn=**}", "POST /v1/signal/{arn=**}"),
        "the signature of the address is looked at, not a token",
    ),
    "PATCH /v2/reverse/floatingips/{fip_key}": "a floating IP is looked for among those of the caller's own project",
    "POST /v2/share-transfers/{transfer_id}/accept": "a caller with the key may take the share",
    "PUT /v2/share-access-rules/{access_id}": "a rule is looked for among those of the caller's own shares",
    **dict.fromkeys(
        (
            "DELETE /v2/shares/{share_id}",
            "PUT /v2/shares/{share_id}",
            *(f"{verb} /v2/shares/{{share_id}}/metadata" for verb in ("POST", "PUT")),
            "DELETE /v2/shares/{share_id}/metadata/{key}",
            *(
                f"POST {action} /v2/shares/{{share_id}}/action"
                for action in (
                    "access_list", "allow_access", "deny_access", "extend", "restore", "revert", "shrink",
                    "soft_delete",
                )
            ),
        ),
        "a public share is known to all, and its core refuses what they may not do with it",
    ),
    **dict.fromkeys(
        (f"{verb} /v2/security-services/{{security_service_id}}" for verb in ("DELETE", "PUT")),
        "the core asks the policy after what Manila looks at first",
    ),
    **dict.fromkeys(
        (
            "DELETE /vms/{vm_id}",
            *(f"POST /vms/{{vm_id}}/{one}" for one in ("start", "stop", "restart", "pause", "resume")),
        ),
        "a VM is looked for among the servers that Nova shows the caller",
    ),
}  # fmt: skip
"""Writing on an object of another project, and why that is as it should be."""

NOBODY_MAY = {
    "GET /v2/images/{image_id}/locations": "for the service role",
    "POST /v2/images/{image_id}/locations": "for the service role; a member needs a store of the type http",
    "POST /v2.0/ports/{port_id}/bindings": "for the service role",
    "DELETE /v2.0/ports/{port_id}/bindings/{host}": "for the service role",
    "PUT /v2.0/ports/{port_id}/bindings/{host}/activate": "for the service role",
    "POST /reshaper": "for the service role",
    "DELETE /v2/action_executions/{action_execution_id}": "Mistral is not told to allow it",
    "DELETE /v2/workflows/{workflow_id}/members/{member_id}": "the path names a project that is no member",
    "GET /v2/workflows/{workflow_id}/members/{member_id}": "the path names a project that is no member",
    "PUT /v2/workflows/{workflow_id}/members/{member_id}": "for the project that the path names, none of these",
    "POST /v2/zones/{zone_id}/tasks/abandon": "for admins, who see the zones of other projects by a header only",
    "POST /v2/zones/{zone_id}/tasks/pool_move": "for admins, who see the zones of other projects by a header only",
}
"""Refused to all of the callers, and why; any other such row has a stage on which nothing can be decided."""

BLAMED = "400"
BLAMES = {"POST /v1/certificates": "Magnum blames the request for a cluster that the caller does not see"}
"""Where another status stands for a target that is not there."""


@pytest.fixture
def without_published_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are as small as the contract takes them: what a published schema says of them is not what is asked."""
    monkeypatch.setattr(published, "refusal", lambda service, path, action, context, fault: fault)
    monkeypatch.setattr(published, "check_body", lambda *arguments: None)


@pytest.mark.usefixtures("without_published_schemas")
@pytest.mark.parametrize("matrix", MATRICES)
async def test_matrix(matrix: str, cloud: Any, admin: Any) -> None:
    package, options = MATRICES[matrix]
    stage = await policy_stage.set_up(cloud, admin)
    engine = cloud.serving.engine
    await cloud.serving.administration.set_options(engine.clouds[cloud.name], options)
    before = policy_matrix.replace_handlers(engine)
    cells: dict[tuple[str, str], list[str]] = {}
    undecided = []
    try:
        for operation in policy_matrix.asked(package):
            route, policy = operation.routes[0], operation.options.policy.name
            row = [
                await policy_matrix.cell(stage.users[role], operation, stage)
                for role in policy_matrix.columns_of(package)
            ]
            key: tuple[str, str] = (route.path, " ".join(filter(None, (route.verb, operation.action))))
            refused = (*REFUSED, BLAMED) if f"{route.verb} {route.path}" in BLAMES else REFUSED
            if policy != REMOVED and any(one not in (YES, *refused) for one in row):
                undecided.append(f"{key}: {row}")
            line = [f"`{policy}`", *row]
            assert cells.setdefault(key, line) == line, f"{key}: its versions differ"
    finally:
        engine.registry.made.update(before)
    assert not undecided, "the policy was not asked:\n" + "\n".join(undecided)
    text = "\n".join(policy_matrix.render(package, cells)) + "\n"
    path = GOLDEN / f"{matrix}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, "write it anew with UPDATE_GOLDEN=1, and read what changed"


def test_strangers_write_nothing() -> None:
    """A new operation shows up here whose policy does not look at the object, or whose core does without `in_core`."""
    found = {
        what
        for what, cells in _rows()
        if not what.startswith(("GET ", "HEAD ", "OPTIONS "))
        and policy_matrix.has_object(what)
        and _may(cells, "another project")
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
