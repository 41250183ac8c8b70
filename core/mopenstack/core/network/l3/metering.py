"""Metering labels and rules (neutron.services.metering.metering_plugin, neutron.db.metering). Nothing is measured."""

from __future__ import annotations

import ipaddress
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.network.v2.l3 import metering_pb2 as pb
from mopenstack.network.v2.l3.metering_pb2 import MeteringLabel, MeteringLabelRule
from mopenstack.network.v2.refusals import (
    MeteringLabelNotFound,
    MeteringLabelRuleNotFound,
    MeteringLabelRuleOverlaps,
    RequestFailed,
)

PREFIXES = ("remote_ip_prefix", "source_ip_prefix", "destination_ip_prefix")


class MeteringLabels(NeutronResource[MeteringLabel]):
    service = pb.DESCRIPTOR.services_by_name["MeteringLabels"]
    message = MeteringLabel
    not_found = MeteringLabelNotFound

    async def remove(self, call: Call, obj: MeteringLabel) -> None:
        for rule in await call.tx.query(MeteringLabelRule, metering_label_id=obj.id):
            await call.tx.delete(MeteringLabelRule, rule.id)


class MeteringLabelRules(NeutronResource[MeteringLabelRule]):
    service = pb.DESCRIPTOR.services_by_name["MeteringLabelRules"]
    message = MeteringLabelRule
    not_found = MeteringLabelRuleNotFound

    async def prepare(self, call: Call, obj: MeteringLabelRule, request: Any, given: set[str]) -> None:
        _check_prefixes(obj)
        if obj.remote_ip_prefix:
            await self._check_overlap(call, obj)
        if await call.tx.get(MeteringLabel, obj.metering_label_id) is None:
            raise MeteringLabelNotFound(id=obj.metering_label_id)
        for name in PREFIXES:
            text = getattr(obj, name)
            if text:
                setattr(obj, name, str(ipaddress.ip_interface(text)))
            else:
                obj.ClearField(name)

    @staticmethod
    async def _check_overlap(call: Call, obj: MeteringLabelRule) -> None:
        """No two remote prefixes of a label's rules of one kind may overlap (check_for_rule_overlaps)."""
        mine = ipaddress.ip_network(obj.remote_ip_prefix, strict=False)
        for other in await call.tx.query(MeteringLabelRule, metering_label_id=obj.metering_label_id):
            if (other.direction, other.excluded) != (obj.direction, obj.excluded) or not other.remote_ip_prefix:
                continue
            theirs = ipaddress.ip_network(other.remote_ip_prefix, strict=False)
            if mine.version == theirs.version and mine.overlaps(theirs):
                raise MeteringLabelRuleOverlaps(remote_ip_prefix=obj.remote_ip_prefix)


def _check_prefixes(rule: MeteringLabelRule) -> None:
    """What validate_metering_label_rule refuses; Neutron has no status for its exception but 500."""
    for name in PREFIXES:
        try:
            if getattr(rule, name):
                ipaddress.ip_interface(getattr(rule, name))
        except ValueError:
            raise RequestFailed() from None
    others = bool(rule.source_ip_prefix or rule.destination_ip_prefix)
    if bool(rule.remote_ip_prefix) == others:
        raise RequestFailed()
