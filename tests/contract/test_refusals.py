"""The refusals of every package: the classes that the build writes are those made of the descriptors at run time."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

import pytest

from mopenstack.contract import faults
from mopenstack.contract.contract import contract
from mopenstack.contract.refusals import refusals
from mopenstack.contract.service import every

PACKAGES = [service.contract for service in contract(every()).services]


def _facts(refusal: type[faults.Fault]) -> dict[str, Any]:
    """What a refusal's class says, bases included."""
    names = ("code", "message", "name", "domain", "type", "error_code", "__name__")
    return {name: getattr(refusal, name) for name in names} | {"bases": [base.__name__ for base in refusal.__mro__]}


@pytest.mark.parametrize("package", PACKAGES)
def test_written_and_made_are_the_same(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec(f"{package}.refusals") is None:
        return  # it refuses nothing of its own
    written = importlib.import_module(f"{package}.refusals")
    monkeypatch.setattr(faults, "_declared", {})
    monkeypatch.delitem(sys.modules, f"{package}.refusals")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    made = refusals(package)
    names = [name for name, value in vars(made).items() if isinstance(value, type)]
    assert names
    assert {name: _facts(getattr(made, name)) for name in names} == {
        name: _facts(getattr(written, name)) for name in names
    }
