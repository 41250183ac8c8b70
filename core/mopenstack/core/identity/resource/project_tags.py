"""Tags of projects. Source: keystone.api.projects, keystone.resource.core."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
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


async def _change(call: Call, project: pb2.Project, before: list[str], request: Any) -> None:
    """A tag that is added must be a new one."""
    if not isinstance(request, pb2.ProjectTagRequest) or request.value not in project.tags:
        return
    tags = [*before, request.value]
    if request.value in before:
        raise schema_error(f"{tags!r} has non-unique elements", "uniqueItems", _SCHEMA, tags)
    if len(tags) > TAGS_MAX:
        raise schema_error(f"{tags!r} is too long", "maxItems", _SCHEMA, tags)


def _missing(call: Call, project: pb2.Project, tag: str) -> Exception:
    return refusals.ProjectTagNotFound(id=tag)


TAGS = Collection("project", "tags", change=_change, missing=_missing)
