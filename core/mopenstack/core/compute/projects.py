"""What Nova asks Keystone about projects. Source: nova/api/openstack/identity.py."""

from __future__ import annotations

from mopenstack.compute.v2.refusals import InvalidProject
from mopenstack.core.engine.call import Call


async def verify_project(call: Call, project_id: str) -> None:
    """Refuse the id of a project that does not exist."""
    projects = call.other_owner_of("project")
    if projects is not None and await projects.find(call, project_id) is None:
        raise InvalidProject(project_id=project_id)
