"""Workflows (mistral/services/workflows.py, mistral/api/controllers/v2/workflow.py).

A definition is read where the language runs (sandbox.py), after the transaction in which the caller was looked at and
before the one in which the workflows are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Later
from mopenstack.core.workflow.base import Asked, Listed, check_scope, dump
from mopenstack.core.workflow.definitions.writing import Reading, claim_name, release_name, written
from mopenstack.workflow.v2 import cron_triggers_pb2, event_triggers_pb2, members_pb2, refusals
from mopenstack.workflow.v2 import workflows_pb2 as pb

SHOWN = (
    "id",
    "name",
    "namespace",
    "input",
    "interface",
    "definition",
    "checksum",
    "tags",
    "scope",
    "project_id",
    "created_at",
    "updated_at",
)


class Workflows(Listed[pb.Workflow]):
    service = pb.DESCRIPTOR.services_by_name["Workflows"]
    message = pb.Workflow
    not_found = refusals.WorkflowIdNotFound
    word = "WorkflowDefinition"
    shown = SHOWN
    more = ("all_projects",)
    arguments: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("name", "definition", "tags", "scope", "project_id", "created_at", "updated_at")},
        "namespace": "namespace",
        "input": "",
    }

    async def found(self, call: Call, asked: Asked) -> list[pb.Workflow]:
        """Those that are shared with the project, too."""
        found = {obj.id: obj for obj in await super().found(call, asked)}
        if not call.caller.is_admin:
            for id in await accepted(call):
                shared = await call.tx.get(pb.Workflow, id)
                if shared is not None:
                    found[id] = shared
        return self.arrange(found.values(), asked)

    # -- writing

    async def create_workflows(self, call: Call, request: pb.CreateWorkflowsRequest) -> Later:
        scope, check = check_scope(request.scope), not request.HasField("skip_validation")

        async def keep(call: Call, found: Sequence[dict[str, Any]]) -> Result:
            made = [await self._create(call, one, request.namespace, scope) for one in found]
            return pb.WrittenWorkflows(workflows=[as_written(one) for one in made])

        return written(call, Reading("workflows", definition=request.definition, check=check), keep)

    async def _create(self, call: Call, values: dict[str, Any], namespace: str, scope: str) -> pb.Workflow:
        workflow = pb.Workflow(namespace=namespace, scope=scope, project_id=call.caller.project_id)
        _fill(workflow, values)
        await claim_name(call, workflow, "workflow", refusals.DuplicateWorkflow)
        return await self.insert(call, workflow)

    async def update_workflows(self, call: Call, request: pb.UpdateWorkflowsRequest) -> Later:
        scope, check = check_scope(request.scope), not request.HasField("skip_validation")

        async def keep(call: Call, found: Sequence[dict[str, Any]]) -> Result:
            changed = [await self._update(call, one["name"], one, request.namespace, scope) for one in found]
            return pb.WrittenWorkflows(workflows=[as_written(one) for one in changed])

        return written(call, Reading("workflows", definition=request.definition, check=check), keep)

    async def update_workflow(self, call: Call, request: pb.UpdateWorkflowRequest) -> Later:
        scope, check = check_scope(request.scope), not request.HasField("skip_validation")

        async def keep(call: Call, found: Sequence[dict[str, Any]]) -> Result:
            if len(found) > 1:
                raise refusals.InvalidInput(
                    why="More than one workflows are not supported for update with identifier. "
                    f"[identifier: {request.identifier}]"
                )
            return as_written(await self._update(call, request.identifier, found[0], request.namespace, scope))

        return written(call, Reading("workflows", definition=request.definition, check=check), keep)

    async def _update(
        self, call: Call, identifier: str, values: dict[str, Any], namespace: str, scope: str
    ) -> pb.Workflow:
        old = await self.look(call, identifier, namespace)
        check_owner(call, old)
        if old.scope == "public" and scope == "private":
            await _check_triggers_of_others(call, old, identifier, namespace)
        new = await call.tx.edit(pb.Workflow, old.id)
        _fill(new, values)
        new.scope = scope
        if new.name != old.name:
            await release_name(call, old, "workflow")
            await claim_name(call, new, "workflow", refusals.DuplicateWorkflow)
        await self.save(call, new)
        return new

    async def keep_of_workbook(self, call: Call, values: dict[str, Any], workbook: Any) -> None:
        """Create or replace a workflow of a workbook."""
        old = await self.by_name(call, values["name"], workbook.namespace)
        new = pb.Workflow() if old is None else await call.tx.edit(pb.Workflow, old.id)
        _fill(new, values)
        new.scope, new.workbook_name, new.namespace = workbook.scope, workbook.name, workbook.namespace
        if old is not None:
            await self.save(call, new)
            return
        new.project_id = workbook.project_id
        await claim_name(call, new, "workflow", refusals.DuplicateWorkflow)
        await self.insert(call, new)

    async def validate_workflow(self, call: Call, request: pb.ValidateWorkflowRequest) -> Later:
        return validated(call, request.definition, "workflows")

    # -- one workflow

    async def look(self, call: Call, identifier: str, namespace: str = "") -> pb.Workflow:
        """A workflow that the caller may use, by id or name; raises WorkflowNotFound."""
        found = await call.tx.get(pb.Workflow, identifier)
        if found is not None and (self.knows(call, found, False) or found.id in await accepted(call)):
            return found
        named = await self.by_name(call, identifier, namespace)
        if named is None:
            for id in await accepted(call):
                shared = await call.tx.get(pb.Workflow, id)
                if shared is not None and shared.name == identifier and shared.namespace == namespace:
                    return shared
            raise refusals.WorkflowNotFound(identifier=identifier, namespace=namespace)
        return named

    async def look_by_id(self, call: Call, id: str) -> pb.Workflow:
        found = await call.tx.get(pb.Workflow, id)
        if found is None or not (self.knows(call, found, False) or id in await accepted(call)):
            raise refusals.WorkflowIdNotFound(id=id)
        return found

    async def get_workflow(self, call: Call, request: pb.GetWorkflowRequest) -> Result:
        return await self.look(call, request.identifier, request.namespace)

    async def delete_workflow(self, call: Call, request: pb.DeleteWorkflowRequest) -> Result:
        found = await self.look(call, request.identifier, request.namespace)
        check_owner(call, found)
        for kind, message, place in (
            ("cron", cron_triggers_pb2.CronTrigger, f", namespace={request.namespace}"),
            ("event", event_triggers_pb2.EventTrigger, ""),
        ):
            triggers: Sequence[Any] = await call.tx.query(message, workflow_id=found.id)
            if triggers:
                ids = ", ".join(sorted(one.id for one in triggers))
                raise refusals.WorkflowHasTriggers(kind=kind, identifier=request.identifier, place=place, ids=ids)
        await self.discard(call, found)
        return EMPTY


def _fill(workflow: pb.Workflow, values: dict[str, Any]) -> None:
    for name in ("name", "input", "definition"):
        setattr(workflow, name, values[name])
    workflow.interface, workflow.spec = dump(values["interface"]), dump(values["spec"])
    if values.get("checksum"):
        workflow.checksum = values["checksum"]
    del workflow.tags[:]
    workflow.tags.extend(values["tags"])


def as_written(workflow: pb.Workflow) -> pb.WrittenWorkflow:
    """A workflow as the answer to its definition has it."""
    made = pb.WrittenWorkflow(interface=to_value(json.loads(workflow.interface)))
    for name in ("id", "name", "namespace", "input", "definition", "checksum", "scope", "project_id"):
        setattr(made, name, getattr(workflow, name))
    made.tags.extend(workflow.tags)
    made.created_at.CopyFrom(workflow.created_at)
    if workflow.HasField("updated_at"):
        made.updated_at.CopyFrom(workflow.updated_at)
    return made


async def accepted(call: Call) -> set[str]:
    """The ids of the workflows that are shared with the caller's project, which has accepted them."""
    project = call.caller.project_id
    members = await call.tx.query(members_pb2.Member, member_id=project) if project else []
    return {one.resource_id for one in members if one.status == "accepted"}


def check_owner(call: Call, obj: Any, kind: str = "WorkflowDefinition") -> None:
    """Raises NotOwner for who changes what another project owns (mistral.db.utils.check_db_obj_access)."""
    if obj.project_id != call.caller.project_id and not call.caller.is_admin:
        raise refusals.NotOwner(kind=kind, id=obj.id)


async def _check_triggers_of_others(call: Call, workflow: pb.Workflow, identifier: str, namespace: str) -> None:
    for kind, message in (("cron", cron_triggers_pb2.CronTrigger), ("event", event_triggers_pb2.EventTrigger)):
        triggers: Sequence[Any] = await call.tx.query(message, workflow_id=workflow.id)
        if any(one.project_id != workflow.project_id for one in triggers):
            raise refusals.NotAllowed(
                why=f"Can not update scope of workflow that has {kind} triggers associated in other tenants. "
                f"[workflow_identifier={identifier}, namespace={namespace}]"
            )


def validated(call: Call, definition: str, kind: str) -> Later:
    """What is wrong with a definition, if anything is."""
    project = call.caller.project_id

    async def make() -> Result:
        found = await Reading("validity", kind=kind, definition=definition).ask(project)
        return pb.Validity(**found)

    return Later(make)
