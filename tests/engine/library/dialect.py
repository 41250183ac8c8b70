"""The library's dialect: the common one, with microversions and every key that a list's query may have."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.gateway.dialects.base import Dialect


class LibraryDialect(Dialect):
    reserved = frozenset(
        {"limit", "marker", "offset", "page_reverse", "sort", "sort_key", "sort_dir", "fields", "all_projects"}
    )

    def microversion(self, headers: Mapping[str, str]) -> int:
        return self._from_headers(headers, "library", "X-Library-Version")
