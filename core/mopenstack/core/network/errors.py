"""Neutron's refusals of networks, subnets, pools, ports and what hangs on them.

Names and texts are those of neutron_lib.exceptions, neutron.ipam.exceptions,
neutron.services.segments.exceptions and neutron.extensions.rbac; the name is the `type` of the answer.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, Internal, NotFound


class InvalidInput(BadRequest):
    message = "Invalid input for operation: {error_message}."


class BadResourceRequest(BadRequest):
    """Neutron's own BadRequest, which the dialect calls by that name."""

    message = "Bad {resource} request: {msg}."


class HTTPBadRequest(BadRequest):
    """A refusal without a template: `text` is the whole message."""


class RequestFailed(Internal):
    """Where Neutron itself raises what it does not expect."""

    message = "Request Failed: internal server error while processing your request."

    @property
    def reason(self) -> str:
        return "HTTPInternalServerError"


class OverQuota(Conflict):
    message = "Quota exceeded for resources: {overs}."


class BadQuota(BadRequest):
    message = "Quota limit {limit} for {resource} must be greater than or equal to already used {used}"

    @property
    def reason(self) -> str:
        return "HTTPBadRequest"


class RevisionNumberConstraintFailed(Conflict):
    """The caller's If-Match names a revision that the object has left behind."""

    message = "Constrained to {expected}, but current revision is {current}"


class NetworkNotFound(NotFound):
    message = "Network {id} could not be found."


class SubnetNotFound(NotFound):
    message = "Subnet {id} could not be found."


class SubnetPoolNotFound(NotFound):
    message = "Subnet pool {id} could not be found."


class AddressScopeNotFound(NotFound):
    message = "Address scope {id} could not be found."


class PortNotFound(NotFound):
    message = "Port {id} could not be found."


class SegmentNotFound(NotFound):
    message = "Segment {id} could not be found."


class AgentNotFound(NotFound):
    message = "Agent {id} could not be found."


class ExtensionNotFound(NotFound):
    message = "Extension with alias {id} does not exist"


class AvailabilityZoneNotFound(NotFound):
    message = "AvailabilityZone {availability_zone} could not be found."


class TagNotFound(NotFound):
    message = "Tag {tag} could not be found."


class HTTPNotFound(NotFound):
    message = "The resource could not be found."


class TenantQuotaNotFound(NotFound):
    message = "Quota for project {project_id} could not be found."


class RbacPolicyNotFound(NotFound):
    message = "RBAC policy of type unknown with ID {id} not found"


# -- networks


class NetworkInUse(Conflict):
    message = "Unable to complete operation on network {net_id}. {reason}."


class FlatNetworkInUse(Conflict):
    message = "Unable to create the flat network. Physical network {physical_network} is in use."


class VlanIdInUse(Conflict):
    message = "Unable to create the network. The VLAN {vlan_id} on physical network {physical_network} is in use."


class TunnelIdInUse(Conflict):
    message = "Unable to create the network. The tunnel ID {tunnel_id} is in use."


class NoNetworkAvailable(Conflict):
    message = "Unable to create the network. No project network is available for allocation."


class SegmentsSetInConjunctionWithProviders(BadRequest):
    message = "Segments and provider values cannot both be set."


class SegmentsContainDuplicateEntry(BadRequest):
    message = "Duplicate segment entry in request."


class InvalidSharedSetting(Conflict):
    message = "Unable to reconfigure sharing settings for network {network}. Multiple projects are using it."


class InvalidNetworkMTU(Conflict):
    message = "MTU of {net_id} is not valid, subnet requires a minimum of {mtu}"


class ExternalNetworkInUse(Conflict):
    message = (
        "External network {net_id} cannot be updated to be made non-external, since it has existing gateway ports."
    )


class DefaultExternalNetworkExists(Conflict):
    message = "A default external network already exists: {net_id}."


class SegmentInUse(Conflict):
    message = "Segment '{segment_id}' cannot be deleted: {why}."


# -- subnets


class SubnetInUse(Conflict):
    message = "Unable to complete operation on subnet {subnet_id}: {why}."

    def __init__(self, subnet_id: str, why: str = "One or more ports have an IP allocation from this subnet") -> None:
        super().__init__(subnet_id=subnet_id, why=why)


class InvalidAllocationPool(BadRequest):
    message = "The allocation pool {pool} is not valid."


class OutOfBoundsAllocationPool(BadRequest):
    message = "The allocation pool {pool} spans beyond the subnet cidr {subnet_cidr}."


class OverlappingAllocationPools(Conflict):
    message = "Found overlapping allocation pools: {pool_1} {pool_2} for subnet {subnet_cidr}."


class GatewayConflictWithAllocationPools(Conflict):
    message = "Gateway ip {ip_address} conflicts with allocation pool {pool}."


class GatewayIpInUse(Conflict):
    message = "Current gateway ip {ip_address} already in use by port {port_id}. Unable to update."


class HostRoutesExhausted(BadRequest):
    message = "Unable to complete operation for {subnet_id}. The number of host routes exceeds the limit {quota}."


class DNSNameServersExhausted(BadRequest):
    message = "Unable to complete operation for {subnet_id}. The number of DNS nameservers exceeds the limit {quota}."


class InvalidSubnetServiceType(BadRequest):
    message = "Subnet service type {service_type} does not correspond to a valid device owner."


class NetworkIdsDontMatch(BadRequest):
    message = "The subnet's network id, '{subnet_network}', doesn't match the network_id of segment '{segment_id}'"


class SubnetsNotAllAssociatedWithSegments(BadRequest):
    message = (
        "All of the subnets on network '{network_id}' must either all be associated with segments "
        "or all not associated with any segment."
    )


class NetworkSubnetPoolAffinityError(BadRequest):
    message = "Subnets hosted on the same network must be allocated from the same subnet pool."


class NetworkAddressScopeAffinityError(BadRequest):
    message = (
        "Subnets of the same address family hosted on the same network must all participate in the same address scope."
    )


# -- subnet pools and address scopes


class EmptySubnetPoolPrefixList(BadRequest):
    message = "Empty subnet pool prefix list."


class PrefixVersionMismatch(BadRequest):
    message = "Cannot mix IPv4 and IPv6 prefixes in a subnet pool."


class IllegalSubnetPoolPrefixBounds(BadRequest):
    message = "Illegal prefix bounds: {prefix_type}={prefixlen}, {base_prefix_type}={base_prefixlen}."


class IllegalSubnetPoolPrefixUpdate(BadRequest):
    message = "Illegal update to prefixes: {msg}."


class IllegalSubnetPoolUpdate(BadRequest):
    message = "Illegal subnetpool update : {why}."


class NotAuthorized(Forbidden):
    message = "Not authorized."


class IllegalSubnetPoolAssociationToAddressScope(BadRequest):
    message = (
        "Illegal subnetpool association: subnetpool {subnetpool_id} cannot be associated "
        "with address scope {address_scope_id}."
    )


class IllegalSubnetPoolIpVersionAssociationToAddressScope(BadRequest):
    message = (
        "Illegal subnetpool association: subnetpool {subnetpool_id} cannot associate with address scope "
        "{address_scope_id} because subnetpool ip_version is not {ip_version}."
    )


class AddressScopePrefixConflict(Conflict):
    message = "Failed to associate address scope: subnetpools within an address scope must have unique prefixes."


class SubnetPoolDeleteError(BadRequest):
    message = "Unable to delete subnet pool: {why}."


class SubnetPoolQuotaExceeded(Conflict):
    message = "Per-project subnet pool prefix quota exceeded."

    @property
    def reason(self) -> str:
        return "SubnetPoolQuotaExceeded"


class MinPrefixSubnetAllocationError(BadRequest):
    message = "Unable to allocate subnet with prefix length {prefixlen}, minimum allowed prefix is {min_prefixlen}."


class MaxPrefixSubnetAllocationError(BadRequest):
    message = "Unable to allocate subnet with prefix length {prefixlen}, maximum allowed prefix is {max_prefixlen}."


class SubnetAllocationError(Internal):
    message = "Failed to allocate subnet: {why}."


class AddressScopeInUse(Conflict):
    message = (
        "Unable to complete operation on address scope {address_scope_id}. "
        "There are one or more subnet pools in use on the address scope."
    )


class AddressScopeUpdateError(BadRequest):
    message = "Unable to update address scope {address_scope_id} : {why}."


# -- ports


class MacAddressInUse(Conflict):
    message = "Unable to complete operation for network {net_id}. The mac address {mac} is in use."


class MacAddressGenerationFailure(Conflict):
    message = "Unable to generate unique mac on network {net_id}."


class IpAddressAlreadyAllocated(Conflict):
    message = "IP address {ip} already allocated in subnet {subnet_id}"


class IpAddressGenerationFailure(Conflict):
    message = "No more IP addresses available on network {net_id}."


class IpAddressGenerationFailureNoMatchingSubnet(Conflict):
    message = "No valid service subnet for the given device owner, network {network_id}, service type {service_type}."


class InvalidIpForNetwork(BadRequest):
    message = "IP address {ip_address} is not a valid IP for any of the subnets on the specified network."


class InvalidIpForSubnet(BadRequest):
    message = "IP address {ip_address} is not a valid IP for the specified subnet."


class AllocationOnAutoAddressSubnet(BadRequest):
    message = (
        "IPv6 address {ip} cannot be directly assigned to a port on subnet {subnet_id} "
        "as the subnet is configured for automatic addresses"
    )


class AllowedAddressPairsMissingIP(BadRequest):
    message = "AllowedAddressPair must contain ip_address"


class AddressPairAndPortSecurityRequired(Conflict):
    message = "Port Security must be enabled in order to have allowed address pairs on a port."


class DuplicateAddressPairInRequest(BadRequest):
    message = "Request contains duplicate address pair: mac_address {mac_address} ip_address {ip_address}."


class AllowedAddressPairExhausted(BadRequest):
    message = "The number of allowed address pair exceeds the maximum {quota}."


class PortSecurityPortHasSecurityGroup(Conflict):
    message = (
        "Port has security group associated. Cannot disable port security or IP address "
        "until security group is removed."
    )


class PortSecurityAndIPRequiredForSecurityGroups(Conflict):
    message = "Port security must be enabled and port must have an IP address in order to use security groups."


class SecurityGroupNotFound(NotFound):
    message = "Security group {id} does not exist"


class ServicePortInUse(Conflict):
    message = "Port {port_id} cannot be deleted directly via the port API: {why}."


class UnsupportedPortDeviceOwner(Conflict):
    message = "Operation {op} is not supported for device_owner {device_owner} on port {port_id}."


class PortBound(Conflict):
    message = (
        "Unable to complete operation on port {port_id}, port is already bound, port type: {vif_type}, "
        "old_mac {old_mac}, new_mac {new_mac}."
    )


class DeviceIDNotOwnedByTenant(Conflict):
    message = "The following device_id {device_id} is not owned by your project or matches another project router."


# -- RBAC


class DuplicateRbacPolicy(Conflict):
    message = "An RBAC policy already exists with those values."


class RbacPolicyInUse(Conflict):
    message = (
        "RBAC policy on object {object_id} cannot be removed because other objects depend on it.\nDetails: {details}"
    )
