"""What OpenStack documents, so that what is not served yet can be named: 501 instead of a wrong 404."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mopenstack.gateway.router import Router

DATA = Path(__file__).parent / "data" / "operations.tsv"
"""service, verb, path, action, title, note: what the api-ref sources of the released packages list (Nova 34.0.0,
Keystone 30.0.0, Cinder 29.0.0, Glance 33.0.0, neutron-lib 5.0.1, Placement 16.0.0 and others). `note` tells what the
services removed since, and what only clients know."""


@cache
def documented(service: str) -> Router[tuple[str, str]]:
    """(action, title) by verb and path of one service's documented operations."""
    router: Router[tuple[str, str]] = Router()
    for line in DATA.read_text().splitlines()[1:]:
        type_, verb, path, action, title, _ = line.split("\t")
        if type_ == service:
            router.add(verb, path, (action, title))
    return router
