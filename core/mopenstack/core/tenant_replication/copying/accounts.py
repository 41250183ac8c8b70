"""Clouds and who asks there, by keystoneauth: it is a part of the extra for real clouds, loaded where it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

VERSIONS: Mapping[str, str] = {"identity": "3", "compute": "2.1", "network": "2", "block-storage": "3"}
"""Service -> the version of its API that is asked."""
ANSWER_SECONDS_MAX = 120
PAGE = 1000
_NOT_THERE = 401
"""Keystone's answer to a user who has no role in a project, or names one that does not exist."""


class Refused(Exception):
    """A cloud refused a request, or did not answer; `status` is 0 then."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Account:
    """A user of a cloud.

    auth     what keystoneauth's plugin of `auth_type` takes: auth_url, username, password, user_domain_id ...
    verify   whether, or by which certificates, the cloud is trusted; `cert` is shown to it
    """

    name: str
    auth: Mapping[str, Any]
    auth_type: str = "password"
    region_name: str | None = None
    interface: str = "public"
    verify: Any = True
    cert: Any = None

    def enter(self, project: str = "", project_id: str = "") -> Tenant:
        """The user in a project, by its name or id; else in the one that its settings name. Raises Refused."""
        from keystoneauth1 import loading, session

        auth = dict(self.auth)
        if project or project_id:
            for key in ("project_id", "project_name", "tenant_id", "tenant_name", "system_scope", "trust_id"):
                auth.pop(key, None)
            domain = auth.get("project_domain_id"), auth.get("project_domain_name")
            auth |= {"project_id": project_id} if project_id else {"project_name": project}
            if not project_id and domain == (None, None):
                auth["project_domain_id"] = "default"
        plugin: Any = loading.get_plugin_loader(self.auth_type).load_from_options(**auth)
        made = session.Session(auth=plugin, verify=self.verify, cert=self.cert, timeout=ANSWER_SECONDS_MAX)
        tenant = Tenant(self, made)
        access = tenant.access
        tenant.id, tenant.name, tenant.user_id = access.project_id or "", access.project_name or "", access.user_id
        return tenant

    def look_into(self, project: str = "", project_id: str = "") -> Tenant:
        """The user in a project, or an administrator of the cloud who asks for it from elsewhere. Raises Refused."""
        try:
            return self.enter(project, project_id)
        except Refused as refused:
            if refused.status != _NOT_THERE or not (project or project_id):
                raise
        tenant = self.enter()
        named = tenant.ask("GET", "identity", "/projects", params={"name": project})["projects"] if project else []
        path = f"/projects/{project_id or project}"
        found = named[0] if named else tenant.ask("GET", "identity", path)["project"]
        tenant.id, tenant.name = found["id"], found["name"]
        return tenant


@dataclass(slots=True)
class Tenant:
    """A project of a cloud, as one user sees it."""

    account: Account
    session: Any
    id: str = ""
    name: str = ""
    user_id: str = ""
    _bases: dict[str, str] = field(default_factory=dict)

    @property
    def access(self) -> Any:
        """The token (keystoneauth1.access.AccessInfo); raises Refused."""
        return self._told(lambda: self.session.auth.get_access(self.session))

    def ask(self, verb: str, service: str, path: str, body: Any = None, params: Any = None) -> Any:
        """The JSON of a success; raises Refused."""
        url = f"{self._base(service)}{path}"
        arguments: dict[str, Any] = {"json": body} if body is not None else {}
        headers = {"Accept": "application/json"}
        answer = self._told(
            lambda: self.session.request(url, verb, headers=headers, params=params, raise_exc=False, **arguments)
        )
        if answer.status_code >= 300:
            raise Refused(answer.status_code, _text(answer))
        return answer.json() if answer.content else {}

    def list(self, service: str, path: str, key: str, **params: str) -> list[dict[str, Any]]:
        """The items of all pages of a list of Neutron's; raises Refused."""
        return list(self._pages(service, path, key, params))

    def _pages(self, service: str, path: str, key: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
        asked = {**params, "limit": str(PAGE)}
        while True:
            page = self.ask("GET", service, path, params=asked)[key]
            yield from page
            if len(page) < PAGE:
                return
            asked["marker"] = page[-1]["id"]

    def _base(self, service: str) -> str:
        if service not in self._bases:
            account = self.account
            found = self._told(
                lambda: self.session.get_endpoint(
                    service_type=service,
                    version=VERSIONS[service],
                    region_name=account.region_name or None,
                    interface=account.interface,
                )
            )
            if not found:
                raise Refused(0, f"{account.name} has no service {service}")
            self._bases[service] = str(found).rstrip("/")
        return self._bases[service]

    @staticmethod
    def _told(ask: Any) -> Any:
        from keystoneauth1 import exceptions

        try:
            return ask()
        except exceptions.http.HttpError as refused:
            raise Refused(refused.http_status, str(refused.message)) from None
        except exceptions.ClientException as away:
            raise Refused(0, str(away)) from None


def of_region(region: Any) -> Account:
    """The account of an entry of clouds.yaml (openstack.config.CloudRegion)."""
    verify, cert = region.get_requests_verify_args()
    settings = region.config
    auth_type = str(settings.get("auth_type") or "password")
    interface = str(settings.get("interface") or "public")
    return Account(region.name, settings["auth"], auth_type, region.region_name or None, interface, verify, cert)


def _text(answer: Any) -> str:
    """What a refusal says, whatever service says it."""
    try:
        body = answer.json()
    except ValueError:
        return str(answer.text)[:300]
    found = next(iter(body.values()), body) if isinstance(body, dict) else body
    if isinstance(found, dict):
        found = found.get("message") or found
    return str(found)[:300]


def of_clouds_yaml(name: str) -> Account:
    """The account of an entry of clouds.yaml; raises ValueError where there is none, ImportError without the SDK."""
    from openstack import config, exceptions

    try:
        return of_region(config.OpenStackConfig().get_one(cloud=name))
    except (exceptions.ConfigException, OSError) as error:
        raise ValueError(f"clouds.yaml: {error}") from None
