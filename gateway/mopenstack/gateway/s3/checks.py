"""What the headers and the query of a request may say.

Source: swift.common.middleware.s3api.s3request (_validate_headers and what it calls).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, MutableMapping
from email.header import Header
from urllib.parse import quote

from mopenstack.gateway.s3.authorization import stripped
from mopenstack.gateway.s3.errors import S3Error, invalid_argument, not_implemented
from mopenstack.gateway.s3.recognition import decoded
from mopenstack.gateway.s3.signatures import encoded

INT_MAX = 2**31 - 1
PARTS_MAX = 1000
"""max_upload_part_num."""
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_STREAM = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_STREAM_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_ECDSA = frozenset({"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"})
_STREAMS = frozenset({UNSIGNED_STREAM, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGNED_STREAM_TRAILER}) | _ECDSA
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_NOT_IN_NAMES = frozenset(' "),/;<=>?@[\\]{}')
"""Amazon takes no notice of metadata whose name has one of these."""
_PRINTABLE = re.compile(r"[\t\n\x0b\x0c\r\x20-\x7e]*")


class MustBeHashed(Exception):
    """A body that is streamed by a request that cannot sign its chunks: refused with the digest of what came."""


def is_streaming(sha256: str) -> bool:
    """Whether x-amz-content-sha256 announces an aws-chunked body."""
    return sha256 in _STREAMS


def quoted(value: str) -> str:
    return quote(encoded(value))


def check(raw_verb: str, headers: Mapping[str, str], *, is_v4: bool, in_query: bool) -> str:
    """Raise the refusal of what headers say; what Content-MD5 tells, in hexadecimal digits."""
    length = headers.get("Content-Length")
    if length is not None and not (length.isascii() and length.isdigit()):
        raise invalid_argument("Content-Length", length)
    if raw_verb == "PUT" and (
        any(name in headers for name in ("If-Match", "If-Modified-Since", "If-Unmodified-Since"))
        or headers.get("If-None-Match", "*") != "*"
    ):
        raise not_implemented("Conditional object PUTs are not supported.")
    _check_amz(headers)
    _check_sha256(headers, is_v4=is_v4, in_query=in_query)
    md5 = _md5(headers)
    if "x-amz-tagging" in headers:
        raise not_implemented("Object tagging is not supported.")
    return md5


def _check_amz(headers: Mapping[str, str]) -> None:
    source = headers.get("X-Amz-Copy-Source")
    if source is not None and not _is_source(source):
        text = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise invalid_argument("x-amz-copy-source", source, text)
    directive = headers.get("x-amz-metadata-directive")
    if directive is not None and directive not in ("COPY", "REPLACE"):
        raise invalid_argument("x-amz-metadata-directive", directive, "Unknown metadata directive.")
    if headers.get("x-amz-storage-class", "STANDARD") != "STANDARD":
        raise S3Error("InvalidStorageClass")
    if "x-amz-mfa" in headers:
        raise not_implemented("MFA Delete is not supported.")
    encryption = headers.get("x-amz-server-side-encryption")
    if encryption is not None:
        if encryption not in ("aws:kms", "AES256"):
            text = "The encryption method specified is not supported"
            raise invalid_argument("x-amz-server-side-encryption", encryption, text)
        raise not_implemented("Server-side encryption is not supported.")
    if "x-amz-website-redirect-location" in headers:
        raise not_implemented("Website redirection is not supported.")


def _is_source(text: str) -> bool:
    bucket, _, key = decoded(text).removeprefix("/").partition("/")
    return bool(bucket and key)


def _check_sha256(headers: Mapping[str, str], *, is_v4: bool, in_query: bool) -> None:
    told = headers.get("x-amz-content-sha256")
    required = is_v4 and not in_query
    if not told:
        if required:
            raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        return
    if told == UNSIGNED:
        return
    if is_streaming(told):
        _check_stream(headers, told, signs_chunks=required)
    elif required and not _SHA256.fullmatch(told):
        raise invalid_argument(
            "x-amz-content-sha256",
            told,
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        )


def _check_stream(headers: Mapping[str, str], told: str, *, signs_chunks: bool) -> None:
    text = headers.get("x-amz-decoded-content-length", "").strip()
    if not re.fullmatch(r"[-+]?[0-9]{1,20}", text):
        raise S3Error("MissingContentLength")
    length = int(text)
    if length < 0:
        raise invalid_argument("x-amz-decoded-content-length", length)
    if not signs_chunks:
        whole = headers.get("Content-Length")
        if whole is not None and length < int(whole):
            raise S3Error("IncompleteBody", number_bytes_expected=length, number_bytes_provided=int(whole))
        raise MustBeHashed
    if told in _ECDSA:
        raise not_implemented(f"Don't know how to validate {told} streams")


def _md5(headers: Mapping[str, str]) -> str:
    value = stripped(headers.get("Content-MD5"))
    if value is None:
        return ""
    try:
        digest = binascii.a2b_base64(value) if _BASE64.fullmatch(value) else b""
    except binascii.Error:
        digest = b""
    if len(digest) != 16:
        raise S3Error("InvalidDigest", content_md5=value)
    return digest.hex()


def drop_aws_chunked(headers: MutableMapping[str, str]) -> None:
    """Take aws-chunked out of Content-Encoding: what is stored is decoded."""
    told = headers.get("Content-Encoding", "")
    if "aws-chunked" not in told:
        return
    left = [part for part in (one.strip() for one in told.split(",")) if part and part != "aws-chunked"]
    del headers["Content-Encoding"]
    if left:
        headers["Content-Encoding"] = ", ".join(left)


def metadata(raw_headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Swift's headers of x-amz-meta-*: underscores are kept as `=5F`, what is not ASCII as RFC 2047 has it."""
    found: dict[str, str] = {}
    for name, value in raw_headers:
        low = name.lower()
        if not low.startswith("x-amz-meta-") or not _NOT_IN_NAMES.isdisjoint(name):
            continue
        key = "X-Object-Meta-" + low[11:].replace("_", "=5F").title()
        shown = _sane(value)
        found[key] = f"{found[key]},{shown}" if key in found else shown
    return found


def _sane(value: str) -> str:
    if _PRINTABLE.fullmatch(value):
        return value
    text = Header(encoded(value).decode("utf-8", "replace"), "UTF-8").encode()
    for marker in ("=?utf-8?q?", "=?utf-8?b?"):
        if text.startswith(marker):
            return marker.upper() + text[10:]
    return text


def number(params: Mapping[str, str], name: str, default: int, most: int = INT_MAX) -> int:
    """A parameter that must be a whole number; more than `most` is `most`."""
    text = params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\s*[-+]?[0-9]{1,12}\s*", text) or int(text) > INT_MAX:
        raise invalid_argument(name, text, f"Provided {name} not an integer or within integer range")
    value = int(text)
    if value < 0:
        raise invalid_argument(name, text, f"Argument {name} must be an integer between 0 and {INT_MAX}")
    return min(value, most)


def part_number(
    params: Mapping[str, str], headers: Mapping[str, str], parts: str | None = None, *, check_most: bool = True
) -> int | None:
    """The parameter partNumber; None where it is not given.

    With `parts`, the number of parts that the object has, one behind the last of them is InvalidPartNumber.
    """
    text = params.get("partNumber")
    if text is None:
        return None
    if "Range" in headers:
        raise S3Error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
    count = int(parts) if parts and parts.isdigit() else PARTS_MAX
    most = max(PARTS_MAX, count)
    wrong = f"Part number must be an integer between 1 and {most}, inclusive"
    if not re.fullmatch(r"\s*[-+]?[0-9]{1,20}\s*", text) or int(text) < 1:
        raise invalid_argument("partNumber", text, wrong)
    value = int(text)
    if check_most and value > most:
        raise invalid_argument("partNumber", value, wrong)
    if check_most and value > count:
        raise S3Error("InvalidPartNumber")
    return value


def md5_of_body(headers: Mapping[str, str], digest: bytes) -> bool:
    """Whether the request tells the MD5 of its body; raises BadDigest for another one."""
    told = headers.get("Content-MD5")
    if not told:
        return False
    if told != base64.b64encode(digest).decode():
        raise S3Error("BadDigest", expected_digest=told)
    return True
