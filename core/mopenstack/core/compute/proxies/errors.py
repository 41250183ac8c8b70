"""Refusals of what Nova shows of other services, in Nova's words. Source: the controllers."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, Internal, NotFound


class NoBaremetalService(Internal):
    """nova.api.openstack.wsgi of what it did not expect."""

    message = (
        "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
        "possible.\n<class 'nova.exception.ServiceUnavailable'>"
    )


class NothingHere(NotFound):
    message = "The resource could not be found."


class ImageProxyNotFound(NotFound):
    message = "Image not found."


class ImageDeleteForbidden(Forbidden):
    message = "You are not allowed to delete the image."


class ImageNotAuthorized(Forbidden):
    message = "Not authorized for image {id}."


class ImageMetadataLimit(Forbidden):
    message = "Image metadata limit exceeded"


class ImageMetadataKeyNotFound(NotFound):
    message = "Invalid metadata key"


class VolumeProxyNotFound(NotFound):
    message = "Volume {id} could not be found."


class SnapshotProxyNotFound(NotFound):
    message = "Snapshot {id} could not be found."


class NetworkProxyNotFound(NotFound):
    message = "Network not found"


class FloatingIpNotFound(NotFound):
    message = "Floating IP not found for ID {id}"


class FloatingIpOfAddressNotFound(NotFound):
    message = "Floating IP not found for address {address}."


class FloatingIpUnknown(NotFound):
    message = "floating IP not found"


class FloatingIpPoolNotFound(NotFound):
    message = "Floating IP pool not found."


class NoMoreFloatingIps(NotFound):
    message = "No more floating IPs available."


class NoMoreFloatingIpsInPool(NotFound):
    message = "No more floating IPs in pool {pool}."


class FloatingIpQuota(Forbidden):
    message = "IP allocation over quota."


class FloatingIpQuotaInPool(Forbidden):
    message = "IP allocation over quota in pool {pool}."


class InstanceNetworkNotReady(BadRequest):
    message = "Instance network is not ready yet"


class NoFixedIps(BadRequest):
    message = "No fixed IPs associated to instance"


class FixedAddressNotAssigned(BadRequest):
    message = "Specified fixed address not assigned to instance"


class NoFixedIpv4(BadRequest):
    message = (
        "Unable to associate floating IP {address} to any fixed IPs for instance {id}. "
        "Instance has no fixed IPv4 addresses to associate."
    )


class FloatingIpAssociateFailed(BadRequest):
    """Neutron's own words."""

    message = "{why}"


class FloatingIpNotAssociated(Conflict):
    message = "Floating IP {address} is not associated with instance {id}."


class FixedIpNotFoundForInstance(BadRequest):
    message = "Instance {id} does not have fixed IP '{address}'."


class NotASecurityGroupId(BadRequest):
    message = "Security group id should be uuid"


class SecurityGroupProxyNotFound(NotFound):
    """Neutron's own words."""

    message = "{why}"


class NotEnoughForARule(BadRequest):
    message = "Not enough parameters to build a valid rule."


class BadPrefix(BadRequest):
    message = "Bad prefix for network in cidr {cidr}"


class InvalidCidr(BadRequest):
    message = "{cidr} is not a valid IP network."


class InvalidInput(BadRequest):
    message = "Invalid input received: {why}"


class InvalidIpProtocol(BadRequest):
    message = "Invalid IP protocol {protocol}."


class InvalidPortRange(BadRequest):
    message = "Invalid port range {low}:{high}. {why}"


class NetworkNotFoundForInstance(NotFound):
    message = "Network could not be found for instance {id}."


class SecurityGroupRefused(BadRequest):
    """Neutron's own words."""

    message = "{why}"


class SecurityGroupLimit(Forbidden):
    """Neutron's own words."""

    message = "{why}"
