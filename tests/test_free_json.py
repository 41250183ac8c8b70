"""Any JSON that a service keeps comes back as it was: numbers of any size and type; all that is kept can be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.service import every
from mopenstack.contract.values import plain, to_struct, to_value
from mopenstack.gateway.answers.checker import CheckedRenderer
from tests import policy_matrix, policy_stage
from tests.conftest import Cloud, User

NUMBERS: list[Any] = [10**30, -(10**400), 2**63, 2**64, 2**53 + 1, -(2**53) - 1, 1.0, -0.0, 1e22, 1.5, 1, 0]
TEXTS = ["\0", "\0" + "1", "\0\0" + "1.0", "\0x", "1e5"]
NESTED: list[Any] = [[10**30, {"a": [2**64, 1.0]}], {"a": 10**30}]
PACKAGES = [name for name, api in contract(every()).apis.items() if api.type]


def _same(one: Any, other: Any) -> bool:
    """Equal, and of the same types."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("value", [*NUMBERS, *TEXTS, *NESTED], ids=repr)
def test_values(value: Any) -> None:
    """What a message holds is what was put in, over the wire too, and text is never taken for a number."""
    sent = to_value(value)
    assert _same(plain(type(sent).FromString(sent.SerializeToString())), value)
    assert _same(plain(to_struct({"x": value}).fields["x"]), value)


@pytest.mark.parametrize("package", PACKAGES)
async def test_every_operation(package: str, cloud: Cloud, admin: User, caplog: pytest.LogCaptureFixture) -> None:
    """Numbers in every field that takes any JSON: nothing fails inside, and what shows the cloud goes on doing so."""
    stage = await policy_stage.set_up(cloud, admin)
    checked = cloud.serving.app.renderer
    assert isinstance(checked, CheckedRenderer)
    known = set(checked.checks.violations)
    operations = [one for one in policy_matrix.asked(package) if one.method != "UpdateImage"]
    reads = [one for one in operations if one.routes[0].verb == "GET"]
    before = {one.name: (await policy_matrix.ask(admin, one, stage)).status for one in reads}
    caplog.clear()
    for operation in operations:
        if policy_matrix.takes_free(operation.request.DESCRIPTOR):
            for value in (10**30, 1.0, NESTED):
                await policy_matrix.ask(admin, operation, stage, value)
                assert not _failures(caplog), f"{operation.name} with {value}"
    for operation in reads:
        if before[operation.name] < 500:
            await policy_matrix.ask(admin, operation, stage)
            assert not _failures(caplog), operation.name
    for violation in set(checked.checks.violations) - known:
        del checked.checks.violations[violation]  # the stage's objects are hardly more than an id


def _failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the gateway did not expect; a service's own refusal with 500 is no failure."""
    return [record.getMessage() for record in caplog.records if "failed inside" in record.getMessage()]


@pytest.mark.parametrize("value", [*NUMBERS, "\0" + "1", *NESTED], ids=repr)
async def test_kept_exactly(value: Any, admin: User) -> None:
    """Keystone's extra attributes, in the answer and in the list."""
    made = (await admin.post("identity", "/v3/regions", {"region": {"id": "r", "more": value}})).ok(201)["region"]
    listed = (await admin.get("identity", "/v3/regions")).ok(200)["regions"]
    assert _same(made["more"], value)
    assert _same(next(one["more"] for one in listed if one["id"] == "r"), value)


async def test_hints_of_a_server(cloud: Cloud) -> None:
    """A hint that no 64 bits hold is shown to everybody who lists servers."""
    demo = await cloud.user("demo")
    networks = (await demo.get("network", "/v2.0/networks?name=private")).ok(200)["networks"]
    image = (await demo.get("image", "/v2/images")).ok(200)["images"][0]["id"]
    body = {
        "server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": networks[0]["id"]}]},
        "os:scheduler_hints": {"foo": 10**30, "bar": 1.0},
    }
    id = (await demo.post("compute", "/v2.1/servers", body)).ok(202)["server"]["id"]
    newest = {"OpenStack-API-Version": "compute 2.100"}
    shown = (await demo.get("compute", f"/v2.1/servers/{id}", headers=newest)).ok(200)["server"]
    assert _same(shown["scheduler_hints"], {"foo": 10**30, "bar": 1.0})
    (await demo.get("compute", "/v2.1/servers/detail", headers=newest)).ok(200)


async def test_beyond_every_number(admin: User) -> None:
    """What Python reads as infinity cannot be written again: no JSON."""
    reply = await admin.send(
        "POST",
        "identity",
        "/v3/regions",
        data=b'{"region": {"id": "r", "more": 1e400}}',
        headers={"Content-Type": "application/json"},
    )
    assert reply.status == 400, reply.body
