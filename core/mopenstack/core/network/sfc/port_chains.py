"""Port chains (networking_sfc.db.sfc_db)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource, invalid
from mopenstack.core.network.sfc.flow_classifiers import FlowClassifiers, same_traffic
from mopenstack.core.network.sfc.port_pairs import PortPairGroups, correlation
from mopenstack.network.v2.refusals import (
    ConsecutiveTapPpgNotSupported,
    FlowClassifierInUse,
    InvalidPortPairGroups,
    PortChainChainIdInConflict,
    PortChainFlowClassifierInConflict,
    PortChainInconsistentCorrelations,
    PortChainNotFound,
    PortChainUnavailableChainId,
    ServiceGraphPortChainInUse,
)
from mopenstack.network.v2.sfc import port_chains_pb2 as pb
from mopenstack.network.v2.sfc.flow_classifiers_pb2 import FlowClassifier
from mopenstack.network.v2.sfc.port_chains_pb2 import PortChain
from mopenstack.network.v2.sfc.port_pairs_pb2 import PortPair
from mopenstack.network.v2.sfc.service_graphs_pb2 import ServiceGraph

CHAIN_ID_MAX = 65535
MPLS = "mpls"


class PortChains(NeutronResource[PortChain]):
    service = pb.DESCRIPTOR.services_by_name["PortChains"]
    message = PortChain
    not_found = PortChainNotFound

    async def prepare(self, call: Call, obj: PortChain, request: Any, given: set[str]) -> None:
        if not obj.port_pair_groups:
            raise invalid("port_pair_groups", "'None' is not a list")
        parameters = obj.chain_parameters
        parameters.correlation = parameters.correlation or MPLS
        await self._check_groups(call, obj)
        await self._check_correlations(call, obj)
        await self._check_classifiers(call, obj)
        await self._take_number(call, obj)

    async def change(self, call: Call, old: PortChain, new: PortChain, request: Any, given: set[str]) -> None:
        if given & {"flow_classifiers", "port_pair_groups"} and await self._in_graph(call, old.id):
            raise ServiceGraphPortChainInUse(id=old.id)
        if "flow_classifiers" in given:
            await self._check_classifiers(call, new)
        if "port_pair_groups" in given:
            await self._check_groups(call, new)

    async def remove(self, call: Call, obj: PortChain) -> None:
        if await self._in_graph(call, obj.id):
            raise ServiceGraphPortChainInUse(id=obj.id)

    @staticmethod
    async def _in_graph(call: Call, id: str) -> bool:
        return await call.tx.count(ServiceGraph, members=id) > 0

    async def _others(self, call: Call, obj: PortChain) -> list[PortChain]:
        return [one for one in await call.tx.scan(PortChain) if one.id != obj.id and self.visible(call, one)]

    async def _check_groups(self, call: Call, obj: PortChain) -> None:
        tapped = False
        for id in obj.port_pair_groups:
            group = await call.service(PortPairGroups).fetch(call, id)
            if tapped and group.tap_enabled:
                raise ConsecutiveTapPpgNotSupported()
            tapped = group.tap_enabled
        for other in await self._others(call, obj):
            if other.port_pair_groups == obj.port_pair_groups:
                raise InvalidPortPairGroups(port_pair_groups=list(obj.port_pair_groups), port_chain=other.id)

    @staticmethod
    async def _check_correlations(call: Call, obj: PortChain) -> None:
        for id in obj.port_pair_groups:
            group = await call.service(PortPairGroups).fetch(call, id)
            for pair_id in group.port_pairs:
                pair = await call.tx.get(PortPair, pair_id)
                if pair is not None and correlation(pair) not in ("", obj.chain_parameters.correlation):
                    raise PortChainInconsistentCorrelations(ppg=id)

    async def _check_classifiers(self, call: Call, obj: PortChain) -> None:
        mine = [await call.service(FlowClassifiers).fetch(call, id) for id in obj.flow_classifiers]
        others = await self._others(call, obj)
        for classifier in mine:
            if any(classifier.id in other.flow_classifiers for other in others):
                raise FlowClassifierInUse(id=classifier.id)
        for other in others:
            for id in other.flow_classifiers:
                taken = await call.tx.get(FlowClassifier, id)
                for classifier in mine:
                    if taken is not None and same_traffic(taken, classifier):
                        raise PortChainFlowClassifierInConflict(fc_id=classifier.id, pc_id=other.id, pc_fc_id=id)

    @staticmethod
    async def _take_number(call: Call, obj: PortChain) -> None:
        taken = {one.chain_id: one.id for one in await call.tx.scan(PortChain)}
        if obj.chain_id in taken:
            raise PortChainChainIdInConflict(chain_id=obj.chain_id, pc_id=taken[obj.chain_id])
        if not obj.chain_id:
            obj.chain_id = next((number for number in range(1, CHAIN_ID_MAX) if number not in taken), 0)
        if not obj.chain_id:
            raise PortChainUnavailableChainId(id=obj.id)
