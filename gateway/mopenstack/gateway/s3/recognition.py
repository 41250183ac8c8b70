"""Which requests are S3's, and which bucket and key they are about.

Source: swift.common.middleware.s3api.utils and s3request.get_request_class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_to_bytes

STORAGE_DOMAINS = (".s3.localhost",)
"""Hosts whose beginning is a bucket: `bucket.s3.localhost`."""
_BYTE = r"(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_IP = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}")
_NAME = re.compile(r"[-.a-z0-9]*")
NAME_LETTERS_MIN, NAME_LETTERS_MAX = 3, 63


def is_signed(headers: Mapping[str, str], raw_query: str) -> bool:
    """Whether a request carries an AWS signature, in its header or its query."""
    authorization = headers.get("Authorization", "")
    if authorization.startswith(("AWS ", "AWS4-HMAC-SHA256 ")):
        return True
    if "AWSAccessKeyId" not in raw_query and "X-Amz-Credential" not in raw_query:
        return False
    names = {name for name, _ in parse_qsl(raw_query, keep_blank_values=True)}
    return bool(names & {"AWSAccessKeyId", "X-Amz-Credential"})


def decoded(raw: str) -> str:
    """A percent-encoded text; bytes that are no UTF-8 stay what they are, as surrogates."""
    return unquote_to_bytes(raw.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def is_utf8(text: str) -> bool:
    """Whether a text came as UTF-8, and has no NUL."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def bucket_in_host(host: str) -> str | None:
    """The bucket that a host names (virtual-host style); None for any other host."""
    name = host.rsplit(":", 1)[0] if ":" in host else host
    for domain in STORAGE_DOMAINS:
        if name.endswith(domain):
            return name.removesuffix(domain)
    return None


def is_bucket_name(name: str) -> bool:
    """Whether a bucket may have this name: Amazon's rules for names that DNS can hold."""
    if not NAME_LETTERS_MIN <= len(name) <= NAME_LETTERS_MAX or not name[0].isalnum() or not name[-1].isalnum():
        return False
    if ".-" in name or "-." in name or ".." in name or _IP.fullmatch(name):
        return False
    return _NAME.fullmatch(name) is not None
