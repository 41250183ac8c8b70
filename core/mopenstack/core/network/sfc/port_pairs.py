"""Port pairs and groups of them (networking_sfc.db.sfc_db)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.ports import Ports
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import (
    InconsistentCorrelations,
    MultiplePortPairsInTapPpgNotSupported,
    PortPairEgressNoHost,
    PortPairGroupInUse,
    PortPairGroupNotFound,
    PortPairIngressEgressDifferentHost,
    PortPairIngressEgressInUse,
    PortPairIngressNoHost,
    PortPairInUse,
    PortPairNotFound,
    PortPairPortNotFound,
    RequestFailed,
)
from mopenstack.network.v2.sfc import port_pair_groups_pb2, port_pairs_pb2
from mopenstack.network.v2.sfc.flow_classifiers_pb2 import FlowClassifier
from mopenstack.network.v2.sfc.port_chains_pb2 import PortChain
from mopenstack.network.v2.sfc.port_pair_groups_pb2 import PortPairGroup
from mopenstack.network.v2.sfc.port_pairs_pb2 import PortPair


class PortPairs(NeutronResource[PortPair]):
    service = port_pairs_pb2.DESCRIPTOR.services_by_name["PortPairs"]
    message = PortPair
    not_found = PortPairNotFound

    async def prepare(self, call: Call, obj: PortPair, request: Any, given: set[str]) -> None:
        for other in await call.tx.query(PortPair, ingress=obj.ingress):
            if other.egress == obj.egress and self.visible(call, other):
                raise PortPairIngressEgressInUse(ingress=obj.ingress, egress=obj.egress, id=other.id)
        ingress, egress = await self._port(call, obj.ingress), await self._port(call, obj.egress)
        if not ingress.device_id:
            raise PortPairIngressNoHost(ingress=ingress.id)
        if not egress.device_id:
            raise PortPairEgressNoHost(egress=egress.id)
        if ingress.device_id != egress.device_id:
            raise PortPairIngressEgressDifferentHost(ingress=ingress.id, egress=egress.id)
        parameters = obj.service_function_parameters
        parameters.weight = parameters.weight if parameters.HasField("weight") else 1

    @staticmethod
    async def _port(call: Call, id: str) -> Port:
        port = await call.tx.get(Port, id)
        if port is None or not call.service(Ports).visible(call, port):
            raise PortPairPortNotFound(id=id)
        return port

    async def remove(self, call: Call, obj: PortPair) -> None:
        if await call.tx.count(PortPairGroup, port_pairs=obj.id):
            raise PortPairInUse(id=obj.id)


class PortPairGroups(NeutronResource[PortPairGroup]):
    service = port_pair_groups_pb2.DESCRIPTOR.services_by_name["PortPairGroups"]
    message = PortPairGroup
    not_found = PortPairGroupNotFound

    async def prepare(self, call: Call, obj: PortPairGroup, request: Any, given: set[str]) -> None:
        await self._check(call, obj)
        mapping = obj.port_pair_group_parameters.ppg_n_tuple_mapping
        mapping.ingress_n_tuple.SetInParent()
        mapping.egress_n_tuple.SetInParent()
        taken = {group.group_id for group in await call.tx.scan(PortPairGroup)}
        obj.group_id = next(number for number in range(1, len(taken) + 2) if number not in taken)

    async def change(self, call: Call, old: PortPairGroup, new: PortPairGroup, request: Any, given: set[str]) -> None:
        await self._check(call, new)

    @staticmethod
    async def _check(call: Call, group: PortPairGroup) -> None:
        pairs = [await call.service(PortPairs).fetch(call, id) for id in group.port_pairs]
        for pair in pairs:
            if correlation(pair) != correlation(pairs[0]):
                raise InconsistentCorrelations()
            if any(other.id != group.id for other in await call.tx.query(PortPairGroup, port_pairs=pair.id)):
                raise PortPairInUse(id=pair.id)
        if group.tap_enabled and len(pairs) > 1:
            raise MultiplePortPairsInTapPpgNotSupported()

    async def remove(self, call: Call, obj: PortPairGroup) -> None:
        if await call.tx.count(PortChain, port_pair_groups=obj.id):
            raise PortPairGroupInUse(id=obj.id)


def correlation(pair: PortPair) -> str:
    """How a service function is told of the chain; empty: it needs a proxy."""
    return pair.service_function_parameters.correlation


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    """The database refuses to delete a port that is named here, which the service does not handle: 500."""
    for name in ("ingress", "egress"):
        if await call.tx.count(PortPair, **{name: port.id}):
            raise RequestFailed()
    for name in ("logical_source_port", "logical_destination_port"):
        if await call.tx.count(FlowClassifier, **{name: port.id}):
            raise RequestFailed()
