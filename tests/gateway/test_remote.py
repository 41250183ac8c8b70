"""Refusals that come over gRPC are those that the core raised."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from mopenstack.contract.faults import DOMAIN, Fault, InvalidField, PolicyRefused
from mopenstack.gateway.remote import fault_of


def _error(domain: str, reason: str, **facts: str) -> grpc.aio.AioRpcError:
    packed = any_pb2.Any()
    packed.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=facts))
    status = status_pb2.Status(message="text", details=[packed]).SerializeToString()
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", status))
    return grpc.aio.AioRpcError(grpc.StatusCode.INVALID_ARGUMENT, grpc.aio.Metadata(), trailing, "text")


@pytest.mark.parametrize("fact", ["field", "rules", "error_code"])
def test_a_fact_of_any_name(fact: str) -> None:
    """A service may name the facts of its refusals as it likes: `{field}` in a text makes no InvalidField of it."""
    fault = fault_of(_error("acme.v1", "ODD_VALUE", **{fact: "port_range_min"}))
    assert type(fault) not in (InvalidField, PolicyRefused)
    assert (fault.reason, fault.text, fault.facts[fact]) == ("OddValue", "text", "port_range_min")


def test_the_refusals_of_the_engine() -> None:
    """A bad field and the policy's refusal are those classes again."""
    field = fault_of(_error(DOMAIN, "INVALID_FIELD", field='[["a", 0], 5, "maximum", 4]', rule="maximum"))
    assert isinstance(field, InvalidField)
    assert (field.path, field.value, field.rule, field.bound) == (("a", 0), 5, "maximum", 4)
    policy: Fault = fault_of(_error(DOMAIN, "POLICY_REFUSED", rules='["one", "two"]'))
    assert isinstance(policy, PolicyRefused)
    assert policy.rules == ["one", "two"]
