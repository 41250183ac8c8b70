"""SFC's refusals (networking_sfc.extensions: sfc, flowclassifier, servicegraph, tap)."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, NotFound


class PortPairNotFound(NotFound):
    message = "Port Pair {id} not found."


class PortPairPortNotFound(NotFound):
    message = "Port Pair port {id} not found."


class PortPairInUse(Conflict):
    message = "Port Pair {id} in use."


class PortPairIngressNoHost(BadRequest):
    message = "Port Pair ingress port {ingress} does not belong to a host."


class PortPairEgressNoHost(BadRequest):
    message = "Port Pair egress port {egress} does not belong to a host."


class PortPairIngressEgressDifferentHost(BadRequest):
    message = "Port Pair ingress port {ingress} and egress port {egress} not in the same host."


class PortPairIngressEgressInUse(BadRequest):
    message = (
        "Port Pair with ingress port {ingress} and egress port {egress} is already used by another Port Pair {id}."
    )


class PortPairGroupNotFound(NotFound):
    message = "Port Pair Group {id} not found."


class PortPairGroupInUse(Conflict):
    message = "Port Pair Group {id} in use."


class InconsistentCorrelations(BadRequest):
    message = "Port Pair Group attempted creation included Port Pairs with inconsistent correlation types."


class MultiplePortPairsInTapPPGNotSupported(BadRequest):
    message = "Multiple port pairs in Tap port-pair-group is not allowed."


class ConsecutiveTapPPGNotSupported(BadRequest):
    message = "Consecutive Tap PPG in port-chain is not supported now."


class PortChainNotFound(NotFound):
    message = "Port Chain {id} not found."


class InvalidPortPairGroups(Conflict):
    message = "Port Pair Group(s) {port_pair_groups} in use by Port Chain {port_chain}."


class PortChainInconsistentCorrelations(BadRequest):
    message = (
        "Port Chain attempted creation included a Port Pair Group ({ppg}) with a different protocol used as "
        "correlation type."
    )


class PortChainFlowClassifierInConflict(BadRequest):
    message = "Flow Classifier {fc_id} conflicts with Flow Classifier {pc_fc_id} in port chain {pc_id}."


class PortChainChainIdInConflict(BadRequest):
    message = "Chain id {chain_id} conflicts with Chain id in port chain {pc_id}."


class PortChainUnavailableChainId(BadRequest):
    message = "Port Chain {id} no available chain id."


class FlowClassifierNotFound(NotFound):
    message = "Flow Classifier {id} not found."


class FlowClassifierPortNotFound(NotFound):
    message = "Flow Classifier Neutron Port {id} not found."


class FlowClassifierInUse(Conflict):
    message = "Flow Classifier {id} in use."


class FlowClassifierInConflict(BadRequest):
    message = "Flow Classifier conflicts with another Flow Classifier {id}."


class FlowClassifierInvalidPortRange(BadRequest):
    message = (
        "Invalid IP protocol port range. min_port_range={port_range_min} must be lesser or equal to "
        "max_port_range={port_range_max}."
    )


class FlowClassifierProtocolRequiredWithPorts(BadRequest):
    message = "IP protocol must be TCP or UDP, if port range is given."


class FlowClassifierInvalidProtocol(BadRequest):
    message = "Flow Classifier does not support protocol {protocol}. Supported protocol values are {values}."


class FlowClassifierInvalidEthertype(BadRequest):
    message = "Flow Classifier does not support ethertype {ethertype}. Supported ethertype values are {values}."


class FlowClassifierIpPrefixFormatConflictWithEthertype(BadRequest):
    message = "IP prefix {ip_prefix} format conflicts with ethertype {ethertype}."


class ServiceGraphNotFound(NotFound):
    message = "Service Graph {id} not found."


class ServiceGraphInvalidPortChains(Conflict):
    message = "Some of the Port Chain(s): {port_chains}, are already in use by a Service Graph."


class ServiceGraphPortChainInUse(Conflict):
    message = "Port Chain {id} in use."


class ServiceGraphPortChainInConflict(BadRequest):
    message = "Port Chain {pc_id} is duplicated on one of the branching points being created."


class ServiceGraphLoopDetected(BadRequest):
    message = "Service Graph defined contains at least one port chain loop."


class ServiceGraphInconsistentEncapsulation(BadRequest):
    message = "Service Graph may only connect port-chains sharing the same correlation."


class ServiceGraphImpossibleBranching(BadRequest):
    message = (
        "Service Graphs require source (branching) and destination port pair groups (their PPs) to have correlation "
        "enabled."
    )


class ServiceGraphFlowClassifierInConflict(BadRequest):
    message = (
        "Flow Classifier {fc1_id} conflicts with Flow Classifier {fc2_id} on one of the branching points being created."
    )


class InvalidUUID(BadRequest):
    message = "An invalid UUID was specified: {error_message}. Make sure only valid UUIDs are provided."
