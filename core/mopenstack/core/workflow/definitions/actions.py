"""Actions: those of the service, and those of projects (mistral/services/adhoc_actions.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.contract.v1.common_pb2 import PageInfo
from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Later
from mopenstack.core.workflow.base import Asked, Listed, check_scope, dump, time_text
from mopenstack.core.workflow.catalogue import CATALOGUE
from mopenstack.core.workflow.definitions.workflows import validated
from mopenstack.core.workflow.definitions.writing import Reading, claim_name, release_name, written
from mopenstack.workflow.v2 import actions_pb2 as pb
from mopenstack.workflow.v2 import dynamic_actions_pb2, refusals


class Actions(Listed[pb.ActionDefinition]):
    service = pb.DESCRIPTOR.services_by_name["Actions"]
    message = pb.ActionDefinition
    presents = pb.Action
    not_found = refusals.ActionNotFound
    word = "DynamicActionDefinition"
    sorted_by = "name"
    arguments: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("name", "scope", "created_at", "updated_at", "namespace")},
        **dict.fromkeys(("tags", "description", "definition", "is_system", "input"), ""),
    }

    # -- lists

    async def list(self, call: Call, request: Any) -> Result:
        """Those of the service and of the project in one list, by name; its marker is a name."""
        asked = self.ask(call, request.query)
        own = [one for one in await call.tx.scan(pb.ActionDefinition) if self.knows(call, one, False)]
        filters = {key: value for key, value in asked.filters.items() if key == "name"}
        shown: Sequence[pb.Action] = [as_shown(one) for one in self.arrange(own, asked)]
        if not any(key in asked.filters for key in ("scope", "created_at", "updated_at")):
            kept = [pb.ActionDefinition(id=name, name=name) for name in CATALOGUE.names()]
            named = Asked(filters=filters)
            shown = [*shown, *(_of_service(one.name) for one in self.arrange(kept, named))]
            shown += [_of_dynamic(one) for one in await self._dynamic(call)]
        descending = bool(asked.sort and asked.sort[0][1])
        shown = sorted(shown, key=lambda one: one.name, reverse=descending)
        start = next((n for n, one in enumerate(shown) if one.name == asked.marker), 0) if asked.marker else 0
        page = shown[start : start + asked.limit] if asked.limit else shown[start:]
        full = bool(asked.limit and len(page) == asked.limit)
        # All of each is shown, whatever fields are asked for.
        return pb.ListActionsResponse(actions=page, page=PageInfo(next_marker=page[-1].id if full else ""))

    async def _dynamic(self, call: Call) -> Sequence[dynamic_actions_pb2.DynamicAction]:
        found = await call.tx.scan(dynamic_actions_pb2.DynamicAction)
        return [one for one in found if self.knows(call, one, False)]

    # -- writing

    async def create_actions(self, call: Call, request: pb.CreateActionsRequest) -> Later:
        scope = check_scope(request.scope)

        async def keep(call: Call, found: Sequence[dict[str, Any]]) -> Result:
            made = [await self._create(call, one, request.namespace, scope) for one in found]
            return pb.WrittenActions(actions=[_written(one) for one in made])

        return written(call, Reading("actions", definition=request.definition), keep)

    async def _create(self, call: Call, values: dict[str, Any], namespace: str, scope: str) -> pb.ActionDefinition:
        action = pb.ActionDefinition(namespace=namespace, scope=scope, project_id=call.caller.project_id)
        _fill(action, values)
        await claim_name(call, action, "workflow_action", refusals.DuplicateAction)
        return await self.insert(call, action)

    async def update_actions(self, call: Call, request: pb.UpdateActionsRequest) -> Later:
        return self._updating(call, request, "")

    async def update_action(self, call: Call, request: pb.UpdateActionRequest) -> Later:
        return self._updating(call, request, request.identifier)

    def _updating(self, call: Call, request: Any, identifier: str) -> Later:
        scope = check_scope(request.scope)

        async def keep(call: Call, found: Sequence[dict[str, Any]]) -> Result:
            if identifier and len(found) > 1:
                raise refusals.InvalidInput(
                    why=f"More than one actions are not supported for update with identifier. "
                    f"[identifier: {identifier}]"
                )
            changed = [await self._update(call, identifier, one, request.namespace, scope) for one in found]
            return pb.WrittenActions(actions=[_written(one) for one in changed])

        return written(call, Reading("actions", definition=request.definition), keep)

    async def _update(
        self, call: Call, identifier: str, values: dict[str, Any], namespace: str, scope: str
    ) -> pb.ActionDefinition:
        old = await self._look(call, identifier or values["name"], namespace)
        new = await call.tx.edit(pb.ActionDefinition, old.id)
        _fill(new, values)
        new.scope = scope
        if new.name != old.name:
            await release_name(call, old, "workflow_action")
            await claim_name(call, new, "workflow_action", refusals.DuplicateAction)
        await self.save(call, new)
        return new

    async def keep_of_workbook(self, call: Call, values: dict[str, Any], workbook: Any) -> None:
        """Create or replace an action of a workbook."""
        old = await self.by_name(call, values["name"], workbook.namespace)
        new = pb.ActionDefinition() if old is None else await call.tx.edit(pb.ActionDefinition, old.id)
        _fill(new, values)
        new.scope, new.workbook_name, new.namespace = workbook.scope, workbook.name, workbook.namespace
        if old is not None:
            await self.save(call, new)
            return
        new.project_id = workbook.project_id
        await claim_name(call, new, "workflow_action", refusals.DuplicateAction)
        await self.insert(call, new)

    async def validate_action(self, call: Call, request: pb.ValidateActionRequest) -> Later:
        return validated(call, request.definition, "actions")

    # -- one action

    async def _look(self, call: Call, identifier: str, namespace: str) -> pb.ActionDefinition:
        found = await self.by_id_or_name(call, identifier, namespace)
        if found is None and namespace:
            found = await self.by_id_or_name(call, identifier, "")
        if found is None:
            raise refusals.ActionDefinitionNotFound(name=identifier, namespace=namespace)
        return found

    async def get_action(self, call: Call, request: pb.GetActionRequest) -> Result:
        if CATALOGUE.has(request.identifier):
            return _of_service(request.identifier)
        found = await self.by_name(call, request.identifier, request.namespace)
        if found is None:
            by_id = await call.tx.get(pb.ActionDefinition, request.identifier)
            found = by_id if by_id is not None and self.knows(call, by_id, False) else None
        if found is not None:
            return as_shown(found)
        for one in await self._dynamic(call):
            if one.name == request.identifier and one.namespace == request.namespace:
                return _of_dynamic(one)
        raise refusals.ActionNotFound(name=request.identifier, namespace=request.namespace)

    async def delete_action(self, call: Call, request: pb.DeleteActionRequest) -> Result:
        await self.discard(call, await self._look(call, request.identifier, request.namespace))
        return EMPTY


def _fill(action: pb.ActionDefinition, values: dict[str, Any]) -> None:
    action.name, action.definition, action.spec = values["name"], values["definition"], dump(values["spec"])
    for name in ("input", "description"):
        action.ClearField(name)
        if values[name] is not None:
            setattr(action, name, values[name])
    del action.tags[:]
    action.tags.extend(values["tags"])


def as_shown(action: pb.ActionDefinition) -> pb.Action:
    """An action of a project as it is shown."""
    made = pb.Action(tags=to_value(list(action.tags)), made=time_text(action.created_at))
    for name in ("id", "name", "definition", "scope", "project_id", "namespace"):
        setattr(made, name, getattr(action, name))
    for name in ("input", "description"):
        if action.HasField(name):
            setattr(made, name, getattr(action, name))
    if action.HasField("updated_at"):
        made.changed = time_text(action.updated_at)
    return made


def _of_service(name: str) -> pb.Action:
    kept = CATALOGUE.of(name)
    return pb.Action(
        id=name, name=name, input=kept["input"], description=kept["description"], tags=to_value(None), changed=""
    )


def _of_dynamic(one: dynamic_actions_pb2.DynamicAction) -> pb.Action:
    return pb.Action(
        id=one.id,
        name=one.name,
        description="",
        input="",
        tags=to_value(None),
        scope=one.scope,
        project_id=one.project_id,
        namespace=one.namespace,
        made=time_text(one.created_at),
        changed=time_text(one.updated_at) if one.HasField("updated_at") else None,
    )


def _written(action: pb.ActionDefinition) -> pb.WrittenAction:
    made = pb.WrittenAction(tags=action.tags, created_at=action.created_at)
    for name in ("id", "name", "definition", "scope", "project_id", "namespace"):
        setattr(made, name, getattr(action, name))
    for name in ("input", "description"):
        if action.HasField(name):
            setattr(made, name, getattr(action, name))
    if action.HasField("updated_at"):
        made.updated_at.CopyFrom(action.updated_at)
    return made
