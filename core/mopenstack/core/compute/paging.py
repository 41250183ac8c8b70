"""Pages of lists that Nova cuts by other names than the ids of stored objects.

Source: nova/api/openstack/common.py (get_limit_and_marker), nova/objects (the marker of get_by_filters).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mopenstack.compute.v2.refusals import MarkerNotFound, NamedMarkerNotFound

T = TypeVar("T")


def page(
    items: Sequence[T],
    names: Sequence[str],
    marker: str,
    limit: int,
    missing: type[MarkerNotFound | NamedMarkerNotFound] = NamedMarkerNotFound,
) -> tuple[list[T], str]:
    """(items behind the marker, marker of the next page); `names` are those of the items, by which markers go.

    A full page has a next one, be it empty. Raises the refusal of a marker that is not among the names.
    """
    start = 0
    if marker:
        if marker not in names:
            raise missing(marker=marker)
        start = names.index(marker) + 1
    end = start + limit
    return list(items[start:end]), names[end - 1] if start < end <= len(items) else ""
