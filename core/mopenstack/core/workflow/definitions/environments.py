"""Environments (mistral/api/controllers/v2/environment.py). By name they are found as if nobody were an admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.workflow.base import Listed, dump, given, object_of
from mopenstack.core.workflow.definitions.writing import claim_name
from mopenstack.workflow.v2 import environments_pb2 as pb
from mopenstack.workflow.v2 import refusals

_LEGAL = "Please, check your environment definition. Only: {keys} are allowed as definition keys."


class Environments(Listed[pb.Environment]):
    service = pb.DESCRIPTOR.services_by_name["Environments"]
    message = pb.Environment
    not_found = refusals.EnvironmentNotFound
    word = "Environment"
    shown = ("id", "name", "description", "variables", "scope", "project_id", "created_at", "updated_at")
    arguments: ClassVar[Mapping[str, str]] = {
        name: name for name in ("name", "description", "variables", "scope", "created_at", "updated_at")
    }

    async def create_environment(self, call: Call, request: pb.CreateEnvironmentRequest) -> Result:
        _check_keys(call, ["name", "description", "variables"])
        environment = pb.Environment(scope=request.scope or "private", project_id=call.caller.project_id)
        self._fill(call, environment, request)
        if environment.HasField("name"):
            await claim_name(call, environment, "workflow_environment", refusals.DuplicateEnvironment)
        made = await self.insert(call, environment)
        written = pb.WrittenEnvironment(id=made.id, scope=made.scope, project_id=made.project_id)
        for name in ("name", "description", "variables"):
            if made.HasField(name):
                setattr(written, name, getattr(made, name))
        written.created_at.CopyFrom(made.created_at)
        return written

    def _fill(self, call: Call, environment: pb.Environment, request: Any) -> None:
        for name in ("name", "description"):
            if (value := given(request, name)) is not None:
                setattr(environment, name, value)
        if request.HasField("variables"):
            environment.variables = dump(object_of(call, request, "variables", "env"))

    async def update_environment(self, call: Call, request: pb.UpdateEnvironmentRequest) -> Result:
        variables = object_of(call, request, "variables", "env")
        if not request.name:
            raise refusals.InvalidInput(why="Name of the environment is not provided.")
        _check_keys(call, ["description", "variables", "scope"], "name")
        old = await self.look(call, request.name)
        new = await call.tx.edit(pb.Environment, old.id)
        if request.HasField("description"):
            new.description = request.description
        if request.HasField("variables"):
            new.variables = dump(variables)
        if request.HasField("scope"):
            new.scope = request.scope
        await self.save(call, new)
        return new

    async def look(self, call: Call, name: str) -> pb.Environment:
        """An environment by its name; raises EnvironmentNotFound."""
        found = await self.by_name(call, name, secure=True)
        if found is None:
            raise refusals.EnvironmentNotFound(name=name)
        return found

    async def get_environment(self, call: Call, request: pb.GetEnvironmentRequest) -> Result:
        return await self.look(call, request.name)

    async def delete_environment(self, call: Call, request: pb.DeleteEnvironmentRequest) -> Result:
        await self.discard(call, await self.look(call, request.name))
        return EMPTY


def _check_keys(call: Call, legal: list[str], *further: str) -> None:
    document = call.context.document
    if isinstance(document, dict) and set(document) - set(legal) - set(further):
        raise refusals.InvalidInput(why=_LEGAL.format(keys=legal))
