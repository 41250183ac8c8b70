"""A Keystone and the services of its catalog, asked by the contract's own words (contract.elsewhere.Elsewhere)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urljoin

from google.protobuf.message import Message

from mopenstack.contract.contract import Contract
from mopenstack.contract.elsewhere import Question
from mopenstack.contract.faults import Unavailable
from mopenstack.contract.operations import LATEST, minor
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.beside.catalog import Catalog, address, types_of
from mopenstack.gateway.beside.http import Http
from mopenstack.gateway.beside.incoming import refusal, response
from mopenstack.gateway.beside.keystone import Keystone, Own
from mopenstack.gateway.beside.outgoing import outgoing

PAGES_MAX = 1_000
"""Pages that a list is read of."""


class Client:
    """What is asked of services elsewhere; `here` are the packages that this process serves whatever the catalog says.

    The package of `identity` is never served here.
    """

    def __init__(self, contract: Contract, keystone: Keystone, http: Http, here: Collection[str], region: str) -> None:
        self._contract, self._keystone, self._http = contract, keystone, http
        self._here, self._region = frozenset(here), region
        self._identity = next(service.contract for service in contract.services if service.authenticate)
        self._catalog: Catalog | None = None
        self._of: Own | None = None
        self._highest: dict[str, int] = {}
        """Endpoint -> the number behind the dot of its highest microversion."""

    @property
    def auth_url(self) -> str:
        return self._keystone.auth_url

    async def look(self) -> None:
        """Know the catalog as the service's present token has it; raises Unavailable."""
        own = await self._keystone.own()
        if own is not self._of:
            self._of, self._catalog = own, Catalog(own.catalog, self._region)

    def has(self, package: str) -> bool:
        """Whether calls of a package go to a service of the catalog."""
        if package == self._identity:
            return True
        if package in self._here or self._catalog is None or package not in self._contract.apis:
            return False
        api = self._contract.apis[package]
        return bool(api.catalog) and bool(self._catalog.place(api))

    def place(self, package: str) -> str:
        """The address of that service."""
        if package == self._identity:
            return self.auth_url
        return "" if self._catalog is None else self._catalog.place(self._contract.apis[package])

    async def token(self, token: str, *, expired: bool) -> Mapping[str, Any] | None:
        """Keystone's document of a token; None for one that it refuses."""
        await self.look()
        return await self._keystone.document(token, expired=expired)

    async def ask(self, question: Question) -> Message:
        """The response message; raises the refusal of the service, or Unavailable."""
        own = await self._keystone.own()
        operation = question.operation
        api = self._contract.apis[operation.package]
        endpoint = self.place(operation.package)
        asked_for = min(question.microversion, await self._microversion(api, endpoint))
        sent = outgoing(operation, question.request, asked_for if api.microversion_max else LATEST)
        headers = {**sent.headers, **self._tokens(question, own), **_version_headers(api, asked_for)}
        url = address(endpoint, sent.path, question.project_id or own.project_id, has_project=bool(api.optional_prefix))
        document: Any = None
        query = sent.query
        for _ in range(PAGES_MAX):
            answer = await self._http.ask(sent.verb, url, query, headers, sent.body)
            if answer.status == 401 and not question.token:
                self._keystone.forget(own)
            if answer.status >= 300:
                raise refusal(operation.package, answer.status, answer.body)
            page = answer.json() if operation.response.DESCRIPTOR.fields else None
            document = page if document is None else _joined(document, page)
            following = _next(page) if operation.method.startswith("List") else ""
            if not following:
                return response(operation, document, answer.headers, asked_for if api.microversion_max else LATEST)
            url, query = _same_place(url, following), []
        raise Unavailable(f"{operation.name}: the list has more than {PAGES_MAX} pages.")

    async def close(self) -> None:
        await self._http.close()

    def _tokens(self, question: Question, own: Own) -> dict[str, str]:
        if not question.token:
            return {"X-Auth-Token": own.token}
        return {"X-Auth-Token": question.token, "X-Service-Token": own.token}

    async def _microversion(self, api: annotations_pb2.Api, endpoint: str) -> int:
        """The highest microversion that both know; LATEST for an API without."""
        if not api.microversion_max:
            return LATEST
        found = self._highest.get(endpoint)
        if found is None:
            major = f"v{api.microversion_max.partition('.')[0]}"
            root = address(endpoint, "/", "", has_project=False)
            answer = await self._http.ask("GET", root)
            versions = answer.json() if answer.status in (200, 300) else None
            listed = versions.get("versions", ()) if isinstance(versions, dict) else ()
            theirs = next((one.get("version", "") for one in listed if str(one.get("id", "")).startswith(major)), "")
            found = self._highest[endpoint] = min(minor(theirs, 0), minor(api.microversion_max, LATEST))
        return found


def _version_headers(api: annotations_pb2.Api, microversion: int) -> dict[str, str]:
    if not api.microversion_max:
        return {}
    version = f"{api.microversion_max.partition('.')[0]}.{microversion}"
    word = "volume" if "block-storage" in types_of(api) else api.type
    headers = {"OpenStack-API-Version": f"{word} {version}"}
    if api.type == "compute":
        headers["X-OpenStack-Nova-API-Version"] = version
    return headers


def _next(page: Any) -> str:
    """The link to the next page of a list."""
    if not isinstance(page, dict):
        return ""
    if isinstance(page.get("next"), str):
        return str(page["next"])
    for key, links in page.items():
        if key.endswith("_links") and isinstance(links, list):
            for link in links:
                if isinstance(link, dict) and link.get("rel") == "next":
                    return str(link.get("href", ""))
    return ""


def _same_place(url: str, following: str) -> str:
    """The next page, at the host that was asked: what a link says of the host may be what clients elsewhere use."""
    target = urljoin(url, following)
    path = "/" + "/".join(target.split("/")[3:])
    if urljoin(url, path).partition("?")[0] != url.partition("?")[0]:
        return url.partition("?")[0] + ("?" + target.partition("?")[2] if "?" in target else "")
    return urljoin(url, path)


def _joined(document: Any, page: Any) -> Any:
    """A list's document with the objects of its next page."""
    if not isinstance(page, dict):
        return document
    for key, value in page.items():
        if isinstance(value, list) and isinstance(document.get(key), list) and not key.endswith("_links"):
            document[key] += value
    return document
