"""Keystone's refusals, word for word. Source: keystone/exception.py and the managers that raise them."""

from __future__ import annotations

import textwrap
from pprint import pformat
from typing import Any

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, NotFound, PolicyRefused, Unauthorized

ASSUMED = (
    " The server could not comply with the request since it is either malformed or otherwise incorrect."
    " The client is assumed to be in error."
)


class ValidationError(BadRequest):
    message = "Expecting to find {attribute} in {target}." + ASSUMED


class TimestampNotExpected(BadRequest):
    message = "Timestamp not in expected format." + ASSUMED


class ExpirationInPast(BadRequest):
    message = "The 'expires_at' must not be before now." + ASSUMED


class ApplicationCredentialInvalid(BadRequest):
    message = "Invalid application credential: {detail}"


class CircularRegionHierarchy(BadRequest):
    message = "The specified parent region {parent_region_id} would create a circular region hierarchy."


class DomainIdInvalid(BadRequest):
    message = "Domain ID does not conform to required UUID format."


class ForbiddenAction(Forbidden):
    message = "You are not authorized to perform the requested action: {action}."


class NotAuthorized(Forbidden):
    """Why is a secret (keystone.exception.SecurityError without insecure_debug)."""

    message = "You are not authorized to perform the requested action."


class InvalidDomainConfig(Forbidden):
    message = "Invalid domain specific configuration: {detail}."


class TrustUsedUp(Forbidden):
    message = "No remaining uses for trust: {id}."


class RegionInUse(Forbidden):
    message = "Unable to delete region {region_id} because it or its child regions have associated endpoints."


class RegisteredLimitInUse(Forbidden):
    message = "Unable to update or delete registered limit {id} because there are project limits associated with it."


class NoRegisteredLimit(Forbidden):
    message = "Unable to create a limit that has no corresponding registered limit."


class ResourceUpdateForbidden(Forbidden):
    message = (
        'Unable to update immutable {type} resource: `{resource_id}. Set resource option "immutable" to false first.'
    )


class ResourceDeleteForbidden(Forbidden):
    message = (
        'Unable to delete immutable {type} resource: `{resource_id}. Set resource option "immutable" to false first.'
    )


class DomainSpecificRoleMismatch(Forbidden):
    message = "Project {project_id} must be in the same domain as the role {role_id} being assigned."


class InvalidImpliedRole(Forbidden):
    message = "{role_id} cannot be an implied roles."


class AccessRuleInUse(Forbidden):
    message = "May not delete access rule in use"


class Duplicate(Conflict):
    message = "Conflict occurred attempting to store {type} - {details}."


class UserNotFound(NotFound):
    message = "Could not find user: {id}."


class GroupNotFound(NotFound):
    message = "Could not find group: {id}."


class ProjectNotFound(NotFound):
    message = "Could not find project: {id}."


class ProjectTagNotFound(NotFound):
    message = "Could not find project tag: {id}."


class DomainNotFound(NotFound):
    message = "Could not find domain: {id}."


class RoleNotFound(NotFound):
    message = "Could not find role: {id}."


class RoleAssignmentNotFound(NotFound):
    message = (
        "Could not find role assignment with role: {role_id}, user or group: {actor_id}, "
        "project, domain, or system: {target_id}."
    )


class ImpliedRoleNotFound(NotFound):
    message = "{prior_role_id} does not imply {implied_role_id}."


class ServiceNotFound(NotFound):
    message = "Could not find service: {id}."


class EndpointNotFound(NotFound):
    message = "Could not find endpoint: {id}."


class PolicyNotFound(NotFound):
    message = "Could not find policy: {id}."


class RegionNotFound(NotFound):
    message = "Could not find region: {id}."


class ApplicationCredentialNotFound(NotFound):
    message = "Could not find Application Credential: {id}."


class AccessRuleNotFound(NotFound):
    message = "Could not find Access Rule: {id}."


class CredentialNotFound(NotFound):
    message = "Could not find credential: {id}."


class RegisteredLimitNotFound(NotFound):
    message = "Could not find registered limit for {id}."


class LimitNotFound(NotFound):
    message = "Could not find limit for {id}."


class MembershipNotFound(NotFound):
    message = "User '{user_id}' not found in group '{group_id}'"


class TrustNotFound(NotFound):
    message = "Could not find trust: {id}."


class EndpointGroupNotFound(NotFound):
    message = "Could not find Endpoint Group: {id}."


class PolicyAssociationNotFound(NotFound):
    message = "Could not find policy association."


class IdentityProviderNotFound(NotFound):
    message = "Could not find Identity Provider: {id}."


class ServiceProviderNotFound(NotFound):
    message = "Could not find Service Provider: {id}."


class MappingNotFound(NotFound):
    message = "Could not find mapping: {id}."


class ProtocolNotFound(NotFound):
    message = "Could not find federated protocol {id} for Identity Provider: {idp_id}."


class DomainConfigNotFound(NotFound):
    message = "Could not find {part} in domain configuration for domain {domain_id}."


class ConsumerNotFound(NotFound):
    message = "Consumer not found"


class RequestTokenNotFound(NotFound):
    message = "Request token not found"


class AccessTokenNotFound(NotFound):
    message = "Access token not found"


class Ec2KeyNotFound(NotFound):
    message = "EC2 access key not found."


class ReceiptNotFound(NotFound):
    message = "Could not find auth receipt: {id}."


class NoSubjectToken(NotFound):
    message = "No token in the request"


class TokenNotRecognized(NotFound):
    message = "Could not recognize Fernet token"


class TokenNotValid(NotFound):
    message = "Failed to validate token"


class Gone(NotFound):
    message = "The service you have requested is no longer available on this server."


class AuthMethodNotSupported(Unauthorized):
    message = "Attempted to authenticate with an unsupported method."


class AuthReceipt(Unauthorized):
    """Some of what the user must show is still missing: `document` is the answer, `receipt` its header."""


class ApplicationCredentialAuthError(Unauthorized):
    message = "Error authenticating with application credential: {detail}"


class OAuth2Error(BadRequest):
    """`title` is one of RFC 6749's words."""

    message = "{detail}"


class OAuth2InvalidClient(Unauthorized):
    message = "{detail}"


class OAuth2Forbidden(Forbidden):
    message = "{detail}"


class OAuth2NotFound(NotFound):
    message = "{detail}"


def schema_error(sentence: str, rule: str, schema: Any, instance: Any, *, within: str = "", at: str = "") -> BadRequest:
    """What keystone.common.validation says where a handler checks by itself: jsonschema's whole message."""
    shown = [textwrap.indent(pformat(item, width=72, sort_dicts=False), "    ") for item in (schema, instance)]
    return BadRequest(
        f"{sentence}\n\nFailed validating {rule!r} in schema{within}:\n{shown[0]}\n\nOn instance{at}:\n{shown[1]}"
    )


def duplicate(type: str, details: str) -> Duplicate:
    """A name or an id that is taken."""
    return Duplicate(type=type, details=details)


def missing(attribute: str, target: str) -> ValidationError:
    """What a request refers to and does not hold."""
    return ValidationError(attribute=attribute, target=target)


def refused(policy: str) -> PolicyRefused:
    """A check that only the handler can make, in the name of its policy."""
    return PolicyRefused([policy])
