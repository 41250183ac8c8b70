"""Metadata and settings of accounts and containers: what a request sets and removes."""

from __future__ import annotations

from mopenstack.core.object_store import limits
from mopenstack.core.object_store.requests import Request


def change(req: Request, kind: str, metadata: dict[str, str]) -> None:
    """Set and remove metadata in place, as X-<kind>-Meta-* and X-Remove-<kind>-Meta-* say; refuses too many."""
    new = dict(metadata)
    for name in req.headers.under(f"x-remove-{kind}-meta-"):
        new[name] = ""
    for name, value in req.headers.under(f"x-{kind}-meta-").items():
        new[name] = value  # what a request removes and sets is set
    kept = {name: value for name, value in new.items() if value}
    limits.check_total(kept)
    metadata.clear()
    metadata.update(kept)


def change_settings(req: Request, settings: dict[str, str], names: tuple[str, ...]) -> None:
    """Set and remove what is no metadata, in place: an empty value removes, as X-Remove-* does."""
    for name in names:
        value = req.headers.get(name)
        if "x-remove-" + name.removeprefix("x-") in req.headers and not value:
            value = ""
        if value is None:
            continue
        if value:
            settings[name] = value
        else:
            settings.pop(name, None)


def shown(metadata: dict[str, str], prefix: str) -> dict[str, str]:
    """As headers of an answer."""
    return {prefix + name.title(): value for name, value in sorted(metadata.items())}
