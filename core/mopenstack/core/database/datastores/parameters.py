"""Parameters that configuration groups may have (trove/configuration, trove/extensions/mgmt/configuration).

Each version has those that its datastore comes with; what administrators changed of them is kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.struct_pb2 import Value

from mopenstack.contract.values import plain, to_value
from mopenstack.core.database.datastores.choices import datastore_of, version_by_id, version_of
from mopenstack.core.database.datastores.managers import parameters
from mopenstack.core.database.pages import broken
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.datastores import parameters_pb2 as pb
from mopenstack.database.v1.datastores.datastores_pb2 import DatastoreVersion


class Rule(NamedTuple):
    """A parameter: whether a change needs a restart, its type, and its bounds."""

    restart_required: bool
    type: str
    maximum: int | None
    minimum: int | None


async def rules_of(call: Call, version: DatastoreVersion) -> dict[str, Rule]:
    """The parameters of a version, by name."""
    found = {
        name: Rule(one["restart_required"], one["type"], one["max"], one["min"])
        for name, one in parameters(version.manager).items()
    }
    for change in await call.tx.query(pb.ParameterChange, version_id=version.id):
        if change.deleted:
            found.pop(change.name, None)
        else:
            bounds = [int(getattr(change, side)) if change.HasField(side) else None for side in ("maximum", "minimum")]
            found[change.name] = Rule(change.restart_required, change.type, *bounds)
    return found


class Parameters(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Parameters"]

    async def list_parameters(self, call: Call, request: pb.ListParametersRequest) -> Result:
        return await _list(call, await version_of(call, await datastore_of(call, request.datastore), request.version))

    async def get_parameter(self, call: Call, request: pb.GetParameterRequest) -> Result:
        version = await version_of(call, await datastore_of(call, request.datastore), request.version)
        return await _show(call, version, request.name)

    async def list_parameters_by_id(self, call: Call, request: pb.ListParametersByIdRequest) -> Result:
        return await _list(call, await version_by_id(call, request.version_id))

    async def get_parameter_by_id(self, call: Call, request: pb.GetParameterByIdRequest) -> Result:
        return await _show(call, await version_by_id(call, request.version_id), request.name)

    async def list_managed_parameters(self, call: Call, request: pb.ListManagedParametersRequest) -> Result:
        version = await version_by_id(call, request.version_id)
        rules = await rules_of(call, version)
        shown = [_managed(version, name, rule) for name, rule in rules.items()]
        return pb.ListManagedParametersResponse(parameters=shown)

    async def get_managed_parameter(self, call: Call, request: pb.GetManagedParameterRequest) -> Result:
        version = await version_by_id(call, request.version_id)
        rule = await _find(call, version, request.name)
        return pb.ManagedParameterResponse(parameter=_managed(version, request.name, rule))

    async def create_managed_parameter(self, call: Call, request: pb.CreateManagedParameterRequest) -> Result:
        asked = request.parameter
        rule = _asked(call, asked)
        version = await version_by_id(call, request.version_id)
        if asked.name in await rules_of(call, version):
            raise refusals.ParameterAlreadyExists(name=asked.name, version=version.id)
        await _keep(call, version, asked.name, rule)
        return pb.ManagedParameterResponse(parameter=_managed(version, asked.name, rule))

    async def set_managed_parameter(self, call: Call, request: pb.SetManagedParameterRequest) -> Result:
        rule = _asked(call, request.parameter)
        version = await version_by_id(call, request.version_id)
        await _find(call, version, request.name)
        await _keep(call, version, request.name, rule)
        return pb.ManagedParameterResponse(parameter=_managed(version, request.name, rule))

    async def delete_managed_parameter(self, call: Call, request: pb.DeleteManagedParameterRequest) -> Result:
        version = await call.tx.get(DatastoreVersion, request.version_id)
        if version is None or request.name not in await rules_of(call, version):
            raise refusals.ParameterDoesNotExist(name=request.name)
        await _keep(call, version, request.name, None)
        return EMPTY


async def _find(call: Call, version: DatastoreVersion, name: str) -> Rule:
    rules = await rules_of(call, version)
    if name not in rules:
        raise refusals.ResourceNotFound(id=name)
    return rules[name]


async def _list(call: Call, version: DatastoreVersion) -> Result:
    rules = await rules_of(call, version)
    return pb.ListParametersResponse(parameters=[_view(version, name, rule) for name, rule in rules.items()])


async def _show(call: Call, version: DatastoreVersion, name: str) -> Result:
    return pb.ParameterResponse(parameter=_view(version, name, await _find(call, version, name)))


def _view(version: DatastoreVersion, name: str, rule: Rule) -> pb.ParameterView:
    shown = pb.ParameterView(
        name=name, datastore_version_id=version.id, restart_required=rule.restart_required, type=rule.type
    )
    _bounds(rule, shown.maximum, shown.minimum)
    _drop_empty(shown, "maximum", "minimum")
    return shown


def _managed(version: DatastoreVersion, name: str, rule: Rule) -> pb.ManagedParameterView:
    shown = pb.ManagedParameterView(
        name=name, datastore_version_id=version.id, restart_required=rule.restart_required, type=rule.type
    )
    _bounds(rule, shown.max_size, shown.min_size)
    _drop_empty(shown, "max_size", "min_size")
    return shown


def _bounds(rule: Rule, maximum: Value, minimum: Value) -> None:
    """Bounds of 0 are not shown, as Trove does not tell them from none."""
    for bound, field in ((rule.maximum, maximum), (rule.minimum, minimum)):
        if bound:
            field.CopyFrom(to_value(bound))


def _drop_empty(shown: Any, *names: str) -> None:
    for name in names:
        if getattr(shown, name).WhichOneof("kind") is None:
            shown.ClearField(name)


def _asked(call: Call, asked: pb.ManagedParameterCreate) -> Rule:
    maximum = minimum = None
    if asked.data_type == "integer":
        for key in ("max_size", "min_size"):
            if not asked.HasField(key):
                raise refusals.ParameterSizeMissing(key=key)
        maximum, minimum = _size(call, asked.max_size), _size(call, asked.min_size)
        if maximum < minimum:
            raise refusals.ParameterSizesWrong()
    return Rule(bool(asked.restart_required), asked.data_type, maximum, minimum)


def _size(call: Call, value: Value) -> int:
    """What Python's int() makes of it; Trove breaks on what that refuses."""
    try:
        text = plain(value)
        return int(text if not isinstance(text, str) else text[:40])
    except (TypeError, ValueError, OverflowError):
        raise broken(call) from None


async def _keep(call: Call, version: DatastoreVersion, name: str, rule: Rule | None) -> None:
    """Keep what a parameter is now; None: it is deleted."""
    change = pb.ParameterChange(id=f"{version.id}/{name}", version_id=version.id, name=name, deleted=rule is None)
    if rule is not None:
        change.restart_required, change.type = rule.restart_required, rule.type
        if rule.maximum is not None:
            change.maximum = str(rule.maximum)
        if rule.minimum is not None:
            change.minimum = str(rule.minimum)
    await call.tx.put(change)
