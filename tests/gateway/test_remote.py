"""Refusals that come over gRPC are those that the core raised."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from mopenstack.contract.calls import ByteStream, RequestContext
from mopenstack.contract.faults import DOMAIN, Fault, InvalidField, PolicyRefused
from mopenstack.gateway.remote import _bytes, fault_of


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


def test_a_refusal_of_a_package_that_nothing_loaded_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway of a split cloud learns of the refusals of a service by the first one."""
    package = importlib.import_module("mopenstack.network.v2")
    monkeypatch.setattr(package, "refusals", importlib.import_module("mopenstack.network.v2.refusals"))
    monkeypatch.setattr("mopenstack.contract.faults._declared", {})
    monkeypatch.delitem(sys.modules, "mopenstack.network.v2.refusals", raising=False)
    fault = fault_of(_error("mopenstack.network.v2", "FLOATING_IP_NOT_FOUND", id="x"))
    assert (fault.reason, fault.facts) == ("FloatingIPNotFound", {"id": "x"})


def test_the_refusals_of_the_engine() -> None:
    """A bad field and the policy's refusal are those classes again."""
    field = fault_of(_error(DOMAIN, "INVALID_FIELD", field='[["a", 0], 5, "maximum", 4]', rule="maximum"))
    assert isinstance(field, InvalidField)
    assert (field.path, field.value, field.rule, field.bound) == (("a", 0), 5, "maximum", 4)
    policy: Fault = fault_of(_error(DOMAIN, "POLICY_REFUSED", rules='["one", "two"]'))
    assert isinstance(policy, PolicyRefused)
    assert policy.rules == ["one", "two"]


class _Ended:
    """A stream without bytes whose end was there before what goes ahead: gRPC's asyncio then gives nothing for that."""

    async def read(self) -> Any:
        return grpc.aio.EOF

    async def initial_metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata()

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        headers = ("x-mopenstack-headers", '{"ETag": "x"}')
        return grpc.aio.Metadata(("x-mopenstack-size", "4"), headers, ("x-content-type", "text/plain"))


async def test_headers_that_the_end_overtook() -> None:
    """A HEAD has no bytes: seen once in 300 on a machine with other work."""
    found = (await _bytes(_Ended(), RequestContext())).result
    assert isinstance(found, ByteStream)
    assert (found.size, found.content_type, found.headers) == (4, "text/plain", {"ETag": "x"})
