"""The cloud that a seed is written from, as its REST APIs show it."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from mopenstack.cli.output import fail
from mopenstack.cli.recording.places import base_of

PAGES_MAX = 1000
ANSWER_SECONDS_MAX = 120

Send = Callable[[str, Mapping[str, str]], tuple[int, Any]]
"""(address, headers) -> status and JSON of a GET with a token."""


@dataclass(slots=True)
class Source:
    """A cloud, asked as one user; what may not be seen is noted."""

    send: Send
    bases: dict[str, str]
    """Catalog type -> address of the service, without the version."""
    token: dict[str, Any]
    """Keystone's words of the user's token."""
    region: str
    notes: list[str] = field(default_factory=list)

    @property
    def project_id(self) -> str:
        """The project that the user asks in."""
        return str((self.token.get("project") or {}).get("id") or "")

    def get(self, service: str, path: str, microversion: str = "") -> Any:
        """The JSON of an answer; None where there is no such service, or it refuses."""
        base = next((self.bases[name] for name in service.split(" ") if name in self.bases), None)
        if base is None:
            return None
        kind = service.partition(" ")[0]
        headers = {"OpenStack-API-Version": f"{kind} {microversion}"} if microversion else {}
        status, body = self.send(path if path.startswith("http") else base + path, headers)
        if status >= 300:
            self.notes.append(f"{kind}: {path.partition('?')[0]} may not be seen ({status})")
            return None
        return body

    def list(self, service: str, path: str, key: str, microversion: str = "") -> list[Any] | None:
        """The items of all pages of a list; None where it may not be seen."""
        found: list[Any] = []
        for _ in range(PAGES_MAX):
            body = self.get(service, path, microversion)
            if not isinstance(body, dict) or not isinstance(body.get(key), list):
                return found or None
            found += body[key]
            following = _next(body, key)
            if not following or not body[key]:
                break
            base = next(self.bases[name] for name in service.split(" ") if name in self.bases)
            path = following if following.startswith("http") else urljoin(f"{base}/", following.lstrip("/"))
        return found


def _next(body: Mapping[str, Any], key: str) -> str:
    """Where a list goes on, in the words of the several services."""
    if isinstance(body.get("next"), str):
        return str(body["next"])
    links = body.get("links")
    if isinstance(links, dict) and links.get("next"):
        return str(links["next"])
    pages = body.get(f"{key}_links") or body.get(f"{key.removesuffix('s')}_links") or ()
    return next((str(link["href"]) for link in pages if isinstance(link, dict) and link.get("rel") == "next"), "")


def bases_of(catalog: Any, region: str) -> dict[str, str]:
    """Catalog type -> address, of the public endpoints of a region."""
    found: dict[str, str] = {}
    for entry in catalog or ():
        for endpoint in entry.get("endpoints") or ():
            if endpoint.get("interface") == "public" and region in ("", endpoint.get("region_id")):
                found.setdefault(str(entry["type"]), base_of(str(endpoint["url"])))
    return found


def running_cloud(auth_url: str, user: str, password: str, trust: ssl.SSLContext | None) -> Source:
    """A cloud of the running process, as one of its users."""
    who = {"name": user, "password": password, "domain": {"id": "default"}}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}}
    auth["scope"] = {"project": {"name": user, "domain": {"id": "default"}}}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    status, body, told = _ask(f"{auth_url}/auth/tokens", headers, trust, json.dumps({"auth": auth}).encode())
    if status != 201:
        raise fail(f"The user {user} cannot sign in at {auth_url}: {status}")
    given = {"X-Auth-Token": str(told["X-Subject-Token"]), "Accept": "application/json"}

    def send(url: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        status, body, _ = _ask(url, {**given, **headers}, trust)
        return status, body

    token = body["token"]
    region = next((one["region_id"] for entry in token["catalog"] for one in entry["endpoints"]), "")
    return Source(send, bases_of(token["catalog"], region), token, region)


def _ask(
    url: str, headers: Mapping[str, str], trust: ssl.SSLContext | None, data: bytes | None = None
) -> tuple[int, Any, Any]:
    # The address is our own process's.
    request = urllib.request.Request(url, data, dict(headers))  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX, context=trust) as answer:  # noqa: S310
            content = answer.read()
            return answer.status, json.loads(content) if content else None, answer.headers
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, None, refused.headers
    except OSError as error:
        raise fail(f"The cloud at {url} does not answer: {error}") from None


def real_cloud(name: str) -> Source:
    """A cloud of clouds.yaml, as its user; needs openstacksdk."""
    from mopenstack.cli.real_clouds import configured

    config = configured(name)
    from keystoneauth1 import exceptions

    try:
        session = config.get_session()
        access = session.auth.get_access(session)
        token = session.get(
            f"{base_of(config.config['auth']['auth_url'])}/v3/auth/tokens",
            headers={"X-Subject-Token": access.auth_token},
        ).json()["token"]
    except (exceptions.ClientException, ValueError, KeyError) as error:
        raise fail(f"clouds.yaml: {name}: {error}") from None

    def send(url: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        try:
            answer = session.get(url, headers={"Accept": "application/json", **headers}, raise_exc=False)
            return answer.status_code, answer.json() if answer.content and answer.status_code < 300 else None
        except (exceptions.ClientException, ValueError):
            return 599, None

    region = str(config.region_name or "")
    return Source(send, bases_of(token.get("catalog"), region), token, region or "RegionOne")
