"""Deployments of software configurations. Source: heat/engine/service_software_config.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.values import plain, plain_struct, to_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.orchestration.runs.run import wake
from mopenstack.core.orchestration.software.software_configs import config_of
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.core.orchestration.templates.parsing import as_text, of_text
from mopenstack.core.store.transaction import copy_of
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.software import software_deployments_pb2 as pb
from mopenstack.orchestration.v1.software.software_configs_pb2 import SoftwareConfig
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource

_VALUES = ("input_values", "output_values", "action", "status", "status_reason")


class SoftwareDeployments(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["SoftwareDeployments"]

    async def list_software_deployments(self, call: Call, request: pb.ListSoftwareDeploymentsRequest) -> Result:
        found = await self._found(call, request.server_id if request.HasField("server_id") else "")
        return pb.ListSoftwareDeploymentsResponse(software_deployments=found)

    async def _found(self, call: Call, server_id: str) -> list[pb.SoftwareDeployment]:
        if server_id:
            found = await call.tx.query(pb.SoftwareDeployment, server_id=server_id)
        elif call.caller.is_admin:
            found = await call.tx.scan(pb.SoftwareDeployment)
        else:
            found = await call.tx.query(pb.SoftwareDeployment, project_id=call.caller.project_id)
        kept = [one for one in found if _may_see(call, one)]
        return sorted(kept, key=lambda one: (one.created_at.ToNanoseconds(), one.id))

    async def create_software_deployment(self, call: Call, request: pb.CreateSoftwareDeploymentRequest) -> Result:
        values = _given(request, ("config_id", "server_id", "stack_user_project_id", *_VALUES[:1], *_VALUES[2:]))
        config = await config_of(call, str(values.get("config_id")))
        if not isinstance(values.get("server_id"), str):
            raise refusals.RemoteError()
        made = pb.SoftwareDeployment(
            id=call.take_id() or call.ids.uuid(),
            project_id=call.caller.project_id,
            server_id=values["server_id"],
            config_id=config.id,
            stack_user_project_id=str(values.get("stack_user_project_id") or ""),
        )
        values["input_values"] = values.get("input_values") or {}
        values["status_reason"] = str(values.get("status_reason"))
        for key in _VALUES:
            getattr(made, key).CopyFrom(to_value(values.get(key)))
        call.stamp(made.created_at)
        await call.tx.put(made, fresh=True)
        await _push(call, made.server_id)
        return made

    async def get_software_deployment(self, call: Call, request: pb.GetSoftwareDeploymentRequest) -> Result:
        return await _deployment(call, request.deployment_id)

    async def update_software_deployment(self, call: Call, request: pb.UpdateSoftwareDeploymentRequest) -> Result:
        kept = await _deployment(call, request.deployment_id)
        values = _given(request, ("config_id", *_VALUES))
        made = await call.tx.edit(pb.SoftwareDeployment, kept.id)
        if values.get("config_id") is not None:
            made.config_id = (await config_of(call, str(values["config_id"]))).id
        for key in _VALUES:
            if values.get(key):
                getattr(made, key).CopyFrom(to_value(values[key]))
        call.stamp(made.updated_time)
        await call.tx.put(made)
        if values.get("config_id") is not None:
            await _push(call, made.server_id)
        for row in await call.tx.query(StackResource, physical_resource_id=made.id):
            await wake(call, row.stack_id)
        return made

    async def delete_software_deployment(self, call: Call, request: pb.DeleteSoftwareDeploymentRequest) -> Result:
        found = await _deployment(call, request.deployment_id)
        await call.tx.delete(pb.SoftwareDeployment, found.id)
        await _push(call, found.server_id)
        return EMPTY

    async def get_server_configurations(self, call: Call, request: pb.GetServerConfigurationsRequest) -> Result:
        shown = await _configurations(call, await self._found(call, request.server_id))
        return pb.GetServerConfigurationsResponse(metadata=shown)


async def _configurations(call: Call, deployments: Sequence[pb.SoftwareDeployment]) -> list[Struct]:
    """What a server is told: the configurations by their names."""
    found = [(config, one) for one in deployments if (config := await call.tx.get(SoftwareConfig, one.config_id))]
    return [_configuration(config, one) for config, one in sorted(found, key=lambda pair: str(plain(pair[0].name)))]


async def _push(call: Call, server_id: str) -> None:
    """Note the configurations of a server in the metadata of the resource that it is."""
    rows = await call.tx.query(StackResource, physical_resource_id=server_id)
    if not rows or rows[0].action == "DELETE":
        return
    row = copy_of(rows[0])
    deployments = sorted(
        await call.tx.query(pb.SoftwareDeployment, server_id=server_id),
        key=lambda one: (one.created_at.ToNanoseconds(), one.id),
    )
    shown = [plain_struct(one) for one in await _configurations(call, deployments)]
    row.metadata = as_text((of_text(row.metadata) or {}) | {"deployments": shown})
    await call.tx.put(row)


def _configuration(config: SoftwareConfig, deployment: pb.SoftwareDeployment) -> Struct:
    moment = config.created_at.ToDatetime().strftime("%Y-%m-%dT%H:%M:%SZ")
    return to_struct(
        {
            "id": config.id,
            "name": plain(config.name),
            "group": plain(config.group),
            "creation_time": moment,
            "config": plain(config.config),
            "inputs": [plain(one) for one in config.inputs.values],
            "outputs": [plain(one) for one in config.outputs.values],
            "options": plain_struct(config.options),
        }
    )


def _given(request: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: plain(getattr(request, name)) for name in names if request.HasField(name)}


def _may_see(call: Call, one: pb.SoftwareDeployment) -> bool:
    return call.caller.is_admin or call.caller.project_id in (one.project_id, one.stack_user_project_id)


async def _deployment(call: Call, id: str) -> pb.SoftwareDeployment:
    found = await call.tx.get(pb.SoftwareDeployment, id)
    if found is None or not _may_see(call, found):
        raise refusals.DeploymentNotFound(id=id)
    return found
