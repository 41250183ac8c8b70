"""Refusals of a package: classes made at run time are those that the build writes; what travels over gRPC."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import google.api
import pytest
from grpc_tools import protoc
from mopenstack_tests.library.v1 import library_pb2

from mopenstack.contract import faults
from mopenstack.contract.refusals import class_name, refusals
from tests.engine.library import CONTRACT_FOLDER

PACKAGE = "mopenstack_tests.library.v1"
PROTO = Path(__file__).parents[2] / "proto"
errors: Any = refusals(PACKAGE)


def _facts(refusal: type[faults.Fault]) -> dict[str, Any]:
    """What a refusal's class says, bases included."""
    names = ("code", "message", "name", "domain", "type", "error_code", "__name__")
    return {name: getattr(refusal, name) for name in names} | {"bases": [base.__name__ for base in refusal.__mro__]}


def _generated(package: str, files: list[Path], includes: list[Path], out: Path) -> dict[str, Any]:
    """The module that the build writes for a package of these files."""
    folder = out / package.replace(".", "/")
    folder.mkdir(parents=True)
    build = runpy.run_path(str(PROTO / "generate.py"))
    build["write_refusals"](build["_descriptors"]([str(file) for file in files], out, includes), out)
    return runpy.run_path(str(folder / "refusals.py"))


def test_generated_classes_are_those_made_at_run_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_declared", {})
    includes = [CONTRACT_FOLDER, PROTO, Path(next(iter(google.api.__path__))).parents[1]]
    includes.append(Path(protoc.__file__).parent / "_proto")
    files = [CONTRACT_FOLDER / PACKAGE.replace(".", "/") / "library.proto"]
    written = _generated(PACKAGE, files, includes, tmp_path)
    values = [value.name for value in library_pb2.Refusal.DESCRIPTOR.values if value.number]
    assert len(values) == 21
    for value in values:
        name = class_name(value)
        assert _facts(written[name]) == _facts(getattr(errors, name))
    assert written["ShelfInUse"].__doc__ == "A shelf with books stays."


def test_made_once() -> None:
    assert refusals(PACKAGE) is errors
    with pytest.raises(KeyError):
        refusals("mopenstack.contract.v1")


@pytest.mark.parametrize(
    ("refusal", "base", "text", "reason", "error_reason", "facts"),
    [
        (
            errors.ShelfNotFound(id="s"),
            faults.NotFound,
            "Shelf s could not be found.",
            "ShelfNotFound",
            "SHELF_NOT_FOUND",
            {"id": "s"},
        ),
        (
            errors.BookNotFound(id="b"),
            faults.NotFound,
            "Book b could not be found.",
            "NoBook",  # the name that the service itself gives it
            "BOOK_NOT_FOUND",
            {"id": "b"},
        ),
        (
            errors.BookLocked("Hands off", id="b"),  # another text, the same facts
            errors.WrongState,
            "Hands off",
            "BookLocked",
            "BOOK_LOCKED",
            {"id": "b", "error_code": "library.wrong_state"},  # as its base
        ),
        (
            errors.WrongState(action="a", id="b", state="s"),
            faults.Conflict,
            "Cannot a book b while it is s.",
            "WrongState",
            "WRONG_STATE",
            {"action": "a", "id": "b", "state": "s", "error_code": "library.wrong_state"},
        ),
        (
            faults.Unauthorized(),
            faults.Fault,
            "The request you have made requires authentication.",
            "Unauthorized",
            "UNAUTHORIZED",
            {},
        ),
        (
            faults.PolicyRefused(["a", "b"]),
            faults.Forbidden,
            "Policy doesn't allow a to be performed.",
            "PolicyRefused",
            "POLICY_REFUSED",
            {"rules": "a,b"},
        ),
    ],
)
def test_what_a_refusal_says(
    refusal: faults.Fault, base: type, text: str, reason: str, error_reason: str, facts: dict[str, Any]
) -> None:
    assert isinstance(refusal, base)
    assert (str(refusal), refusal.reason, refusal.error_reason) == (text, reason, error_reason)
    assert refusal.facts == facts


def test_a_fact_that_is_missing() -> None:
    with pytest.raises(KeyError, match="id"):
        errors.ShelfNotFound()


def test_found_again_by_domain_and_reason() -> None:
    assert faults.declared(PACKAGE, "SHELF_IN_USE") is errors.ShelfInUse
    assert faults.declared(PACKAGE, "UNHEARD_OF") is None
    remote = faults.RemoteFault("ABORTED", "SomeReason", "text", {"a": "b"})
    assert (remote.code, remote.reason, remote.text, remote.facts) == ("ABORTED", "SomeReason", "text", {"a": "b"})


def test_every_code_has_its_base() -> None:
    assert {code: base.code for code, base in faults.BASES.items()} == {code: code for code in faults.BASES}
    assert set(runpy.run_path(str(PROTO / "generate.py"))["BASES"]) == set(faults.BASES)
