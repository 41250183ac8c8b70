"""What an operator of Swift chooses."""

from __future__ import annotations

from mopenstack.core.engine.options import Option, switch

SAIO = (
    "admin:admin=admin .admin .reseller_admin, test:tester=testing .admin, test:tester2=testing2 .admin, "
    "test:tester3=testing3, test2:tester2=testing2 .admin, test5:tester5=testing5 service"
)
"""The users of Swift's own sample configuration and of its all-in-one installation."""


def parse_users(text: str) -> dict[str, tuple[str, list[str]]]:
    """`account:name` -> (key, groups); raises ValueError."""
    found = {}
    for entry in text.split(","):
        user, equals, rest = entry.strip().partition("=")
        key, *groups = rest.split()
        if not equals or ":" not in user or not all(user.split(":", 1)):
            raise ValueError(entry)
        found[user] = (key, groups)
    return found


def _wrong(text: str) -> str:
    try:
        if text.strip():
            parse_users(text)
    except ValueError:
        return "write account:name=key group group, and so on, with commas between users"
    return ""


TEMP_AUTH_USERS = Option(
    "object_store.tempauth_users",
    SAIO,
    "Users of TempAuth (/auth/v1.0) beside those of Keystone, who are project:user there: "
    "account:name=key and groups, separated by commas. Empty: none.",
    check=_wrong,
)

OPEN_EXPIRED = switch(
    "object_store.allow_open_expired",
    False,
    "Whether clients may ask for objects that have expired (X-Open-Expired) as long as they are there: five minutes "
    "then (Swift's allow_open_expired).",
)

S3_ACL = switch(
    "object_store.s3_acl",
    False,
    "Whether the S3 API keeps and obeys access lists of its own, of buckets and of objects, instead of Swift's of "
    "containers, and lists to each user their own buckets alone (s3api's s3_acl and check_bucket_owner).",
)
