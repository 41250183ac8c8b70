"""What the parameters of a configuration group may be (trove/configuration/service.py, _validate_configuration)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import plain_struct
from mopenstack.core.database.datastores.choices import Chosen, of_version
from mopenstack.core.database.datastores.parameters import rules_of
from mopenstack.core.engine.call import Call
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.configurations_pb2 import Configuration

TYPES: dict[str, type] = {"boolean": bool, "string": str, "integer": int, "float": float}


async def check_values(call: Call, chosen: Chosen, values: dict[str, Any]) -> None:
    """Refuse parameters that a version has not, and values of the wrong type or out of bounds."""
    rules = {name.lower(): rule for name, rule in (await rules_of(call, chosen.version)).items()}
    where = {"name": chosen.datastore.name, "version": chosen.version.name}
    if not rules:
        raise refusals.ParametersNotSupported(**where)
    for key, value in values.items():
        rule = rules.get(key.lower())
        if rule is None:
            raise refusals.ParameterNotSupported(key=key, **where)
        if not isinstance(value, TYPES.get(rule.type, str)):
            raise refusals.ParameterOfWrongType(key=key, type=rule.type)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if rule.minimum is not None and value < rule.minimum:
                raise refusals.ParameterTooSmall(key=key, bound=type(value)(rule.minimum))
            if rule.maximum is not None and value > rule.maximum:
                raise refusals.ParameterTooBig(key=key, bound=type(value)(rule.maximum))


async def overrides_need_restart(call: Call, group: Configuration) -> bool:
    """Whether one of the parameters of a group is taken over by a restart only."""
    chosen = await of_version(call, group.datastore_version_id)
    if chosen is None:
        return False
    rules = await rules_of(call, chosen.version)
    return any(name in rules and rules[name].restart_required for name in plain_struct(group.values))
