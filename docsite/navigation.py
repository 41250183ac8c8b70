"""Which pages there are and where the navigation has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SETTINGS = "docsite/site.yaml"


class NavigationError(Exception):
    """The navigation and the pages are not the same set."""


def named(nav: Any) -> Iterator[str]:
    """The pages that a navigation names, in its order."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for inner in nav.values():
            yield from named(inner)
    else:
        for inner in nav:
            yield from named(inner)


def check(nav: Any, pages: Mapping[str, str]) -> None:
    """Raise NavigationError unless the navigation names each page once, and no other.

    `pages` are paths in the repository -> paths in the site.
    """
    there, listed = set(pages.values()), list(named(nav))
    wrong = [
        f"{page} is in no section of the navigation: add {place} under `nav` in {SETTINGS}"
        for page, place in sorted(pages.items())
        if place not in listed
    ]
    wrong += [f"{SETTINGS} names {page}, and there is no such page" for page in sorted(set(listed) - there)]
    wrong += [f"{SETTINGS} names {page} twice" for page in sorted({one for one in listed if listed.count(one) > 1})]
    if wrong:
        raise NavigationError("\n".join(wrong))
