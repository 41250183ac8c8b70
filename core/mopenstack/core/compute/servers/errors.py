"""Nova's refusals about servers: one class a reason, in Nova's words.

Sources: nova/exception.py and the controllers of nova/api/openstack/compute; the texts are those that
release 2026.1 answered.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, NotFound

# -- states


class InstanceNotFound(NotFound):
    message = "Instance {id} could not be found."


class InstanceInvalidState(Conflict):
    """`attr` is vm_state or task_state."""

    message = "Cannot '{action}' instance {id} while it is in {attr} {state}"


class InstanceInInvalidState(Conflict):
    """Where Nova does not name the state: a server that was never launched, some actions on a locked one."""

    message = "Instance {id} is in an invalid state for '{action}'"


class InstanceIsLocked(Conflict):
    message = "Instance {id} is locked"


class InstanceNotReady(Conflict):
    message = "Instance {id} is not ready"


class HostStillInUse(BadRequest):
    message = "Compute service of {host} is still in use."


class SameHost(BadRequest):
    message = "The target host can't be the same one."


class MigrateToSameHost(BadRequest):
    message = "Cannot migrate to the host where the server exists."


class NoValidHost(BadRequest):
    message = "No valid host was found. There are not enough hosts available."


class GoneForGood(Conflict):
    message = "This resource is no longer available. No forwarding address is given."


class RestrictedUnlock(Forbidden):
    message = "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed."


class PolicyDenied(Forbidden):
    message = "Policy doesn't allow {rule} to be performed."


class InstanceActionNotFound(NotFound):
    message = "Action {id} not found"


# -- create and rebuild


class FlavorNotFound(BadRequest):
    message = "Flavor {id} could not be found."


class MissingImage(BadRequest):
    message = "Missing imageRef attribute"


class ImageNotFound(BadRequest):
    message = "Can not find requested image"


class RebuildImageNotFound(BadRequest):
    message = "Cannot find image for rebuild"


class UnsupportedRescueImage(BadRequest):
    message = "Requested rescue image '{id}' is not supported"


class InstanceNotRescuable(BadRequest):
    message = "Instance {id} cannot be rescued: Cannot rescue a volume-backed instance"


class ImageNotActive(BadRequest):
    message = "Image {id} is not active."


class FlavorMemoryTooSmall(BadRequest):
    message = "Flavor's memory is too small for requested image."


class FlavorDiskSmallerThanMinDisk(BadRequest):
    message = (
        "Flavor's disk is smaller than the minimum size specified in image metadata. "
        "Flavor disk is {flavor} bytes, minimum size is {image} bytes."
    )


class FlavorDiskSmallerThanImage(BadRequest):
    message = "Flavor's disk is too small for requested image. Flavor disk is {flavor} bytes, image is {image} bytes."


class VolumeSmallerThanMinDisk(BadRequest):
    message = (
        "Volume is smaller than the minimum size specified in image metadata. "
        "Volume size is {volume} bytes, minimum size is {image} bytes."
    )


class SameFlavor(BadRequest):
    message = "When resizing, instances must change flavor!"


class InvalidKeyName(BadRequest):
    message = "Invalid key_name provided."


class NotBase64(BadRequest):
    message = "User data needs to be valid base 64."


class BadCount(BadRequest):
    message = "min_count must be <= max_count"


class OneHostname(BadRequest):
    message = "Unable to allocate a single hostname to multiple instances"


class MetadataLimit(Forbidden):
    message = "Maximum number of metadata items exceeds {limit}"


class FileLimit(Forbidden):
    message = "Personality file limit exceeded"


class FilePathLimit(Forbidden):
    message = "Personality file path exceeds maximum {limit}"


class FileContentLimit(Forbidden):
    message = "Personality file content exceeds maximum {limit}"


# -- scheduling


class ZoneNotAvailable(BadRequest):
    message = "The requested availability zone is not available"


class ComputeHostNotFound(BadRequest):
    message = "Compute host {host} could not be found."


class GroupNotFound(BadRequest):
    message = "Instance group {id} could not be found."


# -- networks


class NetworkNotFound(BadRequest):
    message = "Network {id} could not be found."


class NetworkMissing(NotFound):
    """The same where Nova answers 404: os-interface."""

    message = "Network {id} could not be found."


class NetworkRequiresSubnet(BadRequest):
    message = "Network {id} requires a subnet in order to boot instances on."


class ExternalNetworkForbidden(Forbidden):
    message = "It is not allowed to create an interface on external network {id}"


class UnableToAutoAllocateNetwork(BadRequest):
    message = "Unable to automatically allocate a network for project {project_id}"


class NetworkAmbiguous(Conflict):
    message = "Multiple possible networks found, use a Network ID to be more specific."


class InterfaceNetworkAmbiguous(BadRequest):
    message = "More than one possible network found. Specify network ID(s) to select which one(s) to connect to."


class InterfaceNoNetwork(BadRequest):
    message = "No specific network was requested and none are available for project '{project_id}'."


class BadNetworkFormat(BadRequest):
    message = "Bad network format: missing 'uuid'"


class PortTwice(BadRequest):
    message = "Port ID '{id}' was specified twice: you cannot attach a port multiple times."


class PortWithAddress(BadRequest):
    message = "Specified Fixed IP '{address}' cannot be used with port '{id}': the two cannot be specified together."


class PortNotFound(BadRequest):
    message = "Port id {id} could not be found."


class PortMissing(NotFound):
    """The same where Nova answers 404: os-interface."""

    message = "Port id {id} could not be found."


class PortInUse(Conflict):
    message = "Port {id} is still in use."


class PortRequiresFixedIp(BadRequest):
    message = "Port {id} requires a FixedIP in order to be used."


class PortLimit(Forbidden):
    message = "Maximum number of ports exceeded"


class FixedIpInUse(BadRequest):
    message = "Fixed IP address {address} is already in use on instance {server}."


class FixedIpTaken(Conflict):
    """The same where Nova answers 409: os-interface."""

    message = "Fixed IP address {address} is already in use on instance {server}."


class InvalidFixedIp(BadRequest):
    message = "Invalid input received: Fixed IP {address} is not a valid ip address for network {network}."


class NoMoreFixedIps(BadRequest):
    message = "No fixed IP addresses available for network: {network}"


class OnePort(BadRequest):
    message = (
        "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. "
        "Please launch your instance one by one with different ports."
    )


class OneAddress(BadRequest):
    message = "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."


class NetworkAndPort(BadRequest):
    message = "Must not input both network_id and port_id"


class AddressWithoutNetwork(BadRequest):
    message = "Must input network_id when request IP address"


class NotThisInstancesPort(NotFound):
    message = "Instance {server} does not have a port with id {id}"


class SecurityGroupNotFound(BadRequest):
    message = "Security group {name} is not found for project {project_id}"


class SecurityGroupMissing(NotFound):
    """The same where Nova answers 404: the actions."""

    message = "Security group {name} is not found for project {project_id}"


class SecurityGroupsAmbiguous(Conflict):
    message = "Multiple security groups found matching '{name}'. Use an ID to be more specific."


class NoPorts(NotFound):
    message = "instance_id {id} could not be found as device id on any ports"


class SecurityGroupNotAssociated(NotFound):
    message = "Security group {name} not associated with the instance {id}"


class NotAMember(NotFound):
    message = "Instance is not a member of specified network"


# -- metadata, tags, lists


class VolumeBackedBackup(BadRequest):
    message = "Backup is not supported for volume-backed instances."


class RebuildWithOtherImage(BadRequest):
    message = "Image {id} is unacceptable: Unable to rebuild with a different image for a volume-backed server."


class InstanceMappingNotFound(NotFound):
    """Nova looks for the cell first: of a server that there never was."""

    message = "Instance {id} has no mapping to a cell."


class MetadataItemNotFound(NotFound):
    message = "Metadata item was not found"


class MetadataMismatch(BadRequest):
    message = "Request body and URI mismatch"


class ServerHasNoTag(NotFound):
    message = "Server {id} has no tag '{tag}'"


class InstanceHasNoTag(NotFound):
    message = "Instance {id} has no tag '{tag}'"


class BadTag(BadRequest):
    message = (
        "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. "
        "Validation error message: {why}"
    )


class TooManyTags(BadRequest):
    message = "The number of tags exceeded the per-server limit {limit}"


class InvalidStatusFilter(BadRequest):
    message = "Invalid status value"


class InvalidFilter(BadRequest):
    message = "Invalid filter field: {key}."


class ListRefused(BadRequest):
    """A query that Nova's own checks refuse, in words that the caller gives."""
