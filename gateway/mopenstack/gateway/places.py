"""Which API a path belongs to: by its prefix, one segment of the path or more."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.gateway.responses import first_segment
from mopenstack.gateway.surface import Surface


class Places:
    """Where the surfaces of one port are."""

    def __init__(self, surfaces: Iterable[Surface]) -> None:
        self._first: dict[str, Surface] = {}
        """First segment -> the API that has all of it."""
        longer: list[tuple[str, str, Surface]] = []
        for surface in surfaces:
            prefix = surface.api.prefix
            if first_segment(prefix)[1]:
                longer.append((prefix, "", surface))
            else:
                self._first[prefix] = surface
            longer += [(place, kept, surface) for place, kept in surface.dialect.other_places.items()]
        self._longer: dict[str, list[tuple[str, str, Surface]]] = {}
        """First segment -> (prefix, what of it the API's own path begins with, the API), the longest first."""
        for item in sorted(longer, key=lambda item: -len(item[0])):
            self._longer.setdefault(first_segment(item[0])[0], []).append(item)

    def find(self, path: str) -> tuple[Surface | None, str]:
        """The API of a path, and the path behind its prefix; nothing where it belongs to none."""
        segment, rest = first_segment(path)
        for prefix, kept, surface in self._longer.get(segment, ()):
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return surface, kept + path[len(prefix) :]
        found = self._first.get(segment)
        return found, rest if found is not None else ""
