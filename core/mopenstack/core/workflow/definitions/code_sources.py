"""Code sources and dynamic actions: kept, and never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.workflow.base import SCOPES, Asked, Listed, given
from mopenstack.core.workflow.definitions.writing import claim_name
from mopenstack.workflow.v2 import code_sources_pb2 as pb
from mopenstack.workflow.v2 import dynamic_actions_pb2, refusals

_ARGUMENTS = ("name", "scope", "project_id", "created_at", "updated_at", "namespace")


class CodeSources(Listed[pb.CodeSource]):
    service = pb.DESCRIPTOR.services_by_name["CodeSources"]
    message = pb.CodeSource
    not_found = refusals.CodeSourceNotFound
    word = "CodeSource"
    more = ("all_projects",)
    arguments: ClassVar[Mapping[str, str]] = {**{name: name for name in _ARGUMENTS}, "tags": ""}

    async def in_list(self, call: Call, obj: pb.CodeSource, asked: Asked) -> Any:
        """A scope that is none is found only here."""
        _check_scope(obj.scope)
        return obj

    async def create_code_source(self, call: Call, request: pb.CreateCodeSourceRequest) -> Result:
        source = pb.CodeSource(
            name=request.name,
            namespace=request.namespace,
            content=request.content,
            scope=request.scope or "private",
            version=1,
            project_id=call.caller.project_id,
        )
        await claim_name(call, source, "workflow_code_source", refusals.DuplicateCodeSource)
        return _written(await self.insert(call, source))

    async def update_code_source(self, call: Call, request: pb.UpdateCodeSourceRequest) -> Result:
        old = await self.look(call, request.identifier, request.namespace)
        new = await call.tx.edit(pb.CodeSource, old.id)
        new.content, new.scope, new.version = request.content, request.scope or "private", old.version + 1
        await self.save(call, new)
        return _written(new)

    async def look(self, call: Call, identifier: str, namespace: str) -> pb.CodeSource:
        """A code source by its id or name; raises CodeSourceNotFound."""
        found = await self.by_id_or_name(call, identifier, namespace)
        if found is None:
            raise refusals.CodeSourceNotFound(name=identifier, namespace=namespace)
        return found

    async def get_code_source(self, call: Call, request: pb.GetCodeSourceRequest) -> Result:
        found = await self.look(call, request.identifier, request.namespace)
        _check_scope(found.scope)
        return found

    async def delete_code_source(self, call: Call, request: pb.DeleteCodeSourceRequest) -> Result:
        await self.discard(call, await self.look(call, request.identifier, request.namespace))
        return EMPTY


def _check_scope(scope: str) -> None:
    if scope and scope not in SCOPES:
        raise refusals.BadArgument(
            why=f"Invalid input for field/attribute scope. Value: '{scope}'. Value should be one of: private, public"
        )


def _written(source: pb.CodeSource) -> pb.WrittenCodeSource:
    made = pb.WrittenCodeSource(created_at=source.created_at)
    for name in ("id", "name", "namespace", "content", "version", "project_id", "scope"):
        setattr(made, name, getattr(source, name))
    if source.HasField("updated_at"):
        made.updated_at.CopyFrom(source.updated_at)
    return made


class DynamicActions(Listed[dynamic_actions_pb2.DynamicAction]):
    service = dynamic_actions_pb2.DESCRIPTOR.services_by_name["DynamicActions"]
    message = dynamic_actions_pb2.DynamicAction
    not_found = refusals.DynamicActionNotFound
    word = "DynamicActionDefinition"
    more = ("all_projects",)
    arguments: ClassVar[Mapping[str, str]] = {**{name: name for name in _ARGUMENTS}, "tags": ""}

    async def create_dynamic_action(
        self, call: Call, request: dynamic_actions_pb2.CreateDynamicActionRequest
    ) -> Result:
        source = request.code_source_id or request.code_source_name
        if not source:
            raise refusals.InvalidInput(why="Either 'code_source_id' or 'code_source_name' must be provided.")
        found = await call.service(CodeSources).look(call, source, request.namespace)
        action = dynamic_actions_pb2.DynamicAction(
            namespace=request.namespace,
            code_source_id=found.id,
            code_source_name=found.name,
            scope="private",
            project_id=call.caller.project_id,
        )
        for name in ("name", "class_name"):
            if (value := given(request, name)) is not None:
                setattr(action, name, value)
        if action.HasField("name"):
            await claim_name(call, action, "workflow_dynamic_action", refusals.DuplicateDynamicAction)
        written = dynamic_actions_pb2.WrittenDynamicAction()
        _fill_written(await self.insert(call, action), written)
        return written

    async def update_dynamic_action(
        self, call: Call, request: dynamic_actions_pb2.UpdateDynamicActionRequest
    ) -> Result:
        identifier = request.id or request.name
        if not identifier:
            raise refusals.InvalidInput(why="Either 'name' or 'id' must be provided.")
        source = request.code_source_id or request.code_source_name
        code = await call.service(CodeSources).look(call, source, request.namespace) if source else None
        old = await self._look(call, identifier, request.namespace)
        new = await call.tx.edit(dynamic_actions_pb2.DynamicAction, old.id)
        new.ClearField("class_name")
        if request.HasField("class_name"):
            new.class_name = request.class_name
        if request.scope:
            new.scope = request.scope
        if code is not None:
            new.code_source_id, new.code_source_name = code.id, code.name
        await self.save(call, new)
        made = dynamic_actions_pb2.ChangedDynamicAction()
        _fill_written(new, made)
        made.updated_at.CopyFrom(new.updated_at)
        return made

    async def _look(self, call: Call, identifier: str, namespace: str) -> dynamic_actions_pb2.DynamicAction:
        found = await self.by_id_or_name(call, identifier, namespace)
        if found is None:
            raise refusals.DynamicActionNotFound(name=identifier, namespace=namespace)
        return found

    async def get_dynamic_action(self, call: Call, request: dynamic_actions_pb2.GetDynamicActionRequest) -> Result:
        return await self._look(call, request.identifier, request.namespace)

    async def delete_dynamic_action(
        self, call: Call, request: dynamic_actions_pb2.DeleteDynamicActionRequest
    ) -> Result:
        await self.discard(call, await self._look(call, request.identifier, request.namespace))
        return EMPTY


def _fill_written(action: dynamic_actions_pb2.DynamicAction, made: Any) -> None:
    for name in ("id", "namespace", "code_source_id", "code_source_name", "project_id", "scope"):
        setattr(made, name, getattr(action, name))
    for name in ("name", "class_name"):
        if action.HasField(name):
            setattr(made, name, getattr(action, name))
    made.created_at.CopyFrom(action.created_at)
