"""A few plain HTTP requests to an OpenStack cloud.

Deliberately no SDK: what is left behind, and what a cloud offers, must be seen without the tools under test.
"""

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple

from mopenstack.conformance.cloud import Account
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.kinds import kinds, types_of

VERSION = re.compile(r"/v\d+(\.\d+)?")
Inventory = dict[str, set[str]]
"""Kind of resource to the ids (key pairs: names) that an account sees."""


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any


class Session:
    """A scoped token and the catalog that came with it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._cacert = account.variables.get("OS_CACERT", "")
        self.token = ""
        self.project_id = self.user_id = ""
        self.catalog: dict[str, str] = {}
        self.regions: dict[str, dict[str, str]] = {}
        """Of each region that the catalog has, what `catalog` is of the account's own."""

    def authenticate(self) -> "Session":
        """Ask Keystone for a token with the account's password and project, or with its application credential."""
        url = f"{self._account.auth_url.rstrip('/')}/auth/tokens"
        answer = request("POST", url, body=_auth(self._account), cacert=self._cacert)
        if answer.status != 201:
            raise CloudError(f"no token for {self._account.username!r}: {answer.status} {answer.body}")
        self.token = answer.headers["x-subject-token"]
        token = answer.body["token"]
        self.project_id, self.user_id = (token.get("project") or {}).get("id", ""), token["user"]["id"]
        wanted = self._account.variables.get("OS_INTERFACE", "public").removesuffix("URL")
        region = self._account.variables.get("OS_REGION_NAME")
        for service in token.get("catalog", []):
            for endpoint in service["endpoints"]:
                if endpoint["interface"] != wanted:
                    continue
                of_region = self.regions.setdefault(endpoint["region_id"] or "", {})
                of_region.setdefault(service["type"], endpoint["url"].rstrip("/"))
                if region in (None, endpoint.get("region"), endpoint["region_id"]):
                    self.catalog.setdefault(service["type"], endpoint["url"].rstrip("/"))
        return self

    @property
    def secure(self) -> bool:
        """Whether the cloud speaks HTTPS."""
        return self._account.auth_url.startswith("https://")

    @property
    def answers_s3(self) -> bool:
        """Whether Swift tells that it takes the requests of S3."""
        base = self.endpoint("object-store") or ""
        version = VERSION.search(base)
        if version is None:
            return False
        told = request("GET", f"{base[: version.start()]}/info", token=self.token, cacert=self._cacert).body
        return isinstance(told, dict) and "s3api" in told

    def endpoint(self, service: str) -> str | None:
        """A service's base by its catalog type, or by another type of the same API; None where it is not listed."""
        return next((self.catalog[one] for one in types_of(service) if one in self.catalog), None)

    def get(self, service: str, path: str) -> Answer | None:
        """GET below a service's base, which may have the path's version already; None without such a service."""
        return None if self.endpoint(service) is None else self.send("GET", service, path)

    def send(self, method: str, service: str, path: str, body: Any = None) -> Answer:
        """A request below a service's base, which may have the path's version already."""
        base = self.endpoint(service)
        if base is None:
            raise CloudError(f"the catalog has no {service}")
        version = "/" + path.split("/")[1]
        if VERSION.fullmatch(version) and VERSION.search(base):
            path = path.removeprefix(version)
        return request(method, base + path, token=self.token, body=body, cacert=self._cacert)

    def list(self, service: str, path: str, key: str) -> list[dict[str, Any]] | None:
        """A list; None where the service is not there, or does not show or have it."""
        answer = self.get(service, path)
        if answer is None or 400 <= answer.status < 500 or answer.status == 501:
            return None
        if answer.status not in (200, 300):
            raise CloudError(f"GET {path}: {answer.status} {answer.body}")
        found: list[dict[str, Any]] = answer.body[key]
        return found

    def newest_microversion(self, service: str) -> str:
        """What the service's version document says; empty where it says nothing or there is no such service."""
        base = self.endpoint(service)
        if base is None:
            return ""
        version = VERSION.search(base)
        root = base[: version.end()] if version else base
        body = request("GET", f"{root}/", token=self.token, cacert=self._cacert).body
        if not isinstance(body, dict):
            return ""
        versions = [body["version"]] if "version" in body else body.get("versions") or []
        found = [str(one.get("version") or one.get("max_version") or "") for one in versions if isinstance(one, dict)]
        return next(filter(None, found), "")

    def inventory(self, regions: Sequence[str] = ()) -> Inventory:
        """Everything of the contract's kinds that this account sees, in these regions; none: in its own."""
        seen: Inventory = {}
        own = self.catalog
        try:
            for region in regions or ("",):
                self.catalog = self.regions[region] if region else own
                for kind in kinds():
                    entries = self.list(*kind)
                    if entries is not None:
                        name = f"{kind.service} {kind.key}" + (f" in {region}" if region else "")
                        seen[name] = {_identity(entry) for entry in entries}
        finally:
            self.catalog = own
        return seen


def left_behind(before: Inventory, after: Inventory) -> list[str]:
    """What is there afterwards and was not before, and the other way round."""
    changes = []
    for kind in sorted(before.keys() | after.keys()):
        old, new = before.get(kind, set()), after.get(kind, set())
        changes += [f"{kind} {one} was left behind" for one in sorted(new - old)]
        changes += [f"{kind} {one} has vanished" for one in sorted(old - new)]
    return changes


def request(
    method: str,
    url: str,
    *,
    token: str = "",
    body: Any = None,
    data: bytes | None = None,
    seconds: float = 60,
    cacert: str = "",
) -> Answer:
    """One exchange, with a JSON body or with bytes; an error status is an answer like any other."""
    if not url.startswith(("http://", "https://")):
        raise CloudError(f"not an HTTP address: {url!r}")
    headers = {"Accept": "application/json", "User-Agent": "mopenstack-conformance"}
    if token:
        headers["X-Auth-Token"] = token
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    elif data is not None:
        headers["Content-Type"] = "application/octet-stream"
    outgoing = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - scheme checked
    try:
        trusted = ssl.create_default_context(cafile=cacert) if cacert else None
        with urllib.request.urlopen(outgoing, timeout=seconds, context=trusted) as incoming:  # noqa: S310 - checked
            return _answer(incoming.status, incoming.headers.items(), incoming.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers.items(), error.read())
    except (urllib.error.URLError, OSError) as error:
        raise CloudError(f"{method} {url}: {error}") from error


def _answer(status: int, headers: Any, raw: bytes) -> Answer:
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = raw.decode(errors="replace")
    return Answer(status, {key.lower(): value for key, value in headers}, body)


def _identity(entry: dict[str, Any]) -> str:
    """An id, or what else the API calls the object by."""
    inner = entry.get("keypair", entry)
    return str(next(inner[key] for key in ("id", "uuid", "name", "namespace") if key in inner))


def _auth(account: Account) -> dict[str, Any]:
    values = account.variables
    if "OS_APPLICATION_CREDENTIAL_ID" in values:
        credential = {
            "id": values["OS_APPLICATION_CREDENTIAL_ID"],
            "secret": values["OS_APPLICATION_CREDENTIAL_SECRET"],
        }
        method = "application_credential"
        return {"auth": {"identity": {"methods": [method], method: credential}}}
    user: dict[str, Any] = _named(values, "USER", "USERNAME") | {"password": values.get("OS_PASSWORD", "")}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    if values.get("OS_SYSTEM_SCOPE"):
        auth["scope"] = {"system": {"all": True}}
    elif "OS_PROJECT_ID" in values:
        auth["scope"] = {"project": {"id": values["OS_PROJECT_ID"]}}
    elif "OS_PROJECT_NAME" in values:
        auth["scope"] = {"project": _named(values, "PROJECT", "PROJECT_NAME")}
    return {"auth": auth}


def _named(values: dict[str, str], kind: str, name: str) -> dict[str, Any]:
    """A user or project by id, or by name and domain."""
    if f"OS_{kind}_ID" in values:
        return {"id": values[f"OS_{kind}_ID"]}
    by_id = values.get(f"OS_{kind}_DOMAIN_ID") or values.get("OS_DOMAIN_ID") or values.get("OS_DEFAULT_DOMAIN")
    by_name = values.get(f"OS_{kind}_DOMAIN_NAME") or values.get("OS_DOMAIN_NAME")
    domain = {"name": by_name} if by_name and not by_id else {"id": by_id or "default"}
    return {"name": values.get(f"OS_{name}", ""), "domain": domain}
