"""Designate: zones and record sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types import references
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Ready, Row, refuse, table

_V2 = "mopenstack.dns.v2."
_READY = Ready(frozenset({"ACTIVE"}))


class Zone(Mapped):
    """OS::Designate::Zone."""

    async def validate(self, context: Context, resource: Resource) -> None:
        kind = resource.properties.get("type")
        refuse(kind == "PRIMARY" and "email" not in resource.given, "Property email is required for zone type PRIMARY")
        refuse(
            kind == "SECONDARY" and not {"masters", "primaries"} & resource.given,
            "Property masters is required for zone type SECONDARY",
        )

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in super().sent(values).items() if value}


class RecordSet(Mapped):
    """OS::Designate::RecordSet."""

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("zone"):
            values["zone"] = await references.find(context, "designate.zone", values["zone"])
        return values

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in super().sent(values).items() if value}


TYPES = {
    **table(Row("OS::Designate::Zone", _V2 + "Zones", "Zone", words={"primaries": "masters"}, ready=_READY), kind=Zone),
    **table(
        Row("OS::Designate::RecordSet", _V2 + "RecordSets", "RecordSet", above=("zone",), ready=_READY), kind=RecordSet
    ),
}
