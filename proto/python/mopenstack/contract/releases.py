"""What releases of OpenStack have, where that is less than what is served: releases.tsv, read when a cloud is of one.

Columns of the file: release, type of the API, what it is (`microversion`: the highest one; `service`: the one word by
which headers name the service; `extension`: one of Neutron that the release does not have yet), value, and where that
stands: package and version on PyPI, file, name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("releases.tsv")
RELEASES = ("2025.1", "2025.2", "2026.1")
LATEST_RELEASE = "latest"
"""All that is served."""


@cache
def _rows() -> list[tuple[str, str, str, str]]:
    lines = FILE.read_text("utf-8").splitlines()
    return [(release, api, what, value) for release, api, what, value, _ in (line.split("\t") for line in lines)]


@cache
def ceiling(release: str, api: str) -> str:
    """The highest microversion of an API in a release; of one without microversions, the release itself."""
    return _value(release, api, "microversion") or release


@cache
def service_word(release: str, api: str) -> str:
    """The one word by which headers of an API name the service in a release; empty: as in the latest one."""
    return _value(release, api, "service")


def _value(release: str, api: str, kind: str) -> str:
    return next((value for of, type, what, value in _rows() if (of, type, what) == (release, api, kind)), "")


@cache
def without(release: str) -> frozenset[str]:
    """The aliases of the extensions of Neutron that a release does not have."""
    return frozenset(value for of, _, what, value in _rows() if (of, what) == (release, "extension"))
