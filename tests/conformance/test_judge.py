"""A refusal counts only with the documented status and message, however Terraform wraps it."""

from collections.abc import Callable
from typing import Any

import pytest

from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.judge import Broken, first_line, must_work, refusal_mismatch
from mopenstack.conformance.openstack import Answer
from mopenstack.conformance.scenario import Refusal, Scenario, SignIn

SAID = """
╷
│ Error: Error creating openstack_networking_subnet_v2: Expected HTTP response code [201 202] when accessing
│ [POST http://127.0.0.1:9696/v2.0/subnets], but got 400 instead: {"NeutronError": {"type": "InvalidInput",
│ "message": "Invalid input for operation: Requested subnet with cidr: 10.0.0.0/25 for network:
│ 35b8530b-9eaa-42b0-9d5a-d8f3c9826c65 overlaps with another subnet.", "detail": ""}}
│
│   with openstack_networking_subnet_v2.half,
╵
"""
MESSAGE = "Requested subnet with cidr: 10.0.0.0/25 for network: {id} overlaps with another subnet."


def refusal(status: int = 400, message: str = MESSAGE) -> Refusal:
    """What a scenario demands."""
    return Refusal(status=status, message=message, source="recorded")


def test_the_documented_refusal_is_found_in_a_wrapped_error() -> None:
    """Frames and line breaks are Terraform's, not the service's; {id} stands for any id."""
    assert refusal_mismatch(refusal(), SAID) == ""


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (refusal(status=409), "expected status 409, got 400"),
        (refusal(message="Subnets overlap."), "status 400, but not the message"),
        (refusal(message=MESSAGE.replace("overlaps", "over.aps")), "status 400, but not the message"),
    ],
)
def test_another_status_or_message_is_told(wanted: Refusal, problem: str) -> None:
    """Near is not enough, and a message is no pattern."""
    assert refusal_mismatch(wanted, SAID).startswith(problem)


def test_an_error_without_an_answer_is_told() -> None:
    """A refusal by Terraform itself is not the cloud's."""
    assert refusal_mismatch(refusal(), "Error: Unsupported argument") == "expected status 400, got none"


def test_the_first_line_is_the_error() -> None:
    """A person wants the error, not the frame."""
    assert first_line(SAID).startswith("Error: Error creating openstack_networking_subnet_v2")
    assert first_line("nothing special\nmore") == "nothing special"


# -- what a scenario must do


class Scripted:
    """A workspace whose Terraform says what it is told to say."""

    def __init__(self, **said: Any) -> None:
        self.said = {"state": {"resources": []}, "drift": "", "changed_outside": [], "import_all": (1, ""), **said}
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_: Any) -> Any:
            self.called.append(name)
            return self.said.get(name)

        return call


class Requests:
    """A session that answers every request with one status."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.seen: list[tuple[str, ...]] = []

    def send(self, method: str, service: str, path: str, body: object = None) -> Answer:
        self.seen.append((method, service, path))
        return Answer(self.status, {}, body)


def works(workspace: Scripted, *, session: Requests | None = None, **step: Any) -> list[str]:
    """What the steps were when a scenario of one step, which imports, is judged."""
    scenario = Scenario.model_validate(
        {"id": "one", "description": "One.", "tree": "working", "service": "network", "features": ["network"]}
        | {"steps": [{"name": "only", **step}], "expect": {"import": True}}
    )
    steps: list[str] = []
    environments: dict[SignIn, dict[str, str]] = {way: {} for way in SignIn}
    must_work(scenario, workspace, environments, session or Requests(), steps)  # type: ignore[arg-type]
    return steps


APPLIED = ["apply", "drift", "state"]
OUTSIDE = [{"method": "DELETE", "service": "network", "path": "/v2.0/networks/1"}]


def test_all_that_a_step_asks_for_is_done() -> None:
    """The request first, then the look, then the overlay and the apply."""
    workspace, session = Scripted(changed_outside=["a.b"]), Requests()
    steps = works(workspace, session=session, outside=OUTSIDE, drift=["a.b"], overlay="moved")
    assert session.seen == [("DELETE", "network", "/v2.0/networks/1")]
    assert workspace.called == ["use", "refresh", "state", "changed_outside", "lay_over", *APPLIED, "import_all"]
    assert steps[0] == "only: a refresh-only plan sees what was changed outside"
    assert steps[-1] == "terraform import of 1 resources, and the plan is empty"


@pytest.mark.parametrize(
    ("said", "step", "problem"),
    [
        ({"import_all": (3, "a.b will be updated")}, {}, "the plan after an import of 3 resources is not empty"),
        ({"import_all": (0, "")}, {}, "the plan after an import of 0 resources is not empty"),
        ({}, {"outside": OUTSIDE, "drift": ["a.b"]}, r"sees changes of \[\], expected \['a.b'\]"),
        (
            {"changed_outside": ["a.b", "c.d"]},
            {"outside": OUTSIDE, "drift": ["a.b"]},
            r"sees changes of \['a.b', 'c.d'\]",
        ),
        ({"drift": "1 to change"}, {}, "the plan after step 'only' is not empty"),
    ],
)
def test_what_a_step_asks_for_and_is_not_so(said: dict[str, Any], step: dict[str, Any], problem: str) -> None:
    with pytest.raises(Broken, match=problem):
        works(Scripted(**said), **step)


def test_a_request_past_terraform_that_is_refused() -> None:
    """The ground of the step is not there."""
    with pytest.raises(CloudError, match=r"DELETE /v2\.0/networks/1: 409"):
        works(Scripted(), session=Requests(409), outside=OUTSIDE)
