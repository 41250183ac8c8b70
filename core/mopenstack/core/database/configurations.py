"""Configuration groups (trove/configuration/service.py)."""

from __future__ import annotations

from mopenstack.contract.values import plain_struct
from mopenstack.core.database.configuration_rules import check_values
from mopenstack.core.database.datastores.choices import Chosen, chosen, of_version
from mopenstack.core.database.instances.instances import apply_configuration
from mopenstack.core.database.pages import by_marker, page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import configurations_pb2 as pb
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.instances.instances_pb2 import Instance


class Configurations(ResourceServicer[pb.Configuration]):
    service = pb.DESCRIPTOR.services_by_name["Configurations"]
    message = pb.Configuration
    not_found = refusals.ConfigurationNotFound

    async def list_configurations(self, call: Call, request: pb.ListConfigurationsRequest) -> Result:
        if call.caller.is_admin:
            found = await call.tx.scan(pb.Configuration)
        else:
            found = await call.tx.query(pb.Configuration, project_id=call.caller.project_id)
        items, marker = by_marker(found, request.query, lambda one: one.id)
        return page([await _brief(call, one) for one in items], marker)

    async def create_configuration(self, call: Call, request: pb.CreateConfigurationRequest) -> Result:
        wanted = request.configuration
        what = await chosen(call, wanted.datastore, inactive=True)
        if wanted.values.fields:
            await check_values(call, what, plain_struct(wanted.values))
        group = pb.Configuration(name=wanted.name, datastore_version_id=what.version.id, values=wanted.values)
        if wanted.description:
            group.description = wanted.description
        return await _view(call, await self.insert(call, group))

    async def get_configuration(self, call: Call, request: pb.GetConfigurationRequest) -> Result:
        return await _view(call, call.target)

    async def list_configuration_instances(self, call: Call, request: pb.ListConfigurationInstancesRequest) -> Result:
        items, marker = by_marker(await _instances(call, call.target), request.query, lambda one: one.id)
        return page([pb.ConfigurationInstance(id=one.id, name=one.name) for one in items], marker)

    async def edit_configuration(self, call: Call, request: pb.EditConfigurationRequest) -> Result:
        group = await call.tx.edit(pb.Configuration, call.target.id)
        if "values" in _given(request):
            await self._check(call, group, request.configuration)
            for key, value in request.configuration.values.fields.items():
                group.values.fields[key].CopyFrom(value)
        return await self._keep(call, group)

    async def update_configuration(self, call: Call, request: pb.UpdateConfigurationRequest) -> Result:
        wanted, given = request.configuration, _given(request)
        group = await call.tx.edit(pb.Configuration, call.target.id)
        if "values" in given:
            await self._check(call, group, wanted)
        group.name = wanted.name or group.name
        if "description" in given:
            group.description = wanted.description
        group.values.CopyFrom(wanted.values)
        return await self._keep(call, group)

    async def _check(
        self, call: Call, group: pb.Configuration, wanted: pb.ConfigurationEdit | pb.ConfigurationUpdate
    ) -> None:
        what: Chosen | None = await of_version(call, group.datastore_version_id)
        if what is None:
            raise refusals.ModelNotFound()
        await check_values(call, what, plain_struct(wanted.values))

    async def _keep(self, call: Call, group: pb.Configuration) -> Result:
        """Store a group, and give its instances what it says now."""
        await self.save(call, group)
        for one in await call.tx.query(Instance, configuration_id=group.id):
            if not one.cluster_id and one.project_id == call.caller.project_id:
                await apply_configuration(call, await call.tx.edit(Instance, one.id), group)
        return EMPTY

    async def delete_configuration(self, call: Call, request: pb.DeleteConfigurationRequest) -> Result:
        if await call.tx.query(Instance, configuration_id=call.target.id):
            raise refusals.ConfigurationInUse()
        await self.discard(call, call.target)
        return EMPTY


def _given(request: pb.EditConfigurationRequest | pb.UpdateConfigurationRequest) -> set[str]:
    return {path.partition(".")[0] for path in request.mask.paths}


async def _instances(call: Call, group: pb.Configuration) -> list[Instance]:
    """The instances that have a group, and that the caller may know of."""
    found = await call.tx.query(Instance, configuration_id=group.id)
    return [one for one in found if call.caller.is_admin or one.project_id == call.caller.project_id]


async def _brief(call: Call, group: pb.Configuration) -> pb.ConfigurationBrief:
    what = await of_version(call, group.datastore_version_id)
    shown = pb.ConfigurationBrief(
        id=group.id,
        name=group.name,
        created=group.created_at,
        updated=group.updated_at,
        datastore_version_id=group.datastore_version_id,
        datastore_name=what.datastore.name if what else "",
        datastore_version_name=what.version.name if what else "",
    )
    if group.HasField("description"):
        shown.description = group.description
    return shown


async def _view(call: Call, group: pb.Configuration) -> pb.ConfigurationView:
    what = await of_version(call, group.datastore_version_id)
    shown = pb.ConfigurationView(
        id=group.id,
        name=group.name,
        values=group.values,
        created=group.created_at,
        updated=group.updated_at,
        instance_count=len(await _instances(call, group)),
        datastore_name=what.datastore.name if what else "",
        datastore_version_id=group.datastore_version_id,
        datastore_version_name=what.version.name if what else "",
        datastore_version_number=what.version.version if what else "",
    )
    shown.values.SetInParent()
    if group.HasField("description"):
        shown.description = group.description
    return shown
