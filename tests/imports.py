"""What the modules of the distribution import, read from their source: runtime, local and type-only imports alike."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAYERS = ("core", "gateway", "conformance", "cli", "testing", "proto/python")


@cache
def _imports(path: Path) -> frozenset[tuple[str, str]]:
    """(a, b) of each `from a import b` and (a, "") of each `import a` in a file."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {(node.module, alias.name) for alias in node.names}
    return frozenset(found)


def imports(path: Path) -> set[str]:
    """Everything that a file imports: of `from a import b` both `a` and `a.b`."""
    return {name for module, part in _imports(path) for name in (module, f"{module}.{part}".rstrip("."))}


@cache
def modules() -> Mapping[str, Path]:
    """Module name -> file, of every layer."""
    found = {}
    for layer in LAYERS:
        for path in sorted((ROOT / layer / "mopenstack").rglob("*.py")):
            parts = path.relative_to(ROOT / layer).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_modules(name: str) -> set[str]:
    """The modules of the distribution that a module names: `from package import module` is the module alone."""
    known = modules()
    found = {f"{module}.{part}" if f"{module}.{part}" in known else module for module, part in _imports(known[name])}
    return {one for one in found if one in known and one != name}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            component = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(component) > 1:
                found.append(sorted(component))

    for module in sorted(graph):
        if module not in order:
            visit(module)
    return found
