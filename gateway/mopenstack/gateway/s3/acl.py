"""Access lists: S3's canned ones and its documents as Swift's access lists of a container, and back.

Source: swift.common.middleware.s3api.acl_utils and controllers.acl.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from xml.etree.ElementTree import Element as Parsed  # parsed by defusedxml

from mopenstack.gateway.s3 import documents
from mopenstack.gateway.s3.errors import S3Error, invalid_argument, not_implemented
from mopenstack.gateway.s3.xml import Element, add, grantee

_READ, _WRITE = "X-Container-Read", "X-Container-Write"
_PRIVATE = {_WRITE: ".", _READ: "."}
_CANNED: Mapping[str, Mapping[str, str]] = {
    "public-read": {_READ: ".r:*,.rlistings"},
    "public-read-write": {_WRITE: ".r:*", _READ: ".r:*,.rlistings"},
    "private": _PRIVATE,
    "bucket-owner-full-control": _PRIVATE,
    "bucket-owner-read": _PRIVATE,
}
_NOT_SERVED = frozenset({"authenticated-read", "log-delivery-write"})


def apply_canned(headers: MutableMapping[str, str]) -> None:
    """Put Swift's access lists in the place of x-amz-acl."""
    name = headers.pop("x-amz-acl")
    found = _of_name(name)
    if found is None:
        raise invalid_argument("x-amz-acl", name)
    headers.update(found)


def _of_name(name: str) -> Mapping[str, str] | None:
    if name in _NOT_SERVED:
        raise not_implemented()
    return _CANNED.get(name)


def of_document(body: bytes) -> Mapping[str, str]:
    """Swift's access lists of an AccessControlPolicy; raises MalformedACLError for one that Swift cannot tell."""
    try:
        root = documents.parse(body, "AccessControlPolicy")
    except documents.Malformed:
        raise S3Error("MalformedACLError") from None
    name = "unknown"
    for grant in root.findall("./AccessControlList/Grant"):
        name = _joined(name, grant)
    found = _of_name(name)
    if found is None:
        raise S3Error("MalformedACLError")
    return found


def _joined(name: str, grant: Parsed) -> str:
    """The canned list that has a grant more."""
    permission = (documents.text_of(grant, "./Permission") or "").strip()
    found = grant.find("./Grantee")
    kind = found.attrib[documents.XSI_TYPE] if found is not None else ""
    if permission == "FULL_CONTROL" and kind == "CanonicalUser" and name not in ("public-read", "public-read-write"):
        return "private"
    if permission == "READ" and kind == "Group" and name != "public-read-write":
        return "public-read"
    if permission == "WRITE" and kind == "Group":
        return "public-read-write"
    return "unsupported"


def policy(owner: str) -> Element:
    """The AccessControlPolicy of what the signer has: s3api tells of no other grants."""
    root = Element("AccessControlPolicy")
    shown = add(root, "Owner")
    add(shown, "ID", owner)
    add(shown, "DisplayName", owner)
    grants = add(root, "AccessControlList")
    grant = add(grants, "Grant")
    user = grantee(grant, "CanonicalUser")
    add(user, "ID", owner)
    add(user, "DisplayName", owner)
    add(grant, "Permission", "FULL_CONTROL")
    return root
