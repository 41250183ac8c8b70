"""Which resource depends on which. Source: heat/engine/dependencies.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mopenstack.orchestration.v1.refusals import CircularDependencyException


def ordered(requires: Mapping[str, Iterable[str]], label: Callable[[str], str]) -> list[str]:
    """The names in an order in which each comes behind what it requires.

    Raises CircularDependencyException, which shows what is left of the graph, each node by its label.
    """
    left: dict[str, set[str]] = {}
    for name, needed in requires.items():
        for other in needed:
            left.setdefault(other, set())
            left.setdefault(name, set()).add(other)
        left.setdefault(name, set())
    required_by: dict[str, list[str]] = {}
    for name, needs in left.items():
        for other in needs:
            required_by.setdefault(other, []).append(name)
    ready = [name for name, needs in left.items() if not needs]
    found: list[str] = []
    for name in ready:  # grows
        found.append(name)
        for other in required_by.get(name, ()):
            left[other].discard(name)
            if not left[other]:
                ready.append(other)
    if len(found) < len(left):
        nodes = (
            f"{label(name)}: {{{', '.join(label(other) for other in sorted(needs))}}}"
            for name, needs in left.items()
            if needs
        )
        raise CircularDependencyException(cycle=f"{{{', '.join(nodes)}}}")
    return found


def backwards(requires: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Name -> names of those that require it."""
    found: dict[str, list[str]] = {name: [] for name in requires}
    for name, needed in requires.items():
        for other in needed:
            found.setdefault(other, []).append(name)
    return found
