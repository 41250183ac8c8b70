"""The resource types: `find` and `names` are what the stack engine asks.

`custom` answers custom constraints of properties and parameters. What they need is read when it is first asked for.
"""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.resource_types.base import Context, ResourceType


class UnknownType(LookupError):
    """There is no resource type of this name."""


def find(name: str) -> ResourceType:
    """The type of a name; raises UnknownType."""
    from mopenstack.core.orchestration.resource_types import catalogue

    found = catalogue.find(name)
    if found is None:
        raise UnknownType(name)
    return found


def names() -> list[str]:
    """The names of all types in Heat's order, those included that it hides or whose service is not there."""
    from mopenstack.core.orchestration.resource_types import published

    return published.names()


def unavailable(call: Call, kind: ResourceType) -> str:
    """Why a type cannot be used in this cloud: the service that it stands for is not served; "" where it can."""
    from mopenstack.core.orchestration.resource_types import catalogue

    return catalogue.unavailable(call, kind)


def schema(name: str) -> dict[str, Any]:
    """What the API shows of a type, without its description; raises UnknownType."""
    from mopenstack.core.orchestration.resource_types import published

    try:
        return published.schema(name)
    except KeyError:
        raise UnknownType(name) from None


def template(name: str, language: str) -> dict[str, Any]:
    """A template of one resource of a type, in the language "cfn" or "hot"; raises UnknownType."""
    from mopenstack.core.orchestration.resource_types import published, templates

    if name not in published.names():
        raise UnknownType(name)
    return templates.template(name, language)


async def custom(context: Context, constraint: str, value: Any) -> str:
    """Hold a value against a custom constraint ("neutron.network"); "" or what is wrong, in Heat's words."""
    from mopenstack.core.orchestration.resource_types import constraints

    return await constraints.custom(context, constraint, value)
