"""Who may import what: the core knows no gateway, the gateway no core, the suite neither, and nothing in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from mopenstack.contract.service import chosen, installed
from tests.imports import ROOT, circles, imported_modules, imports, modules

FORBIDDEN = {
    "core": ("mopenstack.gateway", "mopenstack.conformance", "mopenstack.cli", "mopenstack.services", "aiohttp"),
    "gateway": ("mopenstack.core", "mopenstack.conformance", "mopenstack.cli", "mopenstack.services"),
    "conformance": ("mopenstack.core", "mopenstack.gateway", "mopenstack.cli", "mopenstack.services"),
    "cli": ("mopenstack.services", "mopenstack.testing"),
    "testing": ("mopenstack.core", "mopenstack.gateway", "mopenstack.conformance", "mopenstack.services", "aiohttp"),
    "proto/python": ("mopenstack.core", "mopenstack.gateway", "mopenstack.conformance", "mopenstack.cli", "aiohttp"),
}
OF_NO_SERVICE = (
    *("core/mopenstack/core/engine", "core/mopenstack/core/store", "core/mopenstack/core/*.py"),
    *("gateway/mopenstack/gateway/codec", "gateway/mopenstack/gateway/answers", "gateway/mopenstack/gateway/*.py"),
    *("cli/mopenstack/cli", "proto/python/mopenstack/contract"),
)
"""What serves every service alike."""


def _files(place: str) -> list[Path]:
    found = sorted(ROOT.glob(place)) if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
    assert found, f"{place} has no modules"
    return found


def _of_service(name: str) -> str:
    """The service that a module, or a package of the contract, belongs to; empty: none."""
    parts = name.split(".")
    place = 2 if parts[:2] in (["mopenstack", "core"], ["mopenstack", "services"]) else 1
    word = parts[place] if len(parts) > place else ""
    return word if parts[0] == "mopenstack" and word in installed() else ""


def _wrong(paths: Iterable[Path], bad: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        for name in sorted(imports(path)):
            if any(name == one or name.startswith(f"{one}.") for one in bad):
                yield f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_layers_keep_apart(layer: str) -> None:
    """No module of a layer imports what the layer must not know."""
    assert list(_wrong(_files(layer), FORBIDDEN[layer])) == []


@pytest.mark.parametrize("place", OF_NO_SERVICE)
def test_what_serves_all_names_no_service(place: str) -> None:
    """Engine, store, codec, contract and command line hold no OpenStack noun: they import no service's modules."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in _files(place)
        for name in sorted(imports(path))
        if _of_service(name) not in ("", "admin")
    ]
    assert wrong == []


@pytest.mark.parametrize("service", sorted(installed()))
def test_a_service_imports_those_that_it_needs(service: str) -> None:
    """What a service's core imports of other services is loaded with it: they are in its `needs`."""
    needed = {one.name for one in chosen([service])}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in _files(f"core/mopenstack/core/{service}")
        for name in sorted(imports(path))
        if _of_service(name) not in ("", *needed)
    ]
    assert wrong == [], f"mopenstack.services.{service} does not need them"


@pytest.mark.parametrize("name", sorted(name for name in modules() if name.startswith("mopenstack.services.")))
def test_a_service_names_its_parts(name: str) -> None:
    """A declaration of a service imports nothing but Service: a service that was not asked for costs nothing."""
    assert imports(modules()[name]) == {"mopenstack.contract.service", "mopenstack.contract.service.Service"}


def test_no_import_circle() -> None:
    """No module imports itself by way of others, at run time, inside of a function or for types alone."""
    found = circles({name: imported_modules(name) for name in modules()})
    assert found == [], "\n\n".join("\n".join(circle) for circle in found)


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a", "e"}, "e": {"d"}, "f": {"a"}}
    assert circles(graph) == [["b", "c"], ["d", "e"]]


def test_portions_of_the_namespace_stay_open() -> None:
    """An __init__.py directly under a `mopenstack` folder would hide the other portions."""
    found = [str(path.relative_to(ROOT)) for path in ROOT.glob("*/mopenstack/__init__.py")]
    found += [str(path.relative_to(ROOT)) for path in ROOT.glob("proto/*/mopenstack/__init__.py")]
    assert found == []
