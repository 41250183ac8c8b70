"""VPNaaS's refusals (neutron_lib.exceptions.vpn, neutron_vpnaas.services.vpn.service_drivers.ipsec_validator)."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, NotFound


class VPNServiceNotFound(NotFound):
    message = "VPNService {id} could not be found"


class VPNServiceInUse(Conflict):
    message = "VPNService {vpnservice_id} is still in use"


class VPNStateInvalidToUpdate(BadRequest):
    message = "Invalid state {state} of vpnaas resource {id} for updating"


class IPsecSiteConnectionNotFound(NotFound):
    message = "ipsec_site_connection {id} not found"


class IPsecSiteConnectionDpdIntervalValueError(BadRequest):
    message = "ipsec_site_connection {attr} is equal to or less than dpd_interval"


class IPsecSiteConnectionMtuError(BadRequest):
    message = "ipsec_site_connection MTU {mtu} is too small for ipv{version}"


class IKEPolicyNotFound(NotFound):
    message = "IKEPolicy {id} could not be found"


class IKEPolicyInUse(Conflict):
    message = "IKEPolicy {id} is in use by existing IPsecSiteConnection and can't be updated or deleted"


class IPsecPolicyNotFound(NotFound):
    message = "IPsecPolicy {id} could not be found"


class IPsecPolicyInUse(Conflict):
    message = "IPsecPolicy {id} is in use by existing IPsecSiteConnection and can't be updated or deleted"


class IpsecValidationFailure(BadRequest):
    message = "IPSec does not support {resource} attribute {key} with value '{value}'"


class SubnetInUseByVPNService(Conflict):
    message = "Subnet {subnet_id} is used by VPNService {vpnservice_id}"


class SubnetInUseByEndpointGroup(Conflict):
    message = "Subnet {subnet_id} is used by endpoint group {group_id}"


class SubnetInUseByIPsecSiteConnection(Conflict):
    message = "Subnet {subnet_id} is used by ipsec site connection {ipsec_site_connection_id}"


class SubnetIsNotConnectedToRouter(BadRequest):
    message = "Subnet {subnet_id} is not connected to Router {router_id}"


class RouterIsNotExternal(BadRequest):
    message = "Router {router_id} has no external network gateway set"


class VPNPeerAddressNotResolved(BadRequest):
    message = "Peer address {peer_address} cannot be resolved"


class ExternalNetworkHasNoSubnet(BadRequest):
    message = "Router's {router_id} external network has no {ip_version} subnet"


class VPNEndpointGroupNotFound(NotFound):
    message = "Endpoint group {id} could not be found"


class InvalidEndpointInEndpointGroup(BadRequest):
    message = "Endpoint '{endpoint}' is invalid for group type '{group_type}': {why}"


class MissingEndpointForEndpointGroup(BadRequest):
    message = "No endpoints specified for endpoint group '{group}'"


class NonExistingSubnetInEndpointGroup(BadRequest):
    message = "Subnet {subnet} in endpoint group does not exist"


class EndpointGroupInUse(BadRequest):
    message = "Endpoint group {group_id} is in use and cannot be deleted"


class MixedIPVersionsForIPSecEndpoints(BadRequest):
    message = (
        "Endpoints in group {group} do not have the same IP version, as required for IPSec site-to-site connection"
    )


class MixedIPVersionsForPeerCidrs(BadRequest):
    message = "Peer CIDRs do not have the same IP version, as required for IPSec site-to-site connection"


class MixedIPVersionsForIPSecConnection(BadRequest):
    message = "IP versions are not compatible between peer and local endpoints"


class InvalidEndpointGroup(BadRequest):
    message = "Endpoint group{suffix} {which} cannot be specified, when VPN Service has subnet specified"


class WrongEndpointGroupType(BadRequest):
    message = "Endpoint group {which} type is '{group_type}' and should be '{expected}'"


class PeerCidrsInvalid(BadRequest):
    message = "Peer CIDRs cannot be specified, when using endpoint groups"


class MissingPeerCidrs(BadRequest):
    message = "Missing peer CIDRs for IPsec site-to-site connection"


class MissingRequiredEndpointGroup(BadRequest):
    message = "Missing endpoint group{suffix} {which} for IPSec site-to-site connection"
