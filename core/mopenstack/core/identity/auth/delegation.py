"""Delegated tokens: what a token of a trust or of an OAuth 1 access token may be used for.

A delegation depends on the present state of the user who delegates: the roles, an enabled account, an unchanged
password. Source: keystone.models.token_model, keystone.trust.core, keystone.api._shared.delegation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.identity.assignment.effective import expanded_roles, roles_on
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.oauth1.oauth1_pb2 import AccessToken
from mopenstack.identity.v3.resource.projects_pb2 import Project
from mopenstack.identity.v3.trust.trusts_pb2 import Trust

REDELEGATIONS_MAX = 3
"""keystone.conf.trust.max_redelegation_count."""

PRIMARY_METHODS = frozenset({"external", "kerberos", "mapped", "openid", "password", "saml2", "token", "totp", "x509"})
"""Methods that authenticate a user; a token with any other method is a delegated one."""


@dataclass(frozen=True, slots=True)
class Delegated:
    """A valid trust with its trustor and the roles that it delegates."""

    trust: Trust
    trustor: User
    trustor_domain: Project
    roles: list[Role]


def is_delegated(caller: Caller) -> bool:
    """Whether the caller's token is of an application credential, OAuth 1 or EC2; trusts are not counted."""
    return not caller.methods or not PRIMARY_METHODS.issuperset(caller.methods)


def refuse_delegated(caller: Caller, *, text: str = "", action: str = "") -> None:
    """Refuse a token that was delegated in any way."""
    if not caller.token or not (caller.trust_id or is_delegated(caller)):
        return
    if action:
        raise refusals.ForbiddenAction(action=action)
    raise refusals.NotAuthorized(text or None)


def refuse_trust_and_oauth(caller: Caller) -> None:
    """Refuse what was delegated by trusts, OAuth 1 and EC2; application credentials have rules of their own."""
    if "application_credential" not in caller.methods:
        refuse_delegated(caller)


async def usable_trust(call: Call, id: str) -> Trust:
    """A trust that can be used; raises TrustNotFound, and NotAuthorized if a trustee of its chain is disabled."""
    trust = await call.tx.get(Trust, id)
    if trust is None or _over(call, trust) or (trust.HasField("remaining_uses") and trust.remaining_uses <= 0):
        raise refusals.TrustNotFound(id=id)
    await trust_chain(call, trust)
    return trust


def _over(call: Call, trust: Trust) -> bool:
    return trust.HasField("expires_at") and trust.expires_at.seconds + trust.expires_at.nanos / 1e9 < call.time


async def trust_chain(call: Call, trust: Trust) -> list[Trust]:
    """The trust and those that it was redelegated from, the first one last."""
    chain = [trust]
    while chain[-1].redelegated_trust_id:
        parent = await call.tx.get(Trust, chain[-1].redelegated_trust_id)
        if parent is None or _over(call, parent):
            raise refusals.TrustNotFound(id=chain[-1].redelegated_trust_id)
        agent = await call.tx.get(User, parent.trustee_user_id)
        if agent is None or not agent.enabled:
            raise refusals.NotAuthorized
        chain.append(parent)
    return chain


async def validate_trust(call: Call, id: str, trustee: User, generation: int | None) -> Delegated | None:
    """The trust with the roles that its trustee has by it; None if it is not valid. Raises NotAuthorized.

    `generation` is that of the trustor's tokens when the token was made; None: it is just being made.
    """
    trust = await call.tx.get(Trust, id)
    if trust is None or _over(call, trust) or not trust.trust_project_id:
        return None
    try:
        chain = await trust_chain(call, trust)
    except refusals.TrustNotFound:
        return None
    if trust.trustee_user_id != trustee.id:
        raise refusals.NotAuthorized
    trustor = await call.tx.get(User, trust.trustor_user_id)
    domain = None if trustor is None else await call.tx.get(Project, trustor.domain_id)
    if trustor is None or domain is None or not domain.enabled:
        return None
    if not trustor.enabled:
        raise refusals.NotAuthorized
    if generation is not None and trustor.token_generation != generation:
        return None
    roles = await _trust_roles(call, trust, {trustor.id, chain[-1].trustor_user_id})
    return Delegated(trust, trustor, domain, roles)


async def _trust_roles(call: Call, trust: Trust, givers: set[str]) -> list[Role]:
    """The trust's roles with those that they imply; raises NotAuthorized unless the givers have them all."""
    delegated = await expanded_roles(call, trust.role_ids, of_domains=True)
    if len({role.id for role in delegated} & set(trust.role_ids)) < len(set(trust.role_ids)):
        raise refusals.NotAuthorized
    for giver in givers:
        held = {role.id for role in await roles_on(call, giver, trust.trust_project_id, of_domains=True)}
        if not {role.id for role in delegated} <= held:
            raise refusals.NotAuthorized
    return [role for role in delegated if not role.domain_id]


async def consume(call: Call, trust: Trust) -> None:
    """One use of a trust that has only so many (keystone.trust.backends.sql.consume_use)."""
    if not trust.HasField("remaining_uses"):
        return
    if trust.remaining_uses <= 0:
        raise refusals.TrustUsedUp(id=trust.id)
    used = await call.tx.edit(Trust, trust.id)
    used.remaining_uses -= 1
    await call.tx.put(used)


async def access_token_roles(call: Call, id: str, user: User, held: Sequence[Role]) -> list[Role]:
    """Those of the user's roles that an OAuth 1 access token grants; none if it was deleted."""
    token = await call.tx.get(AccessToken, id)
    if token is None or token.authorizing_user_id != user.id:
        return []
    granted = {role.id for role in await expanded_roles(call, token.role_ids)}
    return [role for role in held if role.id in granted]
