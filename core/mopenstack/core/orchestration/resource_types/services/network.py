"""Neutron: networks, subnets, routers, ports and what hangs on them."""

from __future__ import annotations

from mopenstack.core.orchestration.resource_types.mapped import BUILT, Mapped, Ready, Row, table
from mopenstack.core.orchestration.resource_types.services import network_objects as objects
from mopenstack.core.orchestration.resource_types.services import routing, security
from mopenstack.core.orchestration.resource_types.services.quotas import Quota

_V2 = "mopenstack.network.v2."
_TAP = Ready(frozenset({"ACTIVE"}))
_VPN = Ready(frozenset({"PENDING_CREATE", "ACTIVE"}), waits=frozenset(), what="VPNService creation failed")
_IPSEC = Ready(
    frozenset({"ACTIVE", "DOWN"}), waits=frozenset({"PENDING_CREATE"}), what="IPsecSiteConnection creation failed"
)
_NETWORK = {"network": "network_id", "qos_policy": "qos_policy_id"}

TYPES = {
    **table(
        Row(
            "OS::Neutron::ProviderNet",
            _V2 + "Networks",
            "Network",
            words={
                "network_type": "provider:network_type",
                "physical_network": "provider:physical_network",
                "segmentation_id": "provider:segmentation_id",
                "router_external": "router:external",
            },
            tags="networks",
            ready=BUILT,
        ),
        kind=objects.ProviderNet,
    ),
    **table(
        Row(
            "OS::Neutron::Net",
            _V2 + "Networks",
            "Network",
            words={**_NETWORK, "dhcp_agent_ids": ""},
            tags="networks",
            ready=BUILT,
        ),
        kind=objects.Net,
    ),
    **table(
        Row(
            "OS::Neutron::Subnet",
            _V2 + "Subnets",
            "Subnet",
            words={**_NETWORK, "subnetpool": "subnetpool_id", "segment": "segment_id"},
            tags="subnets",
        ),
        kind=objects.Subnet,
    ),
    **table(
        Row(
            "OS::Neutron::Port",
            _V2 + "Ports",
            "Port",
            words={
                **_NETWORK,
                "fixed_ips.subnet": "subnet_id",
                "replacement_policy": "",
                "no_fixed_ips": "",
            },
            tags="ports",
            ready=BUILT,
        ),
        kind=objects.Port,
    ),
    **table(
        Row(
            "OS::Neutron::Router",
            _V2 + "Routers",
            "Router",
            words={
                "l3_agent_id": "",
                "l3_agent_ids": "",
                "external_gateway_info.network": "network_id",
                "external_gateway_info.external_fixed_ips.subnet": "subnet_id",
            },
            tags="routers",
            ready=BUILT,
        ),
        kind=routing.Router,
    ),
    **table(
        Row(
            "OS::Neutron::FloatingIP",
            _V2 + "Floatingips",
            "Floatingip",
            words={"floating_network": "floating_network_id", "floating_subnet": "subnet_id"},
        ),
        kind=routing.FloatingIp,
    ),
    **table(
        Row(
            "OS::Neutron::FloatingIPPortForward",
            _V2 + "PortForwardings",
            "PortForwarding",
            words={"internal_port": "internal_port_id", "internal_port_number": "internal_port"},
            above=("floating_ip",),
        )
    ),
    **table(Row("OS::Neutron::RouterInterface", _V2 + "Routers", "Router"), kind=routing.RouterInterface),
    **table(Row("OS::Neutron::RouterGateway", _V2 + "Routers", "Router"), kind=routing.RouterGateway),
    **table(
        Row("OS::Neutron::FloatingIPAssociation", _V2 + "Floatingips", "Floatingip"), kind=routing.FloatingIpAssociation
    ),
    **table(Row("OS::Neutron::ExtraRoute", _V2 + "Routers", "Router"), kind=routing.ExtraRoute),
    **table(Row("OS::Neutron::ExtraRouteSet", _V2 + "Routers", "Router"), kind=routing.ExtraRouteSet),
    **table(Row("OS::Neutron::SecurityGroup", _V2 + "SecurityGroups", "SecurityGroup"), kind=security.SecurityGroup),
    **table(
        Row(
            "OS::Neutron::SecurityGroupRule",
            _V2 + "SecurityGroupRules",
            "SecurityGroupRule",
            words={"security_group": "security_group_id", "remote_group": "remote_group_id"},
        ),
        kind=security.SecurityGroupRule,
    ),
    **table(
        Row(
            "OS::Neutron::Trunk",
            _V2 + "Trunks",
            "Trunk",
            words={"port": "port_id", "sub_ports.port": "port_id"},
            ready=BUILT,
        ),
        kind=objects.Trunk,
    ),
    **table(
        Row(
            "OS::Neutron::SubnetPool",
            _V2 + "Subnetpools",
            "Subnetpool",
            words={"address_scope": "address_scope_id"},
            tags="subnetpools",
        ),
        kind=objects.SubnetPool,
    ),
    **table(
        Row("OS::Neutron::Segment", _V2 + "Segments", "Segment", words={"network": "network_id"}), kind=objects.Segment
    ),
    **table(Row("OS::Neutron::RBACPolicy", _V2 + "RbacPolicies", "RbacPolicy"), kind=objects.RbacPolicy),
    **table(Row("OS::Neutron::Quota", _V2 + "Quotas", "Quota", above=("project",)), kind=Quota),
    **table(
        Row("OS::Neutron::AddressScope", _V2 + "AddressScopes", "AddressScope"),
        Row("OS::Neutron::QoSPolicy", _V2 + "QosPolicies", "QosPolicy"),
        Row("OS::Neutron::MeteringLabel", _V2 + "MeteringLabels", "MeteringLabel"),
        Row("OS::Neutron::MeteringRule", _V2 + "MeteringLabelRules", "MeteringLabelRule"),
        Row("OS::Neutron::FlowClassifier", _V2 + "FlowClassifiers", "FlowClassifier"),
        Row("OS::Neutron::PortChain", _V2 + "PortChains", "PortChain"),
        Row("OS::Neutron::PortPair", _V2 + "PortPairs", "PortPair"),
        Row("OS::Neutron::PortPairGroup", _V2 + "PortPairGroups", "PortPairGroup"),
        Row(
            "OS::Neutron::TaaS::TapFlow",
            _V2 + "TapFlows",
            "TapFlow",
            words={"port": "source_port", "tap_service": "tap_service_id"},
            ready=_TAP,
        ),
        Row("OS::Neutron::TaaS::TapService", _V2 + "TapServices", "TapService", words={"port": "port_id"}, ready=_TAP),
        Row(
            "OS::Neutron::VPNService",
            _V2 + "Vpnservices",
            "Vpnservice",
            words={"subnet": "subnet_id", "router": "router_id"},
            ready=_VPN,
        ),
        Row("OS::Neutron::IKEPolicy", _V2 + "Ikepolicies", "Ikepolicy"),
        Row("OS::Neutron::IPsecPolicy", _V2 + "Ipsecpolicies", "Ipsecpolicy"),
        Row("OS::Neutron::IPsecSiteConnection", _V2 + "IpsecSiteConnections", "IpsecSiteConnection", ready=_IPSEC),
        kind=Mapped,
    ),
    **table(
        Row("OS::Neutron::QoSBandwidthLimitRule", _V2 + "BandwidthLimitRules", "BandwidthLimitRule", above=("policy",)),
        Row("OS::Neutron::QoSDscpMarkingRule", _V2 + "DscpMarkingRules", "DscpMarkingRule", above=("policy",)),
        Row(
            "OS::Neutron::QoSMinimumBandwidthRule",
            _V2 + "MinimumBandwidthRules",
            "MinimumBandwidthRule",
            above=("policy",),
        ),
        Row(
            "OS::Neutron::QoSMinimumPacketRateRule",
            _V2 + "MinimumPacketRateRules",
            "MinimumPacketRateRule",
            above=("policy",),
        ),
        kind=objects.QosRule,
    ),
}
