"""A trie over path segments: the cost of a route does not grow with their number."""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")

TAIL = "=**}"
"""Ends a variable that holds all the rest of a path, slashes included: `{object=**}`."""


class Node(Generic[T]):
    __slots__ = ("leaves", "literals", "tail", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, Node[T]] = {}
        self.variable: Node[T] | None = None
        self.tail: Node[T] | None = None
        self.leaves: dict[str, list[tuple[tuple[str, ...], T]]] = {}


class Router(Generic[T]):
    """Paths are templates with `{variables}`; a literal segment wins over a variable, and both over a tail."""

    def __init__(self) -> None:
        self._root: Node[T] = Node()

    def add(self, verb: str, template: str, value: T) -> list[tuple[tuple[str, ...], T]]:
        """All values that now share the verb and path."""
        node = self._root
        names = []
        for segment in _segments(template):
            if segment.startswith("{") and segment.endswith(TAIL):
                names.append(segment[1 : -len(TAIL)])
                node.tail = node.tail or Node()
                node = node.tail
            elif segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                node.variable = node.variable or Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment, Node())
        leaves = node.leaves.setdefault(verb, [])
        leaves.append((tuple(names), value))
        return leaves

    def spell_both_ways(self) -> None:
        """Collections are found with hyphens as with underscores: literals above or before a variable, no actions."""
        self._spell(self._root, above=True)

    def _spell(self, node: Node[T], *, above: bool) -> None:
        for segment, child in list(node.literals.items()):
            self._spell(child, above=above)
            if above or child.variable is not None:
                for other in (segment.replace("_", "-"), segment.replace("-", "_")):
                    node.literals.setdefault(other, child)
        if node.variable is not None:
            self._spell(node.variable, above=False)

    def find(self, path: str) -> tuple[Node[T], list[str]] | None:
        """The node of a raw path and the values of its variables, or None."""
        segments = _segments(path)
        if "%" in path:
            segments = [unquote(segment) for segment in segments]
        node = self._root
        values: list[str] = []
        for place, segment in enumerate(segments):
            literal = node.literals.get(segment)
            if node.tail is not None or (literal is not None and node.variable is not None):
                return self._find(node, segments, place, values)  # more than one way leads on
            if literal is not None:
                node = literal
            elif node.variable is None or not segment:
                return None
            else:
                values.append(segment)
                node = node.variable
        return (node, values) if node.leaves else None

    def _find(
        self, node: Node[T], segments: list[str], place: int, values: list[str]
    ) -> tuple[Node[T], list[str]] | None:
        if place == len(segments):
            return (node, values) if node.leaves else None
        segment = segments[place]
        literal = node.literals.get(segment)
        if literal is not None:
            found = self._find(literal, segments, place + 1, values)
            if found is not None:
                return found
        if node.variable is not None and segment:
            found = self._find(node.variable, segments, place + 1, [*values, segment])
            if found is not None:
                return found
        if node.tail is not None and any(segments[place:]):
            return node.tail, [*values, "/".join(segments[place:])]
        return None


def _segments(path: str) -> list[str]:
    return path.removeprefix("/").split("/")
