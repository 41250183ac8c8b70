"""Refusals of the Image service, in glance's words (glance.common.exception and the v2 controllers)."""

from __future__ import annotations

from mopenstack.contract.faults import Conflict, Forbidden, PolicyRefused
from mopenstack.image.v2.refusals import UnsupportedMediaType


def _explained(title: str, detail: str) -> str:
    """webob's text where glance gives a detail and no explanation of its own."""
    return f"{title}<br /><br />\n{detail}"


class ReservedAttribute(Forbidden):
    def __init__(self, name: str) -> None:
        super().__init__(_explained("Access was denied to this resource.", f"Attribute '{name}' is reserved."))


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


class EmptyLocations(Forbidden):
    def __init__(self) -> None:
        super().__init__(_explained("Access was denied to this resource.", "Cannot set locations to empty list."))


class NoSuchProperty(Conflict):
    def __init__(self, name: str) -> None:
        said = f"Property {name} does not exist."
        super().__init__(_explained("There was a conflict when trying to complete your request.", said))


class PropertyPresent(Conflict):
    def __init__(self, name: str) -> None:
        said = f"Property {name} already present."
        super().__init__(_explained("There was a conflict when trying to complete your request.", said))


class WrongContent(UnsupportedMediaType):
    """The bytes are not of the declared format. Glance 32 says no more than this."""

    def __init__(self) -> None:
        super().__init__(content_type="application/octet-stream")

    @property
    def reason(self) -> str:
        return UnsupportedMediaType.__name__


class NotAuthorized(PolicyRefused):
    """A policy other than the operation's own says no."""

    def __init__(self, policy: str) -> None:
        super().__init__([policy])
