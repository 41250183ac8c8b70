"""Modules: what guests are given beside the database (trove/module)."""

from __future__ import annotations

import hashlib
from typing import Any

from mopenstack.contract.values import to_struct
from mopenstack.core.database.datastores.choices import chosen, datastore_of, of_version
from mopenstack.core.database.instances.status import check_loaded
from mopenstack.core.database.instances.views import newest_first, view
from mopenstack.core.database.module_rules import check_modules, modules_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import modules_pb2 as pb
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.datastores.datastores_pb2 import Datastore
from mopenstack.database.v1.instances.instances_pb2 import Instance
from mopenstack.database.v1.links_pb2 import DatastoreChoice

TYPES = ("ping", "new_relic_license")
ALL = "all"
APPLY_ORDER = 5
SWITCHES = ("auto_apply", "visible", "live_update", "priority_apply")


class Modules(ResourceServicer[pb.Module]):
    service = pb.DESCRIPTOR.services_by_name["Modules"]
    message = pb.Module
    not_found = refusals.ModuleNotFound

    async def list_modules(self, call: Call, request: pb.ListModulesRequest) -> Result:
        found = [one for one in await call.tx.scan(pb.Module) if self.visible(call, one)]
        if request.datastore:
            id = ""
            if request.datastore.lower() != ALL:
                id = (await chosen(call, DatastoreChoice(type=request.datastore))).datastore.id
            found = [one for one in found if one.datastore_id == id]
        found.sort(key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.id))
        return pb.ListModulesResponse(modules=[await _view(call, one) for one in found])

    async def create_module(self, call: Call, request: pb.CreateModuleRequest) -> Result:
        wanted = request.module
        if wanted.module_type.lower() not in TYPES:
            raise refusals.ModuleTypeNotFound(type=wanted.module_type)
        module = pb.Module(
            name=wanted.name,
            type=wanted.module_type.lower(),
            shared=bool(wanted.all_tenants),
            auto_apply=bool(wanted.auto_apply),
            visible=bool(wanted.visible) if wanted.HasField("visible") else True,
            live_update=bool(wanted.live_update),
            priority_apply=bool(wanted.priority_apply),
            apply_order=wanted.apply_order if wanted.HasField("apply_order") else APPLY_ORDER,
            is_admin=call.caller.is_admin and not wanted.full_access,
        )
        if wanted.description:
            module.description = wanted.description
        full_access = wanted.full_access if wanted.HasField("full_access") else None
        _check_options(call, "create", module, full_access)
        await _set_datastore(call, module, wanted.datastore)
        await self._check_unique(call, module)
        _set_contents(module, wanted.contents)
        return await _view(call, await self.insert(call, module), detail=True)

    async def _check_unique(self, call: Call, module: pb.Module) -> None:
        owner = "" if module.shared else call.caller.project_id
        key = (module.name, module.type, module.datastore_id, module.datastore_version_id)
        for one in await call.tx.scan(pb.Module):
            same = (one.name, one.type, one.datastore_id, one.datastore_version_id) == key
            if same and owner == ("" if one.shared else one.project_id):
                raise refusals.ModuleAlreadyExists(
                    name=module.name,
                    datastore=module.datastore_id or ALL,
                    version=module.datastore_version_id or ALL,
                )

    async def get_module(self, call: Call, request: pb.GetModuleRequest) -> Result:
        shown = await _view(call, call.target, detail=True)
        with_it = [
            one for one in await _instances_of(call, call.target.id) if one.modules[call.target.id] == call.target.md5
        ]
        shown.instance_count = len(with_it)
        return shown

    async def change_module(self, call: Call, request: pb.ChangeModuleRequest) -> Result:
        old, wanted = call.target, request.module
        given = {path.partition(".")[0] for path in request.mask.paths}
        await _check_applied(call, old)
        if old.is_admin and not call.caller.is_admin:
            raise refusals.ModuleAccessForbidden(action="update", options="(Module is an admin module)")
        module = await call.tx.edit(pb.Module, old.id)
        for name in (*SWITCHES, "apply_order", "name", "description"):
            if name in given:
                value = getattr(wanted, name)
                setattr(module, name, bool(value) if name in SWITCHES else value)
        if "module_type" in given:
            module.type = wanted.module_type
        if "contents" in given:
            _set_contents(module, wanted.contents)
        if "all_tenants" in given:
            module.shared = bool(wanted.all_tenants)
            module.project_id = call.caller.project_id
        await self._move(call, module, wanted, given)
        full_access = wanted.full_access if wanted.HasField("full_access") else None
        options = _check_options(call, "update", module, full_access)
        module.is_admin = module.is_admin or bool(options)
        if full_access is not None:
            module.is_admin = not full_access
        await self.save(call, module)
        return await _view(call, module, detail=True)

    async def _move(self, call: Call, module: pb.Module, wanted: pb.ModuleUpdate, given: set[str]) -> None:
        """Another datastore, or all of them."""
        for key, name, words in (
            ("all_datastores", "type", "a datastore and specify --all_datastores"),
            ("all_datastore_versions", "version", "a datastore version and specify --all_datastore_versions"),
        ):
            if key in given and getattr(wanted.datastore, name):
                raise refusals.ModuleInvalid(reason=f"You cannot set {words}")
        if "datastore" in given:
            await _set_datastore(call, module, wanted.datastore)
        if "all_datastores" in given:
            module.datastore_id = ""
        if "all_datastore_versions" in given:
            module.datastore_version_id = ""

    async def delete_module(self, call: Call, request: pb.DeleteModuleRequest) -> Result:
        _check_options(call, "delete", call.target, None)
        await _check_applied(call, call.target)
        await self.discard(call, call.target)
        return EMPTY

    async def list_module_instances(self, call: Call, request: pb.ListModuleInstancesRequest) -> Result:
        module: pb.Module = call.target
        clustered = request.include_clustered.lower() == "true"
        found = [
            one
            for one in await _instances_of(call, module.id)
            if (clustered or not one.cluster_id) and (call.caller.is_admin or one.project_id == call.caller.project_id)
        ]
        if request.count_only.lower() == "true":
            return pb.ListModuleInstancesResponse(instances=[to_struct(one) for one in _counts(module, found)])
        shown = [_brief(await view(call, one, detail=False)) for one in newest_first(found)]
        return pb.ListModuleInstancesResponse(instances=[to_struct(one) for one in shown])

    async def reapply_module(self, call: Call, request: pb.ReapplyModuleRequest) -> Result:
        wanted, new = request.reapply, call.target.md5
        for one in await _instances_of(call, call.target.id):
            has = one.modules[call.target.id]
            asked = (not wanted.md5 or has == wanted.md5) and (wanted.include_clustered or not one.cluster_id)
            if asked and (wanted.force or has != new):
                copy = await call.tx.edit(Instance, one.id)
                copy.modules[call.target.id] = new
                await call.tx.put(copy)
        return EMPTY

    # -- of an instance

    async def list_instance_modules(self, call: Call, request: pb.ListInstanceModulesRequest) -> Result:
        await check_loaded(call, call.target)
        found = [await call.tx.get(pb.Module, id) for id in sorted(call.target.modules)]
        contents = bool(request.include_contents)
        shown = [await _guest(call, one, contents=contents) for one in found if one is not None]
        return pb.ListInstanceModulesResponse(modules=shown)

    async def apply_modules(self, call: Call, request: pb.ApplyModulesRequest) -> Result:
        await check_loaded(call, call.target)
        modules = await modules_of(call, [one.id for one in request.modules])
        what = await of_version(call, call.target.datastore_version_id)
        assert what is not None
        check_modules(modules, what)
        instance = await call.tx.edit(Instance, call.target.id)
        for one in modules:
            instance.modules[one.id] = one.md5
        await call.tx.put(instance)
        return pb.ListInstanceModulesResponse(modules=[await _guest(call, one) for one in modules])

    async def remove_module(self, call: Call, request: pb.RemoveModuleRequest) -> Result:
        await check_loaded(call, call.target)
        module = await self.fetch(call, request.module_id)
        instance = await call.tx.edit(Instance, call.target.id)
        instance.modules.pop(module.id, None)
        await call.tx.put(instance)
        return EMPTY


async def _instances_of(call: Call, module_id: str) -> list[Instance]:
    return [one for one in await call.tx.scan(Instance) if module_id in one.modules]


async def _check_applied(call: Call, module: pb.Module) -> None:
    if not module.live_update and any(
        one.modules[module.id] == module.md5 for one in await _instances_of(call, module.id)
    ):
        raise refusals.ModuleApplied()


def _check_options(call: Call, action: str, module: pb.Module, full_access: int | None) -> str:
    """What of a module only administrators may choose; refuses it to others."""
    found = []
    if module.shared:
        found.append(f"Tenant: {ALL}")
    if module.auto_apply:
        found.append(f"Auto: {int(module.auto_apply)}")
    if not module.visible:
        found.append(f"Visible: {int(module.visible)}")
    if module.priority_apply:
        found.append(f"Priority: {int(module.priority_apply)}")
    if full_access is not None:
        if full_access and found:
            raise refusals.ModuleFullAccess(options=f"({', '.join(found)})")
        found.append(f"Full Access: {full_access}")
    options = f"({', '.join(found)})" if found else ""
    if options and not call.caller.is_admin:
        raise refusals.ModuleAccessForbidden(action=action, options=options)
    return options


async def _set_datastore(call: Call, module: pb.Module, choice: DatastoreChoice) -> None:
    if choice.type and choice.version:
        what = await chosen(call, DatastoreChoice(type=choice.type, version=choice.version))
        module.datastore_id, module.datastore_version_id = what.datastore.id, what.version.id
    elif choice.type:
        module.datastore_id = (await datastore_of(call, choice.type)).id
    elif choice.version:
        raise refusals.DatastoreNoVersion(datastore=None, version=choice.version)


def _set_contents(module: pb.Module, contents: str) -> None:
    module.contents = contents
    module.md5 = hashlib.md5(contents.encode(), usedforsecurity=False).hexdigest()


async def _view(call: Call, module: pb.Module, *, detail: bool = False) -> pb.ModuleBrief:
    datastore = await call.tx.get(Datastore, module.datastore_id) if module.datastore_id else None
    what = await of_version(call, module.datastore_version_id)
    shown = pb.ModuleBrief(
        id=module.id,
        name=module.name,
        type=module.type,
        datastore_id=module.datastore_id or None,
        datastore_version_id=module.datastore_version_id or None,
        auto_apply=module.auto_apply,
        priority_apply=module.priority_apply,
        apply_order=module.apply_order,
        is_admin=module.is_admin,
        md5=module.md5,
        visible=module.visible,
        created=module.created_at,
        updated=module.updated_at,
        tenant=ALL if module.shared else module.project_id,
        datastore=datastore.name if datastore else ALL,
        datastore_version=what.version.name if what else ALL,
    )
    if module.HasField("description"):
        shown.description = module.description
    if not module.shared:
        shown.tenant_id = module.project_id
    if detail:
        shown.live_update = module.live_update
    return shown


async def _guest(call: Call, module: pb.Module, *, contents: bool = False) -> pb.GuestModule:
    """A module as a guest reports it (trove/guestagent/module/module_manager.py)."""
    known = await _view(call, module)
    shown = pb.GuestModule(
        id=module.id,
        name=module.name,
        type=module.type,
        datastore=known.datastore,
        datastore_version=known.datastore_version,
        tenant=known.tenant,
        md5=module.md5,
        auto_apply=module.auto_apply,
        visible=module.visible,
        is_admin=module.is_admin,
        priority_apply=module.priority_apply,
        apply_order=module.apply_order,
        status="OK",
        message="Module is installed.",
        created=module.created_at,
        updated=module.updated_at,
    )
    if contents:
        shown.contents = module.contents
    return shown


def _counts(module: pb.Module, found: list[Instance]) -> list[dict[str, Any]]:
    """How many instances have each state of a module."""
    numbers: dict[str, int] = {}
    for one in found:
        numbers[one.modules[module.id]] = numbers.get(one.modules[module.id], 0) + 1
    changed = module.updated_at.ToDatetime().isoformat(timespec="seconds")
    return [
        {
            "module_name": module.name, "module_id": module.id, "module_md5": md5, "instance_count": number,
            "current": md5 == module.md5, "min_updated_date": changed, "max_updated_date": changed,
        }
        for md5, number in numbers.items()
    ]  # fmt: skip


def _brief(shown: Any) -> dict[str, Any]:
    return {
        "id": shown.id, "name": shown.name, "status": shown.status, "operating_status": shown.operating_status,
        "flavor": {"id": shown.flavor.id},
        "datastore": {"type": shown.datastore.type, "version": shown.datastore.version},
        "region": shown.region, "volume": {"size": shown.volume.size},
    }  # fmt: skip
