"""Who may import whom: the core knows no gateway, the gateway no core, the suite neither."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "core": ("mopenstack.gateway", "mopenstack.conformance", "mopenstack.cli", "aiohttp"),
    "gateway": ("mopenstack.core", "mopenstack.conformance", "mopenstack.cli"),
    "conformance": ("mopenstack.core", "mopenstack.gateway", "mopenstack.cli"),
    "proto/python": ("mopenstack.core", "mopenstack.gateway", "mopenstack.conformance", "mopenstack.cli", "aiohttp"),
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_layers_keep_apart(layer: str) -> None:
    """No module of a layer imports what the layer must not know."""
    files = sorted((ROOT / layer).rglob("*.py"))
    assert files, f"{layer} has no modules"
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in sorted(_imports(path))
        if any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN[layer])
    ]
    assert wrong == []


def test_the_engine_names_no_service() -> None:
    """The engine and the store hold no OpenStack noun: they import no service's messages."""
    services = ("compute", "network", "identity", "image", "volume")
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for folder in ("engine", "store")
        for path in sorted((ROOT / "core/mopenstack/core" / folder).rglob("*.py"))
        for name in _imports(path)
        if any(name.startswith((f"mopenstack.{service}", f"mopenstack.core.{service}")) for service in services)
    ]
    assert wrong == []


def test_portions_of_the_namespace_stay_open() -> None:
    """An __init__.py directly under a `mopenstack` folder would hide the other portions."""
    found = [str(path.relative_to(ROOT)) for path in ROOT.glob("*/mopenstack/__init__.py")]
    assert found == []
