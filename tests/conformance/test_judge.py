"""A refusal counts only with the documented status and message, however Terraform wraps it."""

import pytest

from mopenstack.conformance.judge import first_line, refusal_mismatch
from mopenstack.conformance.scenario import Refusal

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
