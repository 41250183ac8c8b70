"""Validation of tokens. Every call of every service passes through `authenticate`.

A token holds user, methods and scope; the roles are the present ones. So a role taken away, a
disabled user, project or domain and a changed password are felt at once, as in keystone.models.token_model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mopenstack.contract.faults import Forbidden, Unauthorized
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.identity.application_credential.access_rules import permitted
from mopenstack.core.identity.assignment.effective import SYSTEM, roles_on
from mopenstack.core.identity.auth.delegation import Delegated, access_token_roles, validate_trust
from mopenstack.core.identity.auth.fernet import Payload, decode
from mopenstack.core.store.transaction import Watched
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential
from mopenstack.identity.v3.assignment.grants_pb2 import ListGrantsResponse
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.auth.tokens_pb2 import Revocation
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.resource.projects_pb2 import Project

PACKAGE = Watched("mopenstack.identity.v3")
CALLERS_MAX = 20_000

_callers: dict[tuple[bytes, str], tuple[int, Caller]] = {}
"""(key of the cloud, token) -> the caller, as of a generation of the identity objects."""


@dataclass(frozen=True, slots=True)
class ValidToken:
    """A valid token with the objects that it names. `scope` is a project or a domain, None otherwise."""

    payload: Payload
    user: User
    user_domain: Project
    scope: Project | None
    scope_domain: Project | None
    roles: Sequence[Role]
    credential: ApplicationCredential | None
    delegated: Delegated | None = None

    @property
    def scoped(self) -> bool:
        return bool(self.payload.scope)


async def authenticate(call: Call, token: str) -> Caller:
    """The caller of a valid token; raises Unauthorized."""
    generation = await call.tx.generation(PACKAGE)
    key = (call.cloud.key, token)
    kept = _callers.get(key)
    if kept is not None and kept[0] == generation:
        caller = kept[1]
        if caller.expires_at <= call.started or (caller.access_rules and not permitted(call, caller)):
            raise Unauthorized
        return caller
    payload = decode(call.cloud, token)
    try:
        valid = None if payload is None else await validate(call, payload)
    except Forbidden:
        valid = None
    if valid is None:
        raise Unauthorized
    caller = caller_of(valid, token)
    if len(_callers) >= CALLERS_MAX:
        _callers.clear()
    _callers[key] = (generation, caller)
    if caller.access_rules and not permitted(call, caller):
        raise Unauthorized
    return caller


async def validate(call: Call, payload: Payload, window: int = 0) -> ValidToken | None:
    """The token of a payload; None if it is not valid. Raises NotAuthorized for a trust that is not valid any more.

    `window`: for so many seconds it may have expired.
    """
    if payload.expires_at + window <= call.started or await _revoked(call, payload):
        return None
    user = await call.tx.get(User, payload.user_id)
    if user is None or not user.enabled or user.token_generation != payload.generation:
        return None
    domain = await enabled(call, user.domain_id)
    if domain is None:
        return None
    credential = None
    if payload.application_credential_id:
        credential = await call.tx.get(ApplicationCredential, payload.application_credential_id)
        if credential is None or expired(call, credential):
            return None
    if payload.trust_id:
        return await _by_trust(call, payload, user)
    if not payload.scope:
        return ValidToken(payload, user, domain, None, None, (), credential)
    return await _scoped(call, payload, user, domain, credential)


async def _revoked(call: Call, payload: Payload) -> bool:
    """Whether this token was revoked, or the one at the beginning of its chain with all that come of it."""
    for place, audit_id in enumerate(payload.audit_ids):
        found = await call.tx.get(Revocation, audit_id)
        if found is not None and (place == 0 or not found.spares_chain):
            return True
    return False


async def _by_trust(call: Call, payload: Payload, trustee: User) -> ValidToken | None:
    """A token by a trust: impersonating, it is the trustor's; else the trustee's own with the delegated roles."""
    delegated = await validate_trust(call, payload.trust_id, trustee, payload.trustor_generation)
    if delegated is None:
        return None
    scope = await enabled(call, payload.scope_id)
    scope_domain = None if scope is None or not scope.domain_id else await enabled(call, scope.domain_id)
    user = delegated.trustor if delegated.trust.impersonation else trustee
    domain = await enabled(call, user.domain_id)
    if scope is None or scope_domain is None or domain is None or not delegated.roles:
        return None
    return ValidToken(payload, user, domain, scope, scope_domain, delegated.roles, None, delegated)


async def _scoped(
    call: Call, payload: Payload, user: User, domain: Project, credential: ApplicationCredential | None
) -> ValidToken | None:
    scope = scope_domain = None
    if payload.scope != "system":
        scope = await enabled(call, payload.scope_id)
        if scope is None:
            return None
        if scope.domain_id:
            scope_domain = await enabled(call, scope.domain_id)
            if scope_domain is None:
                return None
    target = payload.scope_id or SYSTEM
    held = await call.tx.view(("roles", user.id, target), lambda: _held(call, user.id, target))
    roles: Sequence[Role] = held.roles
    if credential is not None:
        kept = {role.id for role in credential.roles}
        roles = [role for role in roles if role.id in kept]
    if payload.access_token_id:
        roles = await access_token_roles(call, payload.access_token_id, user, roles)
    return ValidToken(payload, user, domain, scope, scope_domain, roles, credential) if roles else None


async def _held(call: Call, user_id: str, target_id: str) -> ListGrantsResponse:
    return ListGrantsResponse(roles=await roles_on(call, user_id, target_id))


async def enabled(call: Call, id: str) -> Project | None:
    """The project or domain, unless it is disabled or deleted."""
    project = await call.tx.get(Project, id)
    return project if project is not None and project.enabled else None


def expired(call: Call, credential: ApplicationCredential) -> bool:
    return credential.HasField("expires_at") and credential.expires_at.seconds <= call.time


def caller_of(valid: ValidToken, token: str) -> Caller:
    """The caller of a valid token. Role names are compared in lower case, as oslo.policy does."""
    payload, scope, credential = valid.payload, valid.scope, valid.credential
    rules = () if credential is None else credential.access_rules
    project = scope if payload.scope == "project" else None
    domain = scope if payload.scope == "domain" else None
    return Caller(
        user_id=valid.user.id,
        user_name=valid.user.name,
        user_domain_id=valid.user.domain_id,
        project_id=project.id if project is not None else "",
        project_name=project.name if project is not None else "",
        project_domain_id=project.domain_id if project is not None else "",
        domain_id=domain.id if domain is not None else "",
        domain_name=domain.name if domain is not None else "",
        system=payload.scope == "system",
        roles=frozenset(role.name.lower() for role in valid.roles),
        token=token,
        methods=payload.methods,
        audit_ids=payload.audit_ids,
        expires_at=payload.expires_at,
        issued_at=payload.issued_at,
        application_credential_id=payload.application_credential_id,
        trust_id=payload.trust_id,
        access_token_id=payload.access_token_id,
        access_rules=tuple((rule.service, rule.method, rule.path) for rule in rules),
    )
