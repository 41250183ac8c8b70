"""How a user of a cloud reaches it: `OS_*` variables and entries of a clouds.yaml, found by asking Keystone itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mopenstack.cli.json_client import JsonClient, Refused
from mopenstack.contract.addresses import SEPARATOR, cloud_path, split_cloud

if TYPE_CHECKING:
    import ssl

PASSWORD = "secret"  # noqa: S105  # of every user of the default seed; it is documented
REGION = "RegionOne"
DOMAIN = "default"
UNAUTHORIZED = 401


class NoSuchUser(Exception):
    """There is no user of the name with the password of the seed."""


class NoScope(Exception):
    """A user who has a role nowhere."""


def identity_url(url: str, cloud: str) -> str:
    """Keystone's address of a cloud, of the process at `url`: all that a client needs to know."""
    return f"{url}{cloud_path(cloud)}/identity/v3"


class NoSuchRegion(Exception):
    """A region that the catalog does not have."""


class Credentials:
    """What clients need to act as users of one cloud.

    `auth_url` is what they are told. `near` is where this process reaches the same Keystone, and `context` whom it
    trusts there with HTTPS; `ca` is the file that clients must trust, if there is one.
    """

    def __init__(self, auth_url: str, near: str = "", context: ssl.SSLContext | None = None, ca: str = "") -> None:
        self.auth_url, self.ca = auth_url, ca
        self._keystone = JsonClient(near or auth_url, context)

    def variables(self, user: str, region: str = "") -> dict[str, str]:
        """`OS_AUTH_URL` and the rest, for a user of the seed in a region, else in the first one.

        Raises NoSuchUser, NoScope, NoSuchRegion, OSError.
        """
        scope = self._scope(user)
        regions = self._regions(user, scope)
        if region and region not in regions:
            raise NoSuchRegion(f"There is no region {region} in this cloud; it has: {', '.join(regions)}.")
        return {
            "OS_AUTH_URL": self.auth_url,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_USERNAME": user,
            "OS_PASSWORD": PASSWORD,
            "OS_USER_DOMAIN_ID": DOMAIN,
            **{f"OS_{key.upper()}": value for key, value in scope.items()},
            "OS_REGION_NAME": region or regions[0],
            **({"OS_CACERT": self.ca} if self.ca else {}),
        }

    def entries(self, base: str) -> dict[str, Any]:
        """Entries of a clouds.yaml: `base` for the user demo, `base`-admin and `base`-system-admin."""
        return {
            base: self._entry("demo", {"project_name": "demo", "project_domain_id": DOMAIN}),
            f"{base}-admin": self._entry("admin", {"project_name": "admin", "project_domain_id": DOMAIN}),
            f"{base}-system-admin": self._entry("admin", {"system_scope": "all"}),
        }

    def close(self) -> None:
        self._keystone.close()

    def _entry(self, user: str, scope: dict[str, str]) -> dict[str, Any]:
        auth = {"auth_url": self.auth_url, "username": user, "password": PASSWORD, "user_domain_id": DOMAIN, **scope}
        regions = self._regions("demo", {"project_name": "demo", "project_domain_id": DOMAIN})
        entry: dict[str, Any] = {"auth": auth, "region_name": regions[0], "identity_api_version": "3"}
        if len(regions) > 1:
            entry["regions"] = [{"name": name, "values": {}} for name in regions]
        return {**entry, "cacert": self.ca} if self.ca else entry

    def _scope(self, user: str) -> dict[str, str]:
        """Where a user may act: the project of the same name, else the first one, else the system or a domain."""
        token = {"X-Auth-Token": self._token(user)}
        projects = self._keystone.exchange("GET", "/auth/projects", headers=token)[0]["projects"]
        if projects:
            first = min(projects, key=lambda project: (project["name"] != user, project["name"]))
            return {"project_name": first["name"], "project_domain_id": first["domain_id"]}
        if self._keystone.exchange("GET", "/auth/system", headers=token)[0]["system"]:
            return {"system_scope": "all"}
        domains = self._keystone.exchange("GET", "/auth/domains", headers=token)[0]["domains"]
        if not domains:
            raise NoScope(f"The user {user} has a role nowhere: there is nothing to act on.")
        return {"domain_id": domains[0]["id"]}

    def _regions(self, user: str, scope: dict[str, str]) -> list[str]:
        """The regions of the catalog, the cloud's first one first: what is at the address of its Keystone."""
        where: Any = scope
        if "project_name" in scope:
            where = {"project": {"name": scope["project_name"], "domain": {"id": scope["project_domain_id"]}}}
        elif "domain_id" in scope:
            where = {"domain": {"id": scope["domain_id"]}}
        else:
            where = {"system": {"all": True}}
        catalog = self._issue(user, where)[0]["token"].get("catalog", ())
        places = {
            (SEPARATOR in split_cloud(urlsplit(endpoint["url"]).path)[0], endpoint["region"])
            for service in catalog
            if service["type"] != "identity"
            for endpoint in service["endpoints"]
            if endpoint.get("region")
        }
        return list(dict.fromkeys(name for _, name in sorted(places))) or [REGION]

    def _token(self, user: str) -> str:
        token: str = self._issue(user, "unscoped")[1]["X-Subject-Token"]
        return token

    def _issue(self, user: str, scope: Any) -> tuple[Any, Any]:
        """Document and headers of a new token."""
        who = {"name": user, "domain": {"id": DOMAIN}, "password": PASSWORD}
        auth = {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}
        try:
            return self._keystone.exchange("POST", "/auth/tokens", {"auth": auth})
        except Refused as refused:
            if refused.status != UNAUTHORIZED:
                raise
            raise NoSuchUser(f"There is no user {user} with the password {PASSWORD!r} in this cloud.") from None
