"""The list of answers of 5xx that are meant names what there is, all of it, with a source each; the checker uses it."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.faults import Fault
from mopenstack.contract.refusals import refusals
from mopenstack.contract.service import every
from mopenstack.core.engine.plans import Plan
from mopenstack.gateway.answers.checker import SERVER_ERROR, CheckedRenderer
from mopenstack.gateway.answers.failures import ANY, deliberate
from mopenstack.gateway.surface import surfaces
from tests.conftest import Cloud, User

UNDECLARED = {"NotServed", "Unavailable", "InvalidField"}
"""What any operation may answer, and no package declares; a body that a service breaks on is 500 there."""


def _declared_failures() -> dict[str, tuple[str, int]]:
    """Value of `enum Refusal` -> (package, status), of each that its dialect answers with 5xx."""
    found = {}
    for surface in surfaces(contract(every())):
        module = refusals(surface.package) if surface.api.type else None
        for kind in vars(module).values() if module is not None else ():
            if isinstance(kind, type) and issubclass(kind, Fault) and kind.domain == surface.package:
                fault = kind.__new__(kind)
                Fault.__init__(fault, "")
                if surface.dialect.status(fault) >= SERVER_ERROR:
                    found[kind.name] = (surface.package, surface.dialect.status(fault))
    return found


def test_the_list_names_what_there_is() -> None:
    """Every refusal of 5xx that a package declares is listed, with its status and operations of that package."""
    failures = _declared_failures()
    listed = {one.refusal for one in deliberate()}
    assert listed == {*failures, *UNDECLARED}
    for one in deliberate():
        assert one.operation == ANY or one.operation in contract(every()).by_name, one
        if one.refusal in failures:
            package, status = failures[one.refusal]
            assert (one.operation.rpartition(".")[0].rpartition(".")[0], one.status) == (package, status), one
        assert len(one.source) > 7, one
    assert len({one[:2] for one in deliberate()}) == len(deliberate())


@pytest.mark.parametrize("error", [KeyError("x"), AssertionError()], ids=repr)
async def test_the_checker_sees_what_fails_inside(error: Exception, cloud: Cloud, demo: User) -> None:
    renderer = cloud.serving.app.renderer
    assert isinstance(renderer, CheckedRenderer)
    name = "mopenstack.network.v2.Networks.ListNetworks"
    plan: Plan = await cloud.serving.engine.registry.planned(name)
    plans = cloud.serving.engine.registry.made

    async def fails(call: Any, request: Any) -> Any:
        raise error

    given = {field: getattr(plan, field) for field in plan.__dataclass_fields__}
    plans[name] = Plan(**{**given, "handler": fails})
    before = dict(renderer.checks.failures)
    try:
        (await demo.get("network", "/v2.0/networks")).refused(500, "incapable of performing")
    finally:
        plans[name] = plan
    seen = {key: renderer.checks.failures.pop(key) for key in set(renderer.checks.failures) - set(before)}
    (told,) = seen.values()
    assert name in told


async def test_the_checker_lets_pass_what_is_meant(cloud: Cloud, admin: User) -> None:
    """The fixture `cloud` fails otherwise."""
    renderer = cloud.serving.app.renderer
    assert isinstance(renderer, CheckedRenderer)
    before = len(renderer.checks.failures)
    (await admin.get("compute", "/v2.1/os-baremetal-nodes")).refused(500, "ServiceUnavailable")
    (await admin.get("compute", "/v2.1/os-hosts/devstack/reboot")).refused(501)
    assert len(renderer.checks.failures) == before
