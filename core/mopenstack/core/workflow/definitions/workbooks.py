"""Workbooks (mistral/services/workbooks.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Later
from mopenstack.core.workflow.base import Listed, check_scope
from mopenstack.core.workflow.definitions.actions import Actions
from mopenstack.core.workflow.definitions.workflows import Workflows, validated
from mopenstack.core.workflow.definitions.writing import Reading, claim_name, written
from mopenstack.workflow.v2 import refusals
from mopenstack.workflow.v2 import workbooks_pb2 as pb


class Workbooks(Listed[pb.Workbook]):
    service = pb.DESCRIPTOR.services_by_name["Workbooks"]
    message = pb.Workbook
    not_found = refusals.WorkbookNotFound
    word = "Workbook"
    shown = ("id", "name", "namespace", "definition", "tags", "scope", "project_id", "created_at", "updated_at")
    arguments: ClassVar[Mapping[str, str]] = {
        name: name for name in ("name", "definition", "tags", "scope", "created_at", "updated_at", "namespace")
    }

    async def create_workbook(self, call: Call, request: pb.CreateWorkbookRequest) -> Later:
        scope, check = check_scope(request.scope), not request.HasField("skip_validation")

        async def keep(call: Call, found: dict[str, Any]) -> Result:
            workbook = pb.Workbook(namespace=request.namespace, scope=scope, project_id=call.caller.project_id)
            _fill(workbook, found, request.definition)
            await claim_name(call, workbook, "workbook", refusals.DuplicateWorkbook)
            made = await self.insert(call, workbook)
            await self._parts(call, made, found)
            return _written(made)

        return written(call, Reading("workbook", definition=request.definition, check=check), keep)

    async def update_workbook(self, call: Call, request: pb.UpdateWorkbookRequest) -> Later:
        scope, check = check_scope(request.scope), not request.HasField("skip_validation")

        async def keep(call: Call, found: dict[str, Any]) -> Result:
            old = await self._look(call, found["name"], request.namespace)
            new = await call.tx.edit(pb.Workbook, old.id)
            _fill(new, found, request.definition)
            new.scope = scope
            await self.save(call, new)
            await self._parts(call, new, found)
            return _written(new)

        return written(call, Reading("workbook", definition=request.definition, check=check), keep)

    async def _parts(self, call: Call, workbook: pb.Workbook, found: dict[str, Any]) -> None:
        for one in found["actions"]:
            await call.service(Actions).keep_of_workbook(call, one, workbook)
        for one in found["workflows"]:
            await call.service(Workflows).keep_of_workbook(call, one, workbook)

    async def validate_workbook(self, call: Call, request: pb.ValidateWorkbookRequest) -> Later:
        return validated(call, request.definition, "workbook")

    async def _look(self, call: Call, name: str, namespace: str) -> pb.Workbook:
        found = await self.by_name(call, name, namespace)
        if found is None:
            raise refusals.WorkbookNotFound(name=name, namespace=namespace)
        return found

    async def get_workbook(self, call: Call, request: pb.GetWorkbookRequest) -> Result:
        return await self._look(call, request.name, request.namespace)

    async def delete_workbook(self, call: Call, request: pb.DeleteWorkbookRequest) -> Result:
        found = await self.by_name(call, request.name, request.namespace, secure=True)
        if found is None:
            raise refusals.WorkbookNotDeleted(name=request.name, namespace=request.namespace)
        await self.discard(call, found)
        return EMPTY


def _fill(workbook: pb.Workbook, found: dict[str, Any], definition: str) -> None:
    workbook.name, workbook.definition = found["name"], definition
    del workbook.tags[:]
    workbook.tags.extend(found["tags"])


def _written(workbook: pb.Workbook) -> pb.WrittenWorkbook:
    made = pb.WrittenWorkbook(tags=workbook.tags, created_at=workbook.created_at)
    for name in ("id", "name", "namespace", "definition", "scope", "project_id"):
        setattr(made, name, getattr(workbook, name))
    if workbook.HasField("updated_at"):
        made.updated_at.CopyFrom(workbook.updated_at)
    return made
