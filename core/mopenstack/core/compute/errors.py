"""Nova's refusals: one class a reason, in Nova's words. Source: nova/exception.py and the controllers."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, NotFound, NotServed

# -- flavors


class FlavorNotFound(NotFound):
    message = "Flavor {id} could not be found."


class FlavorExists(Conflict):
    message = "Flavor with name {name} already exists."


class FlavorIdExists(Conflict):
    message = "Flavor with ID {flavor_id} already exists."


class InvalidFlavorFilter(BadRequest):
    message = "Invalid {key} filter [{value}]"


class MarkerNotFound(BadRequest):
    message = "marker [{marker}] not found"


class NamedMarkerNotFound(BadRequest):
    """The same refusal where Nova lets the exception speak."""

    message = "Marker {marker} could not be found."


class FlavorExtraSpecsNotFound(NotFound):
    message = "Flavor {flavor_id} has no extra specs with key {key}."


class ExtraSpecMismatch(BadRequest):
    message = "Request body and URI mismatch"


class ValidationFailed(BadRequest):
    """An extra spec that is not what Nova's validators expect; the text is theirs."""


class FlavorAccessExists(Conflict):
    message = "Flavor access already exists for flavor {flavor} and project {project_id} combination."


class FlavorAccessNotFound(NotFound):
    message = "Flavor access not found for {flavor} / {project_id} combination."


class FlavorIsPublic(NotFound):
    message = "Access list not available for public flavors."


class PublicFlavorAccess(Conflict):
    message = "Can not add access to a public flavor."


class InvalidProject(BadRequest):
    message = "Project ID {project_id} is not a valid project."


# -- key pairs


class KeypairNotFound(NotFound):
    message = "Keypair {name} not found for user {user_id}"


class KeyPairExists(Conflict):
    message = "Key pair '{name}' already exists."


class InvalidKeypair(BadRequest):
    message = "Keypair data is invalid: {reason}"


# -- server groups


class InstanceGroupNotFound(NotFound):
    message = "Instance group {id} could not be found."


class RulesNeedAntiAffinity(BadRequest):
    message = "Only anti-affinity policy supports rules."


# -- quotas


class QuotaExceeded(Forbidden):
    """Nova words it by what there is too much of; the text is given."""


class QuotaBelowUsage(BadRequest):
    message = "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved {used}."


class QuotaAboveProject(BadRequest):
    message = "Quota limit {limit} for {resource} must be less than or equal to {maximum}."


# -- aggregates, hosts, services


class InvalidAggregateId(BadRequest):
    message = "Invalid input received: id must be an integer"


class AggregateNotFound(NotFound):
    message = "Aggregate {id} could not be found."


class AggregateNameExists(Conflict):
    message = "Aggregate {name} already exists."


class AggregateHostExists(Conflict):
    message = "Aggregate {id} already has host {host}."


class CannotRemoveHost(NotFound):
    message = "Cannot remove host {host} in aggregate {id}"


class AggregateAddRefused(Conflict):
    message = "Cannot add host to aggregate {id}. Reason: {reason}."


class AggregateRemoveRefused(Conflict):
    message = "Cannot remove host from aggregate {id}. Reason: {reason}."


class AggregateDeleteRefused(BadRequest):
    message = "Cannot remove host from aggregate {id}. Reason: {reason}."


class AggregateUpdateRefused(BadRequest):
    message = "Cannot update aggregate {id}. Reason: {reason}."


class AggregateMetadataRefused(BadRequest):
    message = "Cannot update metadata of aggregate {id}. Reason: {reason}."


class InvalidName(BadRequest):
    message = "An invalid 'name' value was provided. The name must be: {reason}"


class ComputeHostNotFound(NotFound):
    message = "Compute host {host} could not be found."


class HostMappingNotFound(NotFound):
    message = "Host '{host}' is not mapped to any cell"


class HypervisorNotFound(NotFound):
    message = "Hypervisor with ID '{id}' could not be found."


class NoHypervisorMatches(NotFound):
    message = "No hypervisor matching '{pattern}' could be found."


class HypervisorPagingWithPattern(BadRequest):
    message = "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported."


class InvalidUuid(BadRequest):
    message = "Invalid uuid {id}"


class ServiceNotFound(NotFound):
    message = "Service {id} not found."


class ServiceIdNotFound(NotFound):
    message = "Service {id} could not be found."


class NotAComputeService(BadRequest):
    message = "Updating a {binary} service is not supported. Only nova-compute services can be updated."


class HostBinaryNotFound(NotFound):
    message = "Could not find binary {binary} on host {host}."


class InvalidServiceUpdate(BadRequest):
    """The text is given."""


class ServiceHostsInstances(Conflict):
    message = "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."


class ServiceHasMigrations(Conflict):
    message = (
        "Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the "
        "instances first."
    )


# -- usage


class InvalidStrTime(BadRequest):
    message = "Invalid datetime string: {reason}"


class InvalidStartTime(BadRequest):
    message = "Invalid start time. The start time cannot occur after the end time."


# -- extensions


class ExtensionNotFound(NotFound):
    message = "The resource could not be found."


# -- consoles, diagnostics, shares, what other services say


class FeatureNotSupported(NotServed):
    message = "The requested functionality is not supported."


class MalformedRequest(BadRequest):
    """webob's text, where Nova gives none."""

    message = "The server could not comply with the request since it is either malformed or otherwise incorrect."


class ConsoleTypeUnavailable(BadRequest):
    message = "Unavailable console type {type}."


class ConsoleTokenNotFound(NotFound):
    message = "Token not found"


class ShareNotFound(NotFound):
    message = "Share {id} could not be found."


class InvalidAuditTime(BadRequest):
    message = "Invalid timestamp for date {id}"


class VolumeBDMNotFound(BadRequest):
    message = "No volume Block Device Mapping with id {id}."


class BadDeleteInfo(BadRequest):
    message = "{why}"


class DuplicateImages(BadRequest):
    message = "Duplicate images in request"


# -- migrations


class LiveMigrationNotFound(NotFound):
    message = "In-progress live migration {id} is not found for server {server}."


class NotLiveMigration(NotFound):
    message = "Migration {id} for server {server} is not live-migration."


class LiveMigrationNotRunning(NotFound):
    message = "Live migration {id} for server {server} is not in progress."


class MigrationNotFoundForInstance(NotFound):
    message = "Migration {id} not found for instance {server}"


class BadMigration(BadRequest):
    """The same where Nova answers 400: force_complete."""

    message = "Migration {id} not found for instance {server}"


class InvalidMigrationState(BadRequest):
    message = (
        "Migration {id} state of instance {server} is {state}. Cannot {action} while the migration is in this state."
    )


class MigrationMarkerNotFound(BadRequest):
    message = "Marker {marker} could not be found."


class ChangesInWrongOrder(BadRequest):
    message = "The value of changes-since must be less than or equal to changes-before."
