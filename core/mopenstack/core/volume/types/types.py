"""Volume types, access of projects to private ones, and default types of projects.

Source: cinder/api/v3/types.py, contrib/types_manage.py, contrib/volume_type_access.py, v3/default_types.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BadRequest, Fault, NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS, fold_of, folded, holds
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, Servicer, copy_fields
from mopenstack.core.engine.validation import is_format
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import (
    BACKEND,
    SERVICE,
    CinderResource,
    literal,
)
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.volumes.metadata import check_metadata
from mopenstack.volume.v3.refusals import (
    InvalidInput,
    InvalidVolumeType,
    ProjectDefaultTypeNotFound,
    VolumeTypeAccessExists,
    VolumeTypeAccessNotFound,
    VolumeTypeDefaultDeletion,
    VolumeTypeExists,
    VolumeTypeNotFound,
    VolumeTypeNotFoundByName,
)
from mopenstack.volume.v3.types import types_pb2 as pb2
from mopenstack.volume.v3.types.qos_specs_pb2 import QosSpec
from mopenstack.volume.v3.types.type_encryption_pb2 import Encryption
from mopenstack.volume.v3.types.types_pb2 import DefaultType, VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

DEFAULT_TYPE = BACKEND
"""cinder.conf's default_volume_type, as DevStack sets it."""
LAST_RESORT_TYPE = "__DEFAULT__"

USER_VISIBLE_EXTRA_SPECS = ("RESKEY:availability_zones", "multiattach", "replication_enabled")
TYPE_FILTERS_SINCE = 52
ADMIN_FILTERS = ("id", "name", "description", "qos_specs_id")
"""Columns that an admin filters by (is_valid_model_filters of cinder.db); for others filters are dropped."""


class Types(CinderResource[VolumeType]):
    service = pb2.DESCRIPTOR.services_by_name["Types"]
    message = VolumeType
    not_found = VolumeTypeNotFound
    resource = "volume_type"
    simple = ("is_public",)

    async def get_default_type(self, call: Call, request: pb2.GetDefaultTypeRequest) -> Result:
        return await self.view(call, await self.default(call))

    # -- hooks

    async def check_request(self, call: Call, request: Any) -> None:
        if not isinstance(request, pb2.UpdateTypeRequest):
            return
        body = request.volume_type
        if body.HasField("name") and not body.name.strip():
            raise BadRequest("Volume type name can not be empty.")
        if not any(body.HasField(field) for field in ("name", "description", "is_public")):
            raise BadRequest("Specify volume type name, description, is_public or a combination thereof.")

    async def prepare(self, call: Call, obj: VolumeType, request: Any, given: set[str]) -> None:
        check_metadata(obj.extra_specs, "extra_specs")
        await self._refuse_taken(call, obj.name)
        obj.is_public = obj.access_is_public = obj.is_public or "is_public" not in given

    async def change(
        self, call: Call, old: VolumeType, new: VolumeType, request: pb2.UpdateTypeRequest, given: set[str]
    ) -> None:
        """A null changes nothing."""
        copy_fields(old, new, [name for name in given if not request.volume_type.HasField(name)])
        new.name = new.name.strip()
        new.access_is_public = new.is_public if "is_public" in given else old.access_is_public
        if new.name != old.name:
            await self._refuse_taken(call, new.name)
            await self._rename(call, old, new.name)

    async def remove(self, call: Call, obj: VolumeType) -> None:
        conf_default = await self.by_name(call, DEFAULT_TYPE)
        defaults = await call.tx.query(DefaultType, volume_type_id=obj.id)
        if defaults or (conf_default is not None and conf_default.id == obj.id):
            raise VolumeTypeDefaultDeletion(id=obj.id)
        if await call.tx.count(Volume, volume_type_id=obj.id):
            raise BadRequest("Target volume type is still in use.")
        for item in await call.tx.query(Encryption, volume_type_id=obj.id):
            await call.tx.delete(Encryption, item.id)

    def visible(self, call: Call, obj: VolumeType) -> bool:
        return call.caller.is_admin or obj.is_public or call.caller.project_id in obj.projects

    async def view(self, call: Call, obj: VolumeType) -> Message:
        """Extra specs may tell secrets of the back end: only an admin sees all of them."""
        if call.caller.is_admin:
            return obj
        hidden = obj.extra_specs.keys() - set(USER_VISIBLE_EXTRA_SPECS)
        if not hidden:
            return obj
        shown = copy_of(obj)
        for key in hidden:
            del shown.extra_specs[key]
        return shown

    async def candidates(self, call: Call, query: common.Query) -> Iterable[VolumeType]:
        found = await call.tx.scan(VolumeType)
        asked = next((item.values[0] for item in query.filters if item.key == "is_public"), None)
        if not call.caller.is_admin:
            return found  # `visible` decides
        if asked is None:
            return [item for item in found if item.is_public or call.caller.project_id in item.projects]
        wanted = asked_is_public(asked)
        return [item for item in found if wanted is None or item.is_public == wanted]

    async def matches(self, call: Call, obj: VolumeType, key: str, values: Sequence[str]) -> bool:
        if key == "is_public":
            return True
        if key == "extra_specs" and call.at_least(TYPE_FILTERS_SINCE):
            wanted = literal(values[0])
            if not isinstance(wanted, dict):
                return False
            if not call.caller.is_admin and wanted.keys() - set(USER_VISIBLE_EXTRA_SPECS):
                return False
            return holds(obj.extra_specs, wanted, fold_of(call.cloud))
        if call.caller.is_admin and key in ADMIN_FILTERS:
            fold = fold_of(call.cloud)
            return fold(getattr(obj, key)) in folded(values, fold)
        return await super().matches(call, obj, key, values)

    # -- what other resources call

    async def by_name_or_id(self, call: Call, reference: str) -> VolumeType:
        """A type that the caller may use; raises VolumeTypeNotFound, or ...ByName for what is no id."""
        if is_format("uuid", reference):
            found = await self.find(call, reference) or await self.by_name(call, reference)
            if found is None or not self.visible(call, found):
                raise VolumeTypeNotFound(id=reference)
            return found
        found = await self.by_name(call, reference)
        if found is None or not self.visible(call, found):
            raise VolumeTypeNotFoundByName(name=reference)
        return found

    async def default(self, call: Call) -> VolumeType:
        """The project's default type, else the one of the configuration."""
        own = await call.tx.get(DefaultType, call.caller.project_id)
        if own is not None:
            return await self.fetch(call.elevated(), own.volume_type_id)
        found = await self.by_name(call, DEFAULT_TYPE) or await self.by_name(call, LAST_RESORT_TYPE)
        if found is None:
            raise VolumeTypeNotFoundByName(name=DEFAULT_TYPE)
        return found

    # -- inside

    async def _refuse_taken(self, call: Call, name: str) -> None:
        if await self.by_name(call, name) is not None:
            raise VolumeTypeExists(id=name)

    @staticmethod
    async def _rename(call: Call, old: VolumeType, name: str) -> None:
        """Volumes show their type's name, and quotas are kept under it."""
        for volume in await call.tx.query(Volume, volume_type_id=old.id):
            renamed = copy_of(volume)
            renamed.volume_type = name
            await call.tx.put(renamed)
            for resource in quotas.PER_TYPE:
                used = await call.quota.used(SERVICE, volume.project_id, f"{resource}_{old.name}")
                await quotas.give(call, volume.project_id, {f"{resource}_{old.name}": used})
                await quotas.give(call, volume.project_id, {f"{resource}_{name}": -used})


class TypeAccess(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["TypeAccess"]

    async def list_type_access(self, call: Call, request: pb2.GetTypeRequest) -> Result:
        found = await call.service(Types).fetch(call, request.type_id)
        if found.is_public:
            raise VolumeTypeAccessNotFound("Access list not available for public volume types.")
        access = pb2.TypeAccessResponse.Access
        return pb2.TypeAccessResponse(
            volume_type_access=[access(volume_type_id=found.id, project_id=project) for project in found.projects]
        )


async def _change_access(
    call: Call, volume_type: VolumeType, before: Sequence[str], request: pb2.AddTypeAccessRequest | Any
) -> None:
    _refuse_public(volume_type)
    if isinstance(request, pb2.AddTypeAccessRequest) and request.access.project in before:
        raise VolumeTypeAccessExists(id=volume_type.id, project_id=request.access.project)


def _no_access(call: Call, volume_type: VolumeType, project_id: str) -> Fault:
    _refuse_public(volume_type)
    return VolumeTypeAccessNotFound(id=volume_type.id, project_id=project_id)


def _refuse_public(volume_type: VolumeType) -> None:
    if volume_type.is_public:
        raise InvalidVolumeType(why="Type access modification is not applicable to public volume type.")


ACCESS = Collection("volume_type", "projects", change=_change_access, missing=_no_access, touches=False)


class DefaultTypes(ResourceServicer[DefaultType]):
    """Default types by project: the project's id is theirs."""

    service = pb2.DESCRIPTOR.services_by_name["DefaultTypes"]
    message = DefaultType
    not_found = ProjectDefaultTypeNotFound
    page_max = None

    async def get(self, call: Call, request: pb2.ProjectDefaultTypeRequest) -> Result:
        await self._check_project(call, request.default_project_id)
        call.target = await self.fetch(call, request.default_project_id)
        return await super().get(call, request)

    async def list(self, call: Call, request: pb2.ListDefaultTypesRequest) -> Result:
        """Without filters, order and pages."""
        return await super().list(call, pb2.ListDefaultTypesRequest())

    async def set_default_type(self, call: Call, request: pb2.SetDefaultTypeRequest) -> Result:
        await self._check_project(call, request.default_project_id)
        try:
            wanted = await call.service(Types).by_name_or_id(call, request.default_type.volume_type)
        except NotFound as error:
            raise BadRequest(error.text) from None
        project = request.default_project_id
        made = DefaultType(id=project, project_id=project, volume_type_id=wanted.id)
        await call.tx.put(made)
        return made

    async def unset_default_type(self, call: Call, request: pb2.ProjectDefaultTypeRequest) -> Result:
        await self._check_project(call, request.default_project_id)
        await call.tx.delete(DefaultType, request.default_project_id)
        return EMPTY

    @staticmethod
    async def _check_project(call: Call, id: str) -> None:
        projects = call.other_owner_of("project")
        if projects is not None and await projects.find(call, id) is None:
            raise NotFound(f"Project with id {id} not found.")


def asked_is_public(asked: str) -> bool | None:
    """The query's `is_public`; None asks for both kinds (cinder.api.api_utils._parse_is_public)."""
    word = asked.strip().lower()
    if word == "none":
        return None
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise BadRequest(f"Invalid is_public filter [{asked}]")


def is_multiattach(volume_type: Any) -> bool:
    """Whether volumes of the type may be attached to several servers."""
    return bool(volume_type.extra_specs.get("multiattach") == "<is> True")


async def front_end_qos(call: Call, type_id: str) -> QosSpec | None:
    """The QoS specs of a type that a hypervisor enforces."""
    found = await call.tx.get(VolumeType, type_id)
    qos = await call.tx.get(QosSpec, found.qos_specs_id) if found is not None and found.qos_specs_id else None
    return qos if qos is not None and qos.consumer != "back-end" else None


def check_provisioning(volume_type: VolumeType | None, size: int) -> None:
    """Refuse a size outside of what the type allows (volume_types.provision_filter_on_size)."""
    if volume_type is None:
        return
    specs, start = volume_type.extra_specs, f"Specified volume size of '{size}' is"
    least, most = specs.get("provisioning:min_vol_size", ""), specs.get("provisioning:max_vol_size", "")
    if least.isdecimal() and size < int(least):
        raise InvalidInput(
            why=f"{start} less than the minimum required size of '{least}' for volume type '{volume_type.name}'."
        )
    if most.isdecimal() and size > int(most):
        raise InvalidInput(
            why=f"{start} greater than the maximum allowable size of '{most}' for volume type '{volume_type.name}'."
        )
