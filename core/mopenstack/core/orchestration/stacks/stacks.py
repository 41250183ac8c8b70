"""Stacks: the operations of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.v1 import common_pb2
from mopenstack.contract.values import to_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.runs import ends
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.runs.states import STACKS, status_of
from mopenstack.core.orchestration.stacks import arguments, changing, listing, lookups, making, previews, views, wishes
from mopenstack.core.orchestration.stacks.redirections import Redirections, accepted
from mopenstack.core.orchestration.templates.parameters import HIDDEN
from mopenstack.core.orchestration.templates.parsing import of_text
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks import stacks_pb2 as pb


class HeatServicer(Servicer):
    """What all of Heat's operations share: how the policy refuses."""

    async def refusal(self, call: Call, request: Any, rules: Sequence[str]) -> Exception:
        if not call.caller.project_id:
            return PolicyRefused(list(rules))
        return refusals.ForbiddenAction(action=rules[0])


class Stacks(Redirections, HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["Stacks"]
    lifecycle = STACKS

    # -- lists

    async def list_stacks(self, call: Call, request: pb.ListStacksRequest) -> Result:
        return await listing.stacks(call, request.query)

    async def list_stacks_detail(self, call: Call, request: pb.ListStacksDetailRequest) -> Result:
        found = await listing.found(call, common_pb2.Query())
        shown = [await views.detail(call, await Run.of(call, await call.tx.edit(pb.Stack, one.id))) for one in found]
        return pb.ListStacksDetailResponse(stacks=shown)

    # -- create

    async def create_stack(self, call: Call, request: pb.CreateStackRequest) -> Result:
        wish = wishes.read(request.wish, named=True)
        try:
            stack = await making.create(call, wish)
        except ValidationFailed as failed:
            raise failed.refusal() from None
        path = views.path_of(stack)
        return pb.NewStack(id=stack.id, links=[views.link(call, path)], location=path)

    async def preview_stack(self, call: Call, request: pb.CreateStackRequest) -> Result:
        wish = wishes.read(request.wish, named=True)
        try:
            _, run = await making.new_stack(call, wish)
            shown = await views.detail(call, run, preview=True)
            shown.resources.CopyFrom(to_value(await previews.resources(run)))
        except ValidationFailed as failed:
            raise failed.refusal() from None
        return shown

    # -- show

    async def get_stack(self, call: Call, request: pb.GetStackRequest) -> Result:
        resolve = True
        if request.HasField("resolve_outputs"):
            resolve = arguments.boolean("resolve_outputs", request.resolve_outputs)
        stack = await lookups.edit_of(call, request, deleted=True)
        return await views.detail(call, await Run.of(call, stack), outputs=resolve)

    async def get_stack_template(self, call: Call, request: pb.GetStackRequest) -> Result:
        stack = await lookups.stack_of(call, request, deleted=True)
        return pb.StackDocument(document=to_struct(of_text(stack.template)))

    async def get_stack_environment(self, call: Call, request: pb.GetStackRequest) -> Result:
        stack = await lookups.edit_of(call, request, deleted=True)
        return pb.StackDocument(document=to_struct(shown_environment(await Run.of(call, stack))))

    async def get_stack_files(self, call: Call, request: pb.GetStackRequest) -> Result:
        stack = await lookups.stack_of(call, request, deleted=True)
        return pb.StackDocument(document=to_struct(dict(stack.files)))

    # -- change

    async def update_stack(self, call: Call, request: pb.UpdateStackRequest) -> Result:
        return await self._update(call, request, patch=False)

    async def patch_stack(self, call: Call, request: pb.PatchStackRequest) -> Result:
        return await self._update(call, request, patch=True)

    async def _update(self, call: Call, request: Any, *, patch: bool) -> Result:
        wish = wishes.read(request.wish, patch=patch, is_update=True)
        stack = await lookups.edit_of(call, request, deleted=True)
        try:
            await changing.update(call, stack, wish, patch=patch)
        except ValidationFailed as failed:
            raise failed.refusal() from None
        return accepted()

    async def preview_update(self, call: Call, request: pb.PreviewUpdateRequest) -> Result:
        return await self._preview(call, request, patch=False)

    async def preview_patch(self, call: Call, request: pb.PreviewPatchRequest) -> Result:
        return await self._preview(call, request, patch=True)

    async def _preview(self, call: Call, request: Any, *, patch: bool) -> Result:
        wish = wishes.read(request.wish, patch=patch, is_update=True)
        nested = request.HasField("show_nested") and arguments.boolean("show_nested", request.show_nested)
        stack = await lookups.edit_of(call, request)
        before = await Run.of(call, await call.tx.edit(pb.Stack, stack.id))
        try:
            change = await changing.prepare(call, stack, wish, patch=patch)
            found = await previews.changes(before, change.run, nested=nested)
        except ValidationFailed as failed:
            raise failed.refusal() from None
        changes = pb.PreviewUpdateResponse.Changes()
        for name, items in found.items():
            getattr(changes, name).extend(to_struct(item) for item in items)
        return pb.PreviewUpdateResponse(resource_changes=changes)

    async def delete_stack(self, call: Call, request: pb.DeleteStackRequest) -> Result:
        await changing.delete(call, await lookups.edit_of(call, request))
        return EMPTY

    async def abandon_stack(self, call: Call, request: pb.DeleteStackRequest) -> Result:
        _check_abandon(call)
        stack = await lookups.edit_of(call, request)
        if status_of(stack) == "IN_PROGRESS":
            raise refusals.ActionInProgress(name=stack.stack_name, action=stack.stack_status.partition("_")[0])
        run = await Run.of(call, stack)
        data = ends.stack_data(run)
        await call.tx.release(lookups.NAMES, f"{stack.project_id}/{stack.stack_name}")
        await ends.forget_all(run)
        return pb.StackData(data=to_struct(data))

    async def export_stack(self, call: Call, request: pb.GetStackRequest) -> Result:
        _check_abandon(call)
        stack = await lookups.edit_of(call, request)
        return pb.StackData(data=to_struct(ends.stack_data(await Run.of(call, stack))))


def _check_abandon(call: Call) -> None:
    if call.cloud.options.get("orchestration.enable_stack_abandon") != "true":
        raise refusals.NotSupported(feature="Stack Abandon")


def shown_environment(run: Run) -> dict[str, Any]:
    """The environment without the values of hidden parameters. Source: EngineService.get_environment."""
    found = {"encrypted_param_names": [], **of_text(run.stack.environment)}
    schemata = wishes.all_schemata(run.plan.template, dict(run.stack.files))
    for section in ("parameters", "parameter_defaults"):
        values: Mapping[str, Any] = found.get(section) or {}
        found[section] = {
            name: HIDDEN if (one := schemata.get(name)) is not None and one.hidden else value
            for name, value in values.items()
        }
    return found
