"""Trusts: made by the trustor, used by the trustee. After keystone.trust.core and keystone.api.trusts.

The validation of a trust that is used is in `delegation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import roles_on
from mopenstack.core.identity.assignment.roles import Roles
from mopenstack.core.identity.auth.delegation import REDELEGATIONS_MAX, is_delegated, trust_chain, usable_trust
from mopenstack.core.identity.auth.revocations import record
from mopenstack.core.identity.base import IdentityServicer, may_read_all
from mopenstack.core.identity.identity.users import Users
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.core.identity.times import parse_expiry
from mopenstack.core.store.transaction import copy_of
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.trust import trusts_pb2 as pb2


class Trusts(IdentityServicer[pb2.Trust]):
    service = pb2.DESCRIPTOR.services_by_name["Trusts"]
    message = pb2.Trust
    pages = ""
    not_found = refusals.TrustNotFound
    not_extras = IdentityServicer.not_extras | {"deleted_at"}

    async def fetch(self, call: Call, id: str) -> pb2.Trust:
        """Unlike for other objects, every caller gets 404 for a trust that does not exist or is used up."""
        if call.operation is not None and call.operation.method == "DeleteTrust":
            return await self.lookup(call, id)
        return await usable_trust(call, id)

    async def list(self, call: Call, request: Any) -> Result:
        asked = {item.key: item.values[0] for item in request.query.filters if item.values and item.values[0]}
        for party in ("trustor", "trustee"):
            user = asked.get(f"{party}_user_id")
            if user:
                if not may_read_all(call) and user != call.caller.user_id:
                    raise errors.refused(f"identity:list_trusts_for_{party}")
                break
        else:
            if not may_read_all(call):
                raise errors.refused("identity:list_trusts")
        _refuse_delegated(call)
        return await super().list(call, request)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb2.Trust]:
        """Those of the trustor, or else of the trustee; with a query that names neither, none."""
        asked = {item.key: item.values[0] for item in query.filters if item.values}
        for key in ("trustor_user_id", "trustee_user_id"):
            if asked.get(key):
                return await call.tx.query(pb2.Trust, **{key: asked[key]})
        return [] if asked else await call.tx.scan(pb2.Trust)

    async def get(self, call: Call, request: Any) -> Result:
        _refuse_delegated(call)
        return await self._whole(call, call.target)

    async def list_trust_roles(self, call: Call, request: Any) -> Result:
        _refuse_delegated(call)
        return pb2.ListTrustRolesResponse(roles=await self._roles(call, call.target), trust_id=call.target.id)

    async def get_trust_role(self, call: Call, request: pb2.TrustRoleRequest) -> Result:
        _refuse_delegated(call)
        if request.role_id not in call.target.role_ids:
            raise refusals.RoleNotFound(id=request.role_id)
        return await call.service(Roles).lookup(call, request.role_id)

    async def delete(self, call: Call, request: Any) -> Result:
        _refuse_delegated(call)
        return await super().delete(call, request)

    async def remove(self, call: Call, obj: pb2.Trust) -> None:
        """Trusts that the trustor redelegated from it are deleted too."""
        for child in await call.tx.query(pb2.Trust, redelegated_trust_id=obj.id):
            if child.trustor_user_id == obj.trustor_user_id:
                await self.discard(call, child)
        await record(call, trust_id=obj.id)

    # -- create

    async def create(self, call: Call, request: pb2.CreateTrustRequest) -> Result:
        _refuse_delegated(call)
        body = request.trust
        if body.project_id and not body.roles:
            raise refusals.ForbiddenAction(action="At least one role should be specified")
        await call.service(Users).lookup(call, body.trustee_user_id)
        source = await usable_trust(call, call.caller.trust_id) if call.caller.trust_id else None
        trust = pb2.Trust(
            trustor_user_id=body.trustor_user_id, trustee_user_id=body.trustee_user_id,
            impersonation=body.impersonation, role_ids=await self._role_ids(call, body, source),
            extras=self.extras_of(body),
        )  # fmt: skip
        if body.project_id:
            trust.trust_project_id = body.project_id
        if body.HasField("remaining_uses"):
            trust.remaining_uses = body.remaining_uses
        if body.HasField("expires_at"):
            call.stamp(trust.expires_at, parse_expiry(call, body.expires_at))
        trust.redelegation_count = _count(body)
        if source is not None:
            await _redelegate(call, source, trust, body)
        return await self._whole(call, await self.insert(call, trust))

    async def _role_ids(self, call: Call, body: pb2.TrustCreate, source: pb2.Trust | None) -> Sequence[str]:
        """The ids of the roles; the first trustor of the chain must have them all."""
        roles = call.service(Roles)
        ids = [await roles.id_of(call, wanted) for wanted in body.roles]
        if not body.project_id:
            if ids:
                raise refusals.RoleNotFound(id=ids[0])
            return []
        await call.service(Projects).lookup(call, body.project_id)
        first = None if source is None else (await trust_chain(call, source))[-1]
        owner, project = (
            (body.trustor_user_id, body.project_id)
            if first is None
            else (first.trustor_user_id, first.trust_project_id)
        )
        held = {role.id for role in await roles_on(call, owner, project, of_domains=True)}
        for id in ids:
            if id not in held:
                raise refusals.RoleNotFound(id=id)
        return ids

    # -- views

    async def _whole(self, call: Call, trust: pb2.Trust) -> pb2.Trust:
        shown = copy_of(trust)
        shown.roles.SetInParent()
        shown.roles.roles.extend(await self._roles(call, trust))
        return shown

    @staticmethod
    async def _roles(call: Call, trust: pb2.Trust) -> Sequence[Role]:
        found = [await call.tx.get(Role, id) for id in trust.role_ids]
        return [role for role in found if role is not None]


def _refuse_delegated(call: Call) -> None:
    """Trusts may be managed with a token of a trust (redelegation), not with other delegated tokens."""
    if call.caller.token and is_delegated(call.caller):
        raise refusals.ForbiddenAction(action="Delegated tokens cannot manage trusts.")


def _redelegatable(body: pb2.TrustCreate) -> bool:
    return body.allow_redelegation and not (body.HasField("redelegation_count") and body.redelegation_count == 0)


def _count(body: pb2.TrustCreate) -> int:
    """How often a new trust may be redelegated (keystone.trust.core.Manager.create_trust)."""
    if not _redelegatable(body):
        return 0
    if body.redelegation_count > REDELEGATIONS_MAX:
        raise refusals.NotAuthorized
    if body.HasField("remaining_uses"):
        raise BadRequest("remaining_uses must not be set if redelegation is allowed")
    return body.redelegation_count or REDELEGATIONS_MAX


async def _redelegate(call: Call, source: pb2.Trust, trust: pb2.Trust, body: pb2.TrustCreate) -> None:
    """A trust redelegated from another: for no longer, with no more roles, and one redelegation less."""
    trust.redelegated_trust_id = source.id
    remaining = source.redelegation_count - 1
    if _redelegatable(body):
        if body.redelegation_count and body.redelegation_count != remaining:
            raise refusals.NotAuthorized
        trust.redelegation_count = remaining
    for parent in await trust_chain(call, source):
        if not 0 < parent.redelegation_count <= REDELEGATIONS_MAX or trust.HasField("remaining_uses"):
            raise refusals.NotAuthorized
        if parent.HasField("expires_at"):
            if not trust.HasField("expires_at"):
                trust.expires_at.CopyFrom(parent.expires_at)
            elif trust.expires_at.ToNanoseconds() > parent.expires_at.ToNanoseconds():
                raise refusals.NotAuthorized
        if not set(trust.role_ids) <= set(parent.role_ids) or (trust.impersonation and not parent.impersonation):
            raise refusals.NotAuthorized
        if trust.trust_project_id != parent.trust_project_id:
            raise refusals.NotAuthorized
