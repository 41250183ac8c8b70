"""Refusals of metadata definitions, in glance's words (glance.common.exception, glance.db)."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, NotFound


class NamespaceNotFound(NotFound):
    message = "Metadata definition namespace={namespace} was not found."


class NamespaceHidden(NotFound):
    """Where glance tells a namespace that is not there or not to be seen from the operation's own point of view."""

    message = "Namespace {namespace} not found"


class ObjectNotFound(NotFound):
    message = "Could not find metadata object {name}"


class PropertyNotFound(NotFound):
    message = "Could not find property {name}"


class TagNotFound(NotFound):
    message = "Could not find metadata tag {name}"


class AssociationNotFound(NotFound):
    message = "Failed to find resource type {name} to delete"


class NoSuchAssociation(NotFound):
    message = (
        "The metadata definition resource-type association of resource-type={name} to namespace={namespace}, "
        "was not found."
    )


class ResourceTypeNotFound(NotFound):
    message = "The metadata definition resource-type with name={name}, was not found."


class WrongPrefix(NotFound):
    message = "Property {name} does not start with the expected resource type association prefix of '{prefix}'."


class DuplicateNamespace(Conflict):
    message = "The metadata definition namespace={namespace} already exists."


class NamespaceNameTaken(Conflict):
    message = (
        "Invalid update. It would result in a duplicate metadata definition namespace with the same name of {namespace}"
    )


class DuplicateObject(Conflict):
    message = "A metadata definition object with name={name} already exists in namespace={namespace}."


class ObjectNameTaken(Conflict):
    message = (
        "Invalid update. It would result in a duplicate metadata definition object with the same name={name} in "
        "namespace={namespace}."
    )


class DuplicateProperty(Conflict):
    message = "A metadata definition property with name={name} already exists in namespace={namespace}."


class PropertyNameTaken(Conflict):
    message = (
        "Invalid update. It would result in a duplicate metadata definition property with the same name={name} in "
        "namespace={namespace}."
    )


class DuplicateTag(Conflict):
    message = (
        "A metadata tag with name={name} already exists in namespace={namespace}. (Please note that metadata tag names "
        "are case insensitive)."
    )


class DuplicateAssociation(Conflict):
    message = (
        "The metadata definition resource-type association of resource-type={name} to namespace={namespace} "
        "already exists."
    )


class ProtectedNamespace(Forbidden):
    message = "Metadata definition namespace {name} is protected and cannot be deleted."


class ProtectedObject(Forbidden):
    message = "Metadata definition object {name} is protected and cannot be deleted."


class ProtectedProperty(Forbidden):
    message = "Metadata definition property {name} is protected and cannot be deleted."


class ProtectedAssociation(Forbidden):
    message = "Metadata definition resource-type-association {name} is protected and cannot be deleted."


class ProtectedTag(Forbidden):
    message = "Metadata definition tag {name} is protected and cannot be deleted."


class BadQuery(BadRequest):
    """A filter or an order of a list that glance does not know."""
