"""The verdict on a scenario: what each tree demands, with a stand-in for Terraform and for the cloud."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from mopenstack.conformance import judge as judging
from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.scenario import Scenario
from mopenstack.conformance.workspace import TerraformFailed

ACCOUNT = Account(variables={"OS_AUTH_URL": "http://127.0.0.1:9/identity/v3"})
CLOUD = Cloud(name="here", demo=ACCOUNT)
WORKING: dict[str, Any] = {
    "id": "one-network",
    "description": "A network.",
    "tree": "working",
    "service": "network",
    "features": ["network"],
    "steps": [{"name": "only", "expect_resource_action": {"a.b": ["create"]}}],
    "expect": {"resources": 2, "outputs": {"name": "^net"}},
}
REFUSED: dict[str, Any] = WORKING | {
    "tree": "misconfigured",
    "steps": [{"name": "first"}, {"name": "second"}],
    "expect": {"refusal": {"status": 409, "message": "It is taken.", "source": "recorded"}},
}
SAYS_NO = 'Error: Expected HTTP response code [201] when accessing [POST x], but got 409 instead: "It is taken."'


class Terraform:
    """A workspace that does as its script says: method -> what it returns, or an exception that it raises."""

    script: ClassVar[dict[str, Any]] = {}
    done: ClassVar[list[str]] = []

    def __init__(self, *arguments: Any) -> None:
        self.__class__.done = []

    def __getattr__(self, name: str) -> Any:
        def act(*arguments: Any) -> Any:
            self.done.append(name)
            found = self.script.get(f"{name} {self.done.count(name)}", self.script.get(name))
            if isinstance(found, Exception):
                raise found
            return found

        return act


def state(*names: str) -> dict[str, Any]:
    """A state with a resource of each name."""
    entry = {"mode": "managed", "type": "a", "instances": [{"attributes": {"id": "1"}}]}
    return {"resources": [{**entry, "name": name} for name in names]}


GOOD = {
    "planned_actions": {"a.b": ["create"]},
    "drift": "",
    "state": state("b", "c"),
    "outputs": {"name": "net"},
}


@pytest.fixture
def verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Judge a scenario: (document, what Terraform does, what is left behind, what the cloud lacks)."""

    def judged(document: dict[str, Any], script: dict[str, Any], left: tuple[str, ...] = (), lacks: Any = ()) -> Result:
        inventories = iter([{"network": {"old"}}, {"network": {"old", *left}}])
        session = SimpleNamespace(inventory=lambda _regions: next(inventories))
        session.authenticate = lambda: session

        def look(cloud: Cloud, account: Account) -> Any:
            if isinstance(lacks, Exception):
                raise lacks
            return SimpleNamespace(session=session, lacks=lambda features: list(lacks))

        tool = SimpleNamespace(require=lambda: SimpleNamespace(path=Path("terraform")), cli_config=lambda: tmp_path)
        monkeypatch.setattr(Terraform, "script", script)
        for name, value in {
            "look": look,
            "Session": lambda account: session,
            "Workspace": Terraform,
            "get_tool": lambda name: tool,
            "provider_of": lambda name: tool,
        }.items():
            monkeypatch.setattr(judging, name, value)
        return judging.judge(Scenario.model_validate(document), CLOUD, tmp_path, "terraform")

    return judged


def test_a_scenario_that_works(verdict: Any) -> None:
    result = verdict(WORKING, GOOD)
    assert (result.outcome, result.drift_free, result.reason) == (Outcome.PASSED, True, "")
    assert result.steps == [
        "only: terraform apply, 2 resources",
        "only: the next plan is empty",
        "terraform destroy, and nothing is left behind",
    ]
    assert Terraform.done[-1] == "destroy"


@pytest.mark.parametrize(
    ("script", "left", "reason", "drift_free"),
    [
        ({"planned_actions": {"a.b": ["update"]}}, (), "a.b is planned as ['update'], expected ['create']", None),
        ({"drift": "a.b will be changed"}, (), "the plan after step 'only' is not empty", False),
        ({"state": state("b")}, (), "1 resources in the state, expected 2: a.b", None),
        ({"outputs": {"name": "sub"}}, (), "output name is 'sub', expected /^net/", None),
        ({"apply": TerraformFailed("╷\n│ Error: no\n╵")}, (), "Error: no", None),
        ({}, ("new",), "network new was left behind", None),
    ],
)
def test_a_scenario_that_does_not(verdict: Any, script: Any, left: Any, reason: str, drift_free: Any) -> None:
    """The reason is the first thing that was not so; the cloud is tidied up all the same."""
    result = verdict(WORKING, GOOD | script, left)
    assert result.outcome is Outcome.FAILED
    assert reason in result.reason
    assert result.drift_free is drift_free
    assert Terraform.done[-1] == "destroy"


def test_a_refusal(verdict: Any) -> None:
    """Earlier steps must work, and the last one be refused as documented."""
    result = verdict(REFUSED, {"apply 2": TerraformFailed(SAYS_NO)})
    assert (result.outcome, result.negative, result.drift_free) == (Outcome.PASSED, True, None)
    assert result.steps[0] == "second: refused with 409: It is taken."


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({}, "apply worked, expected 409: It is taken."),
        ({"apply 1": TerraformFailed(SAYS_NO)}, "Error: Expected HTTP response code"),
        ({"apply 2": TerraformFailed(SAYS_NO.replace("409", "400"))}, "expected status 409, got 400"),
    ],
)
def test_a_refusal_that_is_none(verdict: Any, script: Any, reason: str) -> None:
    result = verdict(REFUSED, script)
    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith(reason)


@pytest.mark.parametrize(
    ("document", "lacks", "outcome", "reason"),
    [
        (WORKING, ["network"], Outcome.NOT_RUN, "the cloud has no network"),
        (WORKING | {"user": "admin"}, [], Outcome.NOT_RUN, "no administrator for this cloud"),
        (WORKING, CloudError("it is away"), Outcome.FAILED, "it is away"),
    ],
)
def test_a_cloud_that_is_not_fit(verdict: Any, document: Any, lacks: Any, outcome: Outcome, reason: str) -> None:
    result = verdict(document, GOOD, (), lacks)
    assert (result.outcome, result.reason, result.drift_free) == (outcome, reason, None)
