"""Software configurations. Source: heat/engine/service_software_config.py, software_config_io.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.contract.values import plain, to_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.orchestration.software.inputs import inputs_of, outputs_of
from mopenstack.core.orchestration.stacks import arguments
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.software import software_configs_pb2 as pb
from mopenstack.orchestration.v1.software.software_deployments_pb2 import SoftwareDeployment

NAME_MAX = 255


class SoftwareConfigs(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["SoftwareConfigs"]

    async def list_software_configs(self, call: Call, request: pb.ListSoftwareConfigsRequest) -> Result:
        pairs = {one.key: list(one.values) for one in request.query.filters}
        if "global_tenant" in pairs and arguments.boolean("global_tenant", pairs["global_tenant"][-1]):
            raise refusals.ForbiddenAction(action="software_configs:global_index")
        limit = arguments.integer("limit", pairs["limit"][-1]) if pairs.get("limit") and pairs["limit"][-1] else None
        if call.caller.is_admin:
            found = await call.tx.scan(pb.SoftwareConfig)
        else:
            found = await call.tx.query(pb.SoftwareConfig, project_id=call.caller.project_id)
        found.sort(key=lambda one: (one.created_at.ToNanoseconds(), one.id), reverse=True)
        marker = pairs["marker"][-1] if pairs.get("marker") else ""
        places = [place for place, one in enumerate(found) if one.id == marker]
        found = found[places[0] + 1 :] if places else found
        return Page(found if limit is None else found[:limit])

    async def create_software_config(self, call: Call, request: pb.CreateSoftwareConfigRequest) -> Result:
        values: dict[str, Any] = {
            field: plain(getattr(request, field)) if request.HasField(field) else None
            for field in ("name", "group", "config", "inputs", "outputs", "options")
        }
        if any(isinstance(values[key], str) and len(values[key]) > NAME_MAX for key in ("name", "group")):
            raise refusals.RemoteError()
        if isinstance(values["name"], dict | list) or isinstance(values["group"], dict | list):
            raise refusals.RemoteError()
        config = pb.SoftwareConfig(id=call.take_id() or call.ids.uuid(), project_id=call.caller.project_id)
        for key in ("name", "group", "config"):
            getattr(config, key).CopyFrom(to_value(values[key]))
        config.inputs.values.extend(inputs_of(values["inputs"]))
        config.outputs.values.extend(outputs_of(values["outputs"]))
        options = values["options"] or {}
        if not isinstance(options, dict):
            raise refusals.RemoteError()
        config.options.CopyFrom(to_struct(options))
        call.stamp(config.created_at)
        await call.tx.put(config, fresh=True)
        return config

    async def get_software_config(self, call: Call, request: pb.GetSoftwareConfigRequest) -> Result:
        return await config_of(call, request.config_id)

    async def delete_software_config(self, call: Call, request: pb.DeleteSoftwareConfigRequest) -> Result:
        config = await config_of(call, request.config_id)
        if await call.tx.count(SoftwareDeployment, config_id=config.id):
            raise refusals.ConfigInUse(id=config.id)
        await call.tx.delete(pb.SoftwareConfig, config.id)
        return EMPTY


async def config_of(call: Call, id: str) -> pb.SoftwareConfig:
    """A configuration of the project, of any for an admin; raises ConfigNotFound."""
    config = await call.tx.get(pb.SoftwareConfig, id)
    if config is None or not (call.caller.is_admin or config.project_id == call.caller.project_id):
        raise refusals.ConfigNotFound(id=id)
    return config
