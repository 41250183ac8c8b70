"""A few plain HTTP requests to an OpenStack cloud.

Deliberately no SDK: what is left behind, and what a cloud offers, must be seen without the tools under test.
"""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from mopenstack.conformance.cloud import Account
from mopenstack.conformance.errors import CloudError

# What a test can leave behind: catalog types, path below the service's base, key of the list.
LISTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("compute",), "/servers", "servers"),
    (("compute",), "/os-keypairs", "keypairs"),
    (("compute",), "/os-server-groups", "server_groups"),
    (("compute",), "/flavors", "flavors"),
    (("network",), "/v2.0/networks", "networks"),
    (("network",), "/v2.0/subnets", "subnets"),
    (("network",), "/v2.0/subnetpools", "subnetpools"),
    (("network",), "/v2.0/address-scopes", "address_scopes"),
    (("network",), "/v2.0/ports", "ports"),
    (("network",), "/v2.0/routers", "routers"),
    (("network",), "/v2.0/floatingips", "floatingips"),
    (("network",), "/v2.0/security-groups", "security_groups"),
    (("network",), "/v2.0/security-group-rules", "security_group_rules"),
    (("volumev3", "block-storage"), "/volumes", "volumes"),
    (("volumev3", "block-storage"), "/snapshots", "snapshots"),
    (("volumev3", "block-storage"), "/types", "volume_types"),
    (("image",), "/v2/images", "images"),
    (("identity",), "/v3/projects", "projects"),
    (("identity",), "/v3/users", "users"),
    (("identity",), "/v3/groups", "groups"),
    (("identity",), "/v3/roles", "roles"),
    (("identity",), "/v3/services", "services"),
)

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
        self.project_id = ""
        self.catalog: dict[str, str] = {}

    def authenticate(self) -> "Session":
        """Ask Keystone for a token with the account's password and project, or with its application credential."""
        url = f"{self._account.auth_url.rstrip('/')}/auth/tokens"
        answer = request("POST", url, body=_auth(self._account), cacert=self._cacert)
        if answer.status != 201:
            raise CloudError(f"no token for {self._account.username!r}: {answer.status} {answer.body}")
        self.token = answer.headers["x-subject-token"]
        token = answer.body["token"]
        self.project_id = (token.get("project") or {}).get("id", "")
        wanted = self._account.variables.get("OS_INTERFACE", "public").removesuffix("URL")
        region = self._account.variables.get("OS_REGION_NAME")
        for service in token.get("catalog", []):
            for endpoint in service["endpoints"]:
                if endpoint["interface"] == wanted and region in (None, endpoint.get("region"), endpoint["region_id"]):
                    self.catalog.setdefault(service["type"], endpoint["url"].rstrip("/"))
        return self

    def get(self, types: tuple[str, ...], path: str) -> Answer | None:
        """GET below a service's base; None where the catalog has no such service."""
        base = next((self.catalog[one] for one in types if one in self.catalog), None)
        if base is None:
            return None
        version = "/" + path.split("/")[1]
        if base.endswith(version):
            base = base.removesuffix(version)
        return request("GET", base + path, token=self.token, cacert=self._cacert)

    def list(self, types: tuple[str, ...], path: str, key: str) -> list[dict[str, Any]] | None:
        """A list; None where the service is not there or does not show it to this account."""
        answer = self.get(types, path)
        if answer is None or answer.status in (401, 403, 404, 501):
            return None
        if answer.status not in (200, 300):
            raise CloudError(f"GET {path}: {answer.status} {answer.body}")
        found: list[dict[str, Any]] = answer.body[key]
        return found

    def inventory(self) -> Inventory:
        """Everything this account sees of the kinds in LISTS."""
        seen: Inventory = {}
        for types, path, key in LISTS:
            entries = self.list(types, path, key)
            if entries is not None:
                seen[key] = {_identity(entry) for entry in entries}
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
    """An id, or a key pair's name."""
    inner = entry.get("keypair", entry)
    return str(inner["id"] if "id" in inner else inner["name"])


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
