"""One request of S3: who signs it, what it is about, what its headers may say.

Source: swift.common.middleware.s3api.s3request (S3Request, SigV4Mixin).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from multidict import CIMultiDict

from mopenstack.gateway.s3 import checks, recognition
from mopenstack.gateway.s3.authorization import Authorization, read_v2, read_v4
from mopenstack.gateway.s3.checksums import Expected
from mopenstack.gateway.s3.errors import S3Error

REGION = "us-east-1"
_DROPPED = (
    "X-Copy-From",
    "X-Copy-From-Account",
    "X-Symlink-Target",
    "X-Symlink-Target-Account",
    "X-Object-Manifest",
    "X-Static-Large-Object",
    "X-Auth-Token",
    "X-Storage-Token",
    "X-Service-Token",
)
"""Swift's own, which have no meaning here."""


@dataclass(slots=True)
class Raw:
    """A request as it came."""

    verb: str
    path: str
    """Still percent-encoded, below the endpoint: `/bucket/key`."""
    signed_path: str
    """As the client signed it: with what stands before the endpoint's own path."""
    query: str
    headers: Sequence[tuple[str, str]]
    """Names as they came."""
    url: str
    """Scheme and host, and the address of the endpoint."""

    @property
    def combined(self) -> CIMultiDict[str]:
        """The headers by name, one value a name."""
        found: CIMultiDict[str] = CIMultiDict()
        for name, value in self.headers:
            found[name] = f"{found[name]},{value}" if name in found else value
        return found


@dataclass(slots=True)
class S3Request:
    """What the rest works with. `headers` and `bucket` change as one request becomes several of Swift's."""

    raw: Raw
    headers: CIMultiDict[str]
    params: Mapping[str, str]
    bucket: str
    key: str
    authorization: Authorization
    checksum: Expected | None = None
    md5: str = ""
    """What Content-MD5 tells, in hexadecimal digits."""
    sha256: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Swift's headers of the user's metadata."""

    @property
    def verb(self) -> str:
        return self.raw.verb

    @property
    def is_service(self) -> bool:
        return not self.bucket

    @property
    def is_bucket(self) -> bool:
        return bool(self.bucket) and not self.key

    @property
    def is_object(self) -> bool:
        return bool(self.bucket and self.key)

    def text(self, name: str) -> str | None:
        """A parameter of the query that must be UTF-8; None where it is not given."""
        value = self.params.get(name)
        if value and not recognition.is_utf8(value):
            raise S3Error("InvalidArgument", argument_name=name, argument_value=checks.quoted(value))
        return value

    def number(self, name: str, default: int, most: int = checks.INT_MAX) -> int:
        """A parameter of the query that must be a whole number; more than `most` is `most`."""
        return checks.number(self.params, name, default, most)

    def range_or_part(self, parts: str | None = None, *, check_most: bool = True) -> int | None:
        """The parameter partNumber, held against the parts that an object has; None where it is not given."""
        return checks.part_number(self.params, self.headers, parts, check_most=check_most)


def read(raw: Raw, now: float) -> S3Request:
    """A request out of what came; raises the refusals that need nothing but the request, in s3api's order."""
    headers = raw.combined
    params = dict(parse_qsl(raw.query, keep_blank_values=True, errors="surrogateescape"))
    is_v4 = "X-Amz-Credential" in params or headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 ")
    host_bucket = recognition.bucket_in_host(headers.get("Host", ""))
    if is_v4:
        authorization = read_v4(raw, headers, params, now, REGION)
    else:
        authorization = read_v2(raw, headers, params, now, host_bucket)
    bucket, key = _place(raw, host_bucket)
    md5 = checks.check(raw.verb, headers, is_v4=is_v4, in_query=authorization.in_query)
    checksum = None
    authorization.make_text()
    if raw.verb in ("PUT", "POST"):
        checksum = Expected(headers)
        streaming = checks.is_streaming(headers.get("x-amz-content-sha256", ""))
        if checksum.trailer and not streaming:
            raise S3Error("MalformedTrailerError")
        if streaming:
            checks.drop_aws_chunked(headers)
    found = S3Request(raw, headers, params, bucket, key, authorization, checksum, md5)
    found.sha256 = headers.get("x-amz-content-sha256", "")
    found.metadata = checks.metadata(raw.headers)
    for name in [*_DROPPED, *(name for name in headers if _is_dropped(name.lower()))]:
        headers.popall(name, None)
    return found


def _is_dropped(name: str) -> bool:
    """Metadata, which is told otherwise, and what the parts of Swift alone tell each other."""
    return name.startswith(("x-amz-meta-", "x-backend-")) or "-sysmeta-" in name


def _place(raw: Raw, host_bucket: str | None) -> tuple[str, str]:
    """Bucket and key."""
    path = recognition.decoded(raw.path)
    if not recognition.is_utf8(path):
        raise S3Error("InvalidURI", uri=raw.path)
    if host_bucket:
        return host_bucket, path[1:]
    bucket, _, key = path[1:].partition("/")
    if not bucket and key:
        raise S3Error("InvalidURI", uri=raw.path)
    if bucket and not recognition.is_bucket_name(bucket):
        raise S3Error("InvalidBucketName", bucket_name=bucket)
    return bucket, key
