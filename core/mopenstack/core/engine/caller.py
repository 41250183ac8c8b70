"""Who calls, as their token says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated user and the token's scope: exactly one of project, domain, system, or none.

    `roles` are role names, implied ones included, in lower case for checks.
    """

    user_id: str = ""
    user_name: str = ""
    user_domain_id: str = ""
    project_id: str = ""
    project_name: str = ""
    project_domain_id: str = ""
    domain_id: str = ""
    domain_name: str = ""
    system: bool = False
    roles: frozenset[str] = field(default_factory=frozenset)
    token: str = ""
    methods: tuple[str, ...] = ()
    audit_ids: tuple[str, ...] = ()
    expires_at: float = 0.0
    issued_at: float = 0.0
    application_credential_id: str = ""
    trust_id: str = ""
    access_token_id: str = ""
    access_rules: tuple[tuple[str, str, str], ...] = ()
    """(service type, verb, path pattern) of the only requests that the token is good for; none: any."""
    is_admin_project: bool = True

    @property
    def is_admin(self) -> bool:
        """context_is_admin of the services: the admin role in whatever scope."""
        return "admin" in self.roles

    @property
    def is_internal(self) -> bool:
        """The cloud itself (seeds, one service that calls another one): it has no token."""
        return not self.token

    @property
    def scope(self) -> str:
        """project, domain, system or none."""
        if self.project_id:
            return "project"
        if self.domain_id:
            return "domain"
        return "system" if self.system else "none"

    @property
    def policy_scope(self) -> str:
        """The scope to oslo.policy: a token without one counts as a project's."""
        if self.domain_id and not self.project_id:
            return "domain"
        return "system" if self.system and not self.project_id else "project"


def of_token(document: Mapping[str, Any], id: str) -> Caller:
    """The caller of a token, by the document that Keystone shows of it; one that is for a project."""
    user, project = document["user"], document["project"]
    return Caller(
        user_id=user["id"],
        user_name=user["name"],
        user_domain_id=user["domain"]["id"],
        project_id=project["id"],
        project_name=project["name"],
        project_domain_id=project["domain"]["id"],
        roles=frozenset(role["name"].lower() for role in document.get("roles", ())),
        token=id,
        methods=tuple(document.get("methods", ())),
    )


ANONYMOUS = Caller()
SYSTEM = Caller(
    user_name="mopenstack", system=True, roles=frozenset({"admin", "manager", "member", "reader", "service"})
)
"""The cloud itself: completes transitions and applies seeds."""
