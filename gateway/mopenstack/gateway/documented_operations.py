"""What OpenStack documents, so that what is not served can be named: 501 instead of a wrong 404.

One file a service, `documented/<service>.tsv`: verb, path, action, title, note. They are what the api-ref sources of
the released packages list (Nova 34.0.0, Keystone 30.0.0, Cinder 29.0.0, Glance 33.0.0, neutron-lib 5.0.1, Placement
16.0.0 and others), without the project that some services take in front of a path. `note` tells what the services
removed since, and what only clients know.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mopenstack.contract.service import Service
from mopenstack.gateway.router import Router

FOLDER = Path(__file__).parent / "documented"

Documented = Router[tuple[str, str]]
"""(action, title) by verb and path."""


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of one of the files."""
    with path.open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def path_of(service: Service) -> Path | None:
    """The file of a service's documented operations; None where it names none."""
    if not service.operations:
        return None
    package, _, name = service.operations.partition(":")
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"{service.name}: there is no package {package}"
    return Path((spec.submodule_search_locations or [""])[0]) / name


@cache
def documented(path: Path | None) -> Documented:
    """The documented operations of one file."""
    router: Documented = Router()
    for row in rows(path) if path is not None else ():
        router.add(row["verb"], row["path"], (row["action"], row["title"]))
    return router
