"""Tokens over the API: issued, shown, revoked; and what their owner may scope to. After keystone.api.auth."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Forbidden
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity.assignment.effective import SYSTEM, domains_of, projects_of, roles_on
from mopenstack.core.identity.auth.authentication import authenticate_for_token, subject
from mopenstack.core.identity.auth.fernet import encode
from mopenstack.core.identity.auth.revocations import record
from mopenstack.core.identity.auth.tokens import ValidToken, enabled
from mopenstack.core.identity.base import may_read_all, whole
from mopenstack.core.identity.catalog.catalog import catalog
from mopenstack.core.identity.errors import missing, refused
from mopenstack.core.identity.resource.domains import domain_view
from mopenstack.identity.v3.auth import auth_pb2
from mopenstack.identity.v3.auth import tokens_pb2 as pb2
from mopenstack.identity.v3.common_pb2 import Reference, ScopedReference
from mopenstack.identity.v3.federation.federation_pb2 import ServiceProvider
from mopenstack.identity.v3.oauth1.oauth1_pb2 import AccessToken
from mopenstack.identity.v3.resource.projects_pb2 import Project

ALLOW_EXPIRED_WINDOW = 48 * 60 * 60
"""Seconds for which an expired token is still shown to those who ask for it. Source: keystone.conf.token."""


class Tokens(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Tokens"]

    async def create_token(self, call: Call, request: pb2.CreateTokenRequest) -> Result:
        if not request.HasField("auth"):
            raise missing("auth", "request body")
        valid = await authenticate_for_token(call, request.auth, request.authorization, request.receipt)
        token = encode(call.cloud, valid.payload)
        return await token_answer(call, valid, token, with_catalog=not request.HasField("nocatalog"))

    async def get_token(self, call: Call, request: pb2.GetTokenRequest) -> Result:
        valid = await self._subject(call, request.subject_token, "identity:validate_token", request.allow_expired)
        return await token_answer(call, valid, request.subject_token, with_catalog=not request.HasField("nocatalog"))

    async def check_token(self, call: Call, request: pb2.GetTokenRequest) -> Result:
        valid = await self._subject(call, request.subject_token, "identity:check_token", request.allow_expired)
        return await token_answer(call, valid, request.subject_token, with_catalog=False)

    async def revoke_token(self, call: Call, request: pb2.RevokeTokenRequest) -> Result:
        valid = await self._subject(call, request.subject_token, "identity:revoke_token")
        alone = request.HasField("cascade") and request.cascade.lower() in FALSE_WORDS
        await call.tx.put(pb2.Revocation(id=valid.payload.audit_ids[0], spares_chain=alone))
        await record(call, audit_id=valid.payload.audit_ids[0])
        return EMPTY

    @staticmethod
    async def _subject(call: Call, token: str, policy: str, allow_expired: str = "") -> ValidToken:
        """The token that the request is about: the caller's own, or any token for callers who may read all."""
        may_all = call.caller.is_admin if policy == "identity:revoke_token" else may_read_all(call)
        if policy == "identity:validate_token" and "service" in call.caller.roles:
            may_all = True
        window = ALLOW_EXPIRED_WINDOW if allow_expired.lower() in TRUE_WORDS else 0
        valid = await subject(call, token, window)  # 404 for every caller if it is not valid
        if not may_all and valid.user.id != call.caller.user_id:
            raise refused(policy)
        return valid


async def token_answer(call: Call, valid: ValidToken, token: str, *, with_catalog: bool) -> pb2.TokenResponse:
    """A token as an answer, with the catalog if it is scoped and the request does not leave it out."""
    shown = token_view(call, valid)
    if valid.scoped and with_catalog:
        project = valid.payload.scope_id if valid.payload.scope == "project" else ""
        owner = valid.delegated.trust.trustor_user_id if valid.delegated is not None else valid.user.id
        shown.catalog.CopyFrom(await catalog(call, owner, project))
    providers = await call.tx.view(("service_providers",), lambda: _providers(call))
    shown.service_providers.extend(providers.service_providers)
    if valid.payload.access_token_id:
        granted = await call.tx.get(AccessToken, valid.payload.access_token_id)
        if granted is not None:
            shown.oauth1.access_token_id, shown.oauth1.consumer_id = granted.id, granted.consumer_id
    return pb2.TokenResponse(token=shown, subject_token=token)


async def _providers(call: Call) -> pb2.Token:
    """The enabled service providers, as every token names them."""
    found = pb2.Token()
    for provider in await call.tx.query(ServiceProvider, enabled=True):
        found.service_providers.add(id=provider.id, auth_url=provider.auth_url, sp_url=provider.sp_url)
    return found


class Auths(Servicer):
    service = auth_pb2.DESCRIPTOR.services_by_name["Auths"]

    async def get_auth_catalog(self, call: Call, request: Any) -> Result:
        if not call.caller.project_id:
            raise Forbidden("A project-scoped token is required to produce a service catalog.")
        found = await catalog(call, call.caller.user_id, call.caller.project_id)
        return auth_pb2.GetAuthCatalogResponse(catalog=found.services)

    async def list_auth_projects(self, call: Call, request: Any) -> Result:
        found = await projects_of(call, call.caller.user_id)
        return whole([project for project in found if await _open(call, project)])

    async def list_auth_domains(self, call: Call, request: Any) -> Result:
        found = await domains_of(call, call.caller.user_id)
        return whole(domain_view(domain) for domain in found if domain.enabled)

    async def get_auth_system(self, call: Call, request: Any) -> Result:
        answer = auth_pb2.GetAuthSystemResponse()
        if await roles_on(call, call.caller.user_id, SYSTEM):
            answer.system.add(all=True)
        return answer


async def _open(call: Call, project: Project) -> bool:
    return project.enabled and await enabled(call, project.domain_id) is not None


def token_view(call: Call, valid: ValidToken) -> pb2.Token:
    """A token as it is shown, without its catalog (keystone.common.render_token)."""
    payload, scope = valid.payload, valid.scope
    shown = pb2.Token(methods=payload.methods, audit_ids=payload.audit_ids)
    shown.user.id, shown.user.name = valid.user.id, valid.user.name
    shown.user.domain.CopyFrom(_reference(valid.user_domain))
    call.stamp(shown.issued_at, payload.issued_at)
    call.stamp(shown.expires_at, payload.expires_at)
    shown.roles.extend([Reference(id=role.id, name=role.name) for role in valid.roles])
    if payload.scope == "project" and scope is not None:
        shown.project.CopyFrom(ScopedReference(id=scope.id, name=scope.name))
        if valid.scope_domain is not None:
            shown.project.domain.CopyFrom(_reference(valid.scope_domain))
        if valid.delegated is None:
            shown.is_domain = scope.is_domain
    elif payload.scope == "domain" and scope is not None:
        shown.domain.CopyFrom(_reference(scope))
    elif payload.scope == "system":
        shown.system.all = True
    if valid.delegated is not None:
        trust = valid.delegated.trust
        shown.trust.id, shown.trust.impersonation = trust.id, trust.impersonation
        shown.trust.trustor_user.id, shown.trust.trustee_user.id = trust.trustor_user_id, trust.trustee_user_id
    if valid.credential is not None:
        shown.application_credential.id = valid.credential.id
        shown.application_credential.name = valid.credential.name
        shown.application_credential.restricted = not valid.credential.unrestricted
        for rule in valid.credential.access_rules:
            shown.application_credential.access_rules.add(
                id=rule.id, path=rule.path, method=rule.method, service=rule.service
            )
    return shown


def _reference(project: Project) -> Reference:
    return Reference(id=project.id, name=project.name)
