"""Microversions as the library microversion_parse reads them, for Placement and Barbican.

Sources: microversion_parse.parse_version_string, microversion_parse.middleware.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest
from mopenstack.gateway.dialects.base import NotAcceptable


def parse(text: str, major: str, minimum: int, maximum: int) -> int:
    """The number behind the dot of a version that a header names; the refusals quote Python's own."""
    if text == "latest":
        return maximum
    try:
        asked, number = (int(part) for part in text.split(".", 1)) if "." in text else (int(text), None)
    except ValueError as error:
        raise BadRequest(f"Invalid microversion: invalid version string: {text}; {error}") from None
    if number is None:
        lacks = "Version.__new__() missing 1 required positional argument: 'minor'"
        raise BadRequest(f"Invalid microversion: invalid version string: {text}; {lacks}")
    if str(asked) != major or not minimum <= number <= maximum:
        raise NotAcceptable(f"Invalid microversion: Unacceptable version header: {text}")
    return number
