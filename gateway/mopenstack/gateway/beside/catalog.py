"""The catalog of a Keystone: where the services of the contract are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from mopenstack.contract.v1 import annotations_pb2

INTERFACES = ("internal", "public", "admin")
"""Which endpoint is asked, the first that there is. Source: keystoneauth1, valid_interfaces of services."""
ALIASES = (frozenset({"volumev3", "block-storage", "block-store", "volume"}), frozenset({"network", "networking"}))
"""Types that mean the same service. Source: os-service-types."""

_VERSION = re.compile(r"v\d+(\.\d+)?")


class Catalog:
    """The services that a token's catalog lists; `region` empty: of whichever region."""

    def __init__(self, listed: Iterable[Mapping[str, Any]], region: str = "") -> None:
        self._places: dict[str, str] = {}
        for service in listed:
            url = _url(service.get("endpoints", ()), region)
            if url:
                self._places.setdefault(str(service.get("type", "")), url)

    def place(self, api: annotations_pb2.Api) -> str:
        """The endpoint of an API; empty where the catalog lacks it."""
        for type in types_of(api):
            if type in self._places:
                return self._places[type]
        return ""


def types_of(api: annotations_pb2.Api) -> list[str]:
    """The catalog types that mean an API, its own first."""
    own = [api.type, *(entry.type for entry in api.catalog if entry.type)]
    return [*own, *sorted(other for group in ALIASES if api.type in group for other in group if other not in own)]


def _url(endpoints: Iterable[Mapping[str, Any]], region: str) -> str:
    fit = [one for one in endpoints if not region or one.get("region_id", one.get("region")) == region]
    by_interface = {one.get("interface"): str(one.get("url", "")) for one in reversed(fit)}
    return next((by_interface[one] for one in INTERFACES if by_interface.get(one)), "")


def address(endpoint: str, path: str, project_id: str, *, has_project: bool) -> str:
    """The URL of a path of the contract ("/v3/volumes") below an endpoint, whatever of a version it ends with.

    `has_project`: the API may have the project behind the version; it has where the endpoint has something there.
    """
    parts = urlsplit(endpoint)
    before: list[str] = []
    behind = False
    for segment in parts.path.strip("/").split("/"):
        if _VERSION.fullmatch(segment):
            behind = not parts.path.rstrip("/").endswith(segment)
            break
        before.append(segment)
    root = f"{parts.scheme}://{parts.netloc}" + "".join(f"/{one}" for one in before if one)
    version, slash, rest = path[1:].partition("/")
    if has_project and behind and project_id:
        return f"{root}/{version}/{project_id}{slash}{rest}"
    return root + path
