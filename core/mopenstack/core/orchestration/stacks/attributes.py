"""Attributes of resources as answers show them. Source: heat/engine/api.py (format_resource_attributes)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types.base import Missing, ResourceFailure
from mopenstack.core.orchestration.runs.client_errors import Failed
from mopenstack.core.orchestration.runs.run import READY, Run, resource_of
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource

_SILENT = (Fault, ResourceFailure, Failed, ValidationFailed, Missing, ValueError, TypeError, KeyError, IndexError,
           AttributeError)  # fmt: skip


async def shown(run: Run, row: StackResource, names: list[str]) -> dict[str, Any]:
    """What a resource's own service tells of it, or each attribute; and those that are asked for besides."""
    kind, resource = run.kind(row), resource_of(row)

    async def one(name: str) -> Any:
        if row.action not in READY or not (name in kind.attributes or kind.attributes_any or name == "show"):
            return None
        try:
            return await kind.told(run.context, resource, name)
        except _SILENT:
            return None

    shown = await one("show") if "show" in kind.attributes or not kind.nested else None
    if isinstance(shown, Mapping):
        found = dict(shown)
        for name in names:
            if name not in found:
                found[name] = await one(name)
        return found
    return {name: await one(name) for name in dict.fromkeys([*kind.attributes, *names]) if name != "show"}
