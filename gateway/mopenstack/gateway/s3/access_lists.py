"""S3's access lists, as they are where the cloud keeps and obeys them (s3api's option s3_acl).

Source: swift.common.middleware.s3api.subresource.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from mopenstack.gateway.s3 import documents
from mopenstack.gateway.s3.errors import S3Error, invalid_argument, not_implemented
from mopenstack.gateway.s3.xml import Element, add, grantee

PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
_GROUPS: Mapping[str, str] = {
    "AuthenticatedUsers": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
    "AllUsers": "http://acs.amazonaws.com/groups/global/AllUsers",
    "LogDelivery": "http://acs.amazonaws.com/groups/s3/LogDelivery",
}
_LOG_DELIVERY = ".log_delivery"

Grant = tuple[str, str]
"""(a user or the name of a group, permission)."""


@dataclass(frozen=True, slots=True)
class AccessList:
    """Whose a bucket or an object is, and what others may do; no owner: nobody may do anything."""

    owner: str | None = None
    grants: tuple[Grant, ...] = ()

    def check_owner(self, user: str) -> None:
        """Raise AccessDenied for another one than the owner."""
        if not self.owner or user != self.owner:
            raise S3Error("AccessDenied")

    def check(self, user: str, permission: str) -> None:
        """Raise AccessDenied for a user who may not; the owner may do everything."""
        if self.owner and user == self.owner:
            return
        if permission in PERMISSIONS:
            for who, granted in self.grants:
                if granted in ("FULL_CONTROL", permission) and _is_among(user, who):
                    return
        raise S3Error("AccessDenied")

    def kept(self) -> str:
        """As it is kept in the system metadata of a container or an object."""
        grants = [{"Permission": permission, "Grantee": who} for who, permission in self.grants]
        return json.dumps({"Owner": self.owner, "Grant": grants}, separators=(",", ":"))

    def document(self) -> Element:
        """The AccessControlPolicy."""
        root = Element("AccessControlPolicy")
        owner = add(root, "Owner")
        add(owner, "ID", self.owner)
        add(owner, "DisplayName", self.owner)
        shown = add(root, "AccessControlList")
        for who, permission in self.grants:
            grant = add(shown, "Grant")
            if who in _GROUPS:
                add(grantee(grant, "Group"), "URI", _GROUPS[who])
            else:
                user = grantee(grant, "CanonicalUser")
                add(user, "ID", who)
                add(user, "DisplayName", who)
            add(grant, "Permission", permission)
        return root


def _is_among(user: str, who: str) -> bool:
    if who in ("AuthenticatedUsers", "AllUsers"):
        return True
    if who == "LogDelivery":
        return user.rpartition(":")[2] == _LOG_DELIVERY
    return user == who


def read(text: str | None) -> AccessList:
    """The list that system metadata tells; one without an owner where they tell none."""
    try:
        found = json.loads(text or "{}")
        grants = tuple((grant["Grantee"], grant["Permission"]) for grant in found.get("Grant", ()))
        return AccessList(found.get("Owner"), grants)
    except (ValueError, KeyError, TypeError, AttributeError):
        return AccessList()


def of_headers(headers: Mapping[str, str], bucket_owner: str, owner: str | None = None) -> AccessList | None:
    """What x-amz-acl or x-amz-grant-* say; None where they say nothing."""
    grants: list[Grant] = []
    for name, value in headers.items():
        permission = name.lower().removeprefix("x-amz-grant-").upper().replace("-", "_")
        if name.lower().startswith("x-amz-grant-") and permission in PERMISSIONS:
            grants += [(_grantee(part), permission) for part in value.split(",")]
    canned = headers.get("x-amz-acl")
    if canned is not None:
        if grants:
            raise S3Error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
        found = _canned(bucket_owner, owner or bucket_owner).get(canned)
        if found is None:
            raise invalid_argument("x-amz-acl", canned)
        grants = found
    return AccessList(owner or bucket_owner, tuple(grants)) if grants else None


def private(bucket_owner: str, owner: str | None = None) -> AccessList:
    """What is the owner's alone."""
    return AccessList(owner or bucket_owner, ((owner or bucket_owner, "FULL_CONTROL"),))


def _canned(bucket_owner: str, owner: str) -> dict[str, list[Grant]]:
    own = (owner, "FULL_CONTROL")
    return {
        "private": [own],
        "public-read": [("AllUsers", "READ"), own],
        "public-read-write": [("AllUsers", "READ"), ("AllUsers", "WRITE"), own],
        "authenticated-read": [("AuthenticatedUsers", "READ"), own],
        "bucket-owner-read": [(bucket_owner, "READ"), own],
        "bucket-owner-full-control": [own, (bucket_owner, "FULL_CONTROL")],
        "log-delivery-write": [("LogDelivery", "WRITE"), ("LogDelivery", "READ_ACP"), own],
    }


def _grantee(text: str) -> str:
    kind, equals, value = text.partition("=")
    if not equals:
        raise S3Error("InvalidRequest")
    value = value.strip("\"'")
    kind = kind.lower()
    if kind == "id":
        return value
    if kind == "emailaddress":
        raise not_implemented()
    if kind == "uri":
        return _group(value)
    raise invalid_argument(kind, value, "Argument format not recognized")


def _group(uri: str | None) -> str:
    for name, known in _GROUPS.items():
        if known == uri:
            return name
    raise invalid_argument("uri", uri, "Invalid group uri")


def of_document(body: bytes) -> AccessList:
    """What an AccessControlPolicy says; raises MalformedACLError."""
    try:
        root = documents.parse(body, "AccessControlPolicy")
    except documents.Malformed:
        raise S3Error("MalformedACLError") from None
    grants: list[Grant] = []
    for grant in root.iterfind("./AccessControlList/Grant"):
        found = grant.find("./Grantee")
        assert found is not None
        kind = found.attrib[documents.XSI_TYPE]
        if kind == "AmazonCustomerByEmail":
            raise not_implemented()
        named = documents.text_of(found, "./ID") or ""
        who = named if kind == "CanonicalUser" else _group(documents.text_of(found, "./URI"))
        grants.append((who, (documents.text_of(grant, "./Permission") or "").strip()))
    return AccessList(documents.text_of(root, "./Owner/ID"), tuple(grants))
