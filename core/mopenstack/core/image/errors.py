"""Refusals of the Image service, in glance's words (glance.common.exception and the v2 controllers)."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, NotFound, OutOfRange, OverLimit, PolicyRefused


def _explained(title: str, detail: str) -> str:
    """webob's text where glance gives a detail and no explanation of its own."""
    return f"{title}<br /><br />\n{detail}"


class ImageNotFound(NotFound):
    message = "No image found with ID {id}"


class ImageToDeleteNotFound(NotFound):
    message = "Failed to find image {id} to delete"


class ImageOfPartNotFound(NotFound):
    """Where members and tags look for their image."""

    message = "Image {id} not found."


class ResourceNotFound(NotFound):
    message = "The resource could not be found."


class ImageIdTaken(Conflict):
    message = "Image ID {id} already exists!"


class InvalidImage(BadRequest):
    """A document that does not match the schema; the text is jsonschema's."""


class NegativeValue(BadRequest):
    message = "Invalid value '{value}' for parameter '{name}': Cannot be a negative value"


class PropertyNameTooLong(BadRequest):
    message = "Custom property should not be greater than 255 characters."


class ReadOnlyAttribute(Forbidden):
    message = "Attribute '{name}' is read-only."


class ReservedAttribute(Forbidden):
    def __init__(self, name: str) -> None:
        super().__init__(_explained("Access was denied to this resource.", f"Attribute '{name}' is reserved."))


class ReservedAttributeOfPatch(Forbidden):
    message = "Attribute '{name}' is reserved."


class ForeignOwner(Forbidden):
    def __init__(self, owner: str) -> None:
        said = f"You are not permitted to create images owned by '{owner}'"
        super().__init__(_explained("Access was denied to this resource.", said))


class OwnerIsForAdmins(Forbidden):
    def __init__(self) -> None:
        super().__init__(_explained("Access was denied to this resource.", "Owner can't be updated by non admin."))


class PropertyStays(Forbidden):
    def __init__(self, name: str) -> None:
        super().__init__(_explained("Access was denied to this resource.", f"Property {name} may not be removed."))


class LocationsHidden(Forbidden):
    message = "It's not allowed to {verb} locations if locations are invisible."


class EmptyLocations(Forbidden):
    def __init__(self) -> None:
        super().__init__(_explained("Access was denied to this resource.", "Cannot set locations to empty list."))


class FormatIsSet(Forbidden):
    message = "Attribute {name} can be only replaced for a queued image."


class NoSuchProperty(Conflict):
    def __init__(self, name: str) -> None:
        said = f"Property {name} does not exist."
        super().__init__(_explained("There was a conflict when trying to complete your request.", said))


class PropertyPresent(Conflict):
    def __init__(self, name: str) -> None:
        said = f"Property {name} already present."
        super().__init__(_explained("There was a conflict when trying to complete your request.", said))


class BadPointer(BadRequest):
    message = "Invalid JSON pointer for this resource: '/{path}'"


class TooMany(OverLimit):
    message = (
        "The limit has been exceeded on the number of allowed image {what}. Attempted: {attempted}, Maximum: {maximum}"
    )


class ImageProtected(Forbidden):
    message = "Image {id} is protected and cannot be deleted."


class BadTransition(Conflict):
    message = "Image status transition from {old} to {new} is not allowed"


class NotInThisStatus(Forbidden):
    message = "Not allowed to {verb} image in status '{status}'"


class FormatsMissing(BadRequest):
    """Bytes came for an image that does not say what they are."""


class UnsupportedMediaType(BadRequest):
    """415."""

    message = "The request media type {content_type} is not supported by this server.\n"


class WrongContent(UnsupportedMediaType):
    """The bytes are not of the declared format. Glance 32 says no more than this."""

    def __init__(self) -> None:
        super().__init__(content_type="application/octet-stream")

    @property
    def reason(self) -> str:
        return UnsupportedMediaType.__name__


class ImageDeactivated(Forbidden):
    message = "The requested image has been deactivated. Image data download is forbidden."


class BadSize(BadRequest):
    message = "Invalid or missing image size in request headers."


class UnknownStore(BadRequest):
    message = "Unknown scheme '{store}' found in URI"


class StoreNotConfigured(BadRequest):
    message = "Store '{store}' is not configured."


class StoreConflict(Conflict):
    """The store, or the image's state, does not allow a removal."""


class LastLocation(Forbidden):
    message = "Cannot delete image data from the only store containing it. Consider deleting the image instead."


class NoCache(NotFound):
    message = "Caching via API is not supported at this site."


class RangeNotSatisfiable(OutOfRange):
    message = "The Range requested is not available."


class BadImport(BadRequest):
    """The request of an import is not one."""


class ImportConflict(Conflict):
    """The image is not in a state for this import."""


class NoHttpStore(Forbidden):
    message = "http store must be enabled to use location API by normal user."


class OverQuota(OverLimit):
    """A unified limit of Keystone's stands in the way; the text is oslo.limit's, in glance's frame."""

    message = (
        "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota "
        "threshold was breached.\n\nThe response body:\nProject {project} is over a limit for [Resource {name} is "
        "over limit of {limit} due to current usage {used} and delta {delta}]"
    )


class BadTask(BadRequest):
    """The body of a task is not one, or it names what may not be imported."""


class MemberMissing(NotFound):
    message = "{member_id} not found in the member list of the image {image_id}."


class MemberDuplicate(Conflict):
    message = "Member {member_id} is duplicated for image {image_id}"


class BadMember(BadRequest):
    """The body of a member request is not one."""


class NotShared(Forbidden):
    message = "Only shared images have members."


class MembersForbidden(Forbidden):
    message = "Not allowed to {verb} members for image {image_id}{reason}"


class MemberHidden(NotFound):
    message = "You are not authorized to lookup the members of the image {image_id}."


class MemberLimit(OverLimit):
    message = (
        "Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed image "
        "members for this image. Attempted: {attempted}, Maximum: {maximum}:"
    )


class TagLimit(OverLimit):
    message = (
        "Image tag limit exceeded for image {id}: The limit has been exceeded on the number of allowed image tags. "
        "Attempted: {attempted}, Maximum: {maximum}:"
    )


class TaskNotFound(NotFound):
    message = "No task found with ID {id}"


class BadFilter(BadRequest):
    """A filter or an order of a list that glance does not know."""


class NotAuthorized(PolicyRefused):
    """A policy other than the operation's own says no."""

    def __init__(self, policy: str) -> None:
        super().__init__([policy])
