"""Which services are served: those asked for with all that they need; and how a service's parts are put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest
from mopenstack_tests.library.v1 import books_pb2, shelves_pb2

from mopenstack.contract import kept
from mopenstack.contract import service as service_module
from mopenstack.contract.contract import Contract, api_of
from mopenstack.contract.service import Service, UnknownService, chosen, installed, named
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.options import BadOption, Option, Options, UnknownOption, parsed, switch
from mopenstack.core.engine.plans import Declared, make_plan
from mopenstack.core.engine.registry import Registry
from mopenstack.core.store.transaction import Watched
from tests.engine.conftest import CONTRACT, Library
from tests.engine.library import SERVICE
from tests.engine.library.core import quotas, readers

SERVICES = {
    "d": Service("d", "d.v1", needs=("c",)),
    "a": Service("a", "a.v1"),
    "b": Service("b", "b.v1", needs=("a",)),
    "c": Service("c", "c.v1", needs=("b", "a")),
    "z": Service("z", "z.v1", always=True),
}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other services than the installed ones."""
    monkeypatch.setattr(service_module, "installed", lambda: SERVICES)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (None, "zabcd"),  # every one, each after what it needs
        ([], "z"),  # what is always loaded
        (["a"], "za"),
        (["c"], "zabc"),  # all that is needed, directly or not
        (["d", "a", "d"], "zabcd"),
        (["b", "z"], "zab"),
    ],
)
def test_chosen(names: list[str] | None, expected: str) -> None:
    assert "".join(service.name for service in chosen(names)) == expected


@pytest.mark.usefixtures("known")
def test_an_unknown_service() -> None:
    with pytest.raises(UnknownService, match="no service 'e'; these are installed: a, b, c, d, z"):
        chosen(["a", "e"])


@dataclass
class Entry:
    """An entry point."""

    name: str
    loaded: Any

    def load(self) -> Any:
        return self.loaded


@pytest.mark.parametrize("loaded", [Service("other", "x"), object()])
def test_an_entry_point_names_the_service_it_is(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry("x", loaded)])
    monkeypatch.setenv(kept.VARIABLE, "")
    with pytest.raises(TypeError, match=r"'x' of mopenstack\.services is not the Service of that name"):
        installed.__wrapped__()


def test_named() -> None:
    assert named("tests.engine.library:SERVICE") is SERVICE


# -- the contract of a service


def test_what_a_contract_holds() -> None:
    assert set(CONTRACT.apis) == {SERVICE.contract}
    assert api_of(SERVICE.contract) == CONTRACT.apis[SERVICE.contract]
    assert api_of("no.such.package") is None
    assert CONTRACT.service_of(SERVICE.contract) is SERVICE
    assert {kind: message.DESCRIPTOR.name for kind, message in CONTRACT.resources.items()} == {
        "quota_limits": "QuotaLimits",
        "shelf": "Shelf",
        "book": "Book",
        "chapter": "Chapter",
        "reader": "Reader",
        "subscription": "Subscription",
        "subscription_note": "SubscriptionNote",
    }
    assert CONTRACT.by_name["mopenstack_tests.library.v1.Books.GetBook"].handler == "get_book"


def test_a_kind_of_two_messages() -> None:
    twice = Contract([SERVICE, SERVICE])
    with pytest.raises(ValueError, match="two messages are stored as"):
        _ = twice.resources


@pytest.mark.parametrize(
    ("rpc", "routes", "kind_of_write", "statuses"),
    [
        ("CreateBook", [("POST", "/v1/books")], "create", {3: 201, 4: 202, 9: 202}),
        ("UpdateBook", [("PUT", "/v1/books/{book_id}")], "update", {1: 200}),
        ("DeleteBook", [("DELETE", "/v1/books/{book_id}")], "other", {1: 204}),
        ("GetCard", [("HEAD", "/v1/books/{book_id}")], "other", {1: 204}),
        ("LendBook", [("POST", "/v1/books/{book_id}/action")], "other", {1: 202}),
        ("GetPlace", [("GET", "/v1/shelves/{shelf_id}/places/{place=**}")], "other", {1: 200}),
    ],
)
async def test_operations(library: Library, rpc: str, routes: Any, kind_of_write: str, statuses: Any) -> None:
    operation = library.operation(rpc)
    assert [(route.verb, route.path) for route in operation.routes] == routes
    assert operation.kind_of_write == kind_of_write
    assert {version: operation.status(version) for version in statuses} == statuses


async def test_microversions_of_operations(library: Library) -> None:
    repair, lend = library.operation("RepairBook"), library.operation("LendBook")
    assert [repair.has(version) for version in (1, 2, 3, 9)] == [False, False, True, True]
    assert lend.has(1)


# -- put together


def _registry(core: ModuleType, monkeypatch: pytest.MonkeyPatch, **values: Any) -> Registry:
    """The library with more values in its core's package."""
    for name, value in values.items():
        monkeypatch.setattr(core, name, value, raising=False)
    return Registry(CONTRACT)


def test_values_of_modules_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options, watched packages and whatever else a service declares are values of its modules."""
    from tests.engine.library import core

    found = _registry(core, monkeypatch, SPEED=switch("library.fast", True, "Fast."), WATCHED=Watched("p"))
    assert [option.name for option in found.options] == ["cloud.release", "library.fast", "lists.ignore_case"]
    assert found.watched == "p"
    assert set(found.quotas) == {"library"}
    assert set(found.owners) == {"shelf", "book", "chapter", "reader"}
    assert set(found.lifecycles) == {"book"}
    assert len(found.plans) == len(CONTRACT.operations) - 1, "all but Forget"


def _declared(**changes: Any) -> Callable[[], Any]:
    found = Registry(CONTRACT)
    parts: Any = {(one.kind, one.field): one for one in (readers.REMARKS, readers.WISHES)}
    associations = {"subscription": readers.SUBSCRIPTIONS}
    labels = {("shelf", "labels"): Collection("shelf", "labels")}
    whole = Declared(found.owners, found.lifecycles, labels, associations, parts, {SERVICE.contract: quotas.RULES})
    declared = replace(whole, **changes)
    return lambda: [make_plan(plan.operation, plan.servicer, declared) for plan in found.plans.values()]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"lifecycles": {}}, "LendBook: the lifecycle of its target has no row 'lend'"),
        ({"owners": {}}, "its target '.*' is not served"),
        ({"associations": {}}, "no module holds the rules of the association 'subscription'"),
        ({"quota_sets": {}}, "its service gives no QuotaSetRules"),
        ({"parts": {}}, "no Parts says what reader.remarks is"),
    ],
)
def test_declarations_that_do_not_fit(changes: dict[str, Any], text: str) -> None:
    """They are found when the service is loaded, not at the first call."""
    assert _declared()()
    with pytest.raises(ValueError, match=text):
        _declared(**changes)()


# -- options of a cloud


SIZE = Option("size", "1", "How large.", check=lambda value: "" if value.isdigit() else "it is a number")
OPTIONS = Options([switch("on", False, "Whether."), SIZE, Option("color", "red", "Which.", ("red", "blue"))])


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        ({"on": "true", "size": "7", "color": "blue"}, None, ""),
        ({"of": "true"}, UnknownOption, "no option 'of'; these are: color, on, size"),
        ({"on": "yes"}, BadOption, "on cannot be 'yes': it is one of true, false"),
        ({"size": "x"}, BadOption, "it is a number"),
        ({"size": "1" * 1001}, BadOption, "1000 characters"),
    ],
)
def test_options_are_checked(values: dict[str, str], error: type[Exception] | None, text: str) -> None:
    if error is None:
        assert OPTIONS.checked(values) == values
        return
    with pytest.raises(error, match=text):
        OPTIONS.checked(values)


def test_options_as_the_command_line_has_them() -> None:
    assert parsed(["a=b", " c = d=e "]) == {"a": "b", "c": "d=e"}
    with pytest.raises(BadOption, match="write NAME=VALUE"):
        parsed(["a"])


async def test_an_option_is_applied(library: Library) -> None:
    applied: list[str] = []

    async def apply(call: Any, value: str) -> None:
        applied.append(value)

    options = Options([Option("x", "1", "X.", apply=apply), SIZE])
    await options.apply(None, {"x": "2", "size": "3"})
    assert applied == ["2"]
    assert (library.cloud.option(SIZE), library.cloud.enabled(switch("y", True, "Y."))) == ("1", True)


def test_messages_have_one_class() -> None:
    """The class that the contract gives is the generated module's."""
    assert CONTRACT.resources["book"] is books_pb2.Book
    assert CONTRACT.resources["shelf"] is shelves_pb2.Shelf
