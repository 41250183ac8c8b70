"""Authentication requests: the methods that identify the user, and the scope of the new token.

The order of the checks is Keystone's (keystone.auth.core, keystone.auth.plugins), since it decides which
refusal a client sees. An unknown name and a wrong password look the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mopenstack.contract.faults import Unauthorized
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import roles_on
from mopenstack.core.identity.auth.auth_schema import AUTH, IDENTITY
from mopenstack.core.identity.auth.delegation import PRIMARY_METHODS, consume, usable_trust
from mopenstack.core.identity.auth.fernet import Payload, Scope, audit_id, decode
from mopenstack.core.identity.auth.second_factors import check_factors
from mopenstack.core.identity.auth.tokens import ValidToken, enabled, expired, validate
from mopenstack.core.identity.errors import missing
from mopenstack.core.identity.identity.passwords import matches
from mopenstack.core.identity.identity.users import Users
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential
from mopenstack.identity.v3.auth.tokens_pb2 import Auth
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.oauth1.oauth1_pb2 import AccessToken
from mopenstack.identity.v3.resource.projects_pb2 import Project
from mopenstack.identity.v3.trust.trusts_pb2 import Trust

METHODS = ("password", "token", "application_credential", "oauth1")
LIFETIME = 86_400
"""Seconds that a token is good for: DevStack's and the recorded clouds'; Keystone's own default is an hour."""

_TRUST = "OS-TRUST:trust"
_SYSTEM_RESCOPE = "Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed."
_OAUTH_RESCOPE = "Using OAuth-scoped token to create another token. Create a new OAuth-scoped token instead"
_TRUST_RESCOPE = "Using trust-scoped token to create another token. Create a new trust-scoped token instead"
_DELEGATED_RESCOPE = "Using a delegated token to create another token is not allowed."


@dataclass(frozen=True, slots=True)
class RequestedScope:
    """The scope that a request asks for; with a trust, the trust's project."""

    kind: Scope
    target: Project | None = None
    trust: Trust | None = None


@dataclass(slots=True)
class _AuthContext:
    """What the methods have established so far (keystone.auth.core.AuthContext)."""

    user: User | None = None
    methods: list[str] = field(default_factory=list)
    expires_at: float = 0.0
    parent_audit_id: str = ""
    credential: ApplicationCredential | None = None
    access_token: AccessToken | None = None


async def authenticate_for_token(call: Call, auth: Auth, authorization: str = "", receipt: str = "") -> ValidToken:
    """The new token of a request; raises Unauthorized, or BadRequest for what the request lacks.

    `authorization` is the header that the method oauth1 finds its signature in; a `receipt` says what was shown
    before.
    """
    if not auth.HasField("identity"):
        given = {"scope": plain(auth.scope)} if auth.HasField("scope") else {}
        raise errors.schema_error("'identity' is a required property", "required", AUTH, given)
    if not auth.identity.HasField("methods"):
        raise errors.schema_error(
            "Invalid input for field 'identity': 'methods' is a required property", "required", IDENTITY, {},
            within="['properties']['identity']", at="['identity']",
        )  # fmt: skip
    methods = list(dict.fromkeys(auth.identity.methods.names))
    _check_methods(auth, methods)
    wanted = await _scope(call, auth, methods)
    context = _AuthContext()
    for method in methods:
        if method == "oauth1":
            await _by_oauth1(call, authorization, context)
        else:
            await _run_method(call, auth, method, wanted, context)
    if context.user is None:
        raise Unauthorized
    context.methods = await check_factors(call, context.user, context.methods, receipt)
    if context.credential is not None:
        wanted = RequestedScope("project", await _project_of(call, context.credential))
    if context.access_token is not None:
        wanted = RequestedScope("project", await call.tx.get(Project, context.access_token.token_project_id))
    if wanted is None:
        wanted = await _default_scope(call, context.user)
    return await issue(
        call,
        context.user,
        context.methods,
        wanted,
        context.expires_at,
        context.parent_audit_id,
        credential=context.credential,
        access_token=context.access_token,
    )


async def issue(
    call: Call,
    user: User,
    methods: list[str],
    wanted: RequestedScope,
    expires_at: float = 0.0,
    parent_audit_id: str = "",
    *,
    credential: ApplicationCredential | None = None,
    access_token: AccessToken | None = None,
) -> ValidToken:
    """A new token for an authenticated user; raises Unauthorized where it would not be valid."""
    own = audit_id(call.ids)
    trust = wanted.trust
    until = expires_at or int(call.time) + LIFETIME
    if trust is not None and trust.HasField("expires_at"):
        until = min(until, trust.expires_at.seconds)  # a token does not outlive the trust
    trustor = None if trust is None else await call.tx.get(User, trust.trustor_user_id)
    payload = Payload(
        user_id=user.id,
        methods=tuple(methods),
        audit_ids=(own, parent_audit_id) if parent_audit_id else (own,),
        issued_at=int(call.time),
        expires_at=until,
        generation=user.token_generation,
        scope=wanted.kind,
        scope_id=wanted.target.id if wanted.target is not None else "",
        application_credential_id=credential.id if credential is not None else "",
        trust_id=trust.id if trust is not None else "",
        trustor_generation=trustor.token_generation if trustor is not None else 0,
        access_token_id=access_token.id if access_token is not None else "",
    )
    valid = await validate(call, payload)
    if valid is None:
        raise Unauthorized
    if trust is not None:
        await consume(call, trust)
    return valid


def _check_methods(auth: Auth, methods: list[str]) -> None:
    for method in methods:
        if method in METHODS and not auth.identity.HasField(method):
            raise missing(method, "identity")
    for method in methods:
        if method not in METHODS:
            raise refusals.AuthMethodNotSupported


# -- scope


async def _scope(call: Call, auth: Auth, methods: list[str]) -> RequestedScope | None:
    """The asked-for scope; None where the request leaves it open."""
    if "application_credential" in methods:
        if auth.HasField("scope"):
            raise refusals.ApplicationCredentialAuthError(detail="Application credentials cannot request a scope.")
        return None
    if not auth.HasField("scope"):
        return None
    wanted = plain(auth.scope)
    named = wanted if isinstance(wanted, (dict, list, str)) else ()
    kinds = [kind for kind in ("project", "domain", "unscoped", "system", _TRUST) if kind in named]
    if len(kinds) != 1:
        raise missing("system, project, domain, OS-TRUST:trust or unscoped", "scope")
    if kinds[0] == "system":
        return RequestedScope("system")
    if kinds[0] == "unscoped":
        return RequestedScope("")
    info = wanted[kinds[0]] if isinstance(wanted, dict) else {}
    if not isinstance(info, dict):
        raise missing("id or name", kinds[0])
    if kinds[0] == "domain":
        return RequestedScope("domain", await _domain(call, info))
    if kinds[0] == _TRUST:
        return await _by_trust(call, info)
    return RequestedScope("project", await _project(call, info))


async def _by_trust(call: Call, info: dict[str, Any]) -> RequestedScope:
    if not info.get("id"):
        raise missing("trust_id", "trust")
    try:
        trust = await usable_trust(call, str(info["id"]))
    except refusals.TrustNotFound:
        raise Unauthorized from None
    project = await _enabled_project(call, await call.tx.get(Project, trust.trust_project_id))
    return RequestedScope("project", project, trust)


async def _domain(call: Call, info: dict[str, Any]) -> Project:
    projects = call.service(Projects)
    id, name = info.get("id"), info.get("name")
    found = await projects.by_name(call, str(name)) if name else await projects.find(call, str(id or ""))
    if found is None or not found.is_domain or not found.enabled:
        raise Unauthorized
    return found


async def _project(call: Call, info: dict[str, Any]) -> Project:
    projects = call.service(Projects)
    id, name = info.get("id"), info.get("name")
    if not name:
        return await _enabled_project(call, await projects.find(call, str(id or "")))
    if not isinstance(info.get("domain"), dict):
        raise missing("domain", "project")
    domain = await _domain(call, info["domain"])
    return await _enabled_project(call, await projects.by_name(call, str(name), domain.id))


async def _enabled_project(call: Call, project: Project | None) -> Project:
    if project is None or project.is_domain or not project.enabled or await enabled(call, project.domain_id) is None:
        raise Unauthorized
    return project


async def _project_of(call: Call, credential: ApplicationCredential) -> Project:
    """The project of an application credential (keystone.models.token_model._validate_token_resources)."""
    project = await call.tx.get(Project, credential.project_id)
    if project is None:
        raise refusals.ProjectNotFound(id=credential.project_id)
    said = "Unable to validate token because {} is disabled"
    if not project.enabled:
        raise refusals.ProjectNotFound(said.format(f"project {project.id}"))
    if await enabled(call, project.domain_id) is None:
        raise refusals.DomainNotFound(said.format(f"domain {project.domain_id}"))
    return project


async def _default_scope(call: Call, user: User) -> RequestedScope:
    """The user's default project where that works, else none: never a refusal."""
    project = await enabled(call, user.default_project_id) if user.default_project_id else None
    if project is None or project.is_domain or await enabled(call, project.domain_id) is None:
        return RequestedScope("")
    return RequestedScope("project", project) if await roles_on(call, user.id, project.id) else RequestedScope("")


# -- methods


async def _run_method(
    call: Call, auth: Auth, method: str, wanted: RequestedScope | None, context: _AuthContext
) -> None:
    if method == "password":
        user = await _user(call, auth.identity.password.user, auth.identity.password.HasField("user"), "password")
        if not user.enabled or not matches(auth.identity.password.user.password, user.password_hash):
            raise Unauthorized
        context.methods.insert(0, method)
    elif method == "token":
        user = await _by_token(call, auth.identity.token.id, wanted, context)
    else:
        credential = await _credential(call, auth.identity.application_credential)
        found = await call.tx.get(User, credential.user_id)
        secret = auth.identity.application_credential.secret
        if found is None or expired(call, credential) or not matches(secret, credential.secret_hash):
            raise Unauthorized
        user = found
        context.credential = credential
        if credential.HasField("expires_at"):
            # A token does not outlive the credential that it comes from.
            context.expires_at = min(credential.expires_at.seconds, int(call.time) + LIFETIME)
        context.methods.insert(0, method)
    _reconcile(context, user)


async def _by_oauth1(call: Call, authorization: str, context: _AuthContext) -> None:
    """A request that is signed with an access token (keystone.auth.plugins.oauth1)."""
    from mopenstack.core.identity.oauth1.oauth1 import signed_access_token

    context.access_token = await signed_access_token(call, authorization)
    user = await call.tx.get(User, context.access_token.authorizing_user_id)
    if user is None or not user.enabled:
        raise Unauthorized
    context.methods.insert(0, "oauth1")
    _reconcile(context, user)


def _reconcile(context: _AuthContext, user: User) -> None:
    """All methods must be about one user."""
    if context.user is not None and context.user.id != user.id:
        raise Unauthorized
    context.user = user


async def _user(call: Call, info: Auth.User, given: bool, target: str) -> User:
    if not given:
        raise missing("user", target)
    if not info.id and not info.name:
        raise missing("id or name", "user")
    users = call.service(Users)
    if info.name:
        if not info.HasField("domain"):
            raise missing("domain", "user")
        if not info.domain.id and not info.domain.name:
            raise missing("id or name", "domain")
        domain = await _domain(call, {"id": info.domain.id, "name": info.domain.name})
        user = await users.by_name(call, info.name, domain.id)
    else:
        user = await users.find(call, info.id)
    if user is None or await enabled(call, user.domain_id) is None:
        raise Unauthorized
    return user


async def _by_token(call: Call, token: str, wanted: RequestedScope | None, context: _AuthContext) -> User:
    """A token for another: it expires with the first one, and is revoked with it."""
    if not token:
        raise missing("id", "token")
    valid = await subject(call, token)
    payload = valid.payload
    if payload.access_token_id:
        raise refusals.ForbiddenAction(action=_OAUTH_RESCOPE)
    if payload.trust_id:
        raise refusals.ForbiddenAction(action=_TRUST_RESCOPE)
    if payload.scope == "system" and wanted is not None and wanted.kind in ("project", "domain"):
        raise refusals.ForbiddenAction(action=_SYSTEM_RESCOPE)
    if not PRIMARY_METHODS.issuperset(payload.methods):
        raise refusals.ForbiddenAction(action=_DELEGATED_RESCOPE)
    context.expires_at = payload.expires_at
    context.parent_audit_id = payload.audit_ids[-1]
    context.methods += [*(method for method in payload.methods if method != "token"), "token"]
    return valid.user


async def _credential(call: Call, info: Auth.ApplicationCredential) -> ApplicationCredential:
    if info.id:
        found = await call.tx.get(ApplicationCredential, info.id)
        if found is None:
            raise refusals.ApplicationCredentialNotFound(id=info.id)
        return found
    if not info.name:
        raise missing("name or ID", "application credential")
    if not info.HasField("user"):
        raise missing("user", "application credential")
    user = await _user(call, info.user, True, "application credential")
    for credential in await call.tx.query(ApplicationCredential, user_id=user.id):
        if credential.name == info.name:
            return credential
    raise Unauthorized


async def subject(call: Call, token: str, window: int = 0) -> ValidToken:
    """The token of a request; raises not-found for one that is not valid, and was not `window` seconds ago either."""
    if not token:
        raise refusals.NoSubjectToken
    payload = decode(call.cloud, token)
    if payload is None:
        raise refusals.TokenNotRecognized
    valid = await validate(call, payload, window)
    if valid is None:
        raise refusals.TokenNotValid
    return valid
