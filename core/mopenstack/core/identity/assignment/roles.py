"""Roles and implied roles. After keystone.assignment.core.RoleManager, keystone.api.roles and role_inferences."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IMMUTABLE, IdentityServicer, check_domain_unchanged, may_read_all
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment import roles_pb2 as pb2
from mopenstack.identity.v3.resource.projects_pb2 import Project

NEVER_IMPLIED = frozenset({"admin"})
"""keystone.conf.assignment.prohibited_implied_role."""
MANAGED_IN_DOMAINS = frozenset({"manager", "member", "reader"})


class Roles(IdentityServicer[pb2.Role]):
    service = pb2.DESCRIPTOR.services_by_name["Roles"]
    message = pb2.Role
    not_found = refusals.RoleNotFound
    unique = "domain_id"
    resource_options = IMMUTABLE
    not_found_before_policy = frozenset({"GetRole", "UpdateRole", "DeleteRole"})

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        return errors.duplicate("role", f"Duplicate entry found with name {obj.name}")

    async def revise(self, call: Call, old: pb2.Role, new: pb2.Role, request: Any, given: set[str]) -> None:
        check_domain_unchanged(old, new)

    async def remove(self, call: Call, obj: pb2.Role) -> None:
        self.check_deletable(obj)

    async def id_of(self, call: Call, wanted: Any) -> str:
        """The id of a role that a delegation names by its id or name; raises RoleNotFound for an unknown name."""
        if wanted.id:
            return str(wanted.id)
        named = await self.by_name(call, wanted.name)
        if named is None:
            raise refusals.RoleNotFound(f"Role {wanted.name} is not defined")
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


@subscribes("before_delete", "domain")
async def delete_roles(call: Call, domain: Project) -> None:
    for role in await call.tx.query(pb2.Role, domain_id=domain.id):
        await call.service(Roles).discard(call, role)


class RoleInferences(Servicer):
    """Which roles imply which."""

    service = pb2.DESCRIPTOR.services_by_name["RoleInferences"]

    async def list_role_inferences(self, call: Call, request: Any) -> Result:
        priors: dict[str, list[str]] = {}
        for rule in await call.tx.scan(pb2.ImpliedRole):
            priors.setdefault(rule.prior_role_id, []).append(rule.implied_role_id)
        found = [await self._inference(call, prior, implied) for prior, implied in sorted(priors.items())]
        return pb2.ListRoleInferencesResponse(role_inferences=found)

    async def list_implied_roles(self, call: Call, request: pb2.ListImpliedRolesRequest) -> Result:
        rules = await call.tx.query(pb2.ImpliedRole, prior_role_id=request.prior_role_id)
        implied = [rule.implied_role_id for rule in rules]
        inference = await self._inference(call, request.prior_role_id, implied)
        return pb2.ListImpliedRolesResponse(role_inference=inference)

    @staticmethod
    async def _inference(call: Call, prior_id: str, implied_ids: list[str]) -> pb2.RoleInference:
        roles = call.service(Roles)
        implied = [await roles.lookup(call, id) for id in sorted(implied_ids)]
        prior = await roles.lookup(call, prior_id)
        return pb2.RoleInference(prior_role=_reference(prior), implies=[_reference(role) for role in implied])


def _reference(role: pb2.Role) -> pb2.RoleReference:
    return pb2.RoleReference(id=role.id, name=role.name)


async def _check_implied(call: Call, rule: pb2.ImpliedRole, ends: Ends) -> None:
    prior, implied = ends["prior_role_id"], ends["implied_role_id"]
    if implied.name in NEVER_IMPLIED:
        raise refusals.InvalidImpliedRole(role_id=implied.id)
    if not prior.domain_id and implied.domain_id:
        raise refusals.InvalidImpliedRole("Global role cannot imply a domain-specific role")


def _taken(rule: pb2.ImpliedRole) -> Exception:
    return errors.duplicate("implied_role", "Duplicate entry")


def _missing(call: Call, rule: pb2.ImpliedRole) -> Exception:
    return refusals.ImpliedRoleNotFound(prior_role_id=rule.prior_role_id, implied_role_id=rule.implied_role_id)


async def _show(call: Call, rule: pb2.ImpliedRole, ends: Ends) -> pb2.ImpliedRoleResponse:
    prior, implied = _reference(ends["prior_role_id"]), _reference(ends["implied_role_id"])
    return pb2.ImpliedRoleResponse(role_inference=pb2.ImpliedRoleResponse.Inference(prior_role=prior, implies=implied))


IMPLIED_ROLES = Association(
    pb2.ImpliedRole,
    {"prior_role_id": "role", "implied_role_id": "role"},
    add=_check_implied,
    taken=_taken,
    missing=_missing,
    show=_show,
)
