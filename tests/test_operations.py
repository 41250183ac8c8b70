"""What OpenStack documents is served, or named with a reason in golden/not-served/<service>.tsv."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.contract import contract
from mopenstack.contract.operations import LATEST
from mopenstack.contract.service import installed, named
from mopenstack.core.engine.registry import Registry
from mopenstack.gateway.answers.checker import SERVER_ERROR
from mopenstack.gateway.answers.failures import ANY, deliberate
from mopenstack.gateway.documented_operations import path_of, rows
from tests import policy_matrix, policy_stage
from tests.conftest import Cloud, User

GOLDEN = Path(__file__).parent / "golden" / "not-served"
SERVICES = sorted(name for name, service in installed().items() if service.operations)
LEFT_OUT_MAX = 0.05
"""Share of a service's current operations."""

Row = tuple[str, str, str]


def blank(path: str) -> str:
    """A path template without the names of its variables."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


def documented(service: str) -> dict[Row, str]:
    """(verb, path, action) -> title of every current operation."""
    path = path_of(installed()[service])
    assert path is not None
    return {(row["verb"], row["path"], row["action"]): row["title"] for row in rows(path) if not row["note"]}


def not_served(service: str) -> dict[Row, str]:
    """(verb, path, action) -> why it is not served."""
    path = GOLDEN / f"{service}.tsv"
    if not path.exists():
        return {}
    return {(row["verb"], row["path"], row["action"]): row["reason"] for row in rows(path)}


def version_documents(service: str) -> list[str]:
    """Documented paths that the gateway answers out of an API's own annotations: no operation declares them."""
    found = []
    for package, api in contract().apis.items():
        if package == installed()[service].contract:
            dialect = named(installed()[service].dialect)(api)
            for verb, path, _ in documented(service):
                context = RequestContext(path=path.rstrip("/"), verb="GET", api_url="http://cloud")
                if verb == "GET" and "{" not in path and dialect.document(path.rstrip("/"), context) is not None:
                    found.append(path)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_documented_operation(service: str) -> None:
    declared = {
        (route.verb, blank(route.path), operation.action)
        for operation in contract().operations
        if operation.package == installed()[service].contract
        for route in operation.routes
    }
    every, documents = documented(service), version_documents(service)
    missing = {row for row in every if (row[0], blank(row[1]), row[2]) not in declared and row[1] not in documents}
    listed = not_served(service)
    unnamed = sorted(missing - set(listed))
    if unnamed:
        pytest.fail(f"neither served nor in {GOLDEN.name}/{service}.tsv:\n" + "\n".join("\t".join(r) for r in unnamed))
    assert not set(listed) - missing, (
        f"in {GOLDEN.name}/{service}.tsv, but served or not documented: {set(listed) - missing}"
    )
    assert all(len(reason) > 20 for reason in listed.values()), "a reason that says nothing"
    assert len(listed) <= LEFT_OUT_MAX * len(every), f"{len(listed)} of {len(every)} left out"


def test_every_declared_operation_is_served() -> None:
    """An RPC of an installed service has a handler, or options that describe one; else it would answer 501."""
    plans = Registry(contract()).plans
    missing = [operation.name for operation in contract().operations if operation.name not in plans]
    assert missing == [], "declared, and nothing answers them: write a handler, or give them options that describe one"


@pytest.mark.parametrize("service", SERVICES)
async def test_version_documents(service: str, admin: Any) -> None:
    prefix = next(api.prefix for package, api in contract().apis.items() if package == installed()[service].contract)
    for path in version_documents(service):
        reply = await admin.get(prefix.lstrip("/"), path)
        assert reply.status in (200, 300), f"{service} {path}: {reply.status} {reply.body}"
        assert {"version", "versions", "resources", "media_types"} & set(reply.body)


@pytest.mark.parametrize("package", [name for name, api in contract().apis.items() if api.type])
async def test_no_operation_fails(package: str, cloud: Cloud, admin: User) -> None:
    """Each operation at its first and its newest microversion, for an administrator and for others: never a 5xx.

    The fixture `cloud` holds what is answered against the list of those that are meant.
    """
    stage = await policy_stage.set_up(cloud, admin)
    failed = []
    with policy_stage.undoing(cloud.serving.engine):
        for operation in (one for one in contract().operations if one.package == package and one.routes):
            for user in (admin, stage.users["member"], stage.users["reader"]):
                for at in {operation.since, LATEST}:
                    sent = policy_matrix.request_of(user, operation, stage, at=at)
                    api = operation.api.prefix.lstrip("/")
                    reply = await user.send(sent.verb, api, sent.path, headers=sent.headers, **sent.body)
                    if reply.status >= SERVER_ERROR and not _is_meant(operation.name, reply.status):
                        failed.append(f"{operation.name} at .{at}: {reply.status} {reply.body}")
    assert not failed, "\n".join(failed)
    policy_stage.forget_violations(cloud)


def _is_meant(operation: str, status: int) -> bool:
    """Whether an operation may answer so, whatever its words."""
    return any(one.operation in (ANY, operation) and one.status in (0, status) for one in deliberate())
