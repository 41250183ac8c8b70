"""Tags of projects (keystone.api.projects, keystone.resource.core)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity.errors import schema_error
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.resource import projects_pb2 as pb2

TAGS_MAX = 80

_SCHEMA = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^,/]*$"},
    "required": [],
    "maxItems": TAGS_MAX,
    "uniqueItems": True,
}


class ProjectTags(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ProjectTags"]

    async def list_project_tags(self, call: Call, request: Any) -> Result:
        return pb2.ProjectTagsResponse(tags=call.target.tags)

    async def update_project_tags(self, call: Call, request: pb2.UpdateProjectTagsRequest) -> Result:
        await self._set(call, list(request.tags))
        return pb2.ProjectTagsResponse(tags=request.tags)

    async def delete_project_tags(self, call: Call, request: Any) -> Result:
        await self._set(call, [])
        return EMPTY

    async def get_project_tag(self, call: Call, request: pb2.ProjectTagRequest) -> Result:
        self._place(call, request)
        return EMPTY

    async def add_project_tag(self, call: Call, request: pb2.ProjectTagRequest) -> Result:
        tags = [*call.target.tags, request.value]
        if request.value in call.target.tags:
            raise schema_error(f"{tags!r} has non-unique elements", "uniqueItems", _SCHEMA, tags)
        if len(tags) > TAGS_MAX:
            raise schema_error(f"{tags!r} is too long", "maxItems", _SCHEMA, tags)
        await self._set(call, tags)
        return pb2.AddProjectTagResponse(
            location=f"{call.context.cloud_url}/identity/v3/{request.project_id}/tags/{request.value}"
        )

    async def delete_project_tag(self, call: Call, request: pb2.ProjectTagRequest) -> Result:
        place = self._place(call, request)
        await self._set(call, [tag for n, tag in enumerate(call.target.tags) if n != place])
        return EMPTY

    @staticmethod
    def _place(call: Call, request: pb2.ProjectTagRequest) -> int:
        tags = list(call.target.tags)
        if request.value not in tags:
            raise refusals.ProjectTagNotFound(id=request.value)
        return tags.index(request.value)

    @staticmethod
    async def _set(call: Call, tags: list[str]) -> None:
        project = await call.tx.edit(pb2.Project, call.target.id)
        del project.tags[:]
        project.tags.extend(tags)
        await call.tx.put(project)
