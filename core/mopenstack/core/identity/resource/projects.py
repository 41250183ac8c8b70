"""Projects: a tree below each domain. After keystone.resource.core; a domain is stored as a project too."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, Fault, Forbidden
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TAG_FILTERS, fold_of, folded
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import projects_of
from mopenstack.core.identity.auth.revocations import record
from mopenstack.core.identity.base import (
    IMMUTABLE,
    IdentityServicer,
    check_domain_unchanged,
    domain_of,
    may_read_all,
)
from mopenstack.core.store.transaction import copy_of
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.resource import projects_pb2 as pb2

DEPTH_MAX = 5
"""Projects from a domain down to a leaf (keystone.conf.default.max_project_tree_depth)."""


class Projects(IdentityServicer[pb2.Project]):
    service = pb2.DESCRIPTOR.services_by_name["Projects"]
    message = pb2.Project
    pages = "markers"
    not_found = refusals.ProjectNotFound
    unique = "domain_id"
    resource_options = IMMUTABLE
    repeats_extras = True
    not_extras = IdentityServicer.not_extras | {"is_domain"}

    def check_id(self, old: Any, body: Any, given: Any) -> None:
        """A domain's is not looked at (keystone.api.domains)."""
        if isinstance(body, pb2.Project):
            super().check_id(old, body, given)

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        if obj.is_domain:
            details = f"it is not permitted to have two projects acting as domains with the same name: {obj.name}"
        else:
            details = (
                "it is not permitted to have two projects with either the same name or same id in the same domain: "
                f"name is {obj.name}, project id {obj.id}"
            )
        return errors.duplicate("project", details)

    async def domain(self, call: Call, id: str) -> pb2.Project:
        """The project that acts as this domain."""
        found = await self.find(call, id)
        if found is None or not found.is_domain:
            raise refusals.DomainNotFound(id=id)
        return found

    async def parents(self, call: Call, project: pb2.Project) -> list[pb2.Project]:
        """From the project's parent up to the domain."""
        found: list[pb2.Project] = []
        while project.parent_id:
            project = await self.lookup(call, project.parent_id)
            found.append(project)
        return found

    async def children(self, call: Call, id: str) -> list[pb2.Project]:
        return await call.tx.query(pb2.Project, parent_id=id)

    async def subtree(self, call: Call, id: str) -> list[pb2.Project]:
        """Everything below a project, nearer ones first."""
        found = level = await self.children(call, id)
        while level:
            level = [child for project in level for child in await self.children(call, project.id)]
            found = found + level
        return found

    # -- create, update, delete

    async def complete(self, call: Call, obj: pb2.Project, request: Any, given: set[str]) -> None:
        obj.name = obj.name.strip()
        if obj.is_domain:
            if obj.parent_id:
                raise BadRequest("only root projects are allowed to act as domains.")
            obj.ClearField("domain_id")
            obj.ClearField("parent_id")
            return
        if not obj.domain_id:
            parent = await self.find(call, obj.parent_id) if obj.parent_id else None
            inherited = "" if parent is None else (parent.id if parent.is_domain else parent.domain_id)
            obj.domain_id = inherited or domain_of(call, "")
        obj.parent_id = obj.parent_id or obj.domain_id
        self._check_domain_manager(call, obj)
        await self._check_place(call, obj)

    @staticmethod
    def _check_domain_manager(call: Call, obj: pb2.Project) -> None:
        if not call.caller.is_admin and call.caller.domain_id != obj.domain_id:
            raise errors.refused("identity:create_project")

    async def _check_place(self, call: Call, obj: pb2.Project) -> None:
        domain = await self.domain(call, obj.domain_id)
        parent = await self.lookup(call, obj.parent_id)
        if parent.is_domain and parent.id != domain.id:
            raise BadRequest(
                f"Cannot create project, the parent ({parent.id}) is acting as a domain, "
                f"but this project's domain id ({domain.id}) does not match the parent's id."
            )
        if not parent.is_domain and parent.domain_id != domain.id:
            raise BadRequest(
                f"Cannot create project, since it specifies its domain_id {domain.id}, "
                f"but specifies a parent in a different domain ({parent.domain_id})."
            )
        above = [parent, *await self.parents(call, parent)]
        disabled = next((project for project in above if not project.enabled), None)
        if disabled is not None:
            raise BadRequest(f"cannot create a project in a branch containing a disabled project: {disabled.id}")
        if len(above) > DEPTH_MAX:
            raise Forbidden(f"Max hierarchy depth reached for {parent.id} branch.")

    async def revise(self, call: Call, old: pb2.Project, new: pb2.Project, request: Any, given: set[str]) -> None:
        check_domain_unchanged(old, new)
        new.name = new.name.strip()
        if old.parent_id != new.parent_id:
            raise Forbidden("Update of `parent_id` is not allowed.")
        if old.is_domain != new.is_domain:
            raise BadRequest("Update of `is_domain` is not allowed.")
        if not old.enabled and new.enabled and not all(project.enabled for project in await self.parents(call, old)):
            raise Forbidden(f"Cannot enable project {old.id} since it has disabled parents")
        disabling = old.enabled and not new.enabled and not old.is_domain
        if disabling and any(project.enabled for project in await self.subtree(call, old.id)):
            raise Forbidden(f"Cannot disable project {old.id} since its subtree contains enabled projects.")

    async def remove(self, call: Call, obj: pb2.Project) -> None:
        self.check_deletable(obj)
        if obj.is_domain:
            await self._empty(call, obj)
        elif await self.children(call, obj.id):
            raise Forbidden(
                f"Cannot delete the project {obj.id} since it is not a leaf in the hierarchy. "
                "Use the cascade option if you want to delete a whole subtree."
            )
        await record(call, project_id=obj.id)

    async def _empty(self, call: Call, domain: pb2.Project) -> None:
        """Delete all that a disabled domain holds."""
        if domain.enabled:
            raise Forbidden("Cannot delete a domain that is enabled, please disable it first.")
        await call.publish("before_delete", "domain", domain)
        for project in reversed(await self.subtree(call, domain.id)):
            await self.discard(call, project)

    # -- show and list

    async def get(self, call: Call, request: Any) -> Result:
        for kind in ("parents", "subtree"):
            if _flag(request, f"{kind}_as_list") and _flag(request, f"{kind}_as_ids"):
                raise BadRequest(f"Cannot use {kind}_as_list and {kind}_as_ids query params at the same time.")
        project: pb2.Project = copy_of(call.target)
        if _flag(request, "parents_as_list"):
            self._fill(project.parents, await self._mine(call, await self.parents(call, project)))
        elif _flag(request, "parents_as_ids"):
            tree: dict[str, Any] | None = None
            for parent in reversed(await self.parents(call, project)):
                tree = {parent.id: tree}
            _set_value(project.parents_as_ids, tree)
        if _flag(request, "subtree_as_list"):
            self._fill(project.subtree, await self._mine(call, await self.subtree(call, project.id)))
        elif _flag(request, "subtree_as_ids"):
            _set_value(project.subtree_as_ids, await self._ids_below(call, project.id))
        return project

    @staticmethod
    def _fill(tree: pb2.ProjectTree, projects: list[pb2.Project]) -> None:
        tree.SetInParent()
        tree.projects.extend([pb2.ProjectResponse(project=project) for project in projects])

    async def _mine(self, call: Call, projects: list[pb2.Project]) -> list[pb2.Project]:
        """Those among them that the caller has a role on."""
        own = {project.id for project in await projects_of(call, call.caller.user_id)}
        return [project for project in projects if project.id in own]

    async def _ids_below(self, call: Call, id: str) -> dict[str, Any] | None:
        children = await self.children(call, id)
        return {child.id: await self._ids_below(call, child.id) for child in children} or None

    async def matches(self, call: Call, obj: pb2.Project, key: str, values: Any) -> bool:
        test = TAG_FILTERS.get(key)
        if test is None:
            return await super().matches(call, obj, key, values)
        fold = fold_of(call.cloud)
        return test(folded(obj.tags, fold), folded((tag for value in values for tag in value.split(",")), fold))

    async def refine(self, call: Call, found: list[pb2.Project], query: common.Query) -> list[pb2.Project]:
        if not any(item.key == "is_domain" for item in query.filters):
            found = [project for project in found if not project.is_domain]
        if call.caller.domain_id or not may_read_all(call):
            found = [project for project in found if project.domain_id == call.caller.domain_id]
        return found


def _flag(request: Any, name: str) -> bool:
    """Given, with any value but a word for no (keystone.server.flask.ResourceBase.query_filter_is_true)."""
    return request.HasField(name) and getattr(request, name).lower() not in FALSE_WORDS


def _set_value(value: Any, tree: dict[str, Any] | None) -> None:
    value.CopyFrom(to_value(tree))
