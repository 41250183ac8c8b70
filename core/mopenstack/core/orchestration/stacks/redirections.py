"""Where a stack is that is known by its name, its id or its ARN. Source: StackController.lookup."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.stacks import lookups, views
from mopenstack.orchestration.v1 import orchestration_pb2 as common
from mopenstack.orchestration.v1.refusals import NoRoute

FOUND, ACCEPTED = "302 Found", "202 Accepted"


def accepted() -> common.Notice:
    """What the API says of an update that begins."""
    text = "The request is accepted for processing.<br /><br />\n\n\n"
    return common.Notice(message=text, code=ACCEPTED, title="Accepted")


def redirection(call: Call, path: str) -> common.Notice:
    """To a path behind the version, with the query of the request."""
    query = f"?{call.context.raw_query}" if call.context.raw_query else ""
    url = views.url_of(call, path) + query
    _ = call.time
    text = f'The resource was found at <a href="{url}">{url}</a>;\nyou should be redirected automatically.\n\n'
    return common.Notice(message=text, code=FOUND, title="Found", place=f"/v1/{path}{query}")


class Redirections:
    """The lookups of the stacks' servicer."""

    async def _find(self, call: Call, request: Any, rest: str = "") -> Result:
        identity = request.stack_identity
        if identity.startswith("arn:"):
            project, name, id = lookups.of_arn(call, identity)
            return redirection(call, f"{project}/stacks/{name}/{id}{rest}")
        stack = await lookups.named(call, identity)
        return redirection(call, views.path_of(stack) + rest)

    async def find_stack(self, call: Call, request: Any) -> Result:
        return await self._find(call, request)

    find_stack_for_deletion = find_stack_for_update = find_stack_for_change = find_stack

    async def find_stack_by_arn(self, call: Call, request: Any) -> Result:
        if not request.stack_arn.startswith("arn:"):
            raise NoRoute()
        project, name, id = lookups.of_arn(call, f"{request.stack_arn}/{request.stack_name}/{request.stack_id}")
        return redirection(call, f"{project}/stacks/{name}/{id}")

    async def find_stack_resources(self, call: Call, request: Any) -> Result:
        return await self._find(call, request, "/resources")

    async def find_stack_events(self, call: Call, request: Any) -> Result:
        return await self._find(call, request, "/events")

    async def find_stack_template(self, call: Call, request: Any) -> Result:
        return await self._find(call, request, "/template")

    async def find_stack_environment(self, call: Call, request: Any) -> Result:
        return await self._find(call, request, "/environment")

    async def find_stack_actions(self, call: Call, request: Any) -> Result:
        return await self._find(call, request, "/actions")

    async def find_stack_files(self, call: Call, request: Any) -> Result:
        return await self._find(call, request, "/files")
