"""Roles and implied roles. After keystone.assignment.core.RoleManager, keystone.api.roles and role_inferences."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IMMUTABLE, IdentityServicer, check_domain_unchanged, may_read_all
from mopenstack.core.identity.resource.deletion import forget_role
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment import roles_pb2 as pb2

NEVER_IMPLIED = frozenset({"admin"})
"""keystone.conf.assignment.prohibited_implied_role."""
MANAGED_IN_DOMAINS = frozenset({"manager", "member", "reader"})


class Roles(IdentityServicer[pb2.Role]):
    service = pb2.DESCRIPTOR.services_by_name["Roles"]
    message = pb2.Role
    not_found = refusals.RoleNotFound
    unique = "domain_id"
    resource_options = IMMUTABLE
    absence_told = frozenset({"GetRole", "UpdateRole", "DeleteRole"})

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        return errors.duplicate("role", f"Duplicate entry found with name {obj.name}")

    async def complete(self, call: Call, obj: pb2.Role, request: Any, given: set[str]) -> None:
        if obj.domain_id:
            from mopenstack.core.identity.resource.projects import Projects

            await call.service(Projects).domain(call, obj.domain_id)

    async def revise(self, call: Call, old: pb2.Role, new: pb2.Role, request: Any, given: set[str]) -> None:
        check_domain_unchanged(old, new)

    async def remove(self, call: Call, obj: pb2.Role) -> None:
        self.check_deletable(obj)
        await forget_role(call, obj.id)

    async def id_of(self, call: Call, wanted: Any) -> str:
        """The id of a role that a delegation names by its id or name; raises RoleNotFound for an unknown name."""
        if wanted.id:
            return str(wanted.id)
        named = await self.by_name(call, wanted.name)
        if named is None:
            raise refusals.RoleNotFound(id=wanted.name)
        return named.id

    async def get(self, call: Call, request: Any) -> Result:
        if call.target.domain_id and call.caller.policy_scope == "domain":
            raise errors.refused("identity:get_domain_role")
        if not may_read_all(call) and (call.target.domain_id or call.target.name not in MANAGED_IN_DOMAINS):
            raise errors.refused("identity:get_role")
        return await super().get(call, request)

    async def refine(self, call: Call, found: list[pb2.Role], query: common.Query) -> list[pb2.Role]:
        """Domain roles are listed only by their domain."""
        if any(item.key == "domain_id" for item in query.filters):
            if not may_read_all(call) or call.caller.policy_scope == "domain":
                raise errors.refused("identity:list_domain_roles")
            return found
        return [role for role in found if not role.domain_id]


class RoleInferences(Servicer):
    """Which roles imply which."""

    service = pb2.DESCRIPTOR.services_by_name["RoleInferences"]

    async def list_role_inferences(self, call: Call, request: Any) -> Result:
        priors: dict[str, list[str]] = {}
        for rule in await call.tx.scan(pb2.ImpliedRole):
            priors.setdefault(rule.prior_role_id, []).append(rule.implied_role_id)
        found = [await self._inference(call, prior, implied) for prior, implied in sorted(priors.items())]
        answer = pb2.ListRoleInferencesResponse(role_inferences=found)
        answer.links.SetInParent()
        return answer

    async def list_implied_roles(self, call: Call, request: pb2.ListImpliedRolesRequest) -> Result:
        rules = await call.tx.query(pb2.ImpliedRole, prior_role_id=request.prior_role_id)
        implied = [rule.implied_role_id for rule in rules]
        inference = await self._inference(call, request.prior_role_id, implied)
        return pb2.ListImpliedRolesResponse(role_inference=inference)

    async def add_implied_role(self, call: Call, request: pb2.ImpliedRoleRequest) -> Result:
        roles = call.service(Roles)
        implied = await roles.lookup(call, request.implied_role_id)
        prior = await roles.lookup(call, request.prior_role_id)
        if implied.name in NEVER_IMPLIED:
            raise refusals.InvalidImpliedRole(role_id=implied.id)
        if not prior.domain_id and implied.domain_id:
            raise refusals.InvalidImpliedRole("Global role cannot imply a domain-specific role")
        rule = pb2.ImpliedRole(id=_id(request), prior_role_id=prior.id, implied_role_id=implied.id)
        if await call.tx.get(pb2.ImpliedRole, rule.id) is not None:
            raise errors.duplicate("implied_role", "Duplicate entry")
        await call.tx.put(rule, fresh=True)
        return _answer(prior, implied)

    async def get_implied_role(self, call: Call, request: pb2.ImpliedRoleRequest) -> Result:
        return _answer(*await self._rule(call, request))

    async def check_implied_role(self, call: Call, request: pb2.ImpliedRoleRequest) -> Result:
        await self._rule(call, request)
        return EMPTY

    async def delete_implied_role(self, call: Call, request: pb2.ImpliedRoleRequest) -> Result:
        await self._rule(call, request)
        await call.tx.delete(pb2.ImpliedRole, _id(request))
        return EMPTY

    @staticmethod
    async def _rule(call: Call, request: pb2.ImpliedRoleRequest) -> tuple[pb2.Role, pb2.Role]:
        roles = call.service(Roles)
        prior = await roles.lookup(call, request.prior_role_id)
        implied = await roles.lookup(call, request.implied_role_id)
        if await call.tx.get(pb2.ImpliedRole, _id(request)) is None:
            raise refusals.ImpliedRoleNotFound(prior_role_id=prior.id, implied_role_id=implied.id)
        return prior, implied

    @staticmethod
    async def _inference(call: Call, prior_id: str, implied_ids: list[str]) -> pb2.RoleInference:
        roles = call.service(Roles)
        implied = [await roles.lookup(call, id) for id in sorted(implied_ids)]
        prior = await roles.lookup(call, prior_id)
        return pb2.RoleInference(prior_role=_reference(prior), implies=[_reference(role) for role in implied])


def _id(request: pb2.ImpliedRoleRequest) -> str:
    return f"{request.prior_role_id}:{request.implied_role_id}"


def _reference(role: pb2.Role) -> pb2.RoleReference:
    return pb2.RoleReference(id=role.id, name=role.name)


def _answer(prior: pb2.Role, implied: pb2.Role) -> pb2.ImpliedRoleResponse:
    inference = pb2.ImpliedRoleResponse.Inference(prior_role=_reference(prior), implies=_reference(implied))
    return pb2.ImpliedRoleResponse(role_inference=inference)
