"""The gRPC stubs that are shipped: every operation, with types."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.service import Service, every

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("service", contract(every()).services, ids=lambda service: service.name)
def test_each_operation_has_a_typed_stub(service: Service) -> None:
    """`<file>_pb2_grpc` beside `<file>_pb2` has the stub; its .pyi names the method."""
    for operation in (one for one in contract(every()).operations if one.package == service.contract):
        declared = operation.request.DESCRIPTOR.file.pool.FindServiceByName(operation.service)
        name = declared.file.name.removesuffix(".proto").replace("/", ".") + "_pb2_grpc"
        module = importlib.import_module(name)
        assert hasattr(module, f"{declared.name}Stub")
        assert hasattr(getattr(module, f"{declared.name}Servicer"), operation.method)
        types = Path(str(module.__file__)).with_suffix(".pyi").read_text()
        assert f"class {declared.name}Stub" in types
        assert f"    {operation.method}: " in types


def test_every_portion_says_that_it_is_typed() -> None:
    """PEP 561: a marker in each package below the namespace `mopenstack`, hand-written or generated."""
    folders = ("core", "gateway", "cli", "conformance", "proto/python")
    portions = [path for folder in folders for path in ROOT.glob(f"{folder}/mopenstack/*")]
    portions += ROOT.glob("proto/gen/mopenstack/*/*")
    assert [str(path) for path in portions if path.name != "__pycache__" and not (path / "py.typed").is_file()] == []
