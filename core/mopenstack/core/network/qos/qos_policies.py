"""QoS policies and rule types (neutron.services.qos.qos_plugin, neutron.objects.qos.policy)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import NeutronResource, sees_all
from mopenstack.core.network.common.rbac import (
    ALL_PROJECTS,
    check_unused,
    forget_policies,
    share_with_all,
    shared_with_caller,
    unshare_with_all,
)
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.qos import qos_policies_pb2 as pb
from mopenstack.network.v2.qos.qos_policies_pb2 import QosPolicy, QosRuleType
from mopenstack.network.v2.qos.qos_rules_pb2 import (
    BandwidthLimitRule,
    DscpMarkingRule,
    MinimumBandwidthRule,
    MinimumPacketRateRule,
    PacketRateLimitRule,
)
from mopenstack.network.v2.refusals import (
    HttpNotFound,
    QosNotAuthorized,
    QoSPolicyDefaultAlreadyExists,
    QosPolicyInUse,
    QosPolicyNotFound,
)

RULES: dict[str, type[Message]] = {
    "bandwidth_limit": BandwidthLimitRule,
    "dscp_marking": DscpMarkingRule,
    "minimum_bandwidth": MinimumBandwidthRule,
    "packet_rate_limit": PacketRateLimitRule,
    "minimum_packet_rate": MinimumPacketRateRule,
}
"""Type -> message, in the order in which a policy shows its rules."""

INT_MAX = 2147483647
DSCP_MARKS = (0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 46, 48, 56)
PARAMETERS: dict[str, dict[str, Any]] = {
    "bandwidth_limit": {"max_kbps": None, "max_burst_kbps": None, "direction": ["ingress", "egress"]},
    "dscp_marking": {"dscp_mark": list(DSCP_MARKS)},
    "minimum_bandwidth": {"min_kbps": None, "direction": ["ingress", "egress"]},
    "minimum_packet_rate": {"min_kpps": None, "direction": ["any", "ingress", "egress"]},
    "packet_rate_limit": {"max_kpps": None, "max_burst_kpps": None, "direction": ["ingress", "egress"]},
}
"""What the openvswitch driver takes of each rule type: choices, or any number."""
DRIVER = "openvswitch"


class QosPolicies(NeutronResource[QosPolicy]):
    service = pb.DESCRIPTOR.services_by_name["QosPolicies"]
    message = QosPolicy
    not_found = QosPolicyNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[QosPolicy]:
        marker = await call.tx.get(QosPolicy, query.marker) if query.marker else None
        if marker is None or not self.visible(call, marker):
            query.marker = ""  # neutron.objects.base.Pager begins anew where there is no such object
        return await super().candidates(call, query)

    async def view(self, call: Call, obj: QosPolicy) -> Message:
        shared = shared_with_caller(call, obj)

        async def build() -> QosPolicy:
            found = await call.tx.get(QosPolicy, obj.id)
            seen = copy_of(obj if found is None else found)
            seen.shared = seen.shared or shared
            for type_, message in RULES.items():
                for rule in sorted(await call.tx.query(message, qos_policy_id=obj.id), key=_id):
                    shown = seen.rules.add(type=type_)
                    copy_fields(rule, shown, message.DESCRIPTOR.fields_by_name)
            return seen

        return await call.tx.view(("qos_policy", obj.id, shared), build)

    async def prepare(self, call: Call, obj: QosPolicy, request: Any, given: set[str]) -> None:
        await self._check_default(call, obj)

    async def created(self, call: Call, obj: QosPolicy, request: Any) -> None:
        if obj.shared:
            await share_with_all(call, obj, "access_as_shared")

    async def change(self, call: Call, old: QosPolicy, new: QosPolicy, request: Any, given: set[str]) -> None:
        if "is_default" in given:
            await self._check_default(call, new)
        if old.shared and not new.shared:
            await check_unused(call, "qos_policy", old.id, ALL_PROJECTS)

    async def changed(self, call: Call, old: QosPolicy, new: QosPolicy) -> None:
        if new.shared and not old.shared:
            await share_with_all(call, new, "access_as_shared")
        elif old.shared and not new.shared:
            await unshare_with_all(call, new, "access_as_shared")

    @staticmethod
    async def _check_default(call: Call, obj: QosPolicy) -> None:
        if not obj.is_default:
            return
        for other in await call.tx.query(QosPolicy, project_id=obj.project_id):
            if other.is_default and other.id != obj.id:
                raise QoSPolicyDefaultAlreadyExists(project_id=obj.project_id)

    async def remove(self, call: Call, obj: QosPolicy) -> None:
        users: dict[str, type[Message]] = {"network": Network, "port": Port, "floatingip": Floatingip, "router": Router}
        for kind, message in users.items():
            for user in await _users(call, message, obj.id):
                raise QosPolicyInUse(policy_id=obj.id, object_type=kind, object_id=_id(user))
        for rule_message in RULES.values():
            for rule in await call.tx.query(rule_message, qos_policy_id=obj.id):
                await call.tx.delete(rule_message, _id(rule))
        await forget_policies(call, obj.id)


async def _users(call: Call, message: type[Message], policy_id: str) -> list[Message]:
    return await call.tx.query(message, qos_policy_id=policy_id)


def _id(obj: Message) -> str:
    return str(obj.id)  # type: ignore[attr-defined]  # every stored message has an id


class QosRuleTypes(ComputedServicer[QosRuleType]):
    service = pb.DESCRIPTOR.services_by_name["QosRuleTypes"]
    message = QosRuleType
    not_found = HttpNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[QosRuleType]:
        return map(_rule_type, PARAMETERS)

    async def fetch(self, call: Call, id: str) -> QosRuleType:
        if not call.caller.is_admin:
            raise QosNotAuthorized()
        if not sees_all(call.caller):
            raise HttpNotFound()
        return await super().fetch(call, id)


def _rule_type(type_: str) -> QosRuleType:
    found = QosRuleType(type=type_)
    driver = found.drivers.add(name=DRIVER)
    for name, choices in PARAMETERS[type_].items():
        values = Value()
        if choices is None:
            values.struct_value.update({"start": 0, "end": INT_MAX})
        else:
            values.list_value.extend(choices)
        driver.supported_parameters.add(
            parameter_name=name, parameter_values=values, parameter_type="choices" if choices else "range"
        )
    return found
