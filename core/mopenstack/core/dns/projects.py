"""Projects, as Keystone knows them (designate.common.keystone)."""

from __future__ import annotations

from mopenstack.contract.faults import Forbidden, NotFound, NotServed
from mopenstack.core.engine.call import Call
from mopenstack.dns.v2 import refusals
from mopenstack.identity.v3.resource import projects_pb2


async def check_project(call: Call, project_id: str) -> None:
    """Ask Keystone for the project, as the caller; raises InvalidProject for one that it does not know."""
    request = projects_pb2.GetProjectRequest(project_id=project_id)
    try:
        await call.invoke("mopenstack.identity.v3.Projects.GetProject", request)
    except NotFound:
        if call.caller.is_admin:
            raise refusals.InvalidProject(id=project_id) from None
    except (Forbidden, NotServed):  # who may not ask is believed
        return
