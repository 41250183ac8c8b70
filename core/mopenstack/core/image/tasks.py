"""Tasks: the imports that ran or run (glance.api.v2.tasks, glance.domain.Task)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import plain_struct, to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer, Result, copy_fields
from mopenstack.core.image.images import legacy_import
from mopenstack.image.v2 import refusals
from mopenstack.image.v2 import tasks_pb2 as pb

TTL_SECONDS = 48 * 3600
"""glance's task_time_to_live, counted from a task's end."""
MIB = 1024 * 1024


class Tasks(ResourceServicer[pb.Task]):
    service = pb.DESCRIPTOR.services_by_name["Tasks"]
    message = pb.Task
    not_found = refusals.TaskNotFound

    page_default = 25

    async def prepare(self, call: Call, obj: pb.Task, request: Any, given: set[str]) -> None:
        """Of those that clients make, only the type import does something: an image's import starts the others."""
        obj.user_id, obj.request_id = call.caller.user_id, call.context.request_id
        if not isinstance(request, pb.CreateTaskRequest):
            return
        obj.status = "pending"
        task_input = plain_struct(obj.input)
        if obj.type == "import":
            legacy_import.check_address(call.cloud, task_input.get("import_from"))
        if isinstance(task_input.get("image_id"), str):
            obj.image_id = task_input["image_id"]

    async def created(self, call: Call, obj: pb.Task, request: Any) -> None:
        if isinstance(request, pb.CreateTaskRequest):
            cloud, caller, id = call.cloud, call.caller, obj.id
            call.start(lambda background: legacy_import.run(background, cloud, caller, id))

    async def list_image_tasks(self, call: Call, request: pb.ListImageTasksRequest) -> Result:
        answer = pb.ListImageTasksResponse()
        for task in await call.tx.query(pb.Task, image_id=call.target.id):
            row = answer.tasks.add()
            copy_fields(task, row, [name for name in self.fields if name in row.DESCRIPTOR.fields_by_name])
        return answer

    # -- what imports call

    async def start(self, call: Call, image_id: str, request: dict[str, Any], stores: list[str]) -> pb.Task:
        """A task under way for an import; `request` is the import's body."""
        project_id = call.caller.project_id
        task = pb.Task(type="api_image_import", status="processing", project_id=project_id, image_id=image_id)
        task.input.CopyFrom(to_struct({"image_id": image_id, "import_req": request, "backend": stores}))
        return await self.insert(call, task)

    async def start_location(self, call: Call, image_id: str, url: str) -> pb.Task:
        """A task under way for a location that was added."""
        task = pb.Task(type="location_import", status="processing", image_id=image_id)
        task.input.update({"image_id": image_id, "loc_url": url, "validation_data": {}})
        return await self.insert(call, task)

    async def fail(self, call: Call, task_id: str, said: str) -> None:
        """End a task badly; an unknown one is no error."""
        if await call.tx.get(pb.Task, task_id) is None:
            return
        task = await call.tx.edit(pb.Task, task_id)
        task.status, task.message = "failure", said
        call.stamp(task.expires_at, call.time + TTL_SECONDS)
        await self.save(call, task)

    async def succeed(self, call: Call, task_id: str, size: int) -> None:
        """End a task well; an unknown one is no error."""
        if await call.tx.get(pb.Task, task_id) is None:
            return
        task = await call.tx.edit(pb.Task, task_id)
        task.status, task.message = "success", f"Copied {size // MIB} MiB"
        task.result.update({"image_id": task.image_id})
        call.stamp(task.expires_at, call.time + TTL_SECONDS)
        await self.save(call, task)
