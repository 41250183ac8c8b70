"""Projects, users and roles that the authors of a suite have in their clouds."""

from typing import Any

from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.openstack import Session

DOMAIN = "default"


class Accounts:
    """Makes what is missing, as an administrator."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._roles: dict[str, str] = {
            one["name"]: one["id"] for one in session.list("identity", "/v3/roles", "roles") or []
        }

    def domain(self, name: str) -> str:
        """The id of the domain of this name; it is made where there is none."""
        found = self._session.list("identity", f"/v3/domains?name={name}", "domains")
        return str(found[0]["id"]) if found else self.make("domain", name=name)

    def project(self, name: str, domain: str = DOMAIN) -> str:
        """The id of the project of this name in the domain of an id; it is made where there is none."""
        found = self._session.list("identity", f"/v3/projects?name={name}&domain_id={domain}", "projects")
        return str(found[0]["id"]) if found else self.make("project", name=name, domain_id=domain)

    def role(self, name: str) -> str:
        """The id of the role of this name; it is made where there is none."""
        if name not in self._roles:
            self._roles[name] = self.make("role", name=name)
        return self._roles[name]

    def user(self, name: str, password: str, project: str, role: str, domain: str = DOMAIN) -> str:
        """The id of a new user of a domain who has the role of this name in the project of this id."""
        user = self.make("user", name=name, domain_id=domain, password=password)
        path = f"/v3/projects/{project}/users/{user}/roles/{self.role(role)}"
        granted = self._session.send("PUT", "identity", path)
        if granted.status != 204:
            raise CloudError(f"PUT {path}: {granted.status} {granted.body}")
        return user

    def move_endpoints(self, service: str, url: str) -> None:
        """Let the catalog say this address of the services of a type."""
        for one in self._session.list("identity", f"/v3/services?type={service}", "services") or []:
            path = f"/v3/endpoints?service_id={one['id']}"
            for endpoint in self._session.list("identity", path, "endpoints") or []:
                path = f"/v3/endpoints/{endpoint['id']}"
                answer = self._session.send("PATCH", "identity", path, {"endpoint": {"url": url}})
                if answer.status != 200:
                    raise CloudError(f"PATCH {path}: {answer.status} {answer.body}")

    def make(self, kind: str, **values: Any) -> str:
        """The id of a new object of Keystone's."""
        answer = self._session.send("POST", "identity", f"/v3/{kind}s", {kind: values})
        if answer.status != 201:
            raise CloudError(f"POST /v3/{kind}s: {answer.status} {answer.body}")
        return str(answer.body[kind]["id"])
