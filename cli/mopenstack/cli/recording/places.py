"""Where the services of a cloud are, and where the proxy has them: addresses in what passes are changed both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_VERSION = re.compile(r"/v\d+(\.\d+)?(?=/|\Z)")
_SLUG = re.compile(r"[^a-z0-9-]+")
_END = r"(?=[/?\"'\s<>)\]},;]|\\|\Z)"
SERVICES_MAX = 200


def base_of(url: str) -> str:
    """Scheme, host, port and path of a service, without the version and what follows it."""
    parts = urlsplit(url)
    found = _VERSION.search(parts.path)
    path = parts.path[: found.start()] if found else parts.path
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class Place:
    """One service: its catalog type, its word in the proxy's paths, and its address."""

    service: str
    slug: str
    base: str


class Places:
    """The services that were learned; `local` is the address of the proxy."""

    def __init__(self, local: str) -> None:
        self.local = local
        self._by_slug: dict[str, Place] = {}
        self._by_base: dict[str, Place] = {}
        self._inward: re.Pattern[str] | None = None
        self._outward: re.Pattern[str] | None = None

    def learn(self, service: str, url: str) -> None:
        """Take up a service, unless one is known at that address."""
        base = base_of(url)
        if not base.startswith(("http://", "https://")) or base in self._by_base or len(self._by_base) >= SERVICES_MAX:
            return
        word = re.sub(r"v\d+\Z", "", _SLUG.sub("-", service.lower())) or "service"
        slug, number = word, 1
        while slug in self._by_slug:
            number += 1
            slug = f"{word}-{number}"
        self._by_slug[slug] = self._by_base[base] = Place(service, slug, base)
        self._inward = self._outward = None

    def learn_catalog(self, document: Any) -> None:
        """Take up the services of a catalog in an answer of Keystone."""
        for service, url in endpoints(document):
            self.learn(service, url)

    @property
    def identity(self) -> Place:
        """Keystone, which is the first that is known."""
        return next(iter(self._by_base.values()))

    def find(self, path: str) -> tuple[Place, str] | None:
        """The service that a path of the proxy is for, and the path there."""
        slug, slash, rest = path.lstrip("/").partition("/")
        place = self._by_slug.get(slug)
        return (place, slash + rest) if place is not None else None

    def inward(self, text: str) -> str:
        """A text of the cloud with the proxy's addresses."""
        if self._inward is None:
            self._inward = _any_of(re.sub(r"^https?", "", base) for base in self._by_base)
        return self._inward.sub(lambda found: f"{self.local}/{self._place(found[1]).slug}", text)

    def outward(self, text: str) -> str:
        """A text of a client with the cloud's addresses."""
        if self.local not in text:
            return text
        if self._outward is None:
            self._outward = re.compile(re.escape(self.local) + "/(" + _words(self._by_slug) + ")" + _END)
        return self._outward.sub(lambda found: self._by_slug[found[1]].base, text)

    def named(self, text: str) -> str:
        """A text of the cloud with `{compute}` in the place of an address."""
        if self._inward is None:
            self.inward("")
        assert self._inward is not None
        return self._inward.sub(lambda found: f"{{{self._place(found[1]).slug}}}", text)

    def _place(self, rest: str) -> Place:
        return next(place for base, place in self._by_base.items() if base in (f"http{rest}", f"https{rest}"))


def _any_of(bases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("https?(" + _words(set(bases)) + ")" + _END)


def _words(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def endpoints(document: Any) -> Iterator[tuple[str, str]]:
    """Type and address of every endpoint in an answer that holds a catalog."""
    token = document.get("token") if isinstance(document, dict) else None
    catalog = (token if isinstance(token, dict) else document or {}).get("catalog")
    for entry in catalog if isinstance(catalog, list) else ():
        for endpoint in entry.get("endpoints") or () if isinstance(entry, dict) else ():
            if isinstance(endpoint, dict) and isinstance(endpoint.get("url"), str):
                yield str(entry.get("type") or "service"), endpoint["url"]
