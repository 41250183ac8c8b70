"""Service graphs: port chains that branch into others (networking_sfc.db.sfc_db)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.base import NeutronResource, invalid
from mopenstack.core.network.sfc.flow_classifiers import same_traffic
from mopenstack.core.network.sfc.port_chains import PortChains
from mopenstack.core.network.sfc.port_pairs import correlation
from mopenstack.network.v2.refusals import (
    InvalidUuid,
    ServiceGraphFlowClassifierInConflict,
    ServiceGraphImpossibleBranching,
    ServiceGraphInconsistentEncapsulation,
    ServiceGraphInvalidPortChains,
    ServiceGraphLoopDetected,
    ServiceGraphNotFound,
    ServiceGraphPortChainInConflict,
)
from mopenstack.network.v2.sfc import service_graphs_pb2 as pb
from mopenstack.network.v2.sfc.flow_classifiers_pb2 import FlowClassifier
from mopenstack.network.v2.sfc.port_chains_pb2 import PortChain
from mopenstack.network.v2.sfc.port_pair_groups_pb2 import PortPairGroup
from mopenstack.network.v2.sfc.port_pairs_pb2 import PortPair
from mopenstack.network.v2.sfc.service_graphs_pb2 import ServiceGraph

Branches = Mapping[str, list[str]]


class ServiceGraphs(NeutronResource[ServiceGraph]):
    service = pb.DESCRIPTOR.services_by_name["ServiceGraphs"]
    message = ServiceGraph
    not_found = ServiceGraphNotFound

    async def prepare(self, call: Call, obj: ServiceGraph, request: Any, given: set[str]) -> None:
        branches = _branches(obj)
        members = sorted({*branches, *(id for targets in branches.values() for id in targets)})
        for id in members:
            if await call.tx.count(ServiceGraph, members=id):
                raise ServiceGraphInvalidPortChains(port_chains=branches)
        wanted = ""
        for source, targets in branches.items():
            chain = await call.service(PortChains).fetch(call, source)
            await _check_branching(call, chain, chain.port_pair_groups[-1])
            wanted = wanted or chain.chain_parameters.correlation
            _check_same(chain, wanted)
            await self._check_targets(call, targets, wanted)
        if _has_loop(branches):
            raise ServiceGraphLoopDetected()
        obj.members.extend(members)

    @staticmethod
    async def _check_targets(call: Call, targets: list[str], wanted: str) -> None:
        """The chains of one branching point: each once, of one correlation, for traffic that can be told apart."""
        classifiers: list[FlowClassifier] = []
        seen: set[str] = set()
        for id in targets:
            if id in seen:
                raise ServiceGraphPortChainInConflict(pc_id=id)
            seen.add(id)
            chain = await call.service(PortChains).fetch(call, id)
            await _check_branching(call, chain, chain.port_pair_groups[0])
            _check_same(chain, wanted)
            for classifier_id in chain.flow_classifiers:
                found = await call.tx.get(FlowClassifier, classifier_id)
                if found is None:
                    continue
                for other in classifiers:
                    if same_traffic(other, found):
                        raise ServiceGraphFlowClassifierInConflict(fc1_id=other.id, fc2_id=found.id)
                classifiers.append(found)


def _branches(graph: ServiceGraph) -> Branches:
    branches = plain_struct(graph.port_chains)
    for source, targets in branches.items():
        if not isinstance(targets, list):
            raise invalid("port_chains", f"'{targets}' is not a list")
        if not is_format("uuid", source):
            raise InvalidUuid(error_message=f"UUID of source Port-Chainis invalid: {source}.")
        if not all(is_format("uuid", str(target)) for target in targets):
            raise InvalidUuid(error_message=f"UUID of destination Port-Chain is invalid: {source}.")
    return branches


def _check_same(chain: PortChain, wanted: str) -> None:
    if chain.chain_parameters.correlation != wanted:
        raise ServiceGraphInconsistentEncapsulation()


async def _check_branching(call: Call, chain: PortChain, group_id: str) -> None:
    """The service functions at the branch must know the chain's correlation."""
    group = await call.tx.get(PortPairGroup, group_id)
    for id in group.port_pairs if group is not None else ():
        pair = await call.tx.get(PortPair, id)
        if pair is not None and correlation(pair) != chain.chain_parameters.correlation:
            raise ServiceGraphImpossibleBranching()


def _has_loop(branches: Branches) -> bool:
    """Whether a chain leads back to itself: what has no way in is taken away until nothing changes."""
    left = {source: set(targets) for source, targets in branches.items()}
    while left:
        entered = set().union(*left.values())
        free = [source for source in left if source not in entered]
        if not free:
            return True
        for source in free:
            del left[source]
    return False
