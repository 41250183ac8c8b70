"""Hosts whose names are the beginning of a path: `AUTH-project.swift.localhost` is an account of Swift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mopenstack.gateway.surface import Surface


@dataclass(frozen=True, slots=True)
class Hosted:
    """What a request of such a host is about; an empty `path`: its name stands for nothing."""

    surface: Surface
    cloud_prefix: str
    asked: str
    path: str

    def tell(self, headers: dict[str, str]) -> None:
        """Addresses in an answer are below the host, as the request's is (swift's RewriteContext)."""
        for name in ("Location", "Content-Location"):
            scheme, slashes, rest = headers.get(name, "").partition("://")
            host, slash, path = rest.partition("/")
            told = self.cloud_prefix + self.path
            if slashes and (slash + path).startswith(told):
                below = (slash + path).removeprefix(told)
                headers[name] = f"{scheme}://{host}{self.cloud_prefix}{self.asked}{below}"


class Hosts:
    """The surfaces that have such hosts."""

    def __init__(self, surfaces: Iterable[Surface]) -> None:
        self._found = {surface.domain: surface for surface in surfaces if surface.domain}
        self._domains = tuple(self._found)

    def find(self, host: str, cloud_prefix: str, path: str, only: Surface | None) -> Hosted | None:
        """What a request is about by its host; None for other hosts, and for names that a service does not know."""
        host = host.partition(":")[0]
        if not host.endswith(self._domains):
            return None
        domain = next(domain for domain in self._domains if host.endswith(domain))
        surface = self._found[domain]
        below = surface.dialect.below(host.removesuffix(domain).strip(".").split("."))
        if below is None or only not in (None, surface):
            return None
        return Hosted(surface, cloud_prefix, path, below and below + path)
